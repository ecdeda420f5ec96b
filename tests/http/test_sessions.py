"""Sessions in a browser: begun with a token, kept in a cookie, and no good to another site's page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from gateway.console.access.caller import Caller
from gateway.console.access.sessions import IDLE_MS, LONGEST_MS, MAX_REMEMBERED, MAX_SESSIONS
from gateway.domain.access import Role
from gateway.domain.credentials import CredentialKind
from tests.console_doors import HOUR_MS, Doors

SESSION, THINGS = "/api/v1/session", "/api/v1/things"
LOCAL = Caller("me@desk", Role.ADMIN)


@pytest.fixture
def doors() -> Doors:
    """Give a console that lets nobody in without credentials."""
    return Doors()


@pytest.fixture
async def browser(doors: Doors) -> AsyncIterator[TestClient[Any, Any]]:
    """Give a browser in front of it."""
    async with doors.client() as client:
        yield client


async def log_in(browser: TestClient[Any, Any], token: str) -> dict[str, str]:
    """Log in with a token; give the headers that a page of the console changes things with."""
    answer = await browser.post(SESSION, json={"token": token})
    assert answer.status == HTTPStatus.CREATED
    return {"Origin": str(browser.make_url("")).rstrip("/"), "X-CSRF-Token": (await answer.json())["csrf_token"]}


async def test_somebody_logs_in_with_a_token_and_out_again(doors: Doors, browser: TestClient[Any, Any]) -> None:
    """The session acts for the token, with its role and its tenant; logged out, it is over everywhere."""
    nobody = {"caller": None, "csrf_token": None, "expires_at_ms": None, "log_ins": {"token": True, "page": None}}
    assert await (await browser.get(SESSION)).json() == nobody
    assert (await browser.get(THINGS)).status == HTTPStatus.UNAUTHORIZED
    headers = await log_in(browser, doors.token(Role.OPERATOR, "shop"))
    told = await (await browser.get(SESSION)).json()
    assert told["caller"] == {"name": "token:ci-operator", "role": "operator", "tenant": "shop"}
    assert told["csrf_token"] == headers["X-CSRF-Token"]
    assert told["expires_at_ms"] == doors.now_ms + LONGEST_MS
    assert (await browser.post(THINGS, headers=headers)).status == HTTPStatus.NO_CONTENT
    assert [(one.name, one.role, one.tenant) for one in doors.callers] == [("token:ci-operator", Role.OPERATOR, "shop")]
    (cookie,) = browser.session.cookie_jar
    assert (await browser.delete(SESSION, headers=headers)).status == HTTPStatus.NO_CONTENT
    assert not list(browser.session.cookie_jar)
    again = {"Cookie": f"{cookie.key}={cookie.value}"}
    assert (await browser.get(THINGS, headers=again)).status == HTTPStatus.UNAUTHORIZED
    assert await (await browser.get(SESSION, headers=again)).json() == nobody


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://gateway.example.com",
            "__Host-gateway-session={}; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure",
        ),
        (None, "gateway-session={}; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax"),
    ],
)
async def test_the_cookie_is_the_browsers_alone(url: str | None, expected: str) -> None:
    """No script reads it, no other host gets it, and what is kept of it does not open anything."""
    doors = Doors(url)
    async with doors.client() as browser:
        answer = await browser.post(SESSION, json={"token": doors.token(Role.VIEWER)})
        header = answer.headers["Set-Cookie"]
        value = header.partition("=")[2].partition(";")[0]
        assert header == expected.format(value)
        assert value not in await answer.text()
    (kept,) = [one for one in doors.book.index if one.kind is CredentialKind.SESSION]
    assert value.rpartition("_")[2] not in repr(kept)


@pytest.mark.parametrize("token", ["", "gwt_", "x" * 200, "gwt_" + "0" * 16 + "_" + "A" * 43])
async def test_nobody_logs_in_with_a_token_that_is_none(token: str, browser: TestClient[Any, Any]) -> None:
    """It is refused, and no cookie is set."""
    answer = await browser.post(SESSION, json={"token": token})
    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert "Set-Cookie" not in answer.headers


async def test_nobody_logs_in_with_a_session(doors: Doors, browser: TestClient[Any, Any]) -> None:
    """Else a session could be made to last for ever; and none is shown as a bearer token."""
    await log_in(browser, doors.token(Role.ADMIN))
    (cookie,) = browser.session.cookie_jar
    assert (await browser.post(SESSION, json={"token": cookie.value})).status != HTTPStatus.CREATED
    bearer = {"Authorization": f"Bearer {cookie.value}"}
    assert (await browser.get(THINGS, headers=bearer)).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({}, False),
        ({"X-CSRF-Token": None}, True),
        ({"X-CSRF-Token": ""}, True),
        ({"X-CSRF-Token": "A" * 43}, True),
        ({"X-CSRF-Token": "ä"}, True),
        ({"Origin": None}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "http://127.0.0.1"}, True),
    ],
)
async def test_a_change_with_a_cookie_is_made_from_a_page_of_the_console_only(
    changed: dict[str, str | None],
    *,
    refused: bool,
    doors: Doors,
    browser: TestClient[Any, Any],
) -> None:
    """A browser sends the cookie for any page that makes it ask; the origin and the header say which it was."""
    headers: dict[str, str | None] = {**await log_in(browser, doors.token(Role.OPERATOR)), **changed}
    given = {name: value for name, value in headers.items() if value is not None}
    answer = await browser.post(THINGS, headers=given)
    assert answer.status == (HTTPStatus.FORBIDDEN if refused else HTTPStatus.NO_CONTENT)
    assert len(doors.callers) == (not refused)
    # Logging somebody out is a change, too.
    if refused:
        assert (await browser.delete(SESSION, headers=given)).status == HTTPStatus.FORBIDDEN
        assert (await browser.get(THINGS)).status == HTTPStatus.NO_CONTENT


async def test_the_proof_of_one_session_is_none_for_another(doors: Doors, browser: TestClient[Any, Any]) -> None:
    """It follows from the session that it belongs to."""
    token = doors.token(Role.OPERATOR)
    first = await log_in(browser, token)
    second = await log_in(browser, token)
    assert first["X-CSRF-Token"] != second["X-CSRF-Token"]
    assert (await browser.post(THINGS, headers=first)).status == HTTPStatus.FORBIDDEN
    assert (await browser.post(THINGS, headers=second)).status == HTTPStatus.NO_CONTENT


async def test_a_program_with_a_token_needs_no_such_proof(doors: Doors, browser: TestClient[Any, Any]) -> None:
    """Nobody makes a browser send a bearer token; a bad one is refused wherever it is shown."""
    bearer = {"Authorization": f"Bearer {doors.token(Role.OPERATOR)}"}
    assert (await browser.post(THINGS, headers=bearer)).status == HTTPStatus.NO_CONTENT
    for bad in ("Bearer", "Bearer x", "Basic eDp5", "", f"{bearer['Authorization']}x"):
        answer = await browser.get(SESSION, headers={"Authorization": bad})
        assert answer.status == HTTPStatus.UNAUTHORIZED
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("steps_ms", "is_good"),
    [
        ([IDLE_MS - 1], True),
        ([IDLE_MS], False),
        ([IDLE_MS - 1] * 8, True),
        ([IDLE_MS - 1] * 8 + [8], False),
        ([IDLE_MS, 0], False),
    ],
    ids=["used in time", "not used for an hour", "used again and again", "for eight hours", "no second chance"],
)
async def test_a_session_ends(
    steps_ms: list[int],
    *,
    is_good: bool,
    doors: Doors,
    browser: TestClient[Any, Any],
) -> None:
    """After an hour without use, and after eight in any case."""
    await log_in(browser, doors.token(Role.VIEWER))
    assert (await browser.get(THINGS)).status == HTTPStatus.NO_CONTENT
    answer = None
    for step_ms in steps_ms:
        doors.now_ms += step_ms
        answer = await browser.get(THINGS)
    assert answer is not None
    assert answer.status == (HTTPStatus.NO_CONTENT if is_good else HTTPStatus.UNAUTHORIZED)


async def test_a_session_that_nobody_used_is_not_brought_back(doors: Doors, browser: TestClient[Any, Any]) -> None:
    """Whoever knows its id, but not its secret, changes nothing about when it was used."""
    shown, _ = doors.sessions.begin("user:ada", Role.VIEWER, None)
    headers = {"Cookie": f"gateway-session={shown.text}"}
    assert (await browser.get(THINGS, headers=headers)).status == HTTPStatus.NO_CONTENT
    doors.now_ms += IDLE_MS
    stranger = replace(shown, secret=bytes(32))
    for one in (stranger, shown):
        headers = {"Cookie": f"gateway-session={one.text}"}
        assert (await browser.get(THINGS, headers=headers)).status == HTTPStatus.UNAUTHORIZED


def test_nobody_has_more_sessions_than_somebody_can_use(doors: Doors) -> None:
    """The oldest give way; those of others stay."""
    other = doors.sessions.begin("user:bob", Role.VIEWER, None)[0]
    made = []
    for _ in range(MAX_SESSIONS + 1):
        doors.now_ms += 1
        made.append(doors.sessions.begin("user:ada", Role.VIEWER, None)[0])
    assert [doors.sessions.find(one.text) is not None for one in (other, *made)] == [
        True,
        False,
        *[True] * MAX_SESSIONS,
    ]


async def test_a_session_ends_with_its_token(doors: Doors, browser: TestClient[Any, Any]) -> None:
    """When that expires, and when it is revoked."""
    await log_in(browser, doors.token(Role.VIEWER, lasting_ms=HOUR_MS // 2))
    assert (await (await browser.get(SESSION)).json())["expires_at_ms"] == doors.now_ms + HOUR_MS // 2
    token = doors.token(Role.VIEWER)
    await log_in(browser, token)
    doors.book.drop(token.split("_")[1])
    assert (await browser.get(THINGS)).status == HTTPStatus.UNAUTHORIZED


async def test_on_this_machine_whoever_comes_is_known() -> None:
    """A cookie that is good no longer is as good as none there; one that is good counts."""
    local = Doors(here=LOCAL)
    async with local.client() as browser:
        told = await (await browser.get(SESSION, headers={"Cookie": "gateway-session=old"})).json()
        assert (told["caller"]["name"], told["csrf_token"]) == ("me@desk", None)
        await log_in(browser, local.token(Role.VIEWER))
        assert (await (await browser.get(SESSION)).json())["caller"]["name"] == "token:ci-viewer"


def test_what_is_remembered_of_sessions_is_bounded(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not been here for longest is forgotten first."""
    monkeypatch.setattr("gateway.console.access.sessions.MAX_REMEMBERED", 2)
    made = [doors.sessions.begin(f"user:{number}", Role.VIEWER, None)[0] for number in range(3)]
    for one in made:
        assert doors.sessions.find(one.text) is not None
    assert list(doors.sessions._used_ms) == [one.credential_id for one in made[1:]]
    assert MAX_REMEMBERED > 2
