"""An aiohttp route handler that takes webhooks: verify, check the shape, answer at once, process in the background.

    handler = WebhookHandler(secret, process)
    app.cleanup_ctx.append(handler.lifecycle)
    app.router.add_post("/hooks", handler.handle)

What it promises: a request that can't be trusted never reaches `process`; each event id is processed once; the
answer does not wait for the processing; memory is bounded. What it can't promise: an answered event that is still in
memory when the process dies is lost to this receiver. Where that matters, `process` writes it down first thing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable

from aiohttp import web

from gateway.domain.subscription import ContentMode, SignatureProfile
from gateway.receiver.bounded_body import BodyError, read_body
from gateway.receiver.errors import WebhookVerificationError
from gateway.receiver.event_ids import EventIds
from gateway.receiver.json_answers import json_response, refusal
from gateway.receiver.payload import InvalidPayloadError, ReceivedEvent, parse_payload
from gateway.receiver.signature_log import note_unverified
from gateway.receiver.verification import ALL_PROFILES, DEFAULT_TOLERANCE_S, WebhookVerifier

DEFAULT_MAX_BODY_BYTES = 1024 * 1024
BUSY_RETRY_AFTER_S = 1

_log = logging.getLogger(__name__)


class WebhookHandler:
    """Answers 200, 400, 401, 413 or 503, with JSON bodies (`{"error", "message"}` where it is not 200).

    A request that does not verify is logged (`gateway.receiver.signature_log`).

    An event whose `process` raises is logged and forgotten: the sender was told 200 and won't retry, but a replay of
    the same id is processed. A full queue answers 503 with `Retry-After`, so that the sender keeps the event.

    Args:
        secrets: see `gateway.receiver.verify`.
        process: what is done with an event. Calls overlap up to `max_concurrent`; 1 keeps the order of arrival.
        tolerance_s: see `gateway.receiver.verify`.
        profiles: see `gateway.receiver.verify`.
        content_mode: the subscription's: what a request's body is; see `gateway.receiver.payload`.
        max_body_bytes: larger bodies are answered 413.
        max_queued: how many events may wait; the worst case in memory is this many bodies of the full size.
        max_concurrent: how many events are processed at once.
        remember: how many processed ids are kept; a repeat that comes later than this is processed again.
        drain_timeout_s: how long a stop waits for what was answered already, in seconds.

    Raises:
        InvalidSecretError: a secret is not one.
    """

    def __init__(
        self,
        secrets: str | Iterable[str],
        process: Callable[[ReceivedEvent], Awaitable[None]],
        *,
        tolerance_s: int = DEFAULT_TOLERANCE_S,
        profiles: Collection[SignatureProfile] = ALL_PROFILES,
        content_mode: ContentMode = ContentMode.WEBHOOK,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        max_queued: int = 256,
        max_concurrent: int = 8,
        remember: int = 100_000,
        drain_timeout_s: float = 10.0,
    ) -> None:
        self._verifier = WebhookVerifier(secrets, tolerance_s, profiles=profiles)
        self._process = process
        self._content_mode = content_mode
        self._max_body_bytes = max_body_bytes
        self._max_concurrent = max_concurrent
        self._drain_timeout_s = drain_timeout_s
        self._ids = EventIds(remember)
        self._queue: asyncio.Queue[ReceivedEvent] = asyncio.Queue(max_queued)
        self._running = False

    async def lifecycle(self, app: web.Application) -> AsyncIterator[None]:  # noqa: ARG002 - aiohttp's signature
        """Run the background work for the life of an application: for `app.cleanup_ctx`.

        On the way out no more events are taken, and those that were answered get `drain_timeout_s` to be processed;
        the ids of the rest are logged.
        """
        workers = [asyncio.create_task(self._work()) for _ in range(self._max_concurrent)]
        self._running = True
        try:
            yield
        finally:
            self._running = False
            await self._drain()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def handle(self, request: web.Request) -> web.Response:
        """Handle one request."""
        try:
            body = await read_body(request, self._max_body_bytes)
            webhook = self._verifier.verify(request.headers, body)
            event = parse_payload(request.headers, body, webhook, self._content_mode)
        except BodyError as error:
            return refusal(error.status, error.reason, str(error))
        except WebhookVerificationError as error:
            note_unverified(request.remote, error.reason)
            return refusal(401, error.reason, str(error))
        except InvalidPayloadError as error:
            return refusal(400, error.reason, str(error))
        return self._accept(event)

    def _accept(self, event: ReceivedEvent) -> web.Response:
        if not self._running:
            return _try_later("not_running", "the receiver is stopping, or its lifecycle was never started")
        if event.event_id not in self._ids:
            try:
                self._queue.put_nowait(event)
            except asyncio.QueueFull:
                return _try_later("busy", "too many events are waiting to be processed")
            self._ids.begin(event.event_id)
        return json_response({"received": True, "eventId": event.event_id})

    async def _work(self) -> None:
        while True:
            event = await self._queue.get()
            try:
                await self._process_once(event)
            finally:
                self._queue.task_done()

    async def _process_once(self, event: ReceivedEvent) -> None:
        try:
            await self._process(event)
        except asyncio.CancelledError:
            self._give_up(event)
            # Something inside `process` may have been cancelled; only a stop of the worker itself ends the worker.
            worker = asyncio.current_task()
            if worker is None or worker.cancelling():
                raise
        except Exception:  # noqa: BLE001 - whatever the receiver's own code raises, the next event has its turn
            self._ids.forget(event.event_id)
            _log.exception("event %s was answered but not processed", event.event_id)
        else:
            self._ids.finish(event.event_id)

    def _give_up(self, event: ReceivedEvent) -> None:
        self._ids.forget(event.event_id)
        _log.error("event %s was answered but not processed: cancelled", event.event_id)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._drain_timeout_s):
                await self._queue.join()
        except TimeoutError:
            while not self._queue.empty():
                self._give_up(self._queue.get_nowait())


def _try_later(reason: str, message: str) -> web.Response:
    return refusal(503, reason, message, retry_after_s=BUSY_RETRY_AFTER_S)
