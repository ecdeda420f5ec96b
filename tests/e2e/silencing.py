"""A TCP proxy before a broker that can make connections silent: they stay open, and nothing comes through any more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from enum import IntEnum

_HOST = b"127.0.0.1"


class Request(IntEnum):
    """A kind of request, as the protocol counts them."""

    PRODUCE = 0
    FETCH = 1


class SilencingProxy:
    """The proxy.

    Args:
        broker_port: of the broker, on this machine.
    """

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._connections: set[_Connection] = set()

    async def start(self) -> int:
        """Listen; gives the port."""
        self._server = await asyncio.start_server(self._serve, _HOST.decode(), 0)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def stop(self) -> None:
        """Close every connection."""
        self._server.close()
        for connection in tuple(self._connections):
            connection.task.cancel()
        await asyncio.gather(*(connection.task for connection in self._connections), return_exceptions=True)

    def silence(self, request: Request) -> int:
        """Make silent, for good, the connections on which there was such a request; new ones are as good as ever.

        Gives how many that are.
        """
        found = [each for each in self._connections if request in each.seen and not each.is_silent]
        for connection in found:
            connection.is_silent = True
        return len(found)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = _Connection(task)
        self._connections.add(connection)
        broker_reader, broker_writer = await asyncio.open_connection(_HOST.decode(), self._broker_port)
        # The broker names itself to its clients; they have to come through here again.
        its_name = _HOST + self._broker_port.to_bytes(4, "big")
        our_name = _HOST + self._port.to_bytes(4, "big")
        there = asyncio.ensure_future(connection.carry(reader, broker_writer, None))
        back = asyncio.ensure_future(connection.carry(broker_reader, writer, (its_name, our_name)))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the proxy stops
        finally:
            self._connections.discard(connection)
            there.cancel()
            back.cancel()
            writer.close()
            broker_writer.close()


class _Connection:
    def __init__(self, task: asyncio.Task[None]) -> None:
        self.task = task
        self.seen: set[int] = set()
        self.is_silent = False

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, renamed: tuple[bytes, bytes] | None
    ) -> None:
        """Carry one direction, frame by frame: its length in four bytes, then, in a request, its kind in two."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = await reader.readexactly(4)
                frame = await reader.readexactly(int.from_bytes(size, "big"))
                if renamed is None:
                    self.seen.add(int.from_bytes(frame[:2], "big"))
                elif renamed[0] in frame:
                    frame = frame.replace(*renamed)
                if not self.is_silent:
                    writer.write(size + frame)
                    await writer.drain()


@contextlib.asynccontextmanager
async def silencing_proxy(broker_port: int) -> AsyncIterator[tuple[SilencingProxy, int]]:
    """Give a proxy before a broker on this machine, and its port."""
    proxy = SilencingProxy(broker_port)
    port = await proxy.start()
    try:
        yield proxy, port
    finally:
        await proxy.stop()
