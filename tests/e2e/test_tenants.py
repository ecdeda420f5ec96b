"""What is one tenant's is nobody else's: every route of the API is asked for another tenant's things.

Two tenants have the same things, and a third one has none. Whoever sees one tenant gets of another's things the answer
that those get which do not exist; and in whatever they are answered there is no word of anybody else. A route that is
new is asked only once it has its place in the table below: until then a test says so.
"""

import asyncio
import contextlib
import re
from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from gateway.domain.access import Role
from gateway.kafka.publisher import EventPublisher
from gateway.wire.event_encoder import NewEvent
from tests.e2e.console import Console
from tests.e2e.running import GatewayHome
from tests.e2e.tenant_questions import EVENT, NAMES, OF_CALLERS, QUESTIONS, SHARED, STREAMS
from tests.e2e.two_tenants import Answered, Things, any_word, ask, attempt_again, settled

AWHILE_S = 30.0
AT_ONCE = 4

pytestmark = pytest.mark.timeout(240, func_only=True)


@dataclass(frozen=True)
class World:
    """A console with two tenants in it, and the routes that it has.

    Attributes:
        tokens: of each tenant's callers, by its word: one from its portal, and one that may do all that one with a
            tenant may.
    """

    console: Console
    home: GatewayHome
    ours: Things
    theirs: Things
    tokens: dict[str, dict[str, str]]
    routes: dict[str, tuple[str, str, dict[str, Any]]]

    @property
    def directions(self) -> list[tuple[Things, Things]]:
        """Who asks, and who is asked about."""
        return [(self.ours, self.theirs), (self.theirs, self.ours)]

    def scoped(self, scope: str) -> list[str]:
        """Name the routes of a scope that are asked by one of their own, in the order of the table."""
        names = [name for name, (_, _, route) in self.routes.items() if route["x-scope"] == scope]
        order = list(QUESTIONS)
        return sorted(set(names) - STREAMS, key=lambda name: order.index(name) if name in order else -1)

    def open_to(self, role: str, name: str) -> bool:
        """Tell whether one with a role may use a route."""
        route = self.routes[name][2]
        return Role(role).includes(Role(route["x-role"])) or (route["x-portal"] and Role(role) is Role.SUBSCRIBER)

    def names_things(self, name: str, question: dict[str, Any]) -> bool:
        """Tell whether a question names whose things it is about."""
        asked = f"{self.routes[name][1]} {question}"
        return any(f"{{{word}}}" in asked for word in NAMES)

    async def ask(self, token: str, name: str, of: Things, question: dict[str, Any]) -> Answered:
        """Have a token ask a route for somebody's things."""
        method, path, _ = self.routes[name]
        path = re.sub(r"{(\w+)}", lambda found: SHARED.get(found[1], "any"), of.filled(path))
        query = of.filled(question.get("query", ""))
        body = of.filled(question["body"]) if "body" in question else None
        return await ask(self.console, token, method, f"{path}?{query}" if query else path, body)


