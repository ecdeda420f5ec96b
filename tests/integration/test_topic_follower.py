"""Following topics on a real Kafka: from positions that somebody else keeps, whatever is added meanwhile."""

import time
from collections.abc import Callable
from contextlib import closing

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from gateway.kafka.config import KafkaConfig
from gateway.kafka.topic_follower import TopicFollower

AWHILE_S = 20.0


def read_until_the_end(follower: TopicFollower) -> list[bytes | None]:
    """Read what was there when it was opened."""
    found: list[bytes | None] = []
    give_up_at_s = time.monotonic() + AWHILE_S
    while follower.behind and time.monotonic() < give_up_at_s:
        found += [record.value for record in follower.read(0.1)]
    return found


def write(kafka: KafkaConfig, topic: str, partition: int, value: bytes) -> None:
    producer = Producer(kafka.common())
    producer.produce(topic, value, partition=partition)
    assert producer.flush(AWHILE_S) == 0


def test_partitions_that_are_added_are_noticed_and_read(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """Whoever follows opens it again with the positions that it has: the added ones are read from their beginning."""
    topic = new_topic(partitions=1)
    write(kafka, topic, 0, b"first")
    with closing(TopicFollower(kafka, [topic])) as follower:
        follower.open({}, 0)
        assert read_until_the_end(follower) == [b"first"]
        assert not follower.has_grown()
        admin = AdminClient(kafka.common())
        admin.create_partitions([NewPartitions(topic, 2)])[topic].result(AWHILE_S)
        give_up_at_s = time.monotonic() + AWHILE_S
        while not follower.has_grown():
            assert time.monotonic() < give_up_at_s
    write(kafka, topic, 1, b"second")
    with closing(TopicFollower(kafka, [topic])) as follower:
        follower.open({(topic, 0): 1}, 0)
        assert read_until_the_end(follower) == [b"second"]
