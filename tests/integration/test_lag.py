"""How far topics reach, as the broker says: what a stream's progress is judged by."""

import time
from collections.abc import Callable

from confluent_kafka import Producer

from gateway.kafka.config import KafkaConfig
from gateway.kafka.lag import EndOffsets
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
