"""Who makes a request, by the credentials that come with it.

A bearer token in `Authorization` says it, else the session of a browser. Without either it is nobody, or, where only
this machine reaches the console and no log-in is asked for, whoever runs it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus

from aiohttp import hdrs, web

from gateway.console.access.caller import ANONYMOUS, Caller
from gateway.console.access.limits import AT_ONCE, CALLS, FAILURES, Room, Turnstile, peer_of
from gateway.console.api.problems import ProblemError
from gateway.domain.credentials import CredentialKind, read_credential
from gateway.kafka.credential_book import CredentialBook
from gateway.telemetry.security_log import SecurityEvent, log_security

MAX_BEARER_CHARS = 4_096

ReadBearer = Callable[[str], Caller | None]
"""Says whose bearer token a text is; None where it is nobody's."""

ReadBrowser = Callable[[web.Request], Caller | None]
"""Says whose browser it is; None where it is nobody's. Raises a ProblemError where another site makes it ask."""


class ApiTokenReader:
    """Knows API tokens.

    Args:
        book: the credentials that there are.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(self, book: CredentialBook, clock: Callable[[], int]) -> None:
        self._book = book
        self._clock = clock

    def __call__(self, text: str) -> Caller | None:
        """Say whose token it is; see `ReadBearer`."""
        shown = read_credential(text)
        if shown is None or shown.kind is not CredentialKind.TOKEN:
            return None
        token = self._book.find(shown, self._clock())
        return None if token is None else Caller(token.actor, token.role, token.tenant, token.credential_id)


class Authentication:
    """Says who makes a request; for one event loop.

    Args:
        bearers: know bearer tokens; the first one that does decides.
        browser: knows browsers.
        here: whoever comes without credentials; None where that is nobody.
        clock: gives the present, milliseconds of any clock that never goes back.
    """

    def __init__(
        self,
        bearers: Sequence[ReadBearer],
        browser: ReadBrowser | None = None,
        here: Caller | None = None,
        clock: Callable[[], float] = lambda: time.monotonic() * 1000,
    ) -> None:
        self._bearers = bearers
        self._browser = browser
        self._here = here
        self._calls = Turnstile(CALLS, "too_many_requests", clock)
        self._failures = Turnstile(FAILURES, "too_many_failures", clock)
        self._room = Room(AT_ONCE, f"{AT_ONCE} of your requests are under way already; wait for one to end")

    def identify(self, request: web.Request) -> Caller:
        """Say who makes a request, and count it.

        Raises:
            ProblemError: credentials came along that are not good, or too many requests.
        """
        caller = self._shown_by(request)
        if caller is None and self._here is not None:
            return self._here
        caller = caller or ANONYMOUS
        self._calls.count(caller.credential_id or peer_of(request))
        return caller

    def is_still(self, caller: Caller, request: web.Request) -> bool:
        """Tell whether what somebody came with is still good, for an answer that goes on.

        Args:
            caller: as whom they were identified.
            request: with which they came.
        """
        if caller.credential_id is None:
            return True
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is not None:
            return self._whose(_bearer_of(header)) == caller
        return self._browser is not None and self._browser(request) == caller

    def pass_by(self, request: web.Request) -> Caller:
        """Count a request for which it does not matter who makes it; give nobody.

        Raises:
            ProblemError: there are too many.
        """
        if self._here is None:
            self._calls.count(peer_of(request))
        return ANONYMOUS

    def room_for(self, caller: Caller, request: web.Request) -> AbstractContextManager[None]:
        """Count a request for as long as it is under way, so that nobody takes all the room there is.

        Args:
            caller: who makes it, as `identify` or `pass_by` said.
            request: the request.

        Raises:
            ProblemError: when it is entered: there are too many.
        """
        return nullcontext() if caller is self._here else self._room.of(caller.credential_id or peer_of(request))

    def open(self, bearer: str, request: web.Request) -> Caller:
        """Say whose a bearer token is that came in any way.

        Args:
            bearer: the token.
            request: with which it came.

        Raises:
            ProblemError: it is nobody's.
        """
        caller = self._whose(bearer)
        if caller is not None:
            return caller
        self.refuse(request, "bearer token")
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED, "invalid_token", "this token is not known, was revoked, or has expired"
        )

    def refuse(self, request: web.Request, reason: str) -> None:
        """Note that somebody has tried to come in with credentials that are not good.

        Args:
            request: with which they have.
            reason: what was wrong, in fixed words.

        Raises:
            ProblemError: it comes too often.
        """
        peer = peer_of(request)
        log_security(SecurityEvent.LOG_IN_REFUSED, peer, peer=peer, reason=reason)
        self._failures.count(peer)

    def _shown_by(self, request: web.Request) -> Caller | None:
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is None:
            return None if self._browser is None else self._browser(request)
        token = _bearer_of(header)
        if token is None:
            self.refuse(request, "scheme")
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "invalid_token", "only bearer tokens are taken")
        return self.open(token, request)

    def _whose(self, bearer: str | None) -> Caller | None:
        if bearer is None or len(bearer) > MAX_BEARER_CHARS:
            return None
        return next((caller for read in self._bearers if (caller := read(bearer)) is not None), None)


def _bearer_of(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
