"""The aiohttp handler over real HTTP: what it answers, what it processes, how it stops."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from gateway.domain.subscription import ContentMode
from gateway.receiver import InvalidSecretError, signature_log
from gateway.receiver.aiohttp_handler import WebhookHandler
from gateway.receiver.payload import ReceivedEvent
from tests.http.signed_requests import OTHER_SECRET, SECRET, payload, sign

Client = TestClient[web.Request, web.Application]
Serve = Callable[[WebhookHandler], Awaitable[Client]]


class Inbox:
    """A receiving service: keeps events, and can be told to wait or to fail."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[ReceivedEvent] = asyncio.Queue()
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: BaseException | None = None

    async def process(self, event: ReceivedEvent) -> None:
        """Process one event."""
        self.events.put_nowait(event)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def inbox() -> Inbox:
    """Give a receiving service."""
    return Inbox()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve handlers at /hooks for the length of a test."""
    clients: list[Client] = []

    async def start(handler: WebhookHandler) -> Client:
        app = web.Application()
        app.cleanup_ctx.append(handler.lifecycle)
        app.router.add_post("/hooks", handler.handle)
        client = TestClient(TestServer(app))
        clients.append(client)
        await client.start_server()
        return client

    yield start
    for client in clients:
        await client.close()


async def send(client: Client, event_id: str = "evt_1", body: bytes | None = None) -> ClientResponse:
    """Send a signed event."""
    body = payload(event_id) if body is None else body
    return await client.post("/hooks", data=body, headers=sign(body, event_id))


async def error_of(response: ClientResponse) -> str:
    """Read the error word of an answer."""
    answer = await response.json()
    assert set(answer) == {"error", "message"}
    return str(answer["error"])


async def test_a_signed_event_is_answered_and_processed(inbox: Inbox, serve: Serve) -> None:
    """The answer names the event, and the service gets all of it."""
    client = await serve(WebhookHandler(SECRET, inbox.process))
    response = await send(client)
    assert (response.status, await response.json()) == (200, {"received": True, "eventId": "evt_1"})
    event = await inbox.events.get()
    assert (event.event_id, event.event_type, event.timestamp) == ("evt_1", "order.created", "2026-01-02T03:04:05Z")
    assert event.data == {"total": 1}
    assert event.webhook.webhook_id == "evt_1"


async def test_a_handler_reads_the_content_mode_that_it_was_told(inbox: Inbox, serve: Serve) -> None:
    """Not what headers say that nobody signed."""
    client = await serve(WebhookHandler(SECRET, inbox.process, content_mode=ContentMode.DATA))
    body = b'{"total":1}'
    headers = sign(body) | {"webhook-event-type": "order.created", "webhook-schema-version": "3"}
    assert (await client.post("/hooks", data=body, headers=headers)).status == 200
    event = await inbox.events.get()
    assert (event.event_type, event.schema_version, event.data) == ("order.created", 3, {"total": 1})
    assert await error_of(await client.post("/hooks", data=body, headers=sign(body))) == "invalid_payload"


async def test_the_answer_does_not_wait_for_the_processing(inbox: Inbox, serve: Serve) -> None:
    """While the service is stuck, the sender is answered."""
    client = await serve(WebhookHandler(SECRET, inbox.process))
    inbox.gate.clear()
    assert (await send(client)).status == 200
    assert (await inbox.events.get()).event_id == "evt_1"
    inbox.gate.set()


async def test_an_untrusted_request_is_logged(inbox: Inbox, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """With the peer and a fixed word; nothing that the request says of itself gets into the log."""
    signature_log._security_log.flush(everything=True)
    client = await serve(WebhookHandler(SECRET, inbox.process))
    headers = sign(payload(), secret=OTHER_SECRET) | {"X-Forwarded-For": "forged"}
    assert (await client.post("/hooks?forged", data=payload(), headers=headers)).status == 401
    lines = [record.getMessage() for record in caplog.records if "security." in record.getMessage()]
    assert lines == ["security.signature_invalid sender=127.0.0.1 reason=invalid_signature"]


@pytest.mark.parametrize(
    # Signed when the test runs: signatures made when tests are collected are stale by then.
    ("signed", "error"),
    [
        (dict, "missing_header"),
        (lambda: sign(payload(), secret=OTHER_SECRET), "invalid_signature"),
        (lambda: sign(payload(), age_s=1000), "stale_timestamp"),
        (lambda: sign(payload(), age_s=-1000), "future_timestamp"),
        (lambda: sign(payload()) | {"webhook-timestamp": "soon"}, "invalid_timestamp"),
        (lambda: sign(payload()) | {"webhook-id": "ä"}, "invalid_header"),
    ],
)
async def test_an_untrusted_request_is_401(
    inbox: Inbox, serve: Serve, signed: Callable[[], dict[str, str]], error: str
) -> None:
    """What can't be trusted is refused with its reason and never processed."""
    client = await serve(WebhookHandler(SECRET, inbox.process))
    response = await client.post("/hooks", data=payload(), headers=signed())
    assert (response.status, await error_of(response)) == (401, error)
    assert inbox.events.empty()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, payload(id=7), payload(id=""), payload(type=None),
        payload(type=["order"]), payload(data=[]), payload(data=None), payload(timestamp=5), payload(id="evt_2"),
        b'{"type":"order.created","data":{}}', b'{"id":"evt_1","data":{}}', b'{"id":"evt_1","type":"order.created"}',
    ],
)  # fmt: skip
async def test_a_body_of_another_shape_is_400(inbox: Inbox, serve: Serve, body: bytes) -> None:
    """A signed body that is no webhook, or another event's, is refused and never processed."""
    client = await serve(WebhookHandler(SECRET, inbox.process))
    response = await send(client, body=body)
    assert (response.status, await error_of(response)) == (400, "invalid_payload")
    assert inbox.events.empty()


