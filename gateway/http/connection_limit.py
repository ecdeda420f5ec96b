"""Bounds how many connections a server of ours has open: whoever comes beyond that is closed at once."""

import asyncio

from aiohttp import web


class ConnectionLimit:
    """What makes the protocol of each connection that is accepted, for `create_server`; belongs to the event loop.

    Args:
        handlers: serve the connections.
        limit: how many may be open.
    """

    def __init__(self, handlers: web.Server, limit: int) -> None:
        self._handlers = handlers
        self._limit = limit
        self._coming = 0

    def __call__(self) -> asyncio.Protocol:
        """Give what serves a connection, or what ends it."""
        if len(self._handlers.connections) + self._coming >= self._limit:
            return _Refusal()
        # The handlers count a connection from when it is made, which the loop does after this: of a burst, many are
        # accepted before the first is counted.
        self._coming += 1
        asyncio.get_running_loop().call_soon(self._has_come)
        return self._handlers()

    def _has_come(self) -> None:
        self._coming -= 1


class _Refusal(asyncio.Protocol):
    """Ends a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it; see `asyncio.BaseProtocol`."""
        transport.close()
