"""What a browser brings along: the cookie of its session, and for a change the proof that a page of ours asks for it.

A cookie goes with every request to its host, whoever has made the browser send it. So a change is made only if it comes
from this console's own origin, and with a header that no other page can know.
"""

from aiohttp import hdrs, web

from gateway.console.access.caller import Caller, ForbiddenError
from gateway.console.access.sessions import Sessions, is_csrf_token
from gateway.console.access.site import Site

CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


class Cookies:
    """The console's cookies: for its own origin, over https where it is served so, and read by no script.

    Args:
        site: where the console is reached.
    """

    def __init__(self, site: Site) -> None:
        self._is_https = site.origin is not None and site.origin.startswith("https://")
        # A cookie with this beginning can't be set by another host of the domain, nor without TLS (RFC 6265bis).
        prefix = "__Host-" if self._is_https else ""
        self.session = f"{prefix}gateway-session"
        self.log_in = f"{prefix}gateway-log-in"

    def made(self, name: str, value: str, lasting_s: int) -> str:
        """Give a header `Set-Cookie`; of no duration to take the cookie away.

        SameSite is Lax, not Strict: a browser that comes back from the identity provider has to bring its own along.
        """
        secure = "; Secure" if self._is_https else ""
        return f"{name}={value}; Path=/; Max-Age={lasting_s}; HttpOnly; SameSite=Lax{secure}"

    def taken(self, name: str) -> str:
        """Give a header `Set-Cookie` that takes a cookie away."""
        return self.made(name, "", 0)


class Browsers:
    """Knows browsers by their sessions.

    Args:
        sessions: the sessions that there are.
        cookies: how they are brought along.
        site: where the console is reached.
    """

    def __init__(self, sessions: Sessions, cookies: Cookies, site: Site) -> None:
        self._sessions = sessions
        self._cookies = cookies
        self._site = site

    def caller_of(self, request: web.Request) -> Caller | None:
        """Give whose session a browser shows; None where it shows none that is good.

        Raises:
            ForbiddenError: it may be another site's page that makes it ask.
        """
        cookie = request.cookies.get(self._cookies.session)
        session = None if cookie is None else self._sessions.find(cookie)
        if session is None:
            return None
        if request.method not in _SAFE:
            if not self._site.is_own_origin(request.headers.get(hdrs.ORIGIN, ""), request.host):
                raise ForbiddenError("pages of other sites may not change anything here")
            if not is_csrf_token(session, request.headers.get(CSRF_HEADER)):
                raise ForbiddenError(
                    f"a change needs the header {CSRF_HEADER}", hint="GET /api/v1/session says what is in it"
                )
        return Caller(session.actor, session.role, session.tenant, session.credential_id)
