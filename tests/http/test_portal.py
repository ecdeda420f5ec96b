"""The portal's doors: links are made by operators, exchanged for sessions, and let in one tenant as subscriber only."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestClient

from gateway.console.access.caller import Caller
from gateway.domain.access import Role
from gateway.domain.portal import LONGEST_MS
from tests.console_doors import HOUR_MS, Doors

LINKS, END, OPEN = "/api/v1/portal-links", "/api/v1/portal-links/revoke", "/api/v1/portal/session"
THINGS, SESSION = "/api/v1/things", "/api/v1/session"


@pytest.fixture
def doors() -> Doors:
    """Give a console that lets nobody in without credentials."""
    return Doors("http://localhost:8090")


@pytest.fixture
async def client(doors: Doors) -> AsyncIterator[TestClient[Any, Any]]:
    """Give a program in front of it."""
    async with doors.client() as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    """Give the header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


async def make(doors: Doors, client: TestClient[Any, Any], tenant: str = "shop", **asked: Any) -> dict[str, Any]:
    """Make a link as an operator of all tenants."""
    headers = bearer(doors.token(Role.OPERATOR))
    answer = await client.post(LINKS, json={"tenant": tenant, **asked}, headers=headers)
    assert answer.status == HTTPStatus.CREATED, await answer.text()
    made: dict[str, Any] = await answer.json()
    return made


def token_of(link: dict[str, Any]) -> str:
    """Give what is in the fragment of a link."""
    fragment: str = urlsplit(link["url"]).fragment
    return fragment


async def open_portal(client: TestClient[Any, Any], link: dict[str, Any]) -> str:
    """Exchange a link for a session; give its token."""
    answer = await client.post(OPEN, json={"token": token_of(link)})
    assert answer.status == HTTPStatus.CREATED, await answer.text()
    token: str = (await answer.json())["token"]
    return token


async def test_a_link_opens_the_portal_of_one_tenant(doors: Doors, client: TestClient[Any, Any]) -> None:
    """As subscriber, for as long as the link is good; who made it is in the audit trail, and what it holds is not."""
    link = await make(doors, client, subscription_id="shop-1", expires_s=600)
    assert link["url"].startswith("http://localhost:8090/portal#gwl_")
    assert link["expires_at_ms"] == doors.now_ms + 600_000
    ((actor, action, target),) = doors.audited
    assert (actor, action, target.tenant) == ("token:ci-operator", "portal_link_made", "shop")
    assert (target.subscription_id, target.details["link_id"]) == ("shop-1", link["link_id"])
    assert token_of(link) not in str(doors.audited)

    answer = await client.post(OPEN, json={"token": token_of(link)})
    told = await answer.json()
    assert "Set-Cookie" not in answer.headers
    assert (told["tenant"], told["subscription_id"], told["expires_at_ms"]) == ("shop", "shop-1", link["expires_at_ms"])
    assert (await client.post(THINGS, headers=bearer(told["token"]))).status == HTTPStatus.NO_CONTENT
    assert doors.callers == [Caller(f"portal:shop:{link['link_id']}", Role.SUBSCRIBER, "shop", link["link_id"])]
    shown = await (await client.get(SESSION, headers=bearer(told["token"]))).json()
    assert shown["caller"] == {"name": f"portal:shop:{link['link_id']}", "role": "subscriber", "tenant": "shop"}
    doors.now_ms += 600_000
    assert (await client.get(THINGS, headers=bearer(told["token"]))).status == HTTPStatus.UNAUTHORIZED
    assert (await client.post(OPEN, json={"token": token_of(link)})).status == HTTPStatus.UNAUTHORIZED


async def test_a_portals_session_opens_nothing_that_is_for_operators(
    doors: Doors, client: TestClient[Any, Any]
) -> None:
    """Nor what knows no tenants, nor a log-in, nor another link."""
    headers = bearer(await open_portal(client, await make(doors, client)))
    for path in ("/api/v1/operators", "/api/v1/all"):
        assert (await client.get(path, headers=headers)).status == HTTPStatus.FORBIDDEN
    for path in (LINKS, END):
        assert (await client.post(path, json={}, headers=headers)).status == HTTPStatus.FORBIDDEN
    token = headers["Authorization"].split()[1]
    assert (await client.post(SESSION, json={"token": token})).status == HTTPStatus.UNAUTHORIZED
    assert (await client.post(OPEN, json={"token": token})).status == HTTPStatus.UNAUTHORIZED
    assert (await client.get(THINGS, headers={"Cookie": f"gateway-session={token}"})).status == HTTPStatus.UNAUTHORIZED


