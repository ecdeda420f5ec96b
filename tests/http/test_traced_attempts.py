"""What egress tells of an attempt in a trace, and what the receiver is told, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.domain.addresses import DEVELOPMENT, PUBLIC_ONLY
from gateway.domain.secret import HmacSecret
from gateway.domain.subscription import Subscription
from gateway.egress.attempt import SigningAttempter
from gateway.egress.traced_attempts import TracedAttempter
from gateway.http.client import WebhookClient
from gateway.wire.sealing import generate_key_line, parse_key_ring
from tests.delivery_records import planned
from tests.egress_in_memory import until
from tests.http.raw_endpoint import OK, hang, raw_endpoint, saying
from tests.recorded_spans import TRACEPARENT, UNSAMPLED, RecordedSpans

RING = parse_key_ring(generate_key_line())
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 7\r\n\r\ncanary!"
DELIVERY = replace(planned("evt_1", "sub_1", tenant="acme"), traceparent=TRACEPARENT)


@pytest.fixture
def spans() -> RecordedSpans:
    """Give what keeps spans."""
    return RecordedSpans()


@pytest.fixture
async def attempter(spans: RecordedSpans) -> AsyncIterator[TracedAttempter]:
    """Give what makes real attempts."""
    client = WebhookClient(DEVELOPMENT)
    yield TracedAttempter(SigningAttempter(client, RING), spans)
    await client.close()


def subscription(url: str) -> Subscription:
    sealed = RING.seal(HmacSecret(b"s" * 32), tenant="acme", subscription_id="sub_1", now_ms=0)
    return Subscription("sub_1", "acme", url, ("*",), (sealed,), created_at_ms=0, updated_at_ms=0)


async def test_the_receiver_is_told_of_the_attempt_and_the_attempt_of_the_plan(
    attempter: TracedAttempter, spans: RecordedSpans
) -> None:
    """A retry is the first attempt's sibling: both are children of what planned them."""
    async with raw_endpoint(saying(BUSY)) as endpoint:
        to = subscription(endpoint.url)
        first = await attempter.attempt(DELIVERY, to)
        await attempter.attempt(DELIVERY.retried(first.summary, due_at_ms=0), to)
    assert [span.parent for span in spans.ended] == [TRACEPARENT, TRACEPARENT]
    assert [request.all("traceparent") for request in endpoint.requests] == [[span.context] for span in spans.ended]
    assert [span.attributes["webhook_gateway.attempt_number"] for span in spans.ended] == [1, 2]
    assert spans.ended[1].attributes["http.request.resend_count"] == 1


async def test_what_a_span_tells_of_an_attempt(attempter: TracedAttempter, spans: RecordedSpans) -> None:
    """By OpenTelemetry's conventions for HTTP clients; nothing of path, query, bodies and headers."""
    async with raw_endpoint(saying(BUSY)) as endpoint:
        await attempter.attempt(DELIVERY, subscription(f"http://127.0.0.1:{endpoint.port}/canary?key=canary"))
    (span,) = spans.ended
    assert (span.name, span.kind, span.failed) == ("gateway.attempt", "client", True)
    assert span.attributes == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": endpoint.port,
        "http.response.status_code": 503,
        "error.type": "503",
        "cloudevents.event_id": "evt_1",
        "cloudevents.event_type": "order.created",
        "webhook_gateway.delivery_id": DELIVERY.delivery_id,
        "webhook_gateway.subscription_id": "sub_1",
        "webhook_gateway.tenant": "acme",
        "webhook_gateway.attempt_number": 1,
        "webhook_gateway.trigger": "event",
        "webhook_gateway.outcome": "retryable",
        "webhook_gateway.reason": "http_status",
    }
    assert "canary" not in span.text
    assert endpoint.requests[0].all("webhook-signature")[0] not in span.text


@pytest.mark.parametrize("given", [None, "junk"])
async def test_a_delivered_attempt_is_no_error(
    attempter: TracedAttempter, spans: RecordedSpans, given: str | None
) -> None:
    """A delivery of a producer who does not trace begins a trace of its own; so does one with a broken record."""
    async with raw_endpoint(saying(OK)) as endpoint:
        await attempter.attempt(replace(DELIVERY, traceparent=given), subscription(endpoint.url))
    (span,) = spans.ended
    assert (span.parent, span.failed, span.attributes["webhook_gateway.outcome"]) == (None, False, "delivered")
    assert "error.type" not in span.attributes
    assert endpoint.requests[0].all("traceparent") == [span.context]


async def test_a_request_that_is_not_sent_has_its_reason(spans: RecordedSpans) -> None:
    """Without a status, and with the error's code."""
    client = WebhookClient(PUBLIC_ONLY)
    attempter = TracedAttempter(SigningAttempter(client, RING), spans)
    await attempter.attempt(DELIVERY, subscription("https://localhost/hooks"))
    await client.close()
    (span,) = spans.ended
    assert (span.failed, span.attributes["error.type"]) == (True, "address_refused")
    assert (span.attributes["server.address"], span.attributes["server.port"]) == ("localhost", 443)
    assert "http.response.status_code" not in span.attributes


async def test_what_is_not_sampled_is_handed_on_and_not_recorded(
    attempter: TracedAttempter, spans: RecordedSpans
) -> None:
    """The receiver learns that nobody records it."""
    async with raw_endpoint(saying(OK)) as endpoint:
        await attempter.attempt(replace(DELIVERY, traceparent=UNSAMPLED), subscription(endpoint.url))
    assert spans.ended == []
    (told,) = endpoint.requests[0].all("traceparent")
    assert (told[:35], told[-2:]) == (UNSAMPLED[:35], "00")
    assert told != UNSAMPLED


async def test_an_attempt_that_is_broken_off_shows(attempter: TracedAttempter, spans: RecordedSpans) -> None:
    """Its partition went to another process, where the delivery is attempted again."""
    async with raw_endpoint(hang) as endpoint:
        attempt = asyncio.create_task(attempter.attempt(DELIVERY, subscription(endpoint.url)))
        await until(lambda: bool(endpoint.requests))
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
    (span,) = spans.ended
    assert (span.failed, span.attributes["error.type"]) == (True, "broken_off")
