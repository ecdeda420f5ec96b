"""What holds for every request, whoever makes it: it came to this console, and whatever goes wrong has its form.

Whoever reaches the console on this machine may do everything, so it answers to no other name, and does nothing that
another site's page asks of a browser.
"""

import asyncio
import contextlib
import ipaddress
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web

from gateway.console.api.problems import Problem, ProblemError, problem_of, respond
from gateway.domain.errors import GatewayError

REQUEST_S = 90.0
# Where a request has what ends it, for answers that go on.
TIME_LIMIT = web.RequestKey("time_limit", asyncio.Timeout)
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
SAFE_HEADERS = {
    hdrs.CACHE_CONTROL: "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
_log = structlog.get_logger()


@web.middleware
async def guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what does not come from this machine's own pages and programs; give every error its form."""
    try:
        _check_origin(request)
        async with asyncio.timeout(REQUEST_S) as limit:
            request[TIME_LIMIT] = limit
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
    for name, value in SAFE_HEADERS.items():
        response.headers.setdefault(name, value)
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
