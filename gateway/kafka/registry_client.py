"""Questions to a Confluent-compatible schema registry, each bounded, tried again, and answered or explained.

What a registry does not have is None or empty, never an error; what it refuses is a `SchemaRefusedError`; anything else
is a `RegistryUnavailableError`, which is no verdict on what was asked.
"""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.common._httpx_compat import httpx
from confluent_kafka.schema_registry.error import SchemaRegistryError

from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.kafka.registry_access import RegistryAccess
from gateway.kafka.registry_session import bounded_session
from gateway.wire.errors import RegistryUnavailableError

AVRO = "AVRO"
# Three tries in a second: what takes longer is for whoever asks to bear.
DEFAULT_RETRIES = 2
_RETRY_WAIT_MS = 200
_MAX_DETAIL_CHARS = 500
_LOGIN_REFUSED = frozenset({401, 403})
_SCHEMA_REFUSED = frozenset({409, 422})
# 404 with one of the registry's own codes: no such subject, version, schema or level. Without one it is a wrong URL.
_NOT_FOUND = range(40400, 40500)
_LOGIN_HINT = "check GATEWAY_SCHEMA_REGISTRY_USERNAME and _PASSWORD, or _TOKEN, and what they are allowed"
_TRUST_HINT = "check GATEWAY_SCHEMA_REGISTRY_CA_FILE, and that the registry's name is the one in its certificate"
_TLS_HINT = "check GATEWAY_SCHEMA_REGISTRY_CLIENT_CERT_FILE, and whether the registry speaks TLS"
_URL_HINT = "check GATEWAY_SCHEMA_REGISTRY_URL, and that the registry runs"

T = TypeVar("T")


