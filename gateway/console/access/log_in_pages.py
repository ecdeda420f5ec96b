"""Where a browser begins and ends a log-in at the identity provider: the only pages that are no API.

They send the browser on. What goes wrong is told on a page that needs nothing else, with the way to begin anew.
"""

import asyncio
import html
from collections.abc import Callable
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from gateway.console.access.browsers import Cookies
from gateway.console.access.logging_in import LOG_IN_S, LoggingIn, LogInError
from gateway.console.access.people import NoRoleError
from gateway.console.access.sessions import LONGEST_MS, Sessions
from gateway.console.access.site import Site
from gateway.domain.errors import GatewayError, UnavailableError

BEGIN = "/login/oidc"
END = "/login/callback"
MAX_QUERY_CHARS = 16_384
Refuse = Callable[[web.Request, str], None]
"""Notes that somebody was not let in, and why, in fixed words."""

_log = structlog.get_logger()
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1rem; }
"""


class LogInPages:
    """The two pages.

    Args:
        logging_in: begins and ends log-ins.
        sessions: begins the session of who has logged in.
        cookies: how the browser keeps them.
        site: where the console is reached.
        refuse: notes that somebody was not let in, and why; refuses whoever tries too often.
    """

    def __init__(self, logging_in: LoggingIn, sessions: Sessions, cookies: Cookies, site: Site, refuse: Refuse) -> None:
        self._logging_in = logging_in
        self._sessions = sessions
        self._cookies = cookies
        self._site = site
        self._refuse = refuse

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve them."""
        router.add_get(BEGIN, self._begin, allow_head=False)
        router.add_get(END, self._end, allow_head=False)

    async def _begin(self, request: web.Request) -> web.Response:
        try:
            here = (self._site.origin or f"{request.scheme}://{request.host}") + END
            page, cookie = await self._logging_in.begin(here, request.query.get("back", "/"))
        except GatewayError as error:
            return _told(error)
        response = web.Response(status=HTTPStatus.FOUND, headers={hdrs.LOCATION: page})
        response.headers.add(hdrs.SET_COOKIE, self._cookies.made(self._cookies.log_in, cookie, LOG_IN_S))
        return response

    async def _end(self, request: web.Request) -> web.Response:
        try:
            response = await self._let_in(request)
        except GatewayError as error:
            # That the provider or Kafka is away is no try of anybody's.
            if not isinstance(error, UnavailableError):
                self._refuse(request, error.message)
            response = _told(error)
        # It is good once, whatever comes of it.
        response.headers.add(hdrs.SET_COOKIE, self._cookies.taken(self._cookies.log_in))
        return response

    async def _let_in(self, request: web.Request) -> web.Response:
        if len(request.query_string) > MAX_QUERY_CHARS or any(
            len(request.query.getall(name)) > 1 for name in request.query
        ):
            raise LogInError("this is no answer of an identity provider", hint="begin anew")
        person, back = await self._logging_in.end(request.cookies.get(self._cookies.log_in), request.query)
        shown, _ = await asyncio.to_thread(self._sessions.begin, person.name, person.role, person.tenant)
        _log.info(
            "security.logged_in",
            actor=person.name,
            subject=person.subject,
            role=person.role.value,
            tenant=person.tenant,
            session=shown.credential_id,
        )
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: back})
        cookie = self._cookies.made(self._cookies.session, shown.text, LONGEST_MS // 1000)
        response.headers.add(hdrs.SET_COOKIE, cookie)
        return response


def _told(error: GatewayError) -> web.Response:
    status = HTTPStatus.BAD_GATEWAY
    if isinstance(error, NoRoleError):
        status = HTTPStatus.FORBIDDEN
    elif isinstance(error, LogInError):
        status = HTTPStatus.BAD_REQUEST
    elif isinstance(error, UnavailableError):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    text = error.message if error.hint is None else f"{error.message}: {error.hint}"
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>Not logged in</title><style>{_STYLE}</style><main><h1>Not logged in</h1>"
        f"<p>{html.escape(text[:1].upper() + text[1:])}.</p>"
        f"<p><a href='{BEGIN}'>Log in again</a> or <a href='/'>go to the console</a></p></main>"
    )
    return web.Response(status=status, text=page, content_type="text/html", charset="utf-8")
