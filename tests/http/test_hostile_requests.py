"""What somebody sends to the console who means it ill, or sends nothing more: it costs no connection, and no secret."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from gateway.console.access.authentication import Authentication
from gateway.console.access.caller import Caller
from gateway.console.access.site import Site
from gateway.console.api import guard, server
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.server import ApiServer
from gateway.console.page_files import PageFiles
from gateway.domain.access import Role

# More than the buffers between two sockets of one machine hold.
LARGE = 30_000_000
AWHILE_S = 20.0


class Said(BaseModel):
    """What is said, either way."""

    text: str = ""


async def say(call: Call) -> Answer:
    """Say the same."""
    return Answer(call.body)


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one connection at a time."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)


@pytest.fixture
def asked_for_much() -> asyncio.Event:
    """Tell when somebody has asked for more than they may want to hear."""
    return asyncio.Event()


@pytest.fixture
async def port(asked_for_much: asyncio.Event) -> AsyncIterator[int]:
    """Serve a console; gives its port."""

    async def say_much(_: Call) -> Answer:
        asked_for_much.set()
        return Answer(Said(text="x" * LARGE))

    routes = [
        Route("POST", "/echo", "echo", "Echo.", "x", Role.VIEWER, say, Said, body=Said, scope=Scope.SHARED),
        Route("GET", "/much", "much", "Say much.", "x", Role.VIEWER, say_much, Said, scope=Scope.SHARED),
    ]
    here = Authentication([], here=Caller("me@desk", Role.ADMIN))
    serving = ApiServer(routes, "1", here, Site(is_local=True), PageFiles(Path("/nonexistent")))
    await serving.start("127.0.0.1", 0)
    yield serving.port
    await serving.stop()


def request(start: str, *headers: str, body: bytes = b"") -> bytes:
    """Give a request as it is sent."""
    return "\r\n".join([f"{start} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode() + body


async def status_after(port: int, sent: bytes) -> int:
    """Send something, and give the status of the answer; 0 where the connection is ended without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = b""
    with contextlib.suppress(ConnectionError):
        writer.write(sent)
        async with asyncio.timeout(AWHILE_S):
            line = await reader.readline()
    writer.close()
    return int(line.split()[1]) if line else 0


def echo(*headers: str, length: int, body: bytes) -> bytes:
    """Give a request that has a body."""
    described = ("Content-Type: application/json", f"Content-Length: {length}")
    return request("POST /api/v1/echo", *described, *headers, body=body)


async def test_a_body_that_is_not_packed_as_it_says_is_the_senders_fault(port: int) -> None:
    """It is told so, and nobody is woken for it."""
    with capture_logs() as lines:
        body = b'{"text":"x"}'
        packed = echo("Content-Encoding: gzip", length=len(body), body=body)
        assert await status_after(port, packed) == HTTPStatus.BAD_REQUEST
        assert await status_after(port, echo(length=len(body), body=body)) == HTTPStatus.OK
    assert lines == []


@pytest.mark.usefixtures("single")
async def test_who_goes_away_within_a_request_is_no_fault(port: int) -> None:
    """The one connection that there may be is free again, and nothing is written."""
    with capture_logs() as lines:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(echo(length=70, body=b'{"text":'))
        await writer.drain()
        writer.close()
        await until_served(port)
    assert lines == []


@pytest.mark.usefixtures("single")
async def test_who_does_not_take_an_answer_keeps_no_connection(
    port: int, asked_for_much: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are not many: with some that are never read, nobody would come in any more."""
    monkeypatch.setattr(guard, "SEND_S", 0.1)
    with socket.create_connection(("127.0.0.1", port)) as deaf:
        deaf.sendall(request("GET /api/v1/much"))
        await asked_for_much.wait()
        await until_served(port)


async def until_served(port: int) -> None:
    """Wait until a request is answered."""
    asked = echo(length=2, body=b"{}")
    async with asyncio.timeout(AWHILE_S):
        while True:
            if await status_after(port, asked) == HTTPStatus.OK:
                return
            await asyncio.sleep(0.02)


async def test_what_is_no_request_is_written_nowhere(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """A browser with many cookies sends a header that is too long, and one of them is the session's."""
    cookies = f"Cookie: gateway-session=gws_0123; more={'x' * 9000}"
    assert await status_after(port, request("GET /api/v1/much", cookies)) == HTTPStatus.BAD_REQUEST
    assert "gws_0123" not in caplog.text
