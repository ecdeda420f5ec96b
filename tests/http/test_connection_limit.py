"""No more connections are open than there may be, however many come at once."""

import asyncio
import socket
from contextlib import suppress

from aiohttp import web

from gateway.http.connection_limit import ConnectionLimit

LIMIT = 3
AWHILE_S = 10.0
SERVED = b"HTTP/1.1 200 OK\r\n"


async def answer(_: web.BaseRequest) -> web.Response:
    """Answer anything."""
    return web.Response(text="well")


async def test_a_burst_is_bounded_like_those_who_come_one_by_one() -> None:
    """All of it is accepted before any is served; the others are closed, and when one has gone the next is served."""
    handlers = web.Server(answer)
    server = await asyncio.get_running_loop().create_server(ConnectionLimit(handlers, LIMIT), "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    # The kernel takes them while the loop waits for this, and it finds them together.
    burst = [Visitor(socket.create_connection(address)) for _ in range(10 * LIMIT)]
    answers = await asyncio.gather(*(visitor.ask() for visitor in burst))
    assert sorted(answers) == [b""] * (9 * LIMIT) + [SERVED] * LIMIT
    burst[answers.index(SERVED)].leave()
    async with asyncio.timeout(AWHILE_S):
        while len(handlers.connections) == LIMIT:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
    burst.append(Visitor(socket.create_connection(address)))
    assert await burst[-1].ask() == SERVED
    for visitor in burst:
        visitor.leave()
    server.close()
    await handlers.shutdown()


class Visitor:
    """Somebody who has connected."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self) -> bytes:
        """Ask for something; gives the first line of the answer, or nothing where the connection is closed."""
        reader, self._writer = await asyncio.open_connection(sock=self._connection)
        with suppress(ConnectionError):
            self._writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(AWHILE_S):
                return await reader.readline()
        return b""

    def leave(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
