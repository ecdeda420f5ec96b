"""Who comes into the console: by which credentials, under which names, how often, and as whom."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel

from gateway.console.access.authentication import ApiTokenReader, Authentication
from gateway.console.access.caller import Caller
from gateway.console.access.limits import AT_ONCE, CALLS, FAILURES
from gateway.console.access.site import Site
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.server import ApiServer
from gateway.console.page_files import PageFiles
from gateway.domain.access import Role
from gateway.domain.credentials import Credential, CredentialIndex, CredentialKind, ShownCredential, sha256_of
from gateway.kafka.config import KafkaConfig
from gateway.kafka.credential_book import CredentialBook

AWHILE_S = 10.0
NOW_MS = 1_790_000_000_000
LOCAL, ANYWHERE = Site(is_local=True), Site(is_local=False, origin="https://console.example.com")
HERE = Caller("me@desk", Role.ADMIN)


class WhoView(BaseModel):
    """Who asked."""

    name: str
    tenant: str | None


async def tell(call: Call) -> Answer:
    """Answer who asks."""
    return Answer(WhoView(name=call.caller.name, tenant=call.caller.tenant))


ROUTES = [
    Route(method, f"/{role.value}", f"{method}{role.value}", "Tell.", "x", role, tell, WhoView, scope=Scope.TENANT)
    for role in (Role.ANONYMOUS, Role.VIEWER, Role.OPERATOR, Role.ADMIN)
    for method in ("GET", "POST")
]


class Book:
    """Credentials in memory, and a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.index = CredentialIndex()
        self.elapsed_ms = 0.0
        self.under_way = 0
        self.all_begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def slow(self, call: Call) -> Answer:
        """Answer who asks, when the test says so."""
        self.under_way += 1
        if self.under_way == AT_ONCE:
            self.all_begun.set()
        await self.may_end.wait()
        return await tell(call)

    def add(self, role: Role, tenant: str | None = None, *, lasting_ms: int = 1) -> str:
        """Add a token; give its text."""
        shown = ShownCredential(CredentialKind.TOKEN, secrets.token_hex(8), secrets.token_bytes(32))
        self.index.put(
            Credential(
                shown.credential_id, CredentialKind.TOKEN, "ci", sha256_of(shown.secret), role, tenant, NOW_MS, "me",
                NOW_MS + lasting_ms,
            )
        )  # fmt: skip
        return shown.text


@asynccontextmanager
async def console(book: Book, site: Site, here: Caller | None = None) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    """Serve a console."""
    tokens = ApiTokenReader(CredentialBook(KafkaConfig("127.0.0.1:1"), book.index), lambda: NOW_MS)
    authentication = Authentication([tokens], here=here, clock=lambda: book.elapsed_ms)
    slow = Route("GET", "/slow", "slow", "Tell.", "x", Role.VIEWER, book.slow, WhoView, scope=Scope.TENANT)
    server = ApiServer([*ROUTES, slow], "1", authentication, site, PageFiles(Path("/nonexistent")))
    async with TestClient(TestServer(server.application())) as client:
        yield client


@pytest.fixture
def book() -> Book:
    """Give credentials."""
    return Book()


def bearer(token: str) -> dict[str, str]:
    """Give the header that shows a token."""
    return {hdrs.AUTHORIZATION: f"Bearer {token}"}


async def status_of(client: TestClient, path: str, headers: Mapping[str, str], method: str = "GET") -> int:  # type: ignore[type-arg]
    """Give the status of an answer."""
    async with client.request(method, f"/api/v1{path}", headers=headers) as answer:
        return answer.status


async def test_a_token_says_who_comes_what_they_may_do_and_what_they_see(book: Book) -> None:
    """Under whatever name the console is reached: no browser sends a bearer token of itself."""
    token = book.add(Role.OPERATOR, "shop")
    async with console(book, ANYWHERE) as client:
        for shown in (f"Bearer {token}", f"bearer  {token} "):
            headers = {hdrs.AUTHORIZATION: shown, hdrs.HOST: "10.0.0.7:8090"}
            async with client.get("/api/v1/operator", headers=headers) as answer:
                assert await answer.json() == {"name": "token:ci", "tenant": "shop"}
        assert await status_of(client, "/viewer", bearer(token), "POST") == HTTPStatus.OK
        assert await status_of(client, "/admin", bearer(token)) == HTTPStatus.FORBIDDEN


