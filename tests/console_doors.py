"""A console's API of which only the ways in are there, with credentials in memory: for tests of who is let in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from aiohttp.test_utils import TestClient, TestServer

from gateway.console.access.authentication import ApiTokenReader, Authentication
from gateway.console.access.browsers import Browsers, Cookies
from gateway.console.access.caller import Caller
from gateway.console.access.entrance import Entrance
from gateway.console.access.log_in_pages import BEGIN, LogInPages
from gateway.console.access.logging_in import LoggingIn
from gateway.console.access.portal import Portal
from gateway.console.access.sessions import Sessions
from gateway.console.access.site import Site
from gateway.console.api.parts import Parts
from gateway.console.api.portal import PortalApi
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.server import ApiServer
from gateway.console.api.sessions import SessionsApi
from gateway.console.page_files import PageFiles
from gateway.domain.access import Role
from gateway.domain.audit import ActionTarget
from gateway.domain.credentials import (
    Credential,
    CredentialIndex,
    CredentialKind,
    ShownCredential,
    sha256_of,
)
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.portal import PortalToken
from gateway.kafka.config import KafkaConfig
from gateway.kafka.credential_book import CredentialBook
from gateway.wire.derived_keys import DerivedKeys
from gateway.wire.sealing import KeyRing
from tests.subscriptions import subscription

SECRET = bytes(range(32))
HOUR_MS = 3_600_000


class MemoryBook(CredentialBook):
    """Credentials that are written nowhere."""

    def __init__(self) -> None:
        self.index = CredentialIndex()
        super().__init__(KafkaConfig("127.0.0.1:1"), self.index)

    def _write(self, *changes: Credential | str) -> None:
        for change in changes:
            if isinstance(change, Credential):
                self.index.put(change)
            else:
                self.index.remove(change)


class Table:
    """The subscriptions of two tenants."""

    def __init__(self) -> None:
        self.index = SubscriptionIndex()
        self.index.put(subscription("shop-1", tenant="shop"))
        self.index.put(subscription("bank-1", tenant="bank"))


class Doors:
    """A console, its clock, and what is in its audit trail."""

    def __init__(self, url: str | None = None, *, here: Caller | None = None) -> None:
        self.now_ms = 1_700_000_000_000
        self.book = MemoryBook()
        self.site = Site(is_local=True, origin=url)
        self.cookies = Cookies(self.site)
        self.sessions = Sessions(self.book, self.clock)
        self.audited: list[tuple[str, str, ActionTarget]] = []
        self.callers: list[Caller] = []
        self.logging_in: LoggingIn | None = None
        self._here = here

    def clock(self) -> int:
        """Give the present."""
        return self.now_ms

    def token(self, role: Role, tenant: str | None = None, *, lasting_ms: int = 24 * HOUR_MS) -> str:
        """Make an API token."""
        number = f"{len(list(self.book.index)):016x}"
        made = Credential(
            number, CredentialKind.TOKEN, f"ci-{role.value}", sha256_of(SECRET), role, tenant, self.now_ms, "me",
            self.now_ms + lasting_ms,
        )  # fmt: skip
        self.book.keep(made)
        return ShownCredential(CredentialKind.TOKEN, number, SECRET).text

    def client(self, *more: Route) -> TestClient[Any, Any]:
        """Give a browser, or a program, in front of it and of more routes; cookies that it is sent it keeps."""
        keys = {kind: DerivedKeys(lambda: KeyRing({"k1": bytes(32)}), kind.purpose) for kind in PortalToken}
        link_keys = keys[PortalToken.LINK]
        portal = Portal(link_keys, keys[PortalToken.SESSION], self.book.get, self.clock)
        page = None if self.logging_in is None else BEGIN
        url = self.site.origin or "http://127.0.0.1:8090"
        parts = cast(
            "Parts", _SomeParts(self, Entrance(self.sessions, self.cookies, portal, link_keys, lambda: url, page))
        )
        self.authentication = Authentication(
            [ApiTokenReader(self.book, self.clock), portal.caller_of],
            Browsers(self.sessions, self.cookies, self.site).caller_of,
            self._here,
        )
        routes = [*SessionsApi(parts).routes(), *PortalApi(parts).routes(), *self._things(), *more]
        pages = None
        if self.logging_in is not None:
            refuse = self.authentication.refuse
            pages = LogInPages(self.logging_in, self.sessions, self.cookies, self.site, refuse)
        nowhere = PageFiles(Path("/nonexistent"))
        server = ApiServer(routes, "1", self.authentication, self.site, nowhere, log_in_pages=pages)
        return TestClient(TestServer(server.application()))

    def _things(self) -> Sequence[Route]:
        async def note(call: Call) -> Answer:
            self.callers.append(call.caller)
            return Answer()

        return [
            Route("GET", "/things", "see", "", "", Role.SUBSCRIBER, note, status=204, scope=Scope.TENANT),
            Route("POST", "/things", "change", "", "", Role.SUBSCRIBER, note, status=204, scope=Scope.TENANT),
            Route("GET", "/operators", "look", "", "", Role.VIEWER, note, status=204, scope=Scope.TENANT),
            Route("GET", "/all", "all", "", "", Role.SUBSCRIBER, note, status=204),
        ]


class _SomeParts:
    """What the handlers of sessions and the portal use of the parts."""

    def __init__(self, doors: Doors, entrance: Entrance) -> None:
        self.entrance = entrance
        self.credentials = doors.book
        self.clock = doors.clock
        self.table = Table()
        self._doors = doors

    def audit(self, caller: Caller, action: str, targets: Sequence[ActionTarget]) -> None:
        """Note what somebody is about to do."""
        self._doors.audited += [(caller.name, action, target) for target in targets]
