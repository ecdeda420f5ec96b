"""How far topics reach and groups have come, as the broker says: progress is judged by it, and metrics show it."""

import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from gateway.domain.commit_ages import Reach
from gateway.kafka.config import KafkaConfig
from gateway.kafka.lag import EndOffsets
from gateway.kafka.lag_reader import LagReader
from gateway.kafka.partitioning import Partition

GIVE_UP_S = 20.0


def ends_of(asked: EndOffsets) -> dict[Partition, int] | None:
    """Ask until there is an answer: for a moment after its creation a topic has no leader."""
    give_up_at = time.monotonic() + GIVE_UP_S
    while (ends := asked.ask()) is None and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return ends


def test_every_partition_has_its_end(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """An empty one too; a topic that does not exist is left out."""
    topic = new_topic(partitions=2)
    producer = Producer(kafka.producer())
    for _ in range(3):
        producer.produce(topic, b"event", partition=1)
    assert producer.flush(10) == 0
    asked = EndOffsets(kafka, (topic, "tests.no-such-topic"))
    assert ends_of(asked) == {(topic, 0): 0, (topic, 1): 3}
    producer.produce(topic, b"event", partition=0)
    assert producer.flush(10) == 0
    assert ends_of(asked) == {(topic, 0): 1, (topic, 1): 3}


def test_no_answer_is_told_from_no_lag() -> None:
    """While Kafka is away nobody can be judged."""
    assert EndOffsets(KafkaConfig("127.0.0.1:1"), ("events.order",)).ask() is None


def test_a_group_is_seen_in_the_partitions_of_this_process(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """One with a commit, one without; one that is another process's is left out."""
    topic, group = new_topic(partitions=3), f"tests-{uuid4().hex[:12]}"
    producer = Producer(kafka.producer())
    for partition in (0, 0, 0, 1, 2):
        producer.produce(topic, b"event", partition=partition)
    assert producer.flush(10) == 0
    consumer = Consumer(kafka.consumer(group))
    consumer.commit(offsets=[TopicPartition(topic, 0, 2), TopicPartition(topic, 2, 1)], asynchronous=False)
    consumer.close()

    reader = LagReader(kafka, group, lambda: [(topic, 0), (topic, 1)])
    reader.look()
    assert reader.ages.reaches == {(topic, 0): Reach(2, 3), (topic, 1): Reach(0, 1)}
    assert reader.ages.age_s((topic, 0)) == 0
    reader.look()
    assert reader.ages.age_s((topic, 0)) > 0


def test_without_partitions_there_is_nothing_to_ask() -> None:
    """Before the first assignment, and while other processes have them all: Kafka need not be there."""
    reader = LagReader(KafkaConfig("127.0.0.1:1"), "tests", list)
    reader.look()
    assert reader.ages.reaches == {}


def test_what_was_seen_is_kept_while_kafka_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its age tells that it is old."""
    monkeypatch.setattr("gateway.kafka.lag_reader._TIMEOUT_S", 0.2)
    reader = LagReader(KafkaConfig("127.0.0.1:1"), "tests", lambda: [("deliveries", 0)])
    seen_at_s = reader.seen_at_s
    with pytest.raises(KafkaException):
        reader.look()
    assert reader.seen_at_s == seen_at_s
