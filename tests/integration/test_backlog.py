"""What waits for a subscription, counted on a real broker: commits, cursors, retries, bounds, and how it is shown."""

import sys
import time
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, TopicPartition

from gateway.admin.backlog import BacklogCounter
from gateway.cli.subscriptions import command
from gateway.domain.backlog import Backlog
from gateway.domain.changes import Put
from gateway.domain.cursor import DurableCursor, KeyStrand, Retrying
from gateway.domain.delivery import Delivery
from gateway.domain.offsets import describe_settled
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import SubscriptionState
from gateway.domain.topics import DELIVERIES, RETRY_PREFIX, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.cursor_log import cursor_record
from gateway.kafka.group_offsets import EGRESS_GROUP_ID, committed_offsets
from gateway.kafka.offset_lookup import OffsetLookup
from gateway.kafka.partitioning import partition_of
from gateway.kafka.scan import ScanBounds, TopicScan
from gateway.kafka.signal_log import signal_record
from gateway.kafka.subscription_store import SubscriptionStore
from tests.delivery_records import planned
from tests.integration.records_on_kafka import write_records
from tests.subscriptions import subscription

NOW_MS = time.time_ns() // 1_000_000
RETRIES = f"{RETRY_PREFIX}2h"


class World:
    """One subscription's partition, with a group that has settled everything that was there before."""

    def __init__(self, kafka: KafkaConfig, layout: TopicLayout) -> None:
        self.kafka, self.layout = kafka, layout
        self.name = f"sub_{uuid4().hex[:12]}"
        self.partition = partition_of(self.name.encode(), layout.delivery_partitions)
        self.first = self.ends()
        self.commit(self.first)

    def ends(self) -> dict[str, int]:
        """Give where the topics end now, in the subscription's partition."""
        partitions = [(topic, self.partition) for topic in self.layout.delivery_topics()]
        ranges = OffsetLookup(self.kafka).newest_span(partitions, 0, sys.maxsize).ranges
        return {topic: offsets.stop for (topic, _), offsets in ranges.items()}

    def commit(self, offsets: dict[str, int], settled: str = "") -> None:
        """Commit as egress would."""
        consumer = Consumer(self.kafka.consumer(EGRESS_GROUP_ID))
        try:
            at = [TopicPartition(topic, self.partition, offset, settled) for topic, offset in offsets.items()]
            consumer.commit(offsets=at, asynchronous=False)
        finally:
            consumer.close()

    def plan(self, count: int, *, key: bytes = b"order-1") -> list[Delivery]:
        """Write deliveries, a second apart and the newest now, each followed by one of somebody else."""
        mine = [
            replace(planned(f"evt-{number}", self.name, at_ms=NOW_MS - 1000 * (count - 1 - number)), event_key=key)
            for number in range(count)
        ]
        other = planned("evt-other", f"{self.name}-not")
        for delivery in mine:
            write_records(self.kafka, (DELIVERIES, delivery), (DELIVERIES, other))
        return mine

    def write_cursor(self, cursor: DurableCursor, event_key: bytes | None = None) -> None:
        """Write a cursor of the subscription's deliveries, or of one key of them."""
        strand = self.name if event_key is None else KeyStrand(self.name, event_key)
        ConfirmedWriter(self.kafka).write([cursor_record(strand, (DELIVERIES, self.partition), cursor)])

    def offsets(self) -> list[int]:
        """Give the offsets of the subscription's deliveries."""
        found: list[int] = []
        ranges = {(DELIVERIES, self.partition): range(self.first[DELIVERIES], self.ends()[DELIVERIES])}
        TopicScan(self.kafka).read(
            ranges, lambda record: found.append(record.offset) if record.key == self.name.encode() else None
        )
        return found

    def count(self, bounds: ScanBounds | None = None) -> Backlog:
        """Count."""
        return BacklogCounter(self.kafka, self.layout, bounds=bounds or ScanBounds()).count(self.name, NOW_MS)


@pytest.fixture
def world(kafka: KafkaConfig, topics: TopicLayout) -> World:
    """A subscription of the test's own."""
    return World(kafka, topics)


def test_what_is_not_committed_waits(world: World) -> None:
    """Counted without what others wait for; the oldest gives the age."""
    assert world.count() == Backlog()
    world.plan(5)
    assert world.count() == Backlog(5, NOW_MS - 4000)


