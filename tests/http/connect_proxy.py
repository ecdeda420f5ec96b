"""A proxy that makes tunnels (CONNECT), or fails to as a test wants it, and tells what it was asked."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.domain.egress_proxy import EgressProxy, parse_egress_proxy

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """One CONNECT as it came over the wire.

    Attributes:
        line: the request line.
        headers: names in lower case.
    """

    line: str
    headers: dict[str, str]

    @property
    def authority(self) -> str:
        """To where a tunnel is wanted."""
        return self.line.split(" ")[1]


Reply = Callable[[Asked, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ConnectProxy:
    """A listening proxy.

    Attributes:
        reply: what each CONNECT gets; may be changed at any time.
        port: where it listens, on 127.0.0.1.
        scheme: `https` where it is spoken to over TLS.
        connections: how many were accepted.
        asked: what came, in order.
    """

    reply: Reply
    port: int = 0
    scheme: str = "http"
    connections: int = 0
    asked: list[Asked] = field(default_factory=list)

    def address(self, credentials: str = "") -> EgressProxy:
        """Give what a client has to know of it."""
        return parse_egress_proxy(f"{self.scheme}://{credentials}127.0.0.1:{self.port}")

    @property
    def authorities(self) -> list[str]:
        """To where tunnels were wanted."""
        return [asked.authority for asked in self.asked]


@asynccontextmanager
async def connect_proxy(
    reply: Reply, tls: ssl.SSLContext | None = None, *, port: int = 0
) -> AsyncIterator[ConnectProxy]:
    """Listen on a port, 0 for a free one."""
    proxy = ConnectProxy(reply, scheme="https" if tls else "http")
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        proxy.connections += 1
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                asked = await _read_connect(reader)
                proxy.asked.append(asked)
                await proxy.reply(asked, reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _read_connect(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    return Asked(head[0], headers)


def leading_to(port: int | None = None) -> Reply:
    """Open tunnels: all to 127.0.0.1 at `port`, whatever is wanted, or to where they are wanted where that is None."""

    async def reply(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, wanted_port = asked.authority.rpartition(":")
        target = (host, int(wanted_port)) if port is None else ("127.0.0.1", port)
        try:
            inner_reader, inner_writer = await asyncio.open_connection(*target)
        except OSError:
            return await answering(502)(asked, reader, writer)
        writer.write(ESTABLISHED)
        try:
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        finally:
            inner_writer.transport.abort()

    return reply


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    # Whoever ends a tunnel ends it both ways: what is still under way in the other one is of no use here.
    raise ConnectionResetError


def only(replies: dict[str, Reply], otherwise: Reply) -> Reply:
    """Reply to some authorities in their own way."""

    async def reply(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await replies.get(asked.authority, otherwise)(asked, reader, writer)

    return reply


def replying(*parts: bytes, keep_open: bool = False) -> Reply:
    """Reply with fixed bytes, and then close."""

    async def reply(_: Asked, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if keep_open:
            await asyncio.Event().wait()
        writer.close()
        await writer.wait_closed()

    return reply


def answering(status: int) -> Reply:
    """Refuse with a well-formed answer."""
    return replying(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\nno" % status)


async def silent(_: Asked, __: asyncio.StreamReader, ___: asyncio.StreamWriter) -> None:
    """Never reply."""
    await asyncio.Event().wait()
