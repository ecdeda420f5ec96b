"""The window before a partition's position is read again from real Kafka: exactly it, and never for long."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from structlog.testing import capture_logs

from gateway.domain.delivery import delivery_id_of
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from gateway.kafka.partitioning import Partition
from gateway.kafka.recent_deliveries import RecentDeliveries, RecentDelivery
from gateway.wire.records import delivery_codec
from tests.delivery_records import T0, planned

MINUTE_MS = 60_000


class Log:
    """A topic of two partitions with a delivery a minute in each, the newest at the present."""

    def __init__(self, kafka: KafkaConfig, topic: str, count: int) -> None:
        self.kafka = kafka
        self.topic = topic
        self.now_ms = time.time_ns() // 1_000_000
        producer = Producer(kafka.producer())
        for number in range(count):
            at_ms = self.now_ms - (count - 1 - number) * MINUTE_MS
            for partition in (0, 1):
                value = delivery_codec().encode(planned(f"evt-{partition}-{number}"))
                producer.produce(topic, value, b"sub_1", partition, timestamp=at_ms)
        assert producer.flush(10) == 0

    def recent(self, positions: dict[int, int], *, minutes: float, max_records: int = 1000) -> list[RecentDelivery]:
        """Read the window before positions of the partitions."""
        reader = RecentDeliveries(self.kafka, [self.topic], int(minutes * MINUTE_MS), max_records)
        batches = reader.read({(self.topic, number): position for number, position in positions.items()})
        return [recent for batch in batches for recent in batch]


def offsets(found: list[RecentDelivery], partition: Partition) -> list[int]:
    return [recent.offset for recent in found if recent.partition == partition]


@pytest.fixture
def log(kafka: KafkaConfig, new_topic: Callable[..., str]) -> Log:
    """Twenty minutes of deliveries."""
    return Log(kafka, new_topic(partitions=2), 20)


def test_the_window_counts_from_the_next_record(log: Log) -> None:
    """After a long stop the next record is old, and so is what it may be a duplicate of; the end counts as now."""
    found = log.recent({0: 10, 1: 20}, minutes=4.5)
    assert offsets(found, (log.topic, 0)) == [6, 7, 8, 9]
    assert offsets(found, (log.topic, 1)) == [15, 16, 17, 18, 19]
    for recent in found:
        assert recent.delivery_id == delivery_id_of(f"evt-{recent.partition[1]}-{recent.offset}", "sub_1")
        assert recent.written_at_ms == log.now_ms - (19 - recent.offset) * MINUTE_MS


def test_only_the_newest_are_read_where_there_are_too_many(log: Log) -> None:
    """The bound is for all partitions together."""
    found = log.recent({0: 20, 1: 20}, minutes=600, max_records=6)
    assert [offsets(found, (log.topic, number)) for number in (0, 1)] == [[17, 18, 19]] * 2


def test_nothing_is_read_where_there_is_nothing(log: Log) -> None:
    """A new partition, a topic where no deliveries begin, a window of nothing, one without records."""
    assert log.recent({0: 0}, minutes=10) == []
    assert log.recent({0: 20}, minutes=0) == []
    assert log.recent({0: 20}, minutes=0.0001) == []
    assert list(RecentDeliveries(log.kafka, ["other"], MINUTE_MS, 1000).read({(log.topic, 0): 5})) == []


def test_what_is_no_delivery_is_passed_over(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """A poison record ends neither the reading nor the process."""
    topic = new_topic()
    producer = Producer(kafka.producer())
    values = [b"poison", delivery_codec().encode(planned()), None]
    for value in values:
        producer.produce(topic, value, b"sub_1")
    assert producer.flush(10) == 0
    reader = RecentDeliveries(kafka, [topic], MINUTE_MS, 1000)
    found = [recent for batch in reader.read({(topic, 0): 3}) for recent in batch]
    assert [(recent.offset, recent.delivery_id) for recent in found] == [(1, planned().delivery_id)]
    assert found[0].written_at_ms > T0


def test_kafka_that_does_not_answer_holds_nobody_up() -> None:
    """A warning, and duplicates may pass."""
    silent = KafkaConfig(f"127.0.0.1:{choose_port()}")
    began = time.monotonic()
    with capture_logs() as lines:
        assert list(RecentDeliveries(silent, ["t"], MINUTE_MS, 1000, max_s=0.5).read({("t", 0): 5})) == []
    assert time.monotonic() - began < 20
    assert [(line["event"], line["log_level"]) for line in lines] == [("egress.recent_deliveries_unknown", "warning")]
