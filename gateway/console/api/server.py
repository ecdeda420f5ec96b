"""Serves the API: checks each request by its route's description, and turns every error into a problem.

Whoever reaches it may do everything, so it listens on this machine only, answers to no other name, and does nothing
that another site's page asks of a browser.
"""

import asyncio
import contextlib
import ipaddress
import traceback
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from gateway.console.api.idempotency import KeptAnswer, KeptAnswers
from gateway.console.api.openapi import describe_api, reference_page
from gateway.console.api.problems import Problem, ProblemError, problem_of, respond
from gateway.console.api.routes import PREFIX, Answer, Call, Route
from gateway.domain.errors import GatewayError, InvalidInputError, UnavailableError
from gateway.http.probe_server import Refusal

MAX_BODY_BYTES = 524_288
MAX_CONNECTIONS = 128
REQUEST_S = 90.0
_KEEPALIVE_S = 30.0
_STOP_S = 2.0
_IDEMPOTENCY_KEY = "Idempotency-Key"
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
_log = structlog.get_logger()


class ApiServer:
    """The server, on the running event loop.

    Args:
        routes: every route.
        version: of the program, for the OpenAPI document.

    Attributes:
        port: where it listens, once it was started.
    """

    def __init__(self, routes: Sequence[Route], version: str) -> None:
        self._routes = routes
        self._kept = KeptAnswers()
        self._document = orjson.dumps(describe_api(routes, version))
        self._page = reference_page(routes, version).encode()
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self.port = 0

    async def start(self, address: str, port: int) -> None:
        """Listen.

        Args:
            address: a loopback address of this machine.
            port: the port; 0 for any free one.

        Raises:
            InvalidInputError: the address is not loopback.
            UnavailableError: the port is taken.
        """
        if not ipaddress.ip_address(address).is_loopback:
            raise InvalidInputError(
                f"the console listens on this machine only, not at {address}: there is no log-in yet",
                hint="reach it from elsewhere through ssh -L or kubectl port-forward",
            )
        self._runner = web.AppRunner(
            self.application(), access_log=None, keepalive_timeout=_KEEPALIVE_S, shutdown_timeout=_STOP_S
        )
        await self._runner.setup()
        try:
            self._listening = await asyncio.get_running_loop().create_server(self._connected, address, port)
        except OSError as error:
            raise UnavailableError(
                f"the console can't listen at {address} port {port}: {error.strerror}",
                hint="set GATEWAY_CONSOLE_PORT; 0 takes any free port",
            ) from None
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and end what is open."""
        if self._listening is not None:
            self._listening.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _connected(self) -> asyncio.Protocol:
        handlers = self._runner.server if self._runner else None
        if handlers is None or len(handlers.connections) >= MAX_CONNECTIONS:
            return Refusal()
        return handlers()

    def application(self) -> web.Application:
        """Give the application that serves all of it."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_guarded])
        for route in self._routes:
            app.router.add_route(route.method, PREFIX + route.path, self._handler(route))
        app.router.add_get("/api/openapi.json", self._openapi)
        app.router.add_get("/api", self._reference)
        return app

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/json")

    async def _reference(self, _: web.Request) -> web.Response:
        return web.Response(body=self._page, content_type="text/html", charset="utf-8")

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            call = Call(
                path=dict(request.match_info),
                query=_query(request, route.query),
                body=_body(request, body, route.body),
                if_match=_if_match(request) if route.matches else None,
            )

            async def act() -> KeptAnswer:
                return _kept(route, await route.handle(call))

            key = request.headers.get(_IDEMPOTENCY_KEY)
            if key is None or not route.repeats:
                return _response(await act())
            asked = b"\0".join((route.name.encode(), request.raw_path.encode(), body))
            answer, before = await self._kept.once(key, asked, act)
            response = _response(answer)
            if before:
                response.headers["Idempotent-Replayed"] = "true"
            return response

        return handle


@web.middleware
async def _guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what does not come from this machine's own pages and programs; give every error its form."""
    try:
        _check_origin(request)
        async with asyncio.timeout(REQUEST_S):
            response = await handler(request)
    except ProblemError as error:
        response = respond(error.problem)
    except GatewayError as error:
        response = respond(problem_of(error))
    except web.HTTPException as error:
        response = _plain_problem(HTTPStatus(error.status), error.headers.get(hdrs.ALLOW))
    except TimeoutError:
        response = _plain_problem(HTTPStatus.GATEWAY_TIMEOUT)
    except Exception as error:  # noqa: BLE001 - a fault in one request must not end the others
        # Where it was is for the log, and no message: it may quote what was asked or found.
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error(
            "console.request_failed", method=request.method, path=request.path, error=repr(type(error)), at=where
        )
        response = _plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR)
    response.headers.update(_HEADERS)
    return response


def _check_origin(request: web.Request) -> None:
    """A page of another site may ask a browser for anything here, or give its own name this machine's address."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if not _is_this_machine(host):
        raise ProblemError(HTTPStatus.MISDIRECTED_REQUEST, "wrong_host", "this is not served under that name")
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and request.method not in _SAFE and urlsplit(origin).netloc != request.host:
        raise ProblemError(HTTPStatus.FORBIDDEN, "wrong_origin", "pages of other sites may not change anything here")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _plain_problem(status: HTTPStatus, allowed: str | None = None) -> web.Response:
    code = status.phrase.lower().replace(" ", "_")
    response = respond(
        Problem(title=status.phrase, status=status, code=code, detail=status.description or status.phrase)
    )
    if allowed:
        response.headers[hdrs.ALLOW] = allowed
    return response


def _query(request: web.Request, model: type[BaseModel] | None) -> BaseModel | None:
    if model is None:
        if request.query:
            name = next(iter(request.query))
            raise ProblemError(HTTPStatus.BAD_REQUEST, "invalid_query", "there is no such parameter", field=name)
        return None
    values: dict[str, Any] = {}
    for name in request.query:
        given = request.query.getall(name)
        known = model.model_fields.get(name)
        is_list = known is not None and "list" in str(known.annotation)
        if len(given) > 1 and not is_list:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "invalid_query", "it is given more than once", field=name)
        values[name] = given if is_list else given[0]
    return _validated(model, values, "invalid_query")


def _body(request: web.Request, body: bytes, model: type[BaseModel] | None) -> BaseModel | None:
    if model is None:
        return None
    if request.content_type != "application/json":
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "the body has to be application/json")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "not_json", f"the body is not JSON: {error}") from None
    return _validated(model, value, "invalid_body")


def _validated(model: type[BaseModel], value: object, code: str) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        # Without what was given: it may be a secret.
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise ProblemError(HTTPStatus.BAD_REQUEST, code, first["msg"], field=field) from None


def _if_match(request: web.Request) -> int | None:
    """Read the revision that the caller has seen; None for any.

    Raises:
        ProblemError: it is none of ours.
    """
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == "*":
        return None
    text = given.strip().strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - digits of a number that fits
        raise ProblemError(HTTPStatus.PRECONDITION_FAILED, "changed_meanwhile", "If-Match is no ETag of a subscription")
    return int(text)


def _kept(route: Route, answer: Answer) -> KeptAnswer:
    headers = []
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