def test_what_is_settled_beyond_the_commit_does_not_wait(world: World) -> None:
    """The commit's metadata says so."""
    world.plan(5)
    mine = world.offsets()
    others = [offset for offset in range(mine[0], mine[-1] + 2) if offset not in mine]
    still_open = [offset for offset in range(mine[0], mine[-1] + 2) if offset not in {mine[1], mine[3], *others}]
    world.commit({DELIVERIES: mine[0]}, describe_settled(mine[0], still_open, mine[-1] + 1))
    assert world.count() == Backlog(3, NOW_MS - 4000)


def test_a_cursor_stands_for_what_the_commit_has_passed(world: World) -> None:
    """From it on everything waits that it does not call settled; dropped, nothing does."""
    world.plan(6)
    mine = world.offsets()
    world.commit(world.ends())
    assert world.count() == Backlog()
    settled = describe_settled(mine[2], [mine[2], mine[4], mine[5]], mine[3])
    world.write_cursor(DurableCursor(mine[2], settled))
    assert world.count() == Backlog(3, NOW_MS - 3000)


def test_one_key_that_is_retried_in_place(world: World) -> None:
    """The failing one is retried, those of its key behind it wait, other keys don't."""
    world.plan(2, key=b"failing")
    world.plan(3, key=b"fine")
    mine = world.offsets()
    world.commit(world.ends())
    world.write_cursor(DurableCursor(mine[0], retrying=Retrying(NOW_MS + 5000)), b"failing")
    assert world.count() == Backlog(1, NOW_MS, 1, NOW_MS + 5000)


def test_retries_are_counted_apart_until_they_are_due(world: World) -> None:
    """A retry that is due and not made waits like any other."""
    later, due = (
        replace(planned(f"evt-{at_ms}", world.name, at_ms=NOW_MS - 9000), due_at_ms=at_ms)
        for at_ms in (NOW_MS + 7000, NOW_MS - 1)
    )
    write_records(world.kafka, (RETRIES, later), (RETRIES, due))
    assert world.count() == Backlog(1, NOW_MS - 9000, 1, NOW_MS + 7000)


def test_a_count_that_is_cut_short_says_so(world: World) -> None:
    """It begins with the oldest, so that the age is right all the same."""
    world.plan(20)
    short = world.count(ScanBounds(max_records=10))
    assert not short.complete
    assert 0 < short.waiting < 20
    assert short.oldest_waiting_at_ms == NOW_MS - 19_000


def test_a_group_that_never_committed_has_no_offsets(world: World) -> None:
    """Then everything that is kept waits."""
    at = (DELIVERIES, world.partition)
    assert committed_offsets(world.kafka, "tests-no-such-group", [at]) == {}
    assert committed_offsets(world.kafka, EGRESS_GROUP_ID, [at])[at].offset == world.first[DELIVERIES]


def test_get_shows_what_waits_why_and_the_last_signals(world: World, program: CliRunner) -> None:
    """Lines for people, the same as fields for programs."""
    paused = replace(subscription(world.name, state=SubscriptionState.PAUSED), state_changed_at_ms=NOW_MS)
    SubscriptionStore(world.kafka).change(lambda _: (Put(paused),))
    world.plan(3)
    signals = [Signal(world.name, "default", NOW_MS + n, SignalKind.DEAD_LETTERED, "gone", count=n) for n in range(7)]
    ConfirmedWriter(world.kafka).write([signal_record(signal) for signal in signals])

    shown = program.invoke(command, ["get", world.name])
    assert shown.exit_code == 0, shown.stderr
    assert "\nwaiting             3, the oldest since 20" in shown.stdout
    assert ": paused\n" in shown.stdout
    assert shown.stdout.count("\nsignal  ") == 5

    printed = orjson.loads(program.invoke(command, ["get", world.name, "--json"]).stdout)
    assert printed["backlog"] == {
        "waiting": 3,
        "oldest_waiting_at_ms": NOW_MS - 2000,
        "retrying": 0,
        "next_retry_at_ms": None,
        "complete": True,
        "reason": "paused",
    }
    assert [signal["count"] for signal in printed["signals"]] == [2, 3, 4, 5, 6]
    assert printed["state_changed_at_ms"] == NOW_MS
