"""What holds for every request, whoever makes it: it was meant for this console, and an error has its form."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from gateway.console.access.site import Site
from gateway.console.api.problems import Problem, ProblemError, problem_of, respond
from gateway.domain.errors import GatewayError

REQUEST_S = 90.0
# An answer has some hundred kilobytes at most.
SEND_S = 60.0
# Where a request has what ends it, for answers that go on.
TIME_LIMIT = web.RequestKey("time_limit", asyncio.Timeout)
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
SAFE_HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = structlog.get_logger()


class Guard:
    """Goes before every handler.

    Args:
        site: where the console is reached.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what was not meant for this console; give every error its form."""
        response = await self._answer(request, handler)
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        await _send(request, response)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._check_site(request)
            async with asyncio.timeout(REQUEST_S) as limit:
                request[TIME_LIMIT] = limit
                return await handler(request)
        except Exception as error:
            if isinstance(error, ConnectionError) and request.transport is None:
                raise  # whoever asked is gone
            return _refusal(error) or _fault(request, error)

    def _check_site(self, request: web.Request) -> None:
        """A page of another site may ask a browser for anything here, or give its own name this console's address.

        What brings a bearer token, and no cookie, no browser sends of itself: that may come by any name.
        """
        if hdrs.AUTHORIZATION in request.headers and hdrs.COOKIE not in request.headers:
            return
        if not self._site.serves(request.host):
            raise ProblemError(
                HTTPStatus.MISDIRECTED_REQUEST,
                "wrong_host",
                "this is not served under that name",
                hint="GATEWAY_CONSOLE_URL says under which name browsers find the console",
            )
        # Browsers say so of what another site's page asks for, to be shown there or for the time that it takes.
        of_another = request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
        if of_another and request.headers.get("Sec-Fetch-Mode") != "navigate" and request.path.startswith("/api/"):
            raise ProblemError(HTTPStatus.FORBIDDEN, "wrong_origin", "pages of other sites may not ask for this")
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or request.method in _SAFE:
            return
        if not self._site.is_own_origin(origin, request.host):
            detail = "pages of other sites may not change anything here"
            raise ProblemError(HTTPStatus.FORBIDDEN, "wrong_origin", detail)


def _refusal(error: Exception) -> web.Response | None:
    """Give the answer to a request that can't be served; None where that is a fault of ours."""
    match error:
        case ProblemError():
            return respond(error.problem, error.retry_after_s)
        case GatewayError():
            return respond(problem_of(error))
        case web.HTTPException():
            return _plain_problem(HTTPStatus(error.status), error.headers.get(hdrs.ALLOW))
        case web.RequestPayloadError():  # it ends too early, or is not packed as it says
            return _plain_problem(HTTPStatus.BAD_REQUEST)
        case TimeoutError():
            return _plain_problem(HTTPStatus.GATEWAY_TIMEOUT)
        case _:
            return None


def _fault(request: web.Request, error: Exception) -> web.Response:
    """Log a fault, and give its answer: in one request it must not end the others."""
    # Where it was is for the log, and no message: it may quote what was asked or found.
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("console.request_failed", method=request.method, path=request.path, error=repr(type(error)), at=where)
    return _plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR)


async def _send(request: web.Request, response: web.StreamResponse) -> None:
    """Send an answer while somebody takes it: whoever doesn't would keep one of the few connections for good."""
    try:
        async with asyncio.timeout(SEND_S):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()


def _plain_problem(status: HTTPStatus, allowed: str | None = None) -> web.Response:
    code = status.phrase.lower().replace(" ", "_")
    response = respond(
        Problem(title=status.phrase, status=status, code=code, detail=status.description or status.phrase)
    )
    if allowed:
        response.headers[hdrs.ALLOW] = allowed
    return response