async def test_the_timestamp_may_be_left_out(inbox: Inbox, serve: Serve) -> None:
    """A body without a timestamp has the shape."""
    client = await serve(WebhookHandler(SECRET, inbox.process))
    assert (await send(client, body=b'{"id":"evt_1","type":"order.created","data":{}}')).status == 200
    assert (await inbox.events.get()).timestamp is None


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_body_is_413(inbox: Inbox, serve: Serve, chunked: bool) -> None:  # noqa: FBT001 - parametrized
    """The limit holds with and without a declared length; just at the limit is fine."""
    limit = len(payload())
    client = await serve(WebhookHandler(SECRET, inbox.process, max_body_bytes=limit))

    async def post(body: bytes) -> ClientResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield body[:10]
            yield body[10:]

        return await client.post("/hooks", data=pieces() if chunked else body, headers=sign(body))

    assert (await post(payload())).status == 200
    response = await post(payload() + b" ")
    assert (response.status, await error_of(response)) == (413, "body_too_large")


async def test_other_methods_are_405(inbox: Inbox, serve: Serve) -> None:
    """Only POST is a webhook."""
    client = await serve(WebhookHandler(SECRET, inbox.process))
    assert (await client.get("/hooks")).status == 405


async def test_each_event_is_processed_once(inbox: Inbox, serve: Serve) -> None:
    """Repeats are answered like the first, during the processing and after it."""
    client = await serve(WebhookHandler(SECRET, inbox.process, max_concurrent=1))
    inbox.gate.clear()
    for _ in range(3):
        assert (await send(client)).status == 200
    inbox.gate.set()
    assert (await send(client)).status == 200
    assert (await send(client, "evt_2")).status == 200
    assert [(await inbox.events.get()).event_id for _ in range(2)] == ["evt_1", "evt_2"]
    assert inbox.events.empty()


async def test_a_full_queue_is_503_and_nothing_is_lost(inbox: Inbox, serve: Serve) -> None:
    """What does not fit is refused with `Retry-After`, and is taken when it comes again."""
    client = await serve(WebhookHandler(SECRET, inbox.process, max_queued=1, max_concurrent=1))
    inbox.gate.clear()
    assert (await send(client, "evt_1")).status == 200
    await inbox.events.get()
    assert (await send(client, "evt_2")).status == 200
    refused = await send(client, "evt_3")
    assert (refused.status, refused.headers["Retry-After"], await error_of(refused)) == (503, "1", "busy")
    inbox.gate.set()
    assert (await inbox.events.get()).event_id == "evt_2"
    assert (await send(client, "evt_3")).status == 200
    assert (await inbox.events.get()).event_id == "evt_3"


@pytest.mark.parametrize("failure", [ValueError("no"), asyncio.CancelledError()])
async def test_a_failed_event_is_logged_and_can_be_replayed(
    inbox: Inbox, serve: Serve, failure: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure does not stop the others, is logged by id, and a replay of the id gets through."""
    client = await serve(WebhookHandler(SECRET, inbox.process, max_concurrent=1))
    inbox.failure = failure
    await send(client, "evt_1")
    await inbox.events.get()
    inbox.failure = None
    await send(client, "evt_2")
    assert (await inbox.events.get()).event_id == "evt_2"
    assert [record.getMessage() for record in caplog.records if "evt_1" in record.getMessage()]
    await send(client, "evt_1")
    assert (await inbox.events.get()).event_id == "evt_1"


async def test_a_stop_drains_what_was_answered(inbox: Inbox, serve: Serve) -> None:
    """Answered events are processed before the application ends."""
    client = await serve(WebhookHandler(SECRET, inbox.process, max_concurrent=1))
    inbox.gate.clear()
    for number in range(5):
        await send(client, f"evt_{number}")
    asyncio.get_running_loop().call_later(0.05, inbox.gate.set)
    await client.close()
    assert inbox.events.qsize() == 5


async def test_a_stop_has_a_deadline(inbox: Inbox, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A stuck service does not hold the stop up, and every event that is dropped is named."""
    client = await serve(WebhookHandler(SECRET, inbox.process, max_concurrent=1, drain_timeout_s=0.05))
    inbox.gate.clear()
    for number in range(3):
        await send(client, f"evt_{number}")
    with caplog.at_level(logging.ERROR):
        await client.close()
    messages = " ".join(record.getMessage() for record in caplog.records)
    assert all(f"evt_{number} was answered but not processed" in messages for number in range(3))


async def test_without_its_lifecycle_nothing_is_taken(inbox: Inbox) -> None:
    """A handler whose background work does not run answers 503 and loses nothing."""
    app = web.Application()
    app.router.add_post("/hooks", WebhookHandler(SECRET, inbox.process).handle)
    async with TestClient(TestServer(app)) as client:
        response = await send(client)
        assert (response.status, await error_of(response)) == (503, "not_running")


async def test_a_bad_secret_is_noticed_at_the_start(inbox: Inbox) -> None:
    """A misconfigured receiver does not come up."""
    with pytest.raises(InvalidSecretError):
        WebhookHandler("whsec_nonsense", inbox.process)


async def test_a_broken_compressed_body_is_the_senders_fault(inbox: Inbox, serve: Serve) -> None:
    """A body that does not decompress is answered 400, not 500."""
    client = await serve(WebhookHandler(SECRET, inbox.process))
    body = orjson.dumps({"not": "gzip"})
    response = await client.post("/hooks", data=body, headers=sign(body) | {"Content-Encoding": "gzip"})
    assert response.status == 400
