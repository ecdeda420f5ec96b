"""Serves a few pages about the process itself, for orchestrators and Prometheus. Not meant for the internet.

What comes in is bounded: connections, the time that one may take, and by aiohttp the size of a request's head. A
connection serves one request; a body is never read.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from gateway.domain.errors import UnavailableError
from gateway.http.connection_limit import ConnectionLimit

MAX_CONNECTIONS = 32
CONNECTION_S = 10.0
_STOP_S = 1.0
_METHODS = (hdrs.METH_GET, hdrs.METH_HEAD)


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered.

    Attributes:
        status: the HTTP status.
        body: the content.
        content_type: of what type it is.
    """

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class ProbeServer:
    """The server, on the running event loop: a loop that hangs gives no answer.

    Args:
        pages: what makes each page, by its path.

    Attributes:
        port: where it listens, once it was started.
    """

    def __init__(self, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._pages = pages
        self._loop = asyncio.get_running_loop()
        self._handlers = web.Server(self._handle, access_log=None, lingering_time=0)
        self._limit = ConnectionLimit(self._handlers, MAX_CONNECTIONS)
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, address: str, port: int) -> None:
        """Listen.

        Args:
            address: of which interface.
            port: the port; 0 for any free one.

        Raises:
            UnavailableError: the port is taken, or the address is not this machine's.
        """
        try:
            self._server = await self._loop.create_server(self._connected, address, port)
        except OSError as error:
            hint = "set GATEWAY_PROBES_ADDRESS and GATEWAY_PROBES_PORT; port 0 takes any free one"
            raise UnavailableError(f"the probes can't be served at {address} port {port}: {error}", hint=hint) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and end what is open."""
        if self._server is not None:
            self._server.close()
            await self._handlers.shutdown(_STOP_S)

    def _connected(self) -> asyncio.Protocol:
        connection = self._limit()
        if isinstance(connection, web.RequestHandler):
            self._loop.call_later(CONNECTION_S, connection.force_close)
        return connection

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        make = self._pages.get(request.path)
        if make is None:
            page = Page(404, f"there are only {', '.join(self._pages)}\n".encode())
        elif request.method not in _METHODS:
            page = Page(405, b"only GET\n")
        else:
            page = make()
        headers = {hdrs.CONTENT_TYPE: page.content_type, hdrs.CACHE_CONTROL: "no-store"}
        response = web.Response(status=page.status, body=page.body, headers=headers)
        response.force_close()
        return response
