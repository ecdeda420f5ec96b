"""Step ⑤, on the wire: one POST over one connection of the pool, and the answer to it.

Works on aiohttp's connection, writer and parser directly: a `ClientSession` around them costs more CPU than all the
rest of a send. Bounds what an endpoint can make us read (informational answers, headers, body), and gives a
connection back only if nothing is left in it, in either direction. Knows no time-out: whoever calls has one.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter
from aiohttp.streams import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from gateway import __version__
from gateway.domain.delivery import MAX_EXCERPT_CHARS

USER_AGENT = f"webhook-gateway/{__version__}"
MAX_RESPONSE_BYTES = 65_536
MAX_INFORMATIONAL = 8
_MAX_HEADER_BYTES = 16_384
_MAX_HEADERS = 128
_SWITCHING_PROTOCOLS = 101
_FINAL = 200
# Answers are not decompressed: what comes plain can be read in an attempt's excerpt.
_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What all requests to one URL have in common, worked out once.

    Attributes:
        target: what a connector connects for.
        request_line: without its line end.
        headers: what the gateway itself says in every request, Host among it.
    """

    target: aiohttp.ClientRequest
    request_line: str
    headers: CIMultiDictProxy[str]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that was read.

    Attributes:
        status: the HTTP status code.
        headers: its headers.
        beginning: the body, or at least the first MAX_EXCERPT_CHARS bytes of it.
    """

    status: int
    headers: CIMultiDictProxy[str]
    beginning: bytes


class TooManyInformationalError(aiohttp.ClientPayloadError):
    """The endpoint answers with 1xx and again 1xx."""

    def __str__(self) -> str:
        return f"more than {MAX_INFORMATIONAL} informational answers"


def endpoint_of(url: str, tls: ssl.SSLContext | None = None, loop: asyncio.AbstractEventLoop | None = None) -> Endpoint:
    """Prepare for requests to `url`.

    Args:
        url: the endpoint.
        tls: a context of its own; connections are pooled by it too. None for the connector's.
        loop: the event loop that they are sent in, None for the running one.

    Raises:
        InvalidURL, ValueError: nothing can be sent there.
    """
    parsed = URL(url, encoded=True)
    if parsed.scheme not in {"http", "https"}:
        raise aiohttp.NonHttpUrlClientError(parsed)
    loop = loop or asyncio.get_running_loop()
    target = aiohttp.ClientRequest("POST", parsed, headers=_HEADERS, loop=loop, ssl=True if tls is None else tls)
    return Endpoint(target, f"POST {target.url.raw_path_qs} HTTP/1.1", CIMultiDictProxy(target.headers))


def complete_headers(endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> CIMultiDict[str]:
    """Give every header of a request, in the order in which they are sent.

    Args:
        endpoint: where it goes.
        headers: what is said about this request.
        body: its body.
    """
    complete = CIMultiDict(endpoint.headers)
    complete.update(headers)
    complete["Content-Length"] = str(len(body))
    return complete


async def exchange(connection: Connection, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Response:
    """Send one request over a connection and read the answer; the connection is given back or closed.

    Raises:
        ClientConnectionError: the connection ended before an answer.
        ClientPayloadError, HttpProcessingError: the answer breaks the protocol.
        ValueError: a header can't be sent.
    """
    try:
        protocol, transport = _ready(connection)
        await _write(protocol, endpoint, headers, body)
        response = await _read(protocol)
        if transport.get_write_buffer_size():
            # Answered before it had read all of the request: the next one would wait behind the rest of this one.
            connection.close()
    except BaseException:
        connection.close()
        raise
    # aiohttp closes it here if anything of the answer is unread, or there is more than an answer.
    connection.release()
    return response


def _ready(connection: Connection) -> tuple[ResponseHandler, asyncio.Transport]:
    protocol = connection.protocol
    # What came in before anything was asked is no answer to this request (RFC 9112 section 9.2).
    if protocol is None or protocol.transport is None or protocol.should_close:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(
        read_until_eof=True,
        auto_decompress=False,
        read_bufsize=MAX_RESPONSE_BYTES // 2,  # reading pauses at twice as much
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
        max_headers=_MAX_HEADERS,
    )
    return protocol, protocol.transport


async def _write(protocol: ResponseHandler, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> None:
    writer = StreamWriter(protocol, asyncio.get_running_loop())
    await writer.write_headers(endpoint.request_line, complete_headers(endpoint, headers, body))
    # Not drained: an endpoint may answer without reading, and the body is in memory anyway.
    await writer.write(body, drain=False)


async def _read(protocol: ResponseHandler) -> Response:
    for _ in range(MAX_INFORMATIONAL + 1):
        message, payload = await protocol.read()
        if message.code >= _FINAL or message.code == _SWITCHING_PROTOCOLS:
            break
    else:
        raise TooManyInformationalError
    # Nothing asked for another protocol, so what follows a 101 is not for us.
    beginning = b"" if message.code == _SWITCHING_PROTOCOLS else await _read_capped(payload)
    return Response(message.code, message.headers, beginning)


async def _read_capped(payload: StreamReader) -> bytes:
    if payload.is_eof():
        return payload.read_nowait()
    beginning = b""
    size = 0
    while size <= MAX_RESPONSE_BYTES and not payload.at_eof():
        chunk = await payload.readany()
        size += len(chunk)
        beginning += chunk[: MAX_EXCERPT_CHARS - len(beginning)]
    return beginning
