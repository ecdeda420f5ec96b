"""Bounded looks into real topics."""

import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from gateway.domain.errors import UnavailableError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.partitioning import Partition, partition_of
from gateway.kafka.producer import OutRecord
from gateway.kafka.scan import RawRecord, ScanBounds, TopicScan

NOW_MS = int(time.time() * 1000)
HOUR_MS = 3_600_000


def write_dated(kafka: KafkaConfig, topic: str, ages_ms: list[int]) -> None:
    """Write one record per age; its value is its age."""
    producer = Producer(kafka.producer())
    for age_ms in ages_ms:
        producer.produce(topic, str(age_ms), key=uuid4().bytes, timestamp=NOW_MS - age_ms)
    assert producer.flush(20) == 0


def write_numbered(kafka: KafkaConfig, topic: str, partitions: range, count: int) -> None:
    """Write so many records to each partition."""
    producer = Producer(kafka.producer())
    for partition in partitions:
        for number in range(count):
            producer.produce(topic, str(number), partition=partition)
    assert producer.flush(20) == 0


def remove_below(kafka: KafkaConfig, offsets: dict[Partition, int]) -> None:
    """Remove the records below some offsets, as retention does."""
    admin = AdminClient(kafka.common())
    for future in admin.delete_records([TopicPartition(*at, offset) for at, offset in offsets.items()]).values():
        future.result(20)


def values_of(records: list[RawRecord]) -> set[int]:
    """Give the values of what `write_dated` wrote."""
    return {int(record.value or b"") for record in records}


def test_reads_each_record_once_up_to_the_end(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """All partitions, from the beginning, with progress that ends at the total."""
    topic, found, progress = new_topic(partitions=3), list[RawRecord](), list[tuple[int, int]]()
    write_dated(kafka, topic, list(range(5000)))
    report = TopicScan(kafka, progress=lambda read, total: progress.append((read, total))).run(
        {topic: None}, 0, found.append
    )
    assert len(found) == report.records == 5000
    assert values_of(found) == set(range(5000))
    assert report.complete
    assert progress[-1] == (5000, 5000)


def test_reads_only_what_is_young_enough(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """The span's beginning is looked up by time in each partition."""
    topic, found = new_topic(partitions=2), list[RawRecord]()
    write_dated(kafka, topic, [3 * HOUR_MS, 3 * HOUR_MS, 2 * HOUR_MS, 2 * HOUR_MS, 1000, 1000])
    report = TopicScan(kafka).run({topic: None}, NOW_MS - HOUR_MS, found.append)
    assert values_of(found) == {1000}
    assert report.complete


def test_too_much_to_read_is_narrowed_to_the_newest_and_said(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """What is left out is the oldest, and the report names the time from which on everything was read."""
    topic, found = new_topic(partitions=2), list[RawRecord]()
    ages_ms = [minute * 60_000 for minute in range(1000, 0, -1)]
    write_dated(kafka, topic, ages_ms)
    report = TopicScan(kafka, ScanBounds(max_records=100)).run({topic: None}, 0, found.append)
    assert report.narrowed
    assert not report.complete
    assert 50 <= len(found) <= 100
    assert values_of(found) == {age for age in ages_ms if NOW_MS - age >= report.since_ms}


def test_the_deadline_ends_a_scan_and_is_said(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """A part is never passed off as the whole."""
    topic = new_topic()
    write_dated(kafka, topic, [1000] * 10)
    report = TopicScan(kafka, ScanBounds(deadline_s=0)).run({topic: None}, 0, lambda _: None)
    assert report.out_of_time
    assert not report.complete


def test_an_empty_topic_is_read_at_once(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """Nothing to read is no reason to wait."""
    report = TopicScan(kafka).run({new_topic(partitions=4): None}, NOW_MS, lambda _: None)
    assert (report.records, report.complete) == (0, True)


def test_the_end_of_a_partition_may_be_a_gap(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """A transaction leaves a marker behind its records, which no consumer sees."""
    topic, found = new_topic(), list[RawRecord]()
    producer = Producer(kafka.producer(**{"transactional.id": uuid4().hex, "message.timeout.ms": 30_000}))
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"1", key=b"k")
    producer.commit_transaction(30)
    report = TopicScan(kafka).run({topic: None}, 0, found.append)
    assert (len(found), report.complete) == (1, True)


def test_a_scan_leaves_no_group_behind(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """It reads only: other consumers can't be disturbed by it."""
    topic = new_topic()
    write_dated(kafka, topic, [1000])
    TopicScan(KafkaConfig(kafka.bootstrap_servers, "scan-test")).run({topic: None}, 0, lambda _: None)
    groups = AdminClient(kafka.common()).list_consumer_groups(request_timeout=10).result()
    assert "scan-test-scan" not in {group.group_id for group in groups.valid}


def test_a_missing_topic_names_what_creates_it(kafka: KafkaConfig) -> None:
    """The error is something a person can act on."""
    with pytest.raises(UnavailableError, match="no topic 'nowhere'") as caught:
        TopicScan(kafka).run({"nowhere": None}, 0, lambda _: None)
    assert "gateway topics apply" in str(caught.value.hint)


def test_one_keys_records_lie_where_the_producer_puts_them(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """Our partitioner and the real producer's agree, so that one partition is enough to read."""
    topic, found = new_topic(partitions=7), list[RawRecord]()
    keys = [b"", *(f"sub_{'x' * (number % 9)}{number}".encode() for number in range(300))]
    ConfirmedWriter(kafka).write([OutRecord(topic, key, b"1") for key in keys])
    TopicScan(kafka).run({topic: None}, 0, found.append)
    assert {record.key: record.partition for record in found} == {key: partition_of(key, 7) for key in keys}

    only: list[RawRecord] = []
    TopicScan(kafka).run({topic: keys[5]}, 0, only.append)
    assert {TopicPartition(record.topic, record.partition) for record in only} == {
        TopicPartition(topic, partition_of(keys[5], 7))
    }
    assert keys[5] in {record.key for record in only}


def test_topics_that_were_created_this_moment_can_be_read(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """Their leaders may not be in office yet: that is waited for, not reported."""
    for _ in range(5):
        topics = dict.fromkeys([new_topic(partitions=6) for _ in range(3)])
        assert TopicScan(kafka).run(topics, 0, lambda _: None).complete


def test_what_retention_has_removed_is_passed_over_and_told(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """Where a partition has lost the beginning of what is wanted, or all of it, or is another topic's of that name."""
    topic = new_topic(partitions=4)
    write_numbered(kafka, topic, range(4), 10)
    remove_below(kafka, {(topic, 0): 6, (topic, 1): 6})
    found: list[RawRecord] = []
    gone: dict[Partition, range] = {}
    wanted = {(topic, 0): range(2, 9), (topic, 1): range(3), (topic, 2): range(4, 6), (topic, 3): range(20, 30)}
    report = TopicScan(kafka).read(wanted, found.append, gone.__setitem__)
    assert {(record.partition, record.offset) for record in found} == {(0, 6), (0, 7), (0, 8), (2, 4), (2, 5)}
    assert gone == {(topic, 0): range(2, 6), (topic, 1): range(3), (topic, 3): range(20, 30)}
    assert report.complete
