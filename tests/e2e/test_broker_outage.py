"""Kafka goes away, or dies, and comes back in the middle of steady traffic: the processes go on by themselves."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.kafka.local.ports import is_free
from gateway.kafka.local_broker import LocalBroker
from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, home_with_broker, until

BATCHES, BATCH = 80, 25
EVENTS = BATCHES * BATCH
PAUSE_S = 0.1
# The group's session time-out is 15 s: over it, Kafka has given both members up when it is back.
LONG_OUTAGE_S = 18.0
GONE_S = 30.0

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture(scope="module")
def home(new_broker_home: Callable[[], Path]) -> Iterator[GatewayHome]:
    """A broker of its own: one that does not come back must not take the other tests with it."""
    with home_with_broker(new_broker_home()) as made:
        yield made


async def publish_steadily(home: GatewayHome, tenant: str) -> None:
    """Publish batch after batch; a batch that meets an outage waits for its end."""
    with EventPublisher(home.kafka, timeout_s=120) as publisher:
        for number in range(BATCHES):
            await publish_payments(publisher, tenant, BATCH, first=number * BATCH)
            await asyncio.sleep(PAUSE_S)


async def kill(broker: LocalBroker) -> None:
    """End the broker as a crash would: nothing is closed, and the members of its groups are not told."""
    status = broker.status()
    assert status.pid is not None
    assert status.bootstrap_servers is not None
    os.kill(status.pid, signal.SIGKILL)
    # Its port is free a moment after it is gone; until then the next one would take another.
    port = int(status.bootstrap_servers.rpartition(":")[2])
    await until(lambda: not broker.status().running and is_free(port), GONE_S, broker.status)


async def test_both_processes_outlive_outages(programs: GatewayHome, receiver: Receiver) -> None:
    """A crash and a long stop: neither process ends, and every event arrives, those published meanwhile too."""
    broker = LocalBroker(programs.path)
    inbox = await receiver.subscribe("--retry-policy", ",".join(["1s"] * 12))
    receiver.sandbox.set_mode(inbox, "flaky:0.2")
    processes = [programs.start("stream"), programs.start("egress")]
    for process in processes:
        await asyncio.to_thread(process.await_ready)
    publishing = asyncio.ensure_future(publish_steadily(programs, inbox))

    await receiver.until_accepted(int(EVENTS * 0.1), inbox)
    await kill(broker)
    await asyncio.to_thread(broker.start)
    await receiver.until_accepted(int(EVENTS * 0.4), inbox)
    await asyncio.to_thread(broker.stop)
    await asyncio.sleep(LONG_OUTAGE_S)
    await asyncio.to_thread(broker.start)

    await publishing
    await receiver.until_accepted(EVENTS, inbox)
    assert set(receiver.ids(inbox)) == {event_id(inbox, number) for number in range(EVENTS)}
    assert all(process.running for process in processes)
    assert [await asyncio.to_thread(process.stop) for process in processes] == [0, 0]
