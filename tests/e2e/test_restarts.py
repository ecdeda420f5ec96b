"""Processes that stop when asked to and come back: nothing is lost, and nothing settled is repeated."""

import asyncio
import time

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, Program, until

SETTLED_S = 60.0
EVENTS = 4_000

pytestmark = pytest.mark.timeout(240, func_only=True)


async def started(home: GatewayHome, *names: str) -> list[Program]:
    """Start processes, and wait until they are ready."""
    programs = [home.start(name) for name in names]
    for program in programs:
        await asyncio.to_thread(program.await_ready)
    return programs


async def test_an_endpoint_that_hangs_does_not_hold_up_a_stop(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher, script: Script
) -> None:
    """At the deadline the request is broken off; the stop is still a good one, and the successor delivers."""
    endpoint, url = await script(Answer(200, delay_s=60.0), Answer(200))
    inbox = await receiver.subscribe("--timeout-s", "60", url=url)
    await started(programs, "stream")
    hanging = programs.start("egress", GATEWAY_SHUTDOWN_DEADLINE_S="5")
    await asyncio.to_thread(hanging.await_ready)
    (published,) = await publish_payments(publisher, inbox, 1)
    await until(lambda: len(endpoint.arrivals) == 1, SETTLED_S, lambda: endpoint.arrivals)

    stopping_at_s = time.monotonic()
    assert await asyncio.to_thread(hanging.stop) == 0
    # Well before its endpoint would answer.
    assert time.monotonic() - stopping_at_s < 25

    await started(programs, "egress")
    await until(lambda: len(endpoint.arrivals) == 2, SETTLED_S, lambda: endpoint.arrivals)
    assert [arrival.webhook_id for arrival in endpoint.arrivals] == [published, published]


async def test_a_paused_backlog_outlives_its_worker(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """Thousands of deliveries wait in the log while egress stops, comes back, is killed; a resume brings them all."""
    paused = await receiver.subscribe()
    witness = await receiver.subscribe(tenant=paused)
    await receiver.gateway("subscriptions", "pause", paused)
    _, egress = await started(programs, "stream", "egress")
    await publish_payments(publisher, paused, EVENTS)
    await receiver.until_accepted(EVENTS, witness)
    assert await asyncio.to_thread(egress.stop) == 0

    (egress,) = await started(programs, "egress")
    await publish_payments(publisher, paused, 200, first=EVENTS)
    await receiver.until_accepted(EVENTS + 200, witness)
    egress.kill()
    await started(programs, "egress")
    assert receiver.requests(paused) == []

    await receiver.gateway("subscriptions", "resume", paused)
    await receiver.until_accepted(EVENTS + 200, paused)
    assert set(receiver.ids(paused)) == {event_id(paused, number) for number in range(EVENTS + 200)}
    assert receiver.sandbox.stats(paused).repeats == 0