class SchemaRefusedError(GatewayError):
    """The registry refuses a schema: it does not fit the versions before it, or is none to it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A schema that another one uses by name: a version of a subject."""

    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """A schema that a registry has.

    Attributes:
        text: as it was registered.
        kind: `AVRO`, or another word of the registry's.
        references: the schemas that it uses by name.
    """

    text: str
    kind: str
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a registry has a schema: under which id, and as which version of a subject."""

    schema_id: int
    version: int | None


class RegistryClient:
    """Asks one registry. Blocking; each try of a call takes three times the time-out at most.

    Args:
        access: how it is reached.
        retries: how often a question is asked again when there is no answer, or one that says "later".

    Raises:
        InvalidInputError: a file that `access` or the environment names can't be used.
    """

    def __init__(self, access: RegistryAccess, *, retries: int = DEFAULT_RETRIES) -> None:
        self.url = access.url
        try:
            self._client = SchemaRegistryClient(
                {"url": access.url, "max.retries": retries, "retries.wait.ms": _RETRY_WAIT_MS}
            )
        except OSError as error:
            raise InvalidInputError(
                f"the authorities that SSL_CERT_FILE or SSL_CERT_DIR names can't be used: {error.strerror or error}",
                hint="they are the system's; GATEWAY_SCHEMA_REGISTRY_CA_FILE names others",
            ) from None
        self._rest = self._client._rest_client  # noqa: SLF001 - the client has no bounds, and trusts whom it likes
        self._rest.session.close()
        self._rest.session = bounded_session(access)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def schema_by_id(self, schema_id: int) -> RegisteredSchema | None:
        """Give a schema by its id."""
        return self._ask(lambda: _registered(self._client.get_schema(schema_id)))

    def subjects(self) -> list[str]:
        """Give every subject."""
        return self._ask(lambda: [str(subject) for subject in self._client.get_subjects()]) or []

    def versions(self, subject: str) -> list[int]:
        """Give the versions of a subject, oldest first."""
        return self._ask(lambda: [int(version) for version in self._client.get_versions(subject)]) or []

    def version(self, subject: str, version: int) -> RegisteredSchema | None:
        """Give a version of a subject."""
        return self._ask(lambda: _registered(self._client.get_version(subject, version).schema))

    def find(self, subject: str, text: str) -> Registration | None:
        """Find where a subject has a schema."""
        return self._ask(lambda: _registration(self._client.lookup_schema(subject, Schema(text, AVRO))))

    def register(self, subject: str, text: str) -> Registration:
        """Make a schema the newest version of a subject; one that it has already stays what it is.

        Raises:
            SchemaRefusedError: the registry does not take it, and says why.
        """
        schema = Schema(text, AVRO)
        done = self._ask(lambda: _registration(self._client.register_schema_full_response(subject, schema)))
        # Most registries answer with the id alone.
        found = done if done is not None and done.version is not None else self.find(subject, text)
        if found is None:
            raise RegistryUnavailableError(f"the schema registry at {self.url} does not have what it has registered")
        return found

    def why_incompatible(self, subject: str, text: str) -> str | None:
        """Tell why a subject would not take a schema as its next version; None where it would.

        Raises:
            SchemaRefusedError: it is no schema to the registry.
        """
        path = f"compatibility/subjects/{quote(subject, safe='')}/versions?verbose=true"
        return self._ask(lambda: _reasons(self._rest.post(path, Schema(text, AVRO).to_dict())))

    def compatibility(self, subject: str) -> str | None:
        """Give the compatibility level of a subject; None where it has none of its own."""
        return self._ask(lambda: str(self._client.get_compatibility(subject)))

    def set_compatibility(self, subject: str, level: str) -> bool:
        """Give a subject a compatibility level of its own; False where it does not exist, to registries that mind."""
        return self._ask(lambda: bool(self._client.set_compatibility(subject, level))) or False

    def _ask(self, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except SchemaRegistryError as error:
            if error.http_status_code == 404 and error.error_code in _NOT_FOUND:  # noqa: PLR2004 - HTTP's own number
                return None
            if error.http_status_code in _SCHEMA_REFUSED:
                raise SchemaRefusedError(_cut(str(error.error_message))) from error
            hint = _LOGIN_HINT if error.http_status_code in _LOGIN_REFUSED else _URL_HINT
            detail = _cut(str(error.error_message))
            raise RegistryUnavailableError(
                f"the schema registry at {self.url} answers {error.http_status_code}: {detail}", hint=hint
            ) from error
        except Exception as error:  # the HTTP client's own errors, and what is made of an answer that is none
            raise self._unavailable(error) from error
        finally:
            # The client keeps every schema it ever saw; what is to be kept is for whoever asks to say.
            self._client.clear_caches()  # type: ignore[no-untyped-call]  # confluent-kafka left it untyped

    def _unavailable(self, error: Exception) -> RegistryUnavailableError:
        causes = list(_causes(error))
        untrusted = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
        if untrusted is not None:
            what = f"the certificate of the schema registry at {self.url} is not trusted: {untrusted.verify_message}"
            return RegistryUnavailableError(what, hint=_TRUST_HINT)
        detail = _cut(str(error) or type(error).__name__)
        if isinstance(error, httpx.TimeoutException):
            detail = "it does not answer in time"
        hint = _TLS_HINT if any(isinstance(cause, ssl.SSLError) for cause in causes) else _URL_HINT
        return RegistryUnavailableError(f"the schema registry at {self.url} can't be asked: {detail}", hint=hint)


def _registration(answer: Any) -> Registration:  # noqa: ANN401 - the client's own class leaves everything open
    return Registration(int(answer.schema_id), None if answer.version is None else int(answer.version))


def _registered(schema: Schema) -> RegisteredSchema:
    references: Any = schema.references or ()
    return RegisteredSchema(
        schema.schema_str or "",
        schema.schema_type or AVRO,
        tuple(Reference(str(reference.subject), int(reference.version)) for reference in references),
    )


def _reasons(answer: Any) -> str | None:  # noqa: ANN401 - JSON of the registry's
    if answer["is_compatible"]:
        return None
    return _cut("; ".join(str(message) for message in answer.get("messages") or ()) or "it is incompatible")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_DETAIL_CHARS else f"{text[:_MAX_DETAIL_CHARS]}…"
