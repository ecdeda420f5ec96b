"""An endpoint that answers with whatever bytes a test wants, or with none, and tells what it was sent."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came over the wire.

    Attributes:
        connection: which connection it came on, from 1.
        line: the request line.
        headers: in order, names as they were sent.
        body: as many bytes as Content-Length says.
    """

    connection: int
    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Give every value of a header."""
        return [value for found, value in self.headers if found.lower() == name]


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawEndpoint:
    """A listening endpoint.

    Attributes:
        port: where it listens, on 127.0.0.1.
        connections: how many were accepted.
        requests: what came, in order.
        closed: set when the client has closed, or lost, a connection.
    """

    port: int = 0
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """A plain URL of it."""
        return f"http://127.0.0.1:{self.port}/hooks?a=%2F"


@asynccontextmanager
async def raw_endpoint(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawEndpoint]:
    """Listen on a free port; `answer` writes what each request gets and may close the connection."""
    endpoint = RawEndpoint()
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endpoint.connections += 1
        connection = endpoint.connections
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            # Cancelled at the end of the test: asyncio would log that as an error of the server.
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not writer.is_closing():
                    request = await _read_request(reader, connection)
                    endpoint.requests.append(request)
                    await answer(request, writer)
        finally:
            endpoint.closed.set()
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:-2])]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Request(connection, head[0], headers, await reader.readexactly(length))


def saying(*parts: bytes, pause_s: float = 0, close: bool = False) -> Answer:
    """Give an answer of fixed bytes, part by part."""

    async def answer(_: Request, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        if close:
            writer.close()

    return answer


def status(line: str, *headers: str, body: bytes = b"") -> bytes:
    """Give the bytes of a well-formed response."""
    head = "\r\n".join([f"HTTP/1.1 {line}", f"Content-Length: {len(body)}", *headers])
    return head.encode() + b"\r\n\r\n" + body


async def hang(_: Request, __: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def close(_: Request, writer: asyncio.StreamWriter) -> None:
    """Close in an orderly way, without an answer."""
    writer.close()


async def reset(_: Request, writer: asyncio.StreamWriter) -> None:
    """Answer with a TCP reset."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
