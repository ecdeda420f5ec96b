"""An endpoint whose answers a test scripts, for what the test receiver does not do: redirects, waits, sequences."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, after a delay in seconds; it may repeat the request, headers and body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    echoes: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request: when it came, and under which id."""

    at_ms: int
    webhook_id: str


class ScriptedEndpoint:
    """Answers the n-th request with the n-th answer, and with the last one from then on.

    Attributes:
        arrivals: the requests so far.
    """

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = answers
        self._runner: web.AppRunner | None = None
        self.arrivals: list[Arrival] = []

    async def start(self) -> str:
        """Listen on a free port, and give the URL."""
        app = web.Application()
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def stop(self) -> None:
        """Close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        answer = self._answers[min(len(self.arrivals), len(self._answers) - 1)]
        self.arrivals.append(Arrival(time.time_ns() // 1_000_000, request.headers["webhook-id"]))
        await asyncio.sleep(answer.delay_s)
        body = None
        if answer.echoes:
            head = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
            body = f"{head}\n\n".encode() + await request.read()
        return web.Response(status=answer.status, headers=answer.headers, body=body)


Script = Callable[..., Awaitable[tuple[ScriptedEndpoint, str]]]
"""Starts an endpoint that gives these answers; it comes with its URL."""
