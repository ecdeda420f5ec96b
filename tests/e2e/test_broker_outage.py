"""Kafka goes away and comes back in the middle of steady traffic: the processes go on by themselves."""

import asyncio

import pytest

from gateway.kafka.local_broker import LocalBroker
from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome

BATCHES, BATCH = 80, 25
EVENTS = BATCHES * BATCH
PAUSE_S = 0.1
# The group's session time-out is 15 s: over it, Kafka has given both members up when it is back.
SHORT_OUTAGE_S = 2.0
LONG_OUTAGE_S = 18.0

pytestmark = pytest.mark.timeout(300, func_only=True)


async def publish_steadily(home: GatewayHome, tenant: str) -> None:
    """Publish batch after batch; a batch that meets an outage waits for its end."""
    with EventPublisher(home.kafka, timeout_s=120) as publisher:
        for number in range(BATCHES):
            await publish_payments(publisher, tenant, BATCH, first=number * BATCH)
            await asyncio.sleep(PAUSE_S)


async def test_both_processes_outlive_outages(programs: GatewayHome, receiver: Receiver) -> None:
    """Neither process ends, and every event arrives, those published during an outage too."""
    broker = LocalBroker(programs.path)
    inbox = await receiver.subscribe("--retry-policy", ",".join(["1s"] * 12))
    receiver.sandbox.set_mode(inbox, "flaky:0.2")
    processes = [programs.start("stream"), programs.start("egress")]
    for process in processes:
        await asyncio.to_thread(process.await_ready)
    publishing = asyncio.ensure_future(publish_steadily(programs, inbox))

    for share, outage_s in ((0.1, SHORT_OUTAGE_S), (0.4, LONG_OUTAGE_S)):
        await receiver.until_accepted(int(EVENTS * share), inbox)
        await asyncio.to_thread(broker.stop)
        await asyncio.sleep(outage_s)
        await asyncio.to_thread(broker.start)

    await publishing
    await receiver.until_accepted(EVENTS, inbox)
    assert set(receiver.ids(inbox)) == {event_id(inbox, number) for number in range(EVENTS)}
    assert all(process.running for process in processes)
    assert [await asyncio.to_thread(process.stop) for process in processes] == [0, 0]
