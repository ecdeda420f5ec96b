"""The sending half of egress over a log in memory: everything but Kafka and HTTP, as one process has it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import pytest

from gateway.domain.catch_up import PartitionReading
from gateway.domain.cursor import DurableCursor, Strand
from gateway.domain.delivery import Delivery
from gateway.domain.subscription import Subscription
from gateway.domain.tiers import DEFAULT_TIERS
from gateway.domain.topics import ATTEMPTS, CURSORS, DEAD_LETTERS
from gateway.egress.catch_up import CatchUp
from gateway.egress.duplicates import DuplicateGuard
from gateway.egress.intake import Intake
from gateway.egress.lane_pool import LanePool
from gateway.egress.ledger import Ledger
from gateway.egress.traced_attempts import TracedAttempter
from gateway.kafka.cursor_log import cursor_of
from gateway.kafka.delivery_consumer import AssignedPartition
from gateway.kafka.partitioning import Partition
from gateway.kafka.pending_commits import Commit
from gateway.telemetry.clock import now_ms
from gateway.telemetry.spans import Spans
from gateway.wire.records import attempt_codec, cursor_codec, delivery_codec
from tests.delivery_records import planned
from tests.egress_in_memory import (
    PARTITION,
    MemoryEndpoints,
    MemoryEvents,
    MemoryLog,
    MemoryProducer,
    MemoryTable,
    settle_down,
)

MAX_AGE_MS = 6 * 86_400_000
WINDOW_MS = 600_000


@dataclass
class World:
    """What one process has, and what it leaves in Kafka.

    Attributes:
        given_up: how many attempts had been told of the endpoints, each time that partitions were given up.
    """

    log: MemoryLog
    table: MemoryTable
    endpoints: MemoryEndpoints
    events: MemoryEvents
    producer: MemoryProducer
    ledger: Ledger
    pool: LanePool
    readings: dict[Partition, PartitionReading]
    intake: Intake
    catch_up: CatchUp
    duplicates: DuplicateGuard
    given_up: list[int]
    committed: dict[Partition, Commit] = field(default_factory=dict)
    sent_before: Counter[str] = field(default_factory=Counter)

    def publish(self, subscription_id: str, count: int, partition: Partition = PARTITION) -> None:
        """Write deliveries, and have the main reader read them; each event's id tells its offset."""
        for _ in range(count):
            offset = len(self.log.partitions.get(partition, []))
            self.bring(planned(f"{subscription_id}:{offset}", subscription_id, at_ms=now_ms()), partition)

    def bring(self, delivery: Delivery, partition: Partition = PARTITION) -> None:
        """Write one delivery, and have the main reader read it."""
        self.intake.records([self.log.append_delivery(delivery, partition)])

    def assign(
        self,
        commit: Commit = (0, ""),
        cursors: Mapping[Strand, DurableCursor] | None = None,
        partition: Partition = PARTITION,
    ) -> None:
        """Own a partition, with what its last owner left in Kafka."""
        self.intake.assigned([AssignedPartition(partition, commit[0], cursors or {}, commit[1])])

    def change(self, changed: Subscription) -> None:
        """Write a subscription."""
        self.table.index.put(changed)
        self.pool.subscription_changed(changed.subscription_id)

    def delete(self, subscription_id: str) -> None:
        """Delete a subscription."""
        self.table.index.remove(subscription_id)
        self.pool.subscription_changed(subscription_id)

    def commit(self) -> None:
        """Write the cursors that moved, and commit what may be."""
        due = self.intake.due_commits()
        self.committed.update(due)
        self.intake.committed(due)

    async def commit_all(self) -> None:
        """Have everything written that can be: cursors, what they let pass, and tombstones."""
        for _ in range(3):
            await settle_down()
            self.commit()

    async def restart(self, *, clean: bool = False, partition: Partition = PARTITION) -> None:
        """Give a partition up, or lose it, and own it anew with what Kafka has; then read on."""
        if clean:
            self.committed.update(await self.intake.revoked([partition]))
        else:
            self.intake.lost([partition])
            await settle_down()
        self.own_again(partition)

    async def kill(self, chance: Random, *partitions: Partition) -> None:
        """Lose all partitions, and some of what Kafka has not acknowledged; then own them anew."""
        self.intake.lost(partitions)
        self.producer.lose(chance)
        await settle_down()
        for partition in partitions:
            self.own_again(partition)

    def own_again(self, partition: Partition) -> None:
        """Own a partition with what Kafka has of it, and read on."""
        commit = self.committed.get(partition, (0, ""))
        self.assign(commit, self.cursors(partition), partition)
        self.intake.records(self.log.partitions.get(partition, [])[commit[0] :])

    def cursors(self, partition: Partition = PARTITION) -> dict[Strand, DurableCursor]:
        """Give the cursors of a partition as they lie in the compacted topic."""
        newest = {record.key: record.value for record in self.producer.to(CURSORS)}
        decoded = [cursor_codec().decode(value) for value in newest.values() if value is not None]
        return dict(cursor_of(each) for each in decoded if (each.topic, each.partition) == partition)

    def sent_to(self, subscription_id: str) -> list[int]:
        """Give the offsets of what was sent to an endpoint, as `publish` wrote them."""
        sent = (event_id.partition(":") for event_id in self.endpoints.begun)
        return [int(offset) for name, _, offset in sent if name == subscription_id]

    def tries_of(self, event_id: str) -> list[int]:
        """Give the attempt numbers of an event's delivery."""
        made = zip(self.endpoints.begun, self.endpoints.numbers, strict=True)
        return [number for each, number in made if each == event_id]

    def letters(self) -> list[tuple[str, str | None]]:
        """Give the event ids of the dead letters, each with its reason."""
        decoded = [delivery_codec().decode(record.value) for record in self.producer.to(DEAD_LETTERS)]
        return [(letter.event_id, letter.reason) for letter in decoded]

    def outcomes(self) -> Counter[str]:
        """Count the attempt records by what they say."""
        return Counter(attempt_codec().decode(record.value).outcome for record in self.producer.to(ATTEMPTS))


