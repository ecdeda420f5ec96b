"""The test receiver: an HTTP server that takes webhooks, verifies them, keeps them and fails as asked.

Every name under `/hooks/` is an inbox with a fail mode, secrets and counts of its own. It runs inside a test or a demo
(`Sandbox`) or by itself (`gateway receiver`). It is for trying things out: whoever reaches its port can read what it
keeps and change how it behaves.
"""

import asyncio
import errno
from collections.abc import Callable, Iterable
from random import Random

from aiohttp import web

from gateway.domain.errors import InvalidInputError, UnavailableError
from gateway.receiver.bounded_body import BodyError, read_body
from gateway.receiver.fail_modes import RETRY_AFTER_S, PlannedAnswer
from gateway.receiver.inbox import Inbox, Judgement
from gateway.receiver.inboxes import Inboxes
from gateway.receiver.json_answers import json_response, refusal
from gateway.receiver.received import InboxStats, ReceivedRequest, excerpt, text_or_base64
from gateway.receiver.sandbox_api import SandboxApi
from gateway.receiver.signature_log import note_unverified
from gateway.telemetry.clock import now_ms

DEFAULT_INBOX = "default"
DEFAULT_KEEP = 10_000
MAX_BODY_BYTES = 1024 * 1024
MAX_BODY_EXCERPT_BYTES = 4096
MAX_HEADERS_KEPT = 64
MAX_HEADER_CHARS = 512
STOP_TIMEOUT_S = 1.0


class Sandbox:
    """A test receiver.

    Args:
        mode: how inboxes fail: see `gateway.receiver.fail_modes`.
        secrets: with which signatures are checked; none: they are not checked.
        keep: how many requests are kept.
        rng: draws for the modes that go by chance.
        on_received: called with each request once its answer is decided.

    Raises:
        InvalidInputError: the mode or a secret is not one.
    """

    def __init__(
        self,
        *,
        mode: str = "none",
        secrets: Iterable[str] = (),
        keep: int = DEFAULT_KEEP,
        rng: Random | None = None,
        on_received: Callable[[ReceivedRequest], None] | None = None,
    ) -> None:
        self._inboxes = Inboxes(mode, secrets, keep)
        self._rng = rng or Random()  # noqa: S311 - chance for tests, not for secrets
        self._on_received = on_received
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and give the URL; port 0 takes a free one.

        Raises:
            UnavailableError: the address can't be listened on.
        """
        app = web.Application()
        app.router.add_post("/hooks", self._receive)
        app.router.add_post("/hooks/{name}", self._receive)
        app.router.add_routes(SandboxApi(self._inboxes).routes())
        # Without cancellation, a held request would outlive its client.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=STOP_TIMEOUT_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            raise _unavailable(host, port, error) from error
        self._stopping.clear()
        self._runner = runner
        bound_port = runner.addresses[0][1]
        return f"http://{f'[{host}]' if ':' in host else host}:{bound_port}"

    async def stop(self) -> None:
        """Let go of held requests and close every connection."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def set_mode(self, name: str | None, mode: str) -> None:
        """Change how one inbox fails, or with None how all do; InvalidInputError for what is no mode."""
        self._inboxes.set_mode(name, mode)

    def set_secrets(self, name: str | None, secrets: Iterable[str]) -> None:
        """Change the secrets of one inbox, or with None of all; InvalidInputError for what is no secret."""
        self._inboxes.set_secrets(name, secrets)

    def stats(self, name: str = DEFAULT_INBOX) -> InboxStats:
        """Give the counts of one inbox; they go on counting."""
        return self._inboxes.get(name).counts.stats

    def received(self, name: str = DEFAULT_INBOX) -> list[ReceivedRequest]:
        """List the requests kept of one inbox, oldest first."""
        return self._inboxes.store.select(name=name)

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            inbox = self._inboxes.get(request.match_info.get("name", DEFAULT_INBOX))
            body = await read_body(request, MAX_BODY_BYTES)
        except InvalidInputError as error:
            return refusal(404, "no_inbox", error.message)
        except BodyError as error:
            return refusal(error.status, error.reason, str(error))
        judgement = inbox.judge(request.headers, body, self._rng)
        if judgement.reason is not None:
            note_unverified(request.remote, judgement.reason)
        self._keep(inbox, judgement, request, body)
        return await self._answer(inbox, judgement)

    def _keep(self, inbox: Inbox, judgement: Judgement, request: web.Request, body: bytes) -> None:
        text, in_base64 = text_or_base64(body[:MAX_BODY_EXCERPT_BYTES])
        received = ReceivedRequest(
            seq=self._inboxes.store.take_seq(),
            name=inbox.name,
            received_at_ms=now_ms(),
            webhook_id=judgement.webhook_id,
            event_type=judgement.event_type,
            attempt_count=inbox.counts.count_request(judgement.webhook_id, verified=judgement.verified),
            verified=judgement.verified,
            reason=judgement.reason,
            answer=judgement.answer.status,
            headers=_excerpt_headers(request),
            body=text,
            body_base64=in_base64,
        )
        self._inboxes.store.add(received)
        if self._on_received is not None:
            self._on_received(received)

    async def _answer(self, inbox: Inbox, judgement: Judgement) -> web.Response:
        answer = judgement.answer
        if answer.delay_s > 0 and await self._stops_within(answer.delay_s):
            return refusal(503, "stopping", "the test receiver is stopping")
        if answer.status == 200:  # noqa: PLR2004 - HTTP - the one success that is ever planned
            inbox.counts.count_accepted(judgement.webhook_id)
            return json_response({"received": True, "eventId": judgement.webhook_id})
        return _failure(answer, judgement.reason)

    async def _stops_within(self, delay_s: float) -> bool:
        try:
            async with asyncio.timeout(delay_s):
                return await self._stopping.wait()
        except TimeoutError:
            return False


def _failure(answer: PlannedAnswer, reason: str | None) -> web.Response:
    status = 503 if answer.status is None else answer.status
    retry_after_s = RETRY_AFTER_S if status == 429 else None  # noqa: PLR2004 - HTTP - RFC 6585 section 4
    if status == 401 and reason is not None:  # noqa: PLR2004 - HTTP
        return refusal(status, reason, "the signature does not verify")
    return refusal(status, "asked_to_fail", "this test receiver fails on purpose", retry_after_s=retry_after_s)


def _excerpt_headers(request: web.Request) -> dict[str, str]:
    pairs = list(request.headers.items())[:MAX_HEADERS_KEPT]
    return {excerpt(name, MAX_HEADER_CHARS): excerpt(value, MAX_HEADER_CHARS) for name, value in pairs}


def _unavailable(host: str, port: int, error: OSError) -> UnavailableError:
    if error.errno == errno.EADDRINUSE:
        return UnavailableError(f"port {port} on {host} is in use", hint="choose another one with --port, or 0 for any")
    return UnavailableError(f"can't listen on {host} port {port}: {error.strerror or error}")
