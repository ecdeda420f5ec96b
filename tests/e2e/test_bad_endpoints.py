"""Endpoints that hang, trickle, never end or refuse, beside healthy ones: those notice nothing of it.

Each bad one's deliveries end as they should: in the dead-letter topic, by their policy or behind the open circuit.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from statistics import quantiles

import pytest

from gateway.domain.delivery import Delivery
from gateway.kafka.publisher import EventPublisher
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import until
from tests.e2e.topic_contents import dead_letters
from tests.http.raw_endpoint import Answer as RawAnswer
from tests.http.raw_endpoint import RawEndpoint, Request, hang, raw_endpoint

BATCHES, BATCH, PAUSE_S = 40, 5, 0.1
EVENTS = BATCHES * BATCH
# Behind an open circuit a delivery ends after a minute at the earliest.
ENDED_S = 150.0
IMPATIENT = ("--retry-policy", "1s", "--timeout-s", "3")

pytestmark = [pytest.mark.usefixtures("running"), pytest.mark.timeout(300, func_only=True)]


async def trickle(_: Request, writer: asyncio.StreamWriter) -> None:
    """Send an answer's head byte by byte, and never the end of it."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def flood(_: Request, writer: asyncio.StreamWriter) -> None:
    """Answer 200, with a body that has no end."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        await writer.drain()


class BadEndpoints:
    """Listen, each with an answer of its own kind."""

    def __init__(self) -> None:
        self._open = AsyncExitStack()

    async def listen(self, answer: RawAnswer) -> RawEndpoint:
        """Start one."""
        return await self._open.enter_async_context(raw_endpoint(answer))

    async def close(self) -> None:
        """End all."""
        await self._open.aclose()


@pytest.fixture
async def bad() -> AsyncIterator[BadEndpoints]:
    """Start bad endpoints."""
    endpoints = BadEndpoints()
    yield endpoints
    await endpoints.close()


async def publish_steadily(publisher: EventPublisher, tenant: str, first: int) -> dict[str, int]:
    """Publish batch after batch; gives the ids with the time before their batch, milliseconds since the epoch."""
    published_at_ms: dict[str, int] = {}
    for number in range(first, first + EVENTS, BATCH):
        at_ms = time.time_ns() // 1_000_000
        for published in await publish_payments(publisher, tenant, BATCH, first=number):
            published_at_ms[published] = at_ms
        await asyncio.sleep(PAUSE_S)
    return published_at_ms


def slowest_tenth_ms(receiver: Receiver, inboxes: list[str], published_at_ms: dict[str, int]) -> float:
    """Give the time that nine tenths of the deliveries did not exceed."""
    latencies = [
        request.received_at_ms - published_at_ms[str(request.webhook_id)]
        for inbox in inboxes
        for request in receiver.requests(inbox)
        if request.webhook_id in published_at_ms
    ]
    return quantiles(latencies, n=10)[-1]


async def letters_of(receiver: Receiver, inbox: str) -> list[Delivery]:
    """Give a subscription's dead letters, once there is one for each event."""
    kafka = receiver.home.kafka
    found: list[Delivery] = []
    give_up_at = time.monotonic() + ENDED_S
    while len(found) < EVENTS:
        assert time.monotonic() < give_up_at, f"{inbox} has {len(found)} dead letters"
        await asyncio.sleep(1)
        found = await asyncio.to_thread(dead_letters, kafka, inbox)
    return found


async def test_healthy_endpoints_notice_nothing_of_bad_ones(
    receiver: Receiver, publisher: EventPublisher, script: Script, bad: BadEndpoints
) -> None:
    """The same healthy endpoints first without the bad ones, then with them in the same partition."""
    tenant = await receiver.subscribe()
    healthy = [tenant, *[await receiver.subscribe(tenant=tenant, beside=tenant) for _ in range(2)]]
    alone = await publish_steadily(publisher, tenant, 0)
    await receiver.until_accepted(3 * EVENTS, *healthy)

    closed, refusing_url = await script(Answer(200))
    await closed.stop()
    hanging, trickling, flooding = [await bad.listen(answer) for answer in (hang, trickle, flood)]
    failing = [
        await receiver.subscribe(*IMPATIENT, url=url, tenant=tenant, beside=tenant)
        for url in (hanging.url, trickling.url, refusing_url)
    ]
    await receiver.subscribe(*IMPATIENT, url=flooding.url, tenant=tenant, beside=tenant)
    beside_bad = await publish_steadily(publisher, tenant, EVENTS)
    await receiver.until_accepted(3 * 2 * EVENTS, *healthy)

    for inbox in healthy:
        assert Counter(receiver.ids(inbox)) == Counter(event_id(tenant, number) for number in range(2 * EVENTS))
    before_ms, after_ms = (slowest_tenth_ms(receiver, healthy, times) for times in (alone, beside_bad))
    print(f"nine tenths within {before_ms:.0f} ms alone, {after_ms:.0f} ms beside bad ones")  # noqa: T201 - for -s
    # Waiting for even one of the bad ones' time-outs would be three seconds; the machine may have become busier.
    assert after_ms < 3 * before_ms + 1500

    for letters in [await letters_of(receiver, inbox) for inbox in failing]:
        assert Counter(letter.event_id for letter in letters) == Counter(beside_bad.keys())
        assert {letter.reason for letter in letters} <= {"attempts_exhausted", "circuit_open"}
        assert all(len(letter.attempts) == 2 for letter in letters if letter.reason == "attempts_exhausted")
    # An answer of 200 counts, whatever its body is: nothing comes twice.
    await until(lambda: len(flooding.requests) >= EVENTS, ENDED_S, lambda: len(flooding.requests))
    flooded = Counter(request.all("webhook-id")[0] for request in flooding.requests)
    assert flooded == Counter(beside_bad.keys())
