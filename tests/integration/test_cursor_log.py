"""Durable cursors: the newest of each lagging subscription, per partition, and none of those that caught up."""

import asyncio
from uuid import uuid4

import pytest

from gateway.domain.topics import CURSORS, DELIVERIES, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.cursor_log import cursor_record, read_cursors
from gateway.kafka.producer import OutRecord

RETRIES = "deliveries.retry.1s"


@pytest.fixture
def name(topics: TopicLayout) -> str:  # noqa: ARG001 - the topics have to be there
    """Give a subscription of its own: the topic is shared."""
    return f"sub_{uuid4().hex[:12]}"


def cursors_of(kafka: KafkaConfig, name: str, *partitions: int) -> dict[tuple[str, int], int]:
    """Read the cursors of one subscription."""
    found = read_cursors(kafka, partitions)
    return {partition: offsets[name] for partition, offsets in found.items() if name in offsets}


def test_the_newest_cursor_counts(kafka: KafkaConfig, name: str) -> None:
    """One per subscription and topic, wherever the earlier ones were; it lies in its partition's own."""
    ConfirmedWriter(kafka).write(
        [
            cursor_record(name, DELIVERIES, 2, 10),
            cursor_record(name, RETRIES, 2, 3),
            cursor_record(name, DELIVERIES, 2, 25),
        ]
    )
    assert cursors_of(kafka, name, 2) == {(DELIVERIES, 2): 25, (RETRIES, 2): 3}
    assert cursors_of(kafka, name, 0, 1) == {}


def test_a_dropped_cursor_is_gone(kafka: KafkaConfig, name: str) -> None:
    """A tombstone drops it, and a later one stands again."""
    writer = ConfirmedWriter(kafka)
    writer.write([cursor_record(name, DELIVERIES, 1, 10), cursor_record(name, DELIVERIES, 1, None)])
    assert cursors_of(kafka, name, 1) == {}
    writer.write([cursor_record(name, DELIVERIES, 1, 40)])
    assert cursors_of(kafka, name, 1) == {(DELIVERIES, 1): 40}


def test_cursors_of_two_partitions_do_not_hide_each_other(kafka: KafkaConfig, name: str) -> None:
    """A subscription whose deliveries were written to two partitions lags in each on its own."""
    ConfirmedWriter(kafka).write([cursor_record(name, DELIVERIES, 3, 7), cursor_record(name, DELIVERIES, 4, 9)])
    assert cursors_of(kafka, name, 3, 4) == {(DELIVERIES, 3): 7, (DELIVERIES, 4): 9}


def test_a_broken_record_does_not_stop_a_worker(kafka: KafkaConfig, name: str) -> None:
    """It is told in the log; the cursor before it still stands, which repeats at worst."""
    good = cursor_record(name, DELIVERIES, 5, 12)
    ConfirmedWriter(kafka).write([good, OutRecord(CURSORS, good.key, b"no avro", 5)])
    assert cursors_of(kafka, name, 5) == {(DELIVERIES, 5): 12}


async def test_reading_does_not_need_the_event_loop(kafka: KafkaConfig, topics: TopicLayout, name: str) -> None:
    """It runs on the consumer's thread, in the middle of a rebalance."""
    assert await asyncio.to_thread(cursors_of, kafka, name, *range(topics.delivery_partitions)) == {}
