"""A schema registry for tests: a real HTTP server that speaks the REST API of Confluent's, with its error codes.

Kept in memory: subjects with their versions, global ids, references, compatibility levels. Whether schemas fit each
other is the official `avro` package's judgement, as far as the gateway's own is concerned a stranger's. It may want a
user, speak TLS, and give any answer that a test puts into `answers` or `floods` instead.
"""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import avro.compatibility
import avro.errors
import avro.name
import avro.schema

LEVELS = frozenset(
    {"NONE"} | {level + each for level in ("BACKWARD", "FORWARD", "FULL") for each in ("", "_TRANSITIVE")}
)


class RegistryError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error_code": code, "message": message}


@dataclass
class Version:
    """A schema as a version of a subject."""

    version: int
    schema_id: int
    body: dict[str, Any]


@dataclass
class RegistryState:
    """What a registry keeps; outlives the server that answers with it.

    Attributes:
        subjects: the versions of each subject, oldest first.
        levels: the compatibility level of subjects that have one of their own.
        level: everybody else's.
        authorization: what the header `Authorization` has to say, or None.
        answers: by path, a status and a body to answer with instead; once for each in the list, the last for ever.
        floods: by path, a header, bytes to repeat without an end, and a pause in seconds.
        asked: the method and path of every request.
    """

    subjects: dict[str, list[Version]] = field(default_factory=dict)
    levels: dict[str, str] = field(default_factory=dict)
    level: str = "BACKWARD"
    authorization: str | None = None
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    floods: dict[str, tuple[tuple[str, str], bytes, float]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _ids: dict[str, int] = field(default_factory=dict)

    def add(
        self, subject: str, schema: Any, *, kind: str = "AVRO", references: list[dict[str, Any]] | None = None
    ) -> int:
        """Register a schema as somebody else would; gives its id."""
        text = schema if isinstance(schema, str) else json.dumps(schema)
        body: dict[str, Any] = {"schema": text, "schemaType": kind, "references": references or []}
        return int(self.register(subject, body)["id"])

    def register(self, subject: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer `POST /subjects/{subject}/versions`."""
        if (found := self._find(subject, body)) is not None:
            return {"id": found.schema_id}
        messages = self.incompatibilities(subject, body)
        if messages:
            text = f'Schema being registered is incompatible with an earlier schema for subject "{subject}"'
            raise RegistryError(409, 409, f"{text}, details: {messages}")
        versions = self.subjects.setdefault(subject, [])
        schema_id = self._ids.setdefault(_content(body), len(self._ids) + 1)
        versions.append(Version(versions[-1].version + 1 if versions else 1, schema_id, body))
        return {"id": schema_id}

    def look_up(self, subject: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer `POST /subjects/{subject}`."""
        self.versions(subject)
        if (found := self._find(subject, body)) is None:
            raise RegistryError(404, 40403, "Schema not found")
        return _shown(subject, found)

    def versions(self, subject: str) -> list[int]:
        """Answer `GET /subjects/{subject}/versions`."""
        if not self.subjects.get(subject):
            raise RegistryError(404, 40401, f"Subject '{subject}' not found.")
        return [version.version for version in self.subjects[subject]]

    def version(self, subject: str, number: str) -> dict[str, Any]:
        """Answer `GET /subjects/{subject}/versions/{version}`."""
        known = self.versions(subject)
        if number != "latest" and not number.isdecimal():
            raise RegistryError(422, 42202, f"The specified version '{number}' is not a valid version id.")
        wanted = known[-1] if number == "latest" else int(number)
        if wanted not in known:
            raise RegistryError(404, 40402, f"Version {number} not found.")
        return _shown(subject, self.subjects[subject][known.index(wanted)])

    def schema(self, schema_id: str) -> dict[str, Any]:
        """Answer `GET /schemas/ids/{id}`."""
        for versions in self.subjects.values():
            for version in versions:
                if str(version.schema_id) == schema_id:
                    return _schema(version.body)
        raise RegistryError(404, 40403, f"Schema {schema_id} not found")

    def set_level(self, subject: str, level: str) -> dict[str, Any]:
        """Answer `PUT /config/{subject}`."""
        if level not in LEVELS:
            raise RegistryError(422, 42203, f"Invalid compatibility level {level}")
        self.levels[subject] = level
        return {"compatibility": level}

    def level_of(self, subject: str) -> dict[str, Any]:
        """Answer `GET /config/{subject}`."""
        if subject not in self.levels:
            raise RegistryError(404, 40408, f"Subject '{subject}' does not have subject-level compatibility configured")
        return {"compatibilityLevel": self.levels[subject]}

    def incompatibilities(self, subject: str, body: dict[str, Any]) -> list[str]:
        """Say how a schema does not fit its subject, as its level has it."""
        schema = self._parse(body)
        level, _, transitive = self.levels.get(subject, self.level).partition("_")
        others = [self._parse(version.body) for version in self.subjects.get(subject, ())]
        found: list[str] = []
        for other in others if transitive else others[-1:]:
            if level in {"BACKWARD", "FULL"}:
                found += _unreadable(schema, other)
            if level in {"FORWARD", "FULL"}:
                found += _unreadable(other, schema)
        return found

    def _find(self, subject: str, body: dict[str, Any]) -> Version | None:
        content = _content(body)
        return next((each for each in self.subjects.get(subject, ()) if _content(each.body) == content), None)

    def _parse(self, body: dict[str, Any]) -> Any:
        if body.get("schemaType", "AVRO") != "AVRO":
            return None
        names = avro.name.Names()
        try:
            self._parse_into(names, body)
            return avro.schema.make_avsc_object(json.loads(body["schema"]), names)
        except (avro.errors.AvroException, ValueError, AttributeError) as error:
            raise RegistryError(422, 42201, f"Invalid schema {body['schema']}, details: {error}") from error

    def _parse_into(self, names: Any, body: dict[str, Any]) -> None:
        for reference in body.get("references") or ():
            try:
                found = self.version(reference["subject"], str(reference["version"]))
            except RegistryError:
                raise RegistryError(422, 42201, f"No schema reference found for {reference}") from None
            self._parse_into(names, found)
            avro.schema.make_avsc_object(json.loads(found["schema"]), names)


def _unreadable(reader: Any, writer: Any) -> list[str]:
    if reader is None or writer is None:
        return []
    result = avro.compatibility.ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)  # type: ignore[no-untyped-call]  # avro left it untyped
    if result.compatibility is avro.compatibility.SchemaCompatibilityType.compatible:
        return []
    return sorted(f"{kind.name} at {sorted(result.locations)}" for kind in result.incompatibilities)


def _content(body: dict[str, Any]) -> str:
    kind = body.get("schemaType", "AVRO")
    schema = json.loads(body["schema"]) if kind == "AVRO" else body["schema"]
    return json.dumps([kind, schema, body.get("references") or []])


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    """Show a schema; the defaults are left out."""
    shown = {"schema": body["schema"]}
    if body.get("schemaType", "AVRO") != "AVRO":
        shown["schemaType"] = body["schemaType"]
    if body.get("references"):
        shown["references"] = body["references"]
    return shown


def _shown(subject: str, version: Version) -> dict[str, Any]:
    return {"subject": subject, "version": version.version, "id": version.schema_id, **_schema(version.body)}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, method: str) -> None:
        path, state = self.path.partition("?")[0], self.server.state
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        state.asked.append((method, unquote(path)))
        if path in state.floods:
            self._flood(*state.floods[path])
            return
        prepared = state.answers.get(path)
        if prepared:
            self._answer(*(prepared.pop(0) if len(prepared) > 1 else prepared[0]))
        elif state.authorization not in {None, self.headers.get("Authorization")}:
            self._answer(401, {"error_code": 401, "message": "Unauthorized"})
        else:
            try:
                self._answer(200, _route(state, method, [unquote(part) for part in path.split("/")[1:]], body))
            except RegistryError as error:
                self._answer(error.status, error.body)

    def _answer(self, status: int, answer: Any) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _flood(self, header: tuple[str, str], part: bytes, pause_s: float) -> None:
        self.send_response(200)
        self.send_header(*header)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.server.over.wait(pause_s):
                self.wfile.write(part)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Keep the test's output clean."""