async def test_the_head_of_an_answer_is_what_the_whole_answer_begins_with(book: Book) -> None:
    """It needs the same role, and a refusal has no body either; where there is nothing to get there is no head."""
    token = book.add(Role.OPERATOR, "shop")
    async with console(book, ANYWHERE) as client:
        for path in ("viewer", "admin", "nothing"):
            heads = {}
            for method in ("GET", "HEAD"):
                async with client.request(method, f"/api/v1/{path}", headers=bearer(token)) as answer:
                    heads[method] = answer.status, {**answer.headers, hdrs.DATE: ""}
                    assert bool(await answer.read()) is (method == "GET")
            assert heads["HEAD"] == heads["GET"]


REFUSED: list[tuple[str, Callable[[Book], str | None]]] = [
    ("none", lambda _: None),
    ("expired", lambda book: f"Bearer {book.add(Role.ADMIN, lasting_ms=0)}"),
    ("another secret", lambda book: f"Bearer {book.add(Role.ADMIN)[:-43]}{'A' * 43}"),
    ("unknown", lambda _: f"Bearer {Book().add(Role.ADMIN)}"),
    ("no token", lambda _: "Bearer x"),
    ("too long", lambda _: f"Bearer {'x' * 5000}"),
    ("empty", lambda _: ""),
    ("another scheme", lambda book: f"Basic {book.add(Role.ADMIN)}"),
]


@pytest.mark.parametrize("show", [show for _, show in REFUSED], ids=[name for name, _ in REFUSED])
@pytest.mark.parametrize("here", [None, HERE], ids=["elsewhere", "on this machine"])
async def test_credentials_that_are_not_good_open_nothing(
    book: Book, show: Callable[[Book], str | None], here: Caller | None
) -> None:
    """Also where whoever comes without any is let in: whoever shows some means to use them."""
    shown = show(book)
    headers = {} if shown is None else {hdrs.AUTHORIZATION: shown}
    async with (
        console(book, LOCAL, here) as client,
        client.get("/api/v1/viewer", headers=headers) as answer,
    ):
        if shown is None and here is not None:
            assert (answer.status, (await answer.json())["name"]) == (HTTPStatus.OK, "me@desk")
            return
        assert (answer.status, answer.headers[hdrs.WWW_AUTHENTICATE]) == (HTTPStatus.UNAUTHORIZED, "Bearer")
        assert (await answer.json())["code"] in {"unauthorized", "invalid_token"}
        assert shown is None or shown.rpartition(" ")[2] not in await answer.text() or len(shown) < 10


async def test_a_revoked_token_is_one_no_more(book: Book) -> None:
    """From the moment at which this console knows."""
    token = book.add(Role.VIEWER)
    async with console(book, ANYWHERE) as client:
        assert await status_of(client, "/viewer", bearer(token)) == HTTPStatus.OK
        book.index.remove(token.split("_")[1])
        assert await status_of(client, "/viewer", bearer(token)) == HTTPStatus.UNAUTHORIZED


async def test_what_needs_no_log_in_is_open(book: Book) -> None:
    """The pages, the reference, and the routes with which one logs in."""
    host = {hdrs.HOST: "console.example.com"}
    async with console(book, ANYWHERE) as client:
        for path, status in (("/api", 200), ("/api/openapi.json", 200), ("/api/v1/anonymous", 200), ("/", 503)):
            async with client.get(path, headers=host) as answer:
                assert answer.status == status
        async with client.get("/", headers={hdrs.HOST: "elsewhere.test"}) as answer:
            assert answer.status == HTTPStatus.MISDIRECTED_REQUEST


