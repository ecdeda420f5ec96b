"""The HTTP session to a schema registry: who is trusted, and what is too much.

An answer is read up to MAX_ANSWER_BYTES and within the time-out, however slowly it comes. Redirects are not followed,
so what proves who we are goes to nobody else.
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import cast

# The client's own choice between httpx and its successor; a session has to be of the same one.
from confluent_kafka.schema_registry.common._httpx_compat import Response, httpx

from gateway.kafka.registry_access import RegistryAccess

# A registry keeps its schemas in records of Kafka, at most 1 MB each by default: what is larger is no schema.
MAX_ANSWER_BYTES = 2_097_152
_THIS_MACHINE = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class AnswerTooLargeError(Exception):
    """The registry says more than any schema needs."""

    def __str__(self) -> str:
        return f"its answer has more than {MAX_ANSWER_BYTES} bytes"


def bounded_session(access: RegistryAccess) -> httpx.Client:
    """Open a session; connections are made when something is asked.

    Raises:
        InvalidInputError: a file of `access.tls` can't be used.
    """
    # What is read is cut off where it comes in, so it has to come as it is counted: not compressed.
    headers = {"Accept-Encoding": "identity"}
    if access.authorization is not None:
        headers["Authorization"] = access.authorization
    return httpx.Client(
        verify=access.tls.context(),
        headers=headers,
        timeout=access.timeout_s,
        # Proxies of the environment are for elsewhere: what is not encrypted does not leave this machine.
        mounts=dict.fromkeys(_THIS_MACHINE),
        event_hooks={"response": [partial(_bound, timeout_s=access.timeout_s)]},
    )


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
