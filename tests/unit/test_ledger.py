"""The ledger settles when Kafka has acknowledged, bounds memory, and knows when work is over."""

import asyncio

from gateway.domain.catch_up import PartitionReading
from gateway.domain.topics import DELIVERIES
from gateway.egress.ledger import Ledger
from gateway.kafka.producer import OutRecord
from tests.egress_in_memory import PARTITION, MemoryProducer, queued, settle_down

RECORD = OutRecord("attempts", b"k", b"v")
OTHER = (DELIVERIES, 1)


def ledger_with(producer: MemoryProducer, budget_bytes: int = 1000) -> tuple[Ledger, list[bool]]:
    """Give a ledger and the pressure it reported."""
    pressure: list[bool] = []
    return Ledger(producer, pressure.append, budget_bytes), pressure


async def test_an_offset_is_settled_when_its_records_are_acknowledged() -> None:
    """Producing alone settles nothing: that is the at-least-once promise."""
    producer = MemoryProducer(acknowledges=False)
    ledger, _ = ledger_with(producer)
    reading = PartitionReading(0)
    origins = [queued(reading, offset).origin for offset in (0, 1)]
    for origin in origins:
        ledger.take(origin)
        ledger.begin(origin)
        ledger.settle(origin, [RECORD])
    assert producer.produced == [[RECORD], [RECORD]]
    positions = [reading.main.position]
    for _ in origins:
        producer.acknowledge(1)
        positions.append(reading.main.position)
    assert positions == [None, 1, 2]


async def test_what_was_given_up_is_not_settled() -> None:
    """Its next owner begins with it."""
    ledger, _ = ledger_with(MemoryProducer())
    reading = PartitionReading(0)
    origin = queued(reading, 0).origin
    ledger.take(origin)
    ledger.begin(origin)
    ledger.abandon(origin)
    await asyncio.wait_for(ledger.all_over([PARTITION]), 1)
    assert reading.main.position is None


async def test_pressure_begins_at_the_budget_and_ends_at_half_of_it() -> None:
    """The main reader is not switched at every delivery."""
    ledger, pressure = ledger_with(MemoryProducer(), budget_bytes=1000)
    reading = PartitionReading(0)
    origins = [queued(reading, offset).origin for offset in range(12)]
    for origin in origins:
        ledger.take(origin)
        assert ledger.exhausted == (origin.offset >= 9)
    assert pressure == [True]
    for origin in origins:
        ledger.release(origin)
        assert ledger.exhausted == (origin.offset < 6)
    assert pressure == [True, False]


async def test_waiting_until_all_is_over_is_per_partition() -> None:
    """A revocation waits for its own partitions' work, acknowledged or given up, and for no other's."""
    producer = MemoryProducer(acknowledges=False)
    ledger, _ = ledger_with(producer)
    here, there = PartitionReading(0), PartitionReading(0)
    mine = [queued(here, offset).origin for offset in (0, 1)]
    other = queued(there, 0, partition=OTHER).origin
    for origin in (*mine, other):
        ledger.take(origin)
        ledger.begin(origin)
    waiting = asyncio.ensure_future(ledger.all_over([PARTITION]))
    ledger.settle(mine[0], [RECORD])
    producer.acknowledge(1)
    await settle_down()
    assert not waiting.done()
    ledger.abandon(mine[1])
    await asyncio.wait_for(waiting, 20)