@pytest.mark.parametrize(
    ("site", "host", "origin", "status"),
    [
        (LOCAL, "127.0.0.1:8090", None, 200),
        (LOCAL, "localhost:8090", "http://localhost:8090", 200),
        (LOCAL, "[::1]:8090", "http://[::1]:8090", 200),
        (LOCAL, "localhost:8090", "http://localhost:9999", 403),
        (LOCAL, "localhost:8090", "https://elsewhere.test", 403),
        (LOCAL, "localhost:8090", "null", 403),
        (LOCAL, "localhost:8090", "http://[", 403),
        (LOCAL, "rebound.test", None, 421),
        (LOCAL, "rebound.test", "http://rebound.test", 421),
        (Site(is_local=True, origin="https://console.example.com"), "console.example.com", None, 200),
        (Site(is_local=True, origin="https://console.example.com"), "localhost", "https://console.example.com", 200),
        (ANYWHERE, "console.example.com", "https://console.example.com", 200),
        (ANYWHERE, "console.example.com", "http://console.example.com", 403),
        (ANYWHERE, "localhost", None, 421),
        (ANYWHERE, "127.0.0.1:8090", None, 421),
    ],
)
async def test_what_a_browser_sends_has_to_be_meant_for_this_console(
    book: Book, site: Site, host: str, origin: str | None, status: int
) -> None:
    """A change from another site's page, or under another site's name, is refused; a cookie makes no difference."""
    headers: dict[str, str] = {hdrs.HOST: host}
    if origin is not None:
        headers[hdrs.ORIGIN] = origin
    token = book.add(Role.ADMIN)
    async with console(book, site, HERE) as client:
        assert await status_of(client, "/viewer", headers, "POST") == status
        with_cookie = {**headers, hdrs.COOKIE: "a=b", **bearer(token)}
        assert await status_of(client, "/viewer", with_cookie, "POST") == status
        assert await status_of(client, "/viewer", {**headers, **bearer(token)}, "POST") == HTTPStatus.OK


async def test_who_guesses_is_held_back_and_nobody_else(book: Book) -> None:
    """Not even who comes from the same address with a token that is good."""
    token = book.add(Role.VIEWER)
    async with console(book, ANYWHERE) as client:
        statuses = [await status_of(client, "/viewer", bearer("gwt_x")) for _ in range(FAILURES.burst + 1)]
        assert statuses == [HTTPStatus.UNAUTHORIZED] * FAILURES.burst + [HTTPStatus.TOO_MANY_REQUESTS]
        async with client.get("/api/v1/viewer", headers=bearer("gwt_x")) as answer:
            assert ((await answer.json())["code"], answer.headers["Retry-After"]) == ("too_many_failures", "6")
        assert await status_of(client, "/viewer", bearer(token)) == HTTPStatus.OK
        book.elapsed_ms += 6_000
        assert await status_of(client, "/viewer", bearer("gwt_x")) == HTTPStatus.UNAUTHORIZED


async def test_one_callers_hurry_is_not_anothers(book: Book) -> None:
    """Each has so many calls a second; whoever is on this machine is not counted."""
    hasty, calm = book.add(Role.VIEWER), book.add(Role.VIEWER)
    async with console(book, ANYWHERE) as client:
        for _ in range(CALLS.burst):
            assert await status_of(client, "/viewer", bearer(hasty)) == HTTPStatus.OK
        async with client.get("/api/v1/viewer", headers=bearer(hasty)) as answer:
            assert ((await answer.json())["code"], answer.headers["Retry-After"]) == ("too_many_requests", "1")
        assert await status_of(client, "/viewer", bearer(calm)) == HTTPStatus.OK


async def test_one_callers_slow_requests_are_not_anothers(book: Book) -> None:
    """Nobody takes all of the few connections; beyond their part they are told to wait."""
    greedy, modest = book.add(Role.VIEWER), book.add(Role.VIEWER)
    async with console(book, ANYWHERE) as client:
        waiting = [asyncio.ensure_future(status_of(client, "/slow", bearer(greedy))) for _ in range(AT_ONCE)]
        async with asyncio.timeout(AWHILE_S):
            await book.all_begun.wait()
        async with client.get("/api/v1/viewer", headers=bearer(greedy)) as answer:
            assert ((await answer.json())["code"], answer.headers["Retry-After"]) == ("too_many_at_once", "1")
        assert await status_of(client, "/viewer", bearer(modest)) == HTTPStatus.OK
        book.may_end.set()
        assert await asyncio.gather(*waiting) == [HTTPStatus.OK] * AT_ONCE
        assert await status_of(client, "/viewer", bearer(greedy)) == HTTPStatus.OK


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("same-site", "cors", 403),
        ("cross-site", None, 403),
        ("cross-site", "navigate", 200),
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
    ],
)
async def test_a_page_of_another_site_has_a_browser_ask_for_nothing(
    book: Book, site: str, mode: str | None, status: int
) -> None:
    """It could not read the answer, but see how long it takes, and have the console work. Links lead here."""
    headers = {"Sec-Fetch-Site": site} | ({} if mode is None else {"Sec-Fetch-Mode": mode})
    async with console(book, LOCAL, HERE) as client:
        assert await status_of(client, "/viewer", headers) == status