@pytest.fixture(scope="module")
def started(home: GatewayHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """Run a console, and nothing that would deliver."""
    folder: Path = tmp_path_factory.mktemp("console")
    console = Console(home.start("console", GATEWAY_CONSOLE_PORT="0", GATEWAY_CONSOLE_DIR=str(folder)))
    console.program.await_ready()
    yield console
    assert console.program.stop() == 0


@pytest.fixture(scope="module")
def world(started: Console, home: GatewayHome) -> World:
    """Settle two tenants, with a token each that may do everything that one with a tenant may."""
    return asyncio.run(_settled(started, home))


async def _settled(started: Console, home: GatewayHome) -> World:
    console = await started.listening()
    ours, theirs = await asyncio.gather(settled(console, home.kafka), settled(console, home.kafka))
    tokens = {}
    for tenant in (ours, theirs):
        wanted = {"name": tenant.word, "role": "admin", "tenant": tenant.word}
        status, made, _ = await console.ask("POST", "/tokens", wanted)
        assert status == HTTPStatus.CREATED, made
        _, link, _ = await console.ask("POST", "/portal-links", {"tenant": tenant.word})
        assert link["url"].startswith(f"{console.url}/portal#")
        status, opened, _ = await console.ask("POST", "/portal/session", {"token": link["url"].partition("#")[2]})
        assert status == HTTPStatus.CREATED, opened
        tokens[tenant.word] = {"subscriber": opened["token"], "admin": made["value"]}
    async with aiohttp.ClientSession() as session, session.get(f"{console.url}/api/openapi.json") as answer:
        document = await answer.json()
    routes = {
        route["operationId"]: (method.upper(), path.removeprefix("/api/v1"), route)
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    }
    return World(console, home, ours, theirs, tokens, routes)


async def test_no_route_is_left_out(world: World) -> None:
    """Each that holds something of tenants has its questions."""
    assert set(world.scoped("tenant")) == set(QUESTIONS)


@pytest.mark.parametrize("role", ["subscriber", "admin"])
async def test_what_is_about_all_tenants_is_closed_to_one(world: World, role: str) -> None:
    """Whatever its role is; and those of the portal have no other routes than theirs."""
    for name in world.routes:
        if world.routes[name][2]["x-scope"] == "unscoped" or not world.open_to(role, name):
            answer = await world.ask(world.tokens[world.ours.word][role], name, world.ours, {})
            assert (answer.status, orjson.loads(answer.text)["code"]) == (HTTPStatus.FORBIDDEN, "forbidden"), name


async def test_what_is_shared_is_the_same_for_all(world: World) -> None:
    """There is no word of anybody in it."""
    for name in set(world.scoped("shared")) - OF_CALLERS:
        ours, theirs = [
            await world.ask(world.tokens[who.word]["admin"], name, Things("any"), {})
            for who in (world.ours, world.theirs)
        ]
        assert ours == theirs, name


@pytest.mark.parametrize("role", ["subscriber", "admin"])
async def test_anothers_things_are_answered_like_things_that_do_not_exist(world: World, role: str) -> None:
    """In both directions, for every route and in every way in which it can be asked; and none of them is changed."""
    nobody = Things()
    before = [await look(world, tenant) for tenant in (world.ours, world.theirs)]

    async def compare(asking: Things, asked: Things, name: str, question: dict[str, Any]) -> None:
        token = world.tokens[asking.word][role]
        answer = await world.ask(token, name, asked, question)
        same = await world.ask(token, name, nobody, question)
        where = f"{name} {question}: {answer}"
        assert (answer.status, shape(asked, answer)) == (same.status, shape(nobody, same)), where
        if world.routes[name][0] != "GET" or world.names_things(name, {}):
            assert not answer.is_granted, where

    named = [(name, question) for name, question in questions_to(world, role) if world.names_things(name, question)]
    for asking, asked in world.directions:
        await a_few_at_once(compare(asking, asked, *each) for each in named)
    assert [await look(world, tenant) for tenant in (world.ours, world.theirs)] == before


@pytest.mark.parametrize("role", ["subscriber", "admin"])
async def test_ones_own_things_are_answered_and_nothing_of_others_with_them(world: World, role: str) -> None:
    """All that was refused above is granted for what is one's own, and no answer has a word of the other tenant."""

    async def check(asking: Things, other: Things, name: str, question: dict[str, Any]) -> None:
        answer = await world.ask(world.tokens[asking.word][role], name, asking, question)
        where = f"{name} {question}: {answer}"
        assert answer.is_granted or answer.status == question.get("own"), where
        assert not any(word in answer.text for word in other.words), where

    asked = questions_to(world, role)
    looking = [each for each in asked if world.routes[each[0]][0] == "GET"]
    for asking, other in world.directions:
        await a_few_at_once(check(asking, other, *each) for each in looking)
    # A change takes a second, and one tenant's are enough; they are made in the order of the table.
    for each in asked:
        if each not in looking:
            await check(world.ours, world.theirs, *each)


async def test_an_event_id_that_both_have_is_explained_to_each_by_their_own_event(world: World) -> None:
    """Ids are the producers' choice; whose event came first makes no difference, and nobody learns of the other's."""
    event_id = any_word()

    def publish() -> list[int]:
        with EventPublisher(world.home.kafka) as publisher:
            return [
                publisher.publish_batch([NewEvent(**EVENT, event_id=event_id, tenant=who.word, key=event_id)])[0].offset
                for who in (world.theirs, world.ours)
            ]

    path = f"/events/explanation?event_id={event_id}&event_type={EVENT['event_type']}&hours=1"
    for tenant, offset in zip((world.theirs, world.ours), await asyncio.to_thread(publish), strict=True):
        answer = await ask(world.console, world.tokens[tenant.word]["admin"], "GET", path)
        assert answer.is_granted, answer
        told = orjson.loads(answer.text)
        assert (told["event"]["tenant"], [one["offset"] for one in told["records"]]) == (tenant.word, [offset])
        asked = [one["subscription_id"] for one in told["items"]]
        assert asked, told
        assert all(tenant.word in each for each in asked)


async def test_attempts_that_happen_are_told_to_their_tenant_only(world: World) -> None:
    """Also if another one's are asked for: that is refused."""
    url = f"{world.console.url}/api/v1/tail"
    headers = {"Authorization": f"Bearer {world.tokens[world.ours.word]['admin']}"}
    seen = b""
    async with aiohttp.ClientSession(headers=headers) as session, asyncio.timeout(AWHILE_S):
        async with session.get(f"{url}?tenant={world.theirs.word}") as refused:
            assert refused.status == HTTPStatus.FORBIDDEN
        async with session.get(url) as answer:
            async for line in answer.content:
                seen += line
                if b'"live":true' in line:
                    await asyncio.to_thread(attempt_again, world.home.kafka, world.theirs)
                    await asyncio.to_thread(attempt_again, world.home.kafka, world.ours)
                if world.ours.word.encode() in line:
                    break
        async with session.get(f"{url}?subscription_id={world.theirs.subscription}") as answer:
            await asyncio.to_thread(attempt_again, world.home.kafka, world.theirs)
            await asyncio.to_thread(attempt_again, world.home.kafka, world.ours)
            # Nothing is to come, however long one waits.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    seen += await answer.content.read()
    assert world.theirs.word.encode() not in seen


async def test_a_link_of_the_command_lets_in_until_it_is_revoked(world: World) -> None:
    """Also while the console runs: what is revoked elsewhere it knows within moments."""
    asked = ("portal", "link", "--tenant", world.ours.word, "--url", world.console.url)
    (link,) = await asyncio.to_thread(world.home.read, *asked)
    assert link["url"].startswith(f"{world.console.url}/portal#")
    body = {"token": link["url"].partition("#")[2]}
    status, opened, _ = await world.console.ask("POST", "/portal/session", body)
    assert (status, opened["tenant"]) == (HTTPStatus.CREATED, world.ours.word)
    assert (await ask(world.console, opened["token"], "GET", "/subscriptions")).is_granted
    listing = ("portal", "list", "--tenant", world.ours.word)
    listed = await asyncio.to_thread(world.home.read, *listing)
    assert (link["link_id"], link["expires_at_ms"]) in {(each["link_id"], each["expires_at_ms"]) for each in listed}
    assert {each["tenant"] for each in listed} == {world.ours.word}
    revoked = ("portal", "revoke", "--tenant", world.ours.word, "--link", link["link_id"])
    assert await asyncio.to_thread(world.home.read, *revoked) == [
        {"tenant": world.ours.word, "link_id": link["link_id"]}
    ]
    assert link["link_id"] not in {each["link_id"] for each in await asyncio.to_thread(world.home.read, *listing)}
    async with asyncio.timeout(AWHILE_S):
        while True:
            if not (await ask(world.console, opened["token"], "GET", "/subscriptions")).is_granted:
                break
            await asyncio.sleep(0.05)
    assert (await world.console.ask("POST", "/portal/session", body))[0] == HTTPStatus.UNAUTHORIZED


async def a_few_at_once(asking: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all of it; the first that fails decides."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(coroutine: Coroutine[Any, Any, None]) -> None:
        async with room:
            await coroutine

    await asyncio.gather(*map(one, asking))


def questions_to(world: World, role: str) -> list[tuple[str, dict[str, Any]]]:
    """List all that one with a role can ask of tenants' things, in the order of the table."""
    names = [name for name in world.scoped("tenant") if world.open_to(role, name)]
    return [(name, question) for name in names for question in QUESTIONS[name]]


def shape(of: Things, answer: Answered) -> Any:
    """Give what an answer says beside whom it was asked for; of what is counted meanwhile, only that it is."""
    return forget_numbers(orjson.loads(of.masked(answer.text)) if answer.text else None)


def forget_numbers(value: Any) -> Any:
    """Leave times out, which go on between two questions."""
    if isinstance(value, dict):
        return {name: forget_numbers(one) for name, one in value.items() if not name.endswith("_ms")}
    return [forget_numbers(one) for one in value] if isinstance(value, list) else value


async def look(world: World, tenant: Things) -> Any:
    """Give all that somebody who sees everything knows of a tenant."""
    subscription = await world.console.get(f"/subscriptions/{tenant.subscription}")
    found = await world.console.get(f"/deliveries?tenant={tenant.word}")
    return subscription, found["items"], (await world.console.get(f"/subscriptions?tenant={tenant.word}"))["items"]