async def test_who_is_logged_in_opens_a_link_all_the_same(doors: Doors, client: TestClient[Any, Any]) -> None:
    """An operator looks at what a link shows, in the browser that has a session."""
    await client.post(SESSION, json={"token": doors.token(Role.OPERATOR)})
    token = await open_portal(client, await make(doors, client))
    assert (await client.post(THINGS, headers=bearer(token))).status == HTTPStatus.NO_CONTENT
    assert doors.callers[-1].role is Role.SUBSCRIBER


async def test_a_link_is_no_session_and_an_operators_token_no_link(doors: Doors, client: TestClient[Any, Any]) -> None:
    """Each is good for what it is made for only."""
    link = await make(doors, client)
    assert (await client.get(THINGS, headers=bearer(token_of(link)))).status == HTTPStatus.UNAUTHORIZED
    assert (await client.post(SESSION, json={"token": token_of(link)})).status == HTTPStatus.UNAUTHORIZED
    token = doors.token(Role.ADMIN)
    assert (await client.post(OPEN, json={"token": token})).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("position", [0, 4, 10, 30, -44, -43, -1])
async def test_a_link_that_was_altered_opens_nothing(position: int, doors: Doors, client: TestClient[Any, Any]) -> None:
    """Wherever it was."""
    token = token_of(await make(doors, client))
    altered = list(token)
    altered[position] = "A" if token[position] != "A" else "B"
    answer = await client.post(OPEN, json={"token": "".join(altered)})
    assert answer.status == HTTPStatus.UNAUTHORIZED


async def test_links_are_ended_and_with_them_their_sessions(doors: Doors, client: TestClient[Any, Any]) -> None:
    """One, or all that a tenant had; other tenants' and later ones stay."""
    links = [await make(doors, client) for _ in range(2)]
    others = await make(doors, client, "bank")
    sessions = [await open_portal(client, link) for link in (*links, others)]
    headers = bearer(doors.token(Role.OPERATOR))

    async def statuses() -> list[int]:
        return [(await client.get(THINGS, headers=bearer(session))).status for session in sessions]

    ended = {"tenant": "shop", "link_id": links[0]["link_id"]}
    assert (await client.post(END, json=ended, headers=headers)).status == HTTPStatus.NO_CONTENT
    assert await statuses() == [401, 204, 204]
    assert (await client.post(OPEN, json={"token": token_of(links[0])})).status == HTTPStatus.UNAUTHORIZED
    assert (await client.post(END, json={"tenant": "shop"}, headers=headers)).status == HTTPStatus.NO_CONTENT
    assert await statuses() == [401, 401, 204]
    assert doors.audited[-1][:2] == ("token:ci-operator", "portal_links_revoked")
    doors.now_ms += 1
    await open_portal(client, await make(doors, client))


@pytest.mark.parametrize(
    ("role", "tenant", "asked", "status"),
    [
        (Role.OPERATOR, None, {"tenant": "shop"}, 201),
        (Role.OPERATOR, "shop", {}, 201),
        (Role.OPERATOR, "shop", {"tenant": "shop", "subscription_id": "shop-1"}, 201),
        (Role.ADMIN, "shop", {"tenant": "bank"}, 403),
        (Role.OPERATOR, "shop", {"subscription_id": "bank-1"}, 404),
        (Role.OPERATOR, None, {"tenant": "shop", "subscription_id": "bank-1"}, 404),
        (Role.OPERATOR, None, {"tenant": "shop", "subscription_id": "nope"}, 404),
        (Role.OPERATOR, None, {}, 400),
        (Role.OPERATOR, None, {"tenant": "a/b"}, 400),
        (Role.OPERATOR, None, {"tenant": "shop", "expires_s": 59}, 400),
        (Role.OPERATOR, None, {"tenant": "shop", "expires_s": LONGEST_MS // 1000 + 1}, 400),
        (Role.VIEWER, None, {"tenant": "shop"}, 403),
        (Role.SUBSCRIBER, "shop", {}, 403),
    ],
)
async def test_who_makes_which_links(
    role: Role, tenant: str | None, asked: dict[str, Any], status: int, *, doors: Doors, client: TestClient[Any, Any]
) -> None:
    """Operators, each for the tenants that they see, and with a subscription that is that tenant's."""
    headers = bearer(doors.token(role, tenant))
    answer = await client.post(LINKS, json=asked, headers=headers)
    assert answer.status == status
    if "subscription_id" not in asked and "expires_s" not in asked:
        expected = 204 if status == HTTPStatus.CREATED else status
        assert (await client.post(END, json=asked, headers=headers)).status == expected
    if status != HTTPStatus.CREATED:
        assert doors.audited == []


async def test_a_link_is_good_for_an_hour_where_nothing_is_said(doors: Doors, client: TestClient[Any, Any]) -> None:
    """A week is the longest."""
    assert (await make(doors, client))["expires_at_ms"] == doors.now_ms + HOUR_MS
    assert (await make(doors, client, expires_s=LONGEST_MS // 1000))["expires_at_ms"] == doors.now_ms + LONGEST_MS
