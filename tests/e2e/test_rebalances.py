"""Egress workers that come and go all the time: partitions move, nothing is lost, and a clean leave repeats nothing."""

import asyncio
import time

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, Program

STORM_S, WORKERS = 30.0, 4  # at least
BEAT_S = 2.0
BATCH = 25
PAUSE_S = 0.25

pytestmark = pytest.mark.timeout(240, func_only=True)


async def join_and_leave(home: GatewayHome) -> list[Program]:
    """Every two seconds a worker comes and another one goes; gives all of them, the last of which still runs."""
    workers = [home.start("egress")]
    await asyncio.to_thread(workers[0].await_ready)
    over_at = time.monotonic() + STORM_S
    while time.monotonic() < over_at or len(workers) < WORKERS:
        beat = asyncio.ensure_future(asyncio.sleep(BEAT_S))
        workers.append(home.start("egress"))
        await asyncio.to_thread(workers[-1].await_ready)
        await beat
        assert await asyncio.to_thread(workers[-2].stop) == 0, workers[-2].log
    return workers


async def test_a_storm_of_rebalances(programs: GatewayHome, receiver: Receiver, publisher: EventPublisher) -> None:
    """Half a minute of workers joining and leaving under steady traffic to four endpoints, one of them flaky."""
    first = await receiver.subscribe()
    inboxes = [first, *[await receiver.subscribe(tenant=first) for _ in range(2)]]
    flaky = await receiver.subscribe("--retry-policy", ",".join(["1s"] * 12), tenant=first)
    for inbox in inboxes:
        receiver.sandbox.set_mode(inbox, "slow:0.02s")
    receiver.sandbox.set_mode(flaky, "flaky:0.1")
    stream = programs.start("stream")
    await asyncio.to_thread(stream.await_ready)

    storm = asyncio.ensure_future(join_and_leave(programs))
    published = 0
    while not storm.done():
        await publish_payments(publisher, first, BATCH, first=published)
        published += BATCH
        await asyncio.sleep(PAUSE_S)
    workers = await storm

    await receiver.until_accepted(published * 4, *inboxes, flaky)
    # Each of them had work: it was given partitions.
    assert all('"event": "egress.assigned"' in worker.whole_log for worker in workers)
    for inbox in (*inboxes, flaky):
        assert set(receiver.ids(inbox)) == {event_id(first, number) for number in range(published)}
    assert [receiver.sandbox.stats(inbox).repeats for inbox in inboxes] == [0, 0, 0]
    flaky_stats = receiver.sandbox.stats(flaky)
    assert flaky_stats.accepted == flaky_stats.accepted_ids
