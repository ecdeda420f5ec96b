"""Durable cursors: the newest of each lagging subscription, per partition, and none of those that caught up."""

import asyncio
from uuid import uuid4

import pytest

from gateway.domain.cursor import DurableCursor, KeyStrand, Retrying, Strand, subscription_of
from gateway.domain.outcome import Answered
from gateway.domain.topics import CURSORS, DELIVERIES, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.cursor_log import cursor_record, read_cursors
from gateway.kafka.partitioning import Partition
from gateway.kafka.producer import OutRecord
from tests.delivery_records import T0
from tests.egress_in_memory import completed

RETRIES = "deliveries.retry.1s"


@pytest.fixture
def name(topics: TopicLayout) -> str:  # noqa: ARG001 - the topics have to be there
    """Give a subscription of its own: the topic is shared."""
    return f"sub_{uuid4().hex[:12]}"


def cursors_of(kafka: KafkaConfig, name: str, *partitions: int) -> dict[Partition, DurableCursor]:
    """Read the cursors of one subscription."""
    found = read_cursors(kafka, partitions)
    return {partition: offsets[name] for partition, offsets in found.items() if name in offsets}


def test_the_newest_cursor_counts(kafka: KafkaConfig, name: str) -> None:
    """One per subscription and topic, wherever the earlier ones were; it lies in its partition's own."""
    ConfirmedWriter(kafka).write(
        [
            cursor_record(name, (DELIVERIES, 2), DurableCursor(10)),
            cursor_record(name, (RETRIES, 2), DurableCursor(3)),
            cursor_record(name, (DELIVERIES, 2), DurableCursor(25)),
        ]
    )
    assert cursors_of(kafka, name, 2) == {(DELIVERIES, 2): DurableCursor(25), (RETRIES, 2): DurableCursor(3)}
    assert cursors_of(kafka, name, 0, 1) == {}


def test_a_dropped_cursor_is_gone(kafka: KafkaConfig, name: str) -> None:
    """A tombstone drops it, and a later one stands again."""
    writer = ConfirmedWriter(kafka)
    writer.write([cursor_record(name, (DELIVERIES, 1), DurableCursor(10)), cursor_record(name, (DELIVERIES, 1), None)])
    assert cursors_of(kafka, name, 1) == {}
    writer.write([cursor_record(name, (DELIVERIES, 1), DurableCursor(40))])
    assert cursors_of(kafka, name, 1) == {(DELIVERIES, 1): DurableCursor(40)}


def test_cursors_of_two_partitions_do_not_hide_each_other(kafka: KafkaConfig, name: str) -> None:
    """A subscription whose deliveries were written to two partitions lags in each on its own."""
    ConfirmedWriter(kafka).write(
        [cursor_record(name, (DELIVERIES, 3), DurableCursor(7)), cursor_record(name, (DELIVERIES, 4), DurableCursor(9))]
    )
    assert cursors_of(kafka, name, 3, 4) == {(DELIVERIES, 3): DurableCursor(7), (DELIVERIES, 4): DurableCursor(9)}


def test_a_broken_record_does_not_stop_a_worker(kafka: KafkaConfig, name: str) -> None:
    """It is told in the log; the cursor before it still stands, which repeats at worst."""
    good = cursor_record(name, (DELIVERIES, 5), DurableCursor(12))
    ConfirmedWriter(kafka).write([good, OutRecord(CURSORS, good.key, b"no avro", 5)])
    assert cursors_of(kafka, name, 5) == {(DELIVERIES, 5): DurableCursor(12)}


def test_a_key_has_a_cursor_of_its_own(kafka: KafkaConfig, name: str) -> None:
    """Beside its subscription's, whatever bytes the key has; each is dropped alone."""
    keys = [KeyStrand(name, b"order-1"), KeyStrand(name, b"|\x00\xff"), KeyStrand(name, b"")]
    at = (DELIVERIES, 0)
    strands: list[Strand] = [name, *keys]
    writer = ConfirmedWriter(kafka)
    writer.write([cursor_record(strand, at, DurableCursor(number)) for number, strand in enumerate(strands)])
    expected = {strand: DurableCursor(number) for number, strand in enumerate(strands)}
    assert of_subscription(kafka, name) == expected
    writer.write([cursor_record(keys[0], at, None)])
    del expected[keys[0]]
    assert of_subscription(kafka, name) == expected


def test_all_of_a_cursor_comes_back(kafka: KafkaConfig, name: str) -> None:
    """What is settled beyond it, and how the delivery stands that is retried in its place."""
    attempts = tuple(completed(Answered(503), number).summary for number in (1, 2))
    waiting = DurableCursor(7, "", Retrying(T0 + 5000, attempts))
    deferred = DurableCursor(9, "1AgM=", Retrying(T0))
    at, keys = (DELIVERIES, 0), (KeyStrand(name, b"a"), KeyStrand(name, b"b"))
    ConfirmedWriter(kafka).write([cursor_record(keys[0], at, waiting), cursor_record(keys[1], at, deferred)])
    assert of_subscription(kafka, name) == {keys[0]: waiting, keys[1]: deferred}


def of_subscription(kafka: KafkaConfig, name: str) -> dict[Strand, DurableCursor]:
    """Read the cursors of a subscription and its keys in one partition."""
    found = read_cursors(kafka, [0]).get((DELIVERIES, 0), {})
    return {strand: cursor for strand, cursor in found.items() if subscription_of(strand) == name}


async def test_reading_does_not_need_the_event_loop(kafka: KafkaConfig, topics: TopicLayout, name: str) -> None:
    """It runs on the consumer's thread, in the middle of a rebalance."""
    assert await asyncio.to_thread(cursors_of, kafka, name, *range(topics.delivery_partitions)) == {}