def _route(state: RegistryState, method: str, parts: list[str], body: Any) -> Any:
    match method, parts:
        case "GET", ["schemas", "ids", schema_id]:
            answer: Any = state.schema(schema_id)
        case "GET", ["subjects"]:
            answer = list(state.subjects)
        case "GET", ["subjects", subject, "versions"]:
            answer = state.versions(subject)
        case "GET", ["subjects", subject, "versions", version]:
            answer = state.version(subject, version)
        case "POST", ["subjects", subject]:
            answer = state.look_up(subject, body)
        case "POST", ["subjects", subject, "versions"]:
            answer = state.register(subject, body)
        case "POST", ["compatibility", "subjects", subject, "versions"]:
            messages = state.incompatibilities(subject, body)
            answer = {"is_compatible": not messages, "messages": messages}
        case "GET", ["config", subject]:
            answer = state.level_of(subject)
        case "PUT", ["config", subject]:
            answer = state.set_level(subject, body["compatibility"])
        case _:
            raise RegistryError(404, 404, "HTTP 404 Not Found")
    return answer


class _Server(ThreadingHTTPServer):
    def __init__(self, state: RegistryState, port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.over = threading.Event()
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not like the certificate, or that goes, is no fault of this end."""


@contextmanager
def registry_server(state: RegistryState, *, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Answer for a registry, on a free port or the one given; gives its URL. Every request is a connection."""
    with _Server(state, port, tls) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http{'' if tls is None else 's'}://127.0.0.1:{running.server_port}"
        finally:
            running.over.set()
            running.shutdown()
            thread.join()
