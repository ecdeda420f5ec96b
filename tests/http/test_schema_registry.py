"""The registry client against a small real HTTP server that speaks `GET /schemas/ids/{id}`."""

import contextlib
import gzip
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from gateway.kafka.schema_registry import MAX_ANSWER_BYTES, HttpSchemaRegistry
from gateway.wire.errors import RegistryUnavailableError, UndecodableError

SCHEMA = '{"type":"record","name":"Thing","fields":[]}'
ANSWERS: dict[int, tuple[int, object]] = {
    1: (200, {"schema": SCHEMA}),
    2: (200, {"schema": "message Thing {}", "schemaType": "PROTOBUF"}),
    3: (500, {"error_code": 50001, "message": "the store is away"}),
    4: (401, {"error_code": 401, "message": "Unauthorized"}),
    5: (404, "not a registry"),
    6: (200, "no JSON object"),
}

# What an answer begins with, goes on with, and how long it pauses in between.
FLOODS: dict[int, tuple[tuple[str, str], bytes, float]] = {
    11: (("Content-Length", "1000000000"), b" " * 65_536, 0),
    12: (("Connection", "close"), b" " * 65_536, 0),
    13: (("Content-Encoding", "gzip"), gzip.compress(bytes(1_000_000)), 0),
    14: (("Content-Length", "1000000"), b" ", 0.02),
}


class Handler(BaseHTTPRequestHandler):
    """Answers from the table; any other id is unknown."""

    server: "RegistryServer"

    def do_GET(self) -> None:
        """Answer one request."""
        schema_id = int(self.path.partition("?")[0].removeprefix("/schemas/ids/"))
        self.server.asked.append(schema_id)
        if schema_id in FLOODS:
            self.flood(*FLOODS[schema_id])
            return
        status, answer = ANSWERS.get(schema_id, (404, {"error_code": 40403, "message": "Schema not found"}))
        body = orjson.dumps(answer)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def flood(self, header: tuple[str, str], part: bytes, pause_s: float) -> None:
        """Answer for ever."""
        self.send_response(200)
        self.send_header(*header)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            while not self.server.over.wait(pause_s):
                self.wfile.write(part)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Keep the test's output clean."""


class RegistryServer(ThreadingHTTPServer):
    """Listens on a free port and remembers which ids it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[int] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    """Run the server for one test."""
    with RegistryServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def registry(server: RegistryServer) -> Iterator[HttpSchemaRegistry]:
    """Connect a client to the server."""
    with HttpSchemaRegistry(server.url, timeout_s=2) as client:
        yield client


def test_a_schema_is_fetched_once(registry: HttpSchemaRegistry, server: RegistryServer) -> None:
    """A schema never changes under its id."""
    assert [registry.schema_of(1) for _ in range(3)] == [SCHEMA] * 3
    assert server.asked == [1]


def test_an_unknown_id_is_remembered_for_a_while(registry: HttpSchemaRegistry, server: RegistryServer) -> None:
    """A flood of records with a bad id must not become a flood of requests."""
    for _ in range(3):
        with pytest.raises(UndecodableError) as caught:
            registry.schema_of(99)
        assert caught.value.reason == "unknown_schema"
    assert server.asked == [99]


def test_a_schema_that_is_not_avro_is_unknown(registry: HttpSchemaRegistry) -> None:
    """Protobuf and JSON Schema live in the same registry."""
    with pytest.raises(UndecodableError, match="not an Avro schema"):
        registry.schema_of(2)


@pytest.mark.parametrize("schema_id", [3, 4, 5, 6])
def test_any_other_answer_is_no_verdict_on_the_record(registry: HttpSchemaRegistry, schema_id: int) -> None:
    """A server's trouble, missing rights or a wrong URL: the event waits and is asked about again."""
    with pytest.raises(RegistryUnavailableError):
        registry.schema_of(schema_id)


@pytest.mark.parametrize("schema_id", FLOODS)
def test_an_answer_without_an_end_is_cut_off(server: RegistryServer, schema_id: int) -> None:
    """By its size or its time, also where it would only become large when decompressed."""
    tracemalloc.start()
    try:
        with (
            HttpSchemaRegistry(server.url, timeout_s=0.5) as client,
            pytest.raises(RegistryUnavailableError, match=r"more than \d+ bytes|no complete answer"),
        ):
            client.schema_of(schema_id)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MAX_ANSWER_BYTES


def test_a_registry_that_is_not_there_is_unavailable(server: RegistryServer) -> None:
    """Nobody listens: said within the time-out, and without the password that the URL may carry."""
    url = server.url.replace("http://", "http://user:hunter2@").replace(str(server.server_port), "9")
    with HttpSchemaRegistry(url, timeout_s=0.5) as client, pytest.raises(RegistryUnavailableError) as caught:
        client.schema_of(1)
    assert "hunter2" not in caught.value.message
