"""Serves the API: asks who makes each request, admits and reads it by its route's description, and answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import orjson
from aiohttp import hdrs, web

from gateway.console.access.authentication import Authentication
from gateway.console.access.caller import BadCredentialsError, Caller
from gateway.console.access.log_in_pages import LogInPages
from gateway.console.access.site import Site
from gateway.console.api.admission import admit
from gateway.console.api.guard import SAFE_HEADERS, TIME_LIMIT, Guard
from gateway.console.api.idempotency import KeptAnswer, KeptAnswers
from gateway.console.api.openapi import describe_api, reference_page
from gateway.console.api.reading import read_call
from gateway.console.api.routes import PREFIX, Answer, Route
from gateway.console.api.streaming import stream_events
from gateway.console.page_files import PageFiles
from gateway.domain.errors import UnavailableError
from gateway.http.connection_limit import ConnectionLimit

MAX_BODY_BYTES = 524_288
MAX_CONNECTIONS = 128
_KEEPALIVE_S = 30.0
_STOP_S = 2.0
_IDEMPOTENCY_KEY = "Idempotency-Key"
# Of requests that are none, aiohttp writes what it got, which may be a cookie or a token. The Guard logs faults.
_unread = logging.getLogger("gateway.console.unread")
_unread.disabled = True


class ApiServer:
    """The server, on the running event loop.

    Args:
        routes: every route.
        version: of the program, for the OpenAPI document.
        authentication: says who makes a request.
        site: where it is reached.
        pages: what browsers see; left out: those that were built.
        log_in_pages: where browsers log in at an identity provider; None where there is none.

    Attributes:
        port: where it listens, once it was started.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        version: str,
        authentication: Authentication,
        site: Site,
        pages: PageFiles | None = None,
        *,
        log_in_pages: LogInPages | None = None,
    ) -> None:
        self._routes = routes
        self._log_in_pages = log_in_pages
        self._authentication = authentication
        self._guard = Guard(site)
        self._pages = pages or PageFiles()
        self._kept = KeptAnswers()
        self._document = orjson.dumps(describe_api(routes, version))
        self._page = reference_page(routes, version).encode()
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self.port = 0

    async def start(self, address: str, port: int) -> None:
        """Listen.

        Args:
            address: of this machine.
            port: the port; 0 for any free one.

        Raises:
            UnavailableError: the port is taken, or the address is not this machine's.
        """
        self._runner = web.AppRunner(
            self.application(),
            access_log=None,
            logger=_unread,
            keepalive_timeout=_KEEPALIVE_S,
            shutdown_timeout=_STOP_S,
        )
        await self._runner.setup()
        # There is one once it is set up.
        connections = ConnectionLimit(cast("web.Server", self._runner.server), MAX_CONNECTIONS)
        try:
            self._listening = await asyncio.get_running_loop().create_server(connections, address, port)
        except OSError as error:
            raise UnavailableError(
                f"the console can't listen at {address} port {port}: {error.strerror}",
                hint="set GATEWAY_CONSOLE_ADDRESS and GATEWAY_CONSOLE_PORT; port 0 takes any free one",
            ) from None
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and end what is open."""
        if self._listening is not None:
            self._listening.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def application(self) -> web.Application:
        """Give the application that serves all of it."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._guard.check])
        for route in self._routes:
            handler = self._handler(route)
            app.router.add_route(route.method, PREFIX + route.path, handler)
            # As RFC 9110 demands (section 9.1). A stream has no end, so there is nothing that its head would be of.
            if route.method == hdrs.METH_GET and route.events is None:
                app.router.add_route(hdrs.METH_HEAD, PREFIX + route.path, handler)
        app.router.add_get("/api/openapi.json", self._openapi)
        app.router.add_get("/api", self._reference)
        if self._log_in_pages is not None:
            self._log_in_pages.add_to(app.router)
        self._pages.add_to(app.router)
        return app

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/json")

    async def _reference(self, _: web.Request) -> web.Response:
        return web.Response(body=self._page, content_type="text/html", charset="utf-8")

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        who = self._authentication

        async def handle(request: web.Request) -> web.StreamResponse:
            caller = who.pass_by(request) if route.is_door else who.identify(request)
            admit(caller, route)
            with who.room_for(caller, request):
                return await answer(request, caller)

        async def answer(request: web.Request, caller: Caller) -> web.StreamResponse:
            body = await request.read()
            call = read_call(request, body, route, caller)
            if route.events is not None:
                going_on = await route.handle(call)
                return await _stream(request, going_on, lambda: who.is_still(caller, request))

            async def act() -> KeptAnswer:
                try:
                    return _kept(route, await route.handle(call))
                except BadCredentialsError as error:
                    who.refuse(request, error.message)
                    raise

            key = request.headers.get(_IDEMPOTENCY_KEY)
            if key is None or not route.repeats:
                return _response(await act())
            asked = b"\0".join((route.name.encode(), request.raw_path.encode(), body))
            answer, before = await self._kept.once(caller, key, asked, act)
            response = _response(answer)
            if before:
                response.headers["Idempotent-Replayed"] = "true"
            return response

        return handle


async def _stream(request: web.Request, answer: Answer, may_go_on: Callable[[], bool]) -> web.StreamResponse:
    if answer.events is None:
        raise TypeError("a route with events gave none")
    return await stream_events(request, answer.events, SAFE_HEADERS, request[TIME_LIMIT], may_go_on)


def _kept(route: Route, answer: Answer) -> KeptAnswer:
    headers = [*answer.headers]
    if answer.revision is not None:
        headers.append((hdrs.ETAG, f'"{answer.revision}"'))
    if answer.location is not None:
        headers.append((hdrs.LOCATION, PREFIX + answer.location))
    body = b"" if answer.value is None else orjson.dumps(answer.value.model_dump(mode="json"))
    return KeptAnswer(route.status, body, tuple(headers))


def _response(answer: KeptAnswer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body or None)
    if answer.body:
        response.content_type = "application/json"
    response.headers.update(answer.headers)
    return response
