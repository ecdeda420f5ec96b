"""Logging in with a browser: to the identity provider and back, into a session of this console."""

import ssl
from collections.abc import AsyncIterator
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from yarl import URL

from gateway.console.access.limits import FAILURES
from gateway.console.access.log_in_pages import BEGIN, END
from gateway.console.access.logging_in import LoggingIn
from gateway.console.access.oidc_provider import OidcClient, OidcProvider
from gateway.console.access.sealed_text import SealedText
from gateway.domain.access import Role
from gateway.http.identity_provider import IdentityProviderClient
from tests.console_doors import Doors
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

SESSION = "/api/v1/session"


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    """Run an identity provider."""
    async with IdentityProvider() as started:
        yield started


@pytest.fixture
def doors(provider: IdentityProvider) -> Doors:
    """Give a console that trusts it."""
    client = OidcClient(
        provider.issuer, CLIENT_ID, CLIENT_SECRET, ("openid",), "groups", {"webhook-ops": Role.OPERATOR}
    )
    doors = Doors()
    http = IdentityProviderClient(ssl.create_default_context())
    doors.logging_in = LoggingIn(OidcProvider(client, http), SealedText(lambda: [bytes(32)]), doors.clock)
    return doors


@pytest.fixture
async def browser(doors: Doors) -> AsyncIterator[TestClient[Any, Any]]:
    """Give a browser in front of it."""
    async with doors.client() as client:
        yield client


async def begin(browser: TestClient[Any, Any], back: str = "/") -> str:
    """Go to the page that begins a log-in; give the provider's page that it leads to."""
    answer = await browser.get(BEGIN, params={"back": back}, allow_redirects=False)
    assert answer.status == HTTPStatus.FOUND
    return answer.headers["Location"]


async def end(browser: TestClient[Any, Any], answer: dict[str, str]) -> ClientResponse:
    """Come back from the provider."""
    return await browser.get(END, params=answer, allow_redirects=False)


def cookies_of(answer: ClientResponse) -> dict[str, tuple[str, str]]:
    """Give the cookies that an answer sets: value and duration."""
    jar = SimpleCookie()
    for header in answer.headers.getall("Set-Cookie", []):
        jar.load(header)
    return {name: (morsel.value, morsel["max-age"]) for name, morsel in jar.items()}


async def test_somebody_logs_in_and_is_known(
    doors: Doors, provider: IdentityProvider, browser: TestClient[Any, Any]
) -> None:
    """Back at the page where they were, with a session of their own; the cookie of the log-in is gone."""
    told = await (await browser.get(SESSION)).json()
    assert told["log_ins"] == {"token": True, "page": BEGIN}
    answer = await end(browser, provider.log_in(await begin(browser, "/deliveries?state=dead_lettered")))
    assert (answer.status, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/deliveries?state=dead_lettered")
    set_ = cookies_of(answer)
    assert set_["gateway-log-in"] == ("", "0")
    assert set_["gateway-session"][1] == "28800"
    told = await (await browser.get(SESSION)).json()
    name = f"user:ada@example.com (248289761001 at {provider.issuer})"
    assert told["caller"] == {"name": name, "role": "operator", "tenant": None}
    (session,) = doors.book.index
    assert (session.name, session.made_with) == (name, None)


async def test_the_way_there_is_to_this_console_and_the_way_back_stays_in_it(
    provider: IdentityProvider, browser: TestClient[Any, Any]
) -> None:
    """The provider is told where to send the browser back to; what leads elsewhere ends at the first page."""
    page = await begin(browser, "https://evil.example/")
    assert URL(page).query["redirect_uri"] == str(browser.make_url(END))
    assert (await end(browser, provider.log_in(page))).headers["Location"] == "/"


async def test_somebody_without_a_role_is_told_so(provider: IdentityProvider, browser: TestClient[Any, Any]) -> None:
    """On a page that says what to do, and without a session."""
    provider.claims = {"groups": ["everybody"]}
    answer = await end(browser, provider.log_in(await begin(browser)))
    assert answer.status == HTTPStatus.FORBIDDEN
    page = await answer.text()
    assert "You have no role here" in page
    assert BEGIN in page
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert list(cookies_of(answer)) == ["gateway-log-in"]


async def test_another_browsers_log_in_is_not_ended(
    doors: Doors, provider: IdentityProvider, browser: TestClient[Any, Any]
) -> None:
    """Whoever is sent a link with somebody else's answer is not logged in as them; and no answer is taken twice."""
    answer = provider.log_in(await begin(browser))
    async with doors.client() as other:
        refused = await end(other, answer)
        assert refused.status == HTTPStatus.BAD_REQUEST
        assert "gateway-session" not in cookies_of(refused)
        await begin(other)
        assert (await end(other, answer)).status == HTTPStatus.BAD_REQUEST
    assert (await end(browser, answer)).status == HTTPStatus.SEE_OTHER
    assert (await end(browser, answer)).status == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "state=x",
        "code=x&state=x",
        "state=a&state=b&code=x",
        f"code=x&state={'x' * 20_000}",
        "error=denied",
    ],
)
async def test_what_is_no_answer_logs_nobody_in(query: str, browser: TestClient[Any, Any]) -> None:
    """Whoever sends a browser here with something made up gets a page that says so."""
    await begin(browser)
    answer = await browser.get(URL(f"{END}?{query}", encoded=True), allow_redirects=False)
    assert answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_URI_TOO_LONG}
    assert "gateway-session" not in cookies_of(answer)


async def test_a_fault_of_the_provider_is_told_and_nothing_else(
    provider: IdentityProvider, browser: TestClient[Any, Any]
) -> None:
    """What it says is not repeated, whether it is a token that does not fit or no answer at all."""
    provider.claims = {"iss": "<script>"}
    answer = await end(browser, provider.log_in(await begin(browser)))
    assert answer.status == HTTPStatus.BAD_GATEWAY
    assert "another issuer made it" in await answer.text()
    assert "<script>" not in await answer.text()


async def test_a_provider_that_is_away_counts_against_nobody(
    provider: IdentityProvider, browser: TestClient[Any, Any]
) -> None:
    """People try again until it is back: they are told so each time."""
    states = [URL(await begin(browser)).query["state"]]
    await provider.__aexit__()
    for _ in range(FAILURES.burst + 1):
        answer = await end(browser, {"code": "x", "state": states[-1]})
        assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert "can&#x27;t be reached" in await answer.text()
        states.append(URL(await begin(browser)).query["state"])


async def test_whoever_tries_again_and_again_is_held_back(browser: TestClient[Any, Any]) -> None:
    """As with tokens: each refused log-in counts against the address that it comes from."""
    for _ in range(FAILURES.burst):
        assert (await end(browser, {})).status == HTTPStatus.BAD_REQUEST
    answer = await end(browser, {})
    assert answer.status == HTTPStatus.TOO_MANY_REQUESTS
    assert int(answer.headers["Retry-After"]) > 0