@asynccontextmanager
async def running(
    *subscriptions: Subscription,
    chunk: int = 1000,
    budget_bytes: int = 10**9,
    max_age_ms: int = MAX_AGE_MS,
    spans: Spans | None = None,
) -> AsyncIterator[World]:
    """Run everything but Kafka and HTTP; one partition is assigned."""
    log, table, endpoints, producer = MemoryLog(chunk), MemoryTable(*subscriptions), MemoryEndpoints(), MemoryProducer()
    events = MemoryEvents()
    readings: dict[Partition, PartitionReading] = {}
    given_up: list[int] = []

    def relieved(exhausted: bool) -> None:  # noqa: FBT001 - the one argument there is
        if not exhausted:
            catch_up.wake_all()

    def backlog() -> CatchUp:
        return catch_up

    ledger = Ledger(producer, relieved, budget_bytes)
    attempter = endpoints if spans is None else TracedAttempter(endpoints, spans)
    pool = LanePool(table, attempter, ledger, DEFAULT_TIERS, events, backlog, max_age_ms)
    duplicates = DuplicateGuard(WINDOW_MS)
    intake = Intake(
        readings,
        pool,
        ledger,
        producer,
        drain_s=0.01,
        confirm_s=1.0,
        backlog=backlog,
        duplicates=duplicates,
        on_given_up=lambda: given_up.append(len(events.attempts)),
    )
    catch_up = CatchUp(readings, log, pool, ledger, intake)
    world = World(
        log, table, endpoints, events, producer, ledger, pool, readings, intake, catch_up, duplicates, given_up
    )
    passes = asyncio.ensure_future(catch_up.run())
    world.assign()
    yield world
    passes.cancel()
    with pytest.raises(asyncio.CancelledError):
        await passes
    assert not pool.failure.done()
