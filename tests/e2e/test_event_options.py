"""What a producer may ask for with an event, through the installed program: later, urgent, and twice is once."""

import asyncio
import time
from dataclasses import replace

import pytest

from gateway.domain.delivery import Priority
from gateway.kafka.publisher import EventPublisher
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import event_id, payments, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, until

SETTLED_S = 60.0
# Longer than a busy machine takes to look once or twice.
LATER_S = 20

pytestmark = pytest.mark.timeout(240, func_only=True)


async def started(home: GatewayHome, *names: str) -> None:
    """Start processes, and wait until they are ready."""
    for program in [home.start(name) for name in names]:
        await asyncio.to_thread(program.await_ready)


async def told_of(home: GatewayHome, inbox: str) -> dict[str, object]:
    """Wait until a subscription has its one delivery, and give what is told of it."""
    deadline = time.monotonic() + SETTLED_S
    while True:
        rows = await asyncio.to_thread(home.read, "deliveries", "list", "--subscription", inbox)
        if rows:
            return rows[0]
        assert time.monotonic() < deadline


async def test_an_event_to_be_delivered_later_waits(programs: GatewayHome, receiver: Receiver) -> None:
    """It is planned at once, told of as waiting, sent in its time and not before, as the first attempt."""
    await started(programs, "stream", "egress")
    inbox = await receiver.subscribe()
    await receiver.gateway(
        *("publish", "order.paid", "--mock", "1", "--tenant", inbox, "--id", inbox, "--deliver-after", f"{LATER_S}s")
    )
    published_ms = time.time_ns() // 1_000_000

    waiting = await told_of(programs, inbox)
    assert (waiting["state"], receiver.requests(inbox)) == ("pending", [])
    due_at_ms = waiting["due_at_ms"]
    assert isinstance(due_at_ms, int)
    # The record's timestamp, from which the delay counts, is a little older than the end of the command.
    assert published_ms + (LATER_S - 15) * 1000 < due_at_ms <= published_ms + LATER_S * 1000

    await receiver.until_accepted(1, inbox)
    (request,) = receiver.requests(inbox)
    assert due_at_ms <= request.received_at_ms
    (done,) = await asyncio.to_thread(programs.read, "deliveries", "get", inbox)
    assert (done["state"], [attempt["attempt_number"] for attempt in done["attempts"]]) == ("delivered", [1])


async def test_an_urgent_event_overtakes_those_that_wait(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher, script: Script
) -> None:
    """A slow endpoint has a backlog; the urgent event is sent before most of what was published before it."""
    await started(programs, "stream", "egress")
    endpoint, url = await script(Answer(200, delay_s=0.1))
    inbox = await receiver.subscribe("--max-in-flight", "1", url=url)
    await publish_payments(publisher, inbox, 100)
    await until(lambda: len(endpoint.arrivals) >= 1, SETTLED_S, lambda: endpoint.arrivals)
    (urgent,) = payments(1, inbox, first=100)
    await asyncio.to_thread(publisher.publish_batch, [replace(urgent, priority=Priority.HIGH)])

    await until(lambda: len(endpoint.arrivals) == 101, SETTLED_S, lambda: len(endpoint.arrivals))
    order = [arrival.webhook_id for arrival in endpoint.arrivals]
    assert len(set(order)) == 101
    assert order.index(event_id(inbox, 100)) < 80


async def test_an_event_published_twice_is_delivered_once_also_after_a_restart(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """The next owner of the partition learns from the log what was delivered before."""
    stream, egress = programs.start("stream"), programs.start("egress")
    for program in (stream, egress):
        await asyncio.to_thread(program.await_ready)
    inbox = await receiver.subscribe()
    for _ in range(3):
        await publish_payments(publisher, inbox, 20)
    await publish_payments(publisher, inbox, 1, first=20)
    await receiver.until_accepted(21, inbox)
    assert await asyncio.to_thread(egress.stop) == 0

    await started(programs, "egress")
    await publish_payments(publisher, inbox, 20)
    await publish_payments(publisher, inbox, 1, first=21)
    await receiver.until_accepted(22, inbox)
    assert receiver.sandbox.stats(inbox).repeats == 0
    assert sorted(str(received) for received in receiver.ids(inbox)) == [event_id(inbox, n) for n in range(22)]


async def test_what_can_not_be_waited_for_is_refused(programs: GatewayHome) -> None:
    """Before anything is published."""
    with pytest.raises(AssertionError, match="at most 5 days later"):
        await asyncio.to_thread(programs.run, "publish", "order.paid", "--mock", "1", "--deliver-after", "6d")
