"""Answers that go on, as a reader of server-sent events gets them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel

from gateway.console.access.authentication import Authentication
from gateway.console.access.caller import Caller
from gateway.console.access.site import Site
from gateway.console.api.guard import SAFE_HEADERS
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.server import ApiServer
from gateway.console.api.streaming import StreamEvent
from gateway.domain.access import Role
from gateway.domain.errors import UnavailableError
from tests.console_doors import Doors

Events = AsyncGenerator[StreamEvent | None, None]
AWHILE_S = 10.0


class Said(BaseModel):
    """What an event says."""

    text: str


class Source:
    """The events of the test's route, and whether whoever made them has been told of the end."""

    def __init__(self) -> None:
        self.make: Callable[[], Events]
        self.ended = asyncio.Event()

    async def handle(self, _: Call) -> Answer:
        """Answer with the events."""
        return Answer(events=self._events())

    async def _events(self) -> Events:
        try:
            async for event in self.make():
                yield event
        finally:
            self.ended.set()


@pytest.fixture
def source() -> Source:
    """Give the source of the events."""
    return Source()


@pytest.fixture
async def client(source: Source) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """Serve them."""
    route = Route(
        "GET", "/said", "said", "Say.", "saying", Role.VIEWER, source.handle, scope=Scope.SHARED, events={"said": Said}
    )
    server = ApiServer([route], "1", Authentication([], here=Caller("ann", Role.VIEWER)), Site(is_local=True))
    async with TestClient(TestServer(server.application())) as client:
        yield client


async def test_what_has_no_end_has_no_head(client: TestClient[web.Request, web.Application]) -> None:
    """Nothing is begun for it."""
    async with client.head("/api/v1/said") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


async def test_events_are_sent_as_they_come(client: TestClient[web.Request, web.Application], source: Source) -> None:
    """Each with its name, on lines of its own; a sign of life is a comment; the headers are those of every answer."""

    async def events() -> Events:
        yield StreamEvent("said", Said(text="one\ntwo"))
        yield None
        yield StreamEvent("said", Said(text="end"))

    source.make = events
    async with client.get("/api/v1/said") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert {name: answer.headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS
        text = await answer.text()
    assert text == (
        'retry: 3000\n\nevent: said\ndata: {"text":"one\\ntwo"}\n\n:\n\nevent: said\ndata: {"text":"end"}\n\n'
    )
    assert source.ended.is_set()


async def test_what_is_refused_has_its_problem(
    client: TestClient[web.Request, web.Application], source: Source
) -> None:
    """Before the first event nothing is sent."""

    async def events() -> Events:
        for refusal in (UnavailableError("too many watch"),):
            raise refusal
        yield None

    source.make = events
    async with client.get("/api/v1/said") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")
        assert (await answer.json())["detail"] == "too many watch"


async def test_a_reader_that_leaves_ends_it(client: TestClient[web.Request, web.Application], source: Source) -> None:
    """At the next event, or sign of life."""
    left = asyncio.Event()

    async def events() -> Events:
        yield StreamEvent("said", Said(text="one"))
        await left.wait()
        while True:
            yield None
            await asyncio.sleep(0.01)

    source.make = events
    async with client.get("/api/v1/said") as answer:
        await answer.content.readuntil(b'"one"}\n\n')
        answer.close()
    left.set()
    await asyncio.wait_for(source.ended.wait(), AWHILE_S)


@pytest.mark.parametrize("brings_cookie", [False, True])
async def test_who_may_not_have_them_any_more_gets_no_further_one(*, brings_cookie: bool) -> None:
    """A token or a session that was revoked ends what it has opened, before anything else is sent."""
    doors = Doors()
    was_read = asyncio.Event()

    async def events(call: Call) -> Events:
        assert call.caller.credential_id
        yield StreamEvent("said", Said(text="one"))
        await was_read.wait()
        yield StreamEvent("said", Said(text="two"))
        doors.book.drop(call.caller.credential_id)
        yield StreamEvent("said", Said(text="three"))

    async def say(call: Call) -> Answer:
        return Answer(events=events(call))

    headers = {"Authorization": f"Bearer {doors.token(Role.VIEWER)}"}
    if brings_cookie:
        shown, _ = doors.sessions.begin("user:ann", Role.VIEWER, None)
        headers = {"Cookie": f"{doors.cookies.session}={shown.text}"}
    said = Route("GET", "/said", "said", "", "", Role.VIEWER, say, scope=Scope.SHARED, events={"said": Said})
    async with doors.client(said) as client, client.get("/api/v1/said", headers=headers) as answer:
        await answer.content.readuntil(b'"one"}\n\n')
        was_read.set()
        assert await answer.content.read() == b'event: said\ndata: {"text":"two"}\n\n'
