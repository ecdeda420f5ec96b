"""Schemas by id, asked of a Confluent-compatible schema registry.

A schema never changes under its id, so an answer is kept; "no such id" is kept for half a minute, because the id may
only not have reached this replica yet. Both memories are bounded, and so is every request: an answer is read up to
MAX_ANSWER_BYTES and within the time-out, however slowly it comes.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from types import TracebackType
from typing import Self, cast

from confluent_kafka.schema_registry import SchemaRegistryClient

# The client's own choice between httpx and its successor; a stream has to be of the same one.
from confluent_kafka.schema_registry.common._httpx_compat import Response, httpx
from confluent_kafka.schema_registry.error import SchemaRegistryError

from gateway.wire.errors import RegistryUnavailableError, UndecodableError

# A registry keeps its schemas in records of Kafka, at most 1 MB each by default: what is larger is no schema.
MAX_ANSWER_BYTES = 2_097_152
_SCHEMA_NOT_FOUND = 40403
_MAX_SCHEMAS = 32
_MAX_UNKNOWN = 10_000
_UNKNOWN_FOR_S = 30.0
_MAX_RETRIES = 1
_RETRY_WAIT_MS = 100


class AnswerTooLargeError(Exception):
    """The registry says more than any schema needs."""

    def __str__(self) -> str:
        return f"its answer has more than {MAX_ANSWER_BYTES} bytes"


class HttpSchemaRegistry:
    """Asks the registry at `url`; blocks for at most two requests.

    Args:
        url: the registry's base URL; a user name and password in it are sent as basic authentication.
        timeout_s: how long connecting, the beginning of the answer and its body may take each, in seconds.
    """

    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        self._client = SchemaRegistryClient(
            {
                "url": url,
                "timeout": timeout_s,
                "max.retries": _MAX_RETRIES,
                "retries.wait.ms": _RETRY_WAIT_MS,
            }
        )
        # The client has no bound of its own: what it reads is cut off where it comes in, and comes as it is counted.
        session = self._client._rest_client.session  # noqa: SLF001
        session.headers["Accept-Encoding"] = "identity"
        session.event_hooks = {"response": [partial(_bound, timeout_s=timeout_s)]}
        self._schemas: OrderedDict[int, str] = OrderedDict()
        self._unknown_until_s: OrderedDict[int, float] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def schema_of(self, schema_id: int) -> str:
        """Give the Avro schema's JSON text; see `gateway.wire.confluent.SchemaRegistry`."""
        known = self._schemas.get(schema_id)
        if known is not None:
            return known
        if time.monotonic() < self._unknown_until_s.get(schema_id, 0.0):
            raise _unknown(schema_id)
        text = self._ask(schema_id)
        self._schemas[schema_id] = text
        if len(self._schemas) > _MAX_SCHEMAS:
            self._schemas.popitem(last=False)
        return text

    def _ask(self, schema_id: int) -> str:
        try:
            schema = self._client.get_schema(schema_id)
        except SchemaRegistryError as error:
            if error.error_code == _SCHEMA_NOT_FOUND:
                self._remember_unknown(schema_id)
                raise _unknown(schema_id) from None
            raise RegistryUnavailableError(
                f"the schema registry answers {error.http_status_code}: {error.error_message}"
            ) from error
        except Exception as error:  # the HTTP client's own errors, and what its JSON parser makes of a wrong answer
            detail = str(error) or type(error).__name__
            raise RegistryUnavailableError(f"the schema registry can't be asked: {detail}") from error
        finally:
            # The client keeps every schema it ever saw; only the bounded memory here may.
            self._client.clear_caches()  # type: ignore[no-untyped-call]  # confluent-kafka left it untyped
        if schema.schema_type != "AVRO" or not schema.schema_str:
            self._remember_unknown(schema_id)
            raise UndecodableError("unknown_schema", f"registered schema {schema_id} is not an Avro schema")
        text: str = schema.schema_str
        return text

    def _remember_unknown(self, schema_id: int) -> None:
        self._unknown_until_s[schema_id] = time.monotonic() + _UNKNOWN_FOR_S
        self._unknown_until_s.move_to_end(schema_id)
        if len(self._unknown_until_s) > _MAX_UNKNOWN:
            self._unknown_until_s.popitem(last=False)


class _BoundedStream(httpx.SyncByteStream):
    """A response's bytes as they come over the wire, as long as they are few and come soon."""

    def __init__(self, stream: httpx.SyncByteStream, timeout_s: float) -> None:
        self._stream = stream
        self._timeout_s = timeout_s

    def __iter__(self) -> Iterator[bytes]:
        deadline_s = time.monotonic() + self._timeout_s
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise AnswerTooLargeError
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"no complete answer within {self._timeout_s:g} s")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _bound(response: Response, *, timeout_s: float) -> None:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        # Nobody asked for it, and it could become any size.
        raise AnswerTooLargeError
    response.stream = _BoundedStream(cast("httpx.SyncByteStream", response.stream), timeout_s)


def _unknown(schema_id: int) -> UndecodableError:
    return UndecodableError("unknown_schema", f"the schema registry has no Avro schema with id {schema_id}")
