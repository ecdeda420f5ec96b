"""Asks a running console over HTTP, as its users' programs do."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from tests.e2e.running import Program, until

_LISTENING = re.compile(r'"port": ?([0-9]+)[^\n]*console\.listening')
_START_S = 60.0
_REQUEST_S = 60.0
_AWHILE_S = 60.0
_POLL_S = 0.1


class Console:
    """The API of one console.

    Args:
        program: the process, with GATEWAY_CONSOLE_PORT=0.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.url = ""

    async def listening(self) -> "Console":
        """Wait until it listens; where, its log tells."""
        await until(lambda: bool(_LISTENING.search(self.program.whole_log)), _START_S, lambda: self.program.log)
        found = _LISTENING.search(self.program.whole_log)
        assert found
        self.url = f"http://127.0.0.1:{found[1]}"
        return self

    async def ask(
        self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Give the status, the value and the headers of an answer."""
        data = None if body is None else orjson.dumps(body)
        sent = {"Content-Type": "application/json"} if data else {}
        timeout = aiohttp.ClientTimeout(total=_REQUEST_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, f"{self.url}/api/v1{path}", data=data, headers={**sent, **(headers or {})}) as got,
        ):
            text = await got.read()
            return got.status, orjson.loads(text) if text else None, got.headers

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        """Read server-sent events: each one's name and data."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/api/v1{path}") as got:
            assert got.status == HTTPStatus.OK, await got.text()
            yield _events_of(got.content)

    async def get(self, path: str) -> Any:
        """Give what is at a path."""
        status, value, _ = await self.ask("GET", path)
        assert status == HTTPStatus.OK, value
        return value

    async def until(self, path: str, is_wanted: Callable[[Any], bool]) -> Any:
        """Ask for what is at a path until it is what is wanted, and give it."""
        seen: Any = None
        try:
            async with asyncio.timeout(_AWHILE_S):
                while not is_wanted(seen := await self.get(path)):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise AssertionError(f"after {_AWHILE_S} s {path} is still {seen}") from None
        return seen


async def _events_of(content: aiohttp.StreamReader) -> AsyncIterator[tuple[str, Any]]:
    """Give what comes, without signs of life."""
    name = ""
    async for line in content:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, orjson.loads(value)
