"""Reads whole topics, and writes records that no gateway would."""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, Producer, TopicPartition

from gateway.domain.delivery import Attempt, Delivery, RejectedEvent
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS, DELIVERIES, REJECTED
from gateway.kafka.config import KafkaConfig
from gateway.wire.records import attempt_codec, delivery_codec
from gateway.wire.rejected_record import rejected_codec

_TIMEOUT_S = 60.0

Headers = list[tuple[str, str | bytes | None]]


def read_topic(kafka: KafkaConfig, topic: str) -> list[Message]:
    """Read everything that is in a topic now."""
    consumer = Consumer(kafka.consumer("tests-reading", **{"enable.partition.eof": True}))
    found: list[Message] = []
    try:
        open_partitions = set(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in open_partitions])
        deadline = time.monotonic() + _TIMEOUT_S
        while open_partitions:
            assert time.monotonic() < deadline, f"{topic} could not be read to its end"
            for message in consumer.consume(1000, 0.1):
                error = message.error()
                if error is None:
                    found.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    open_partitions.discard(message.partition())
    finally:
        consumer.close()
    return found


def deliveries(kafka: KafkaConfig, tenant: str) -> list[Delivery]:
    """Read the deliveries of one tenant as they were planned."""
    found = (delivery_codec().decode(message.value()) for message in read_topic(kafka, DELIVERIES))
    return [delivery for delivery in found if delivery.tenant == tenant]


def dead_letters(kafka: KafkaConfig, subscription_id: str) -> list[Delivery]:
    """Read the dead letters of one subscription."""
    letters = (delivery_codec().decode(message.value()) for message in read_topic(kafka, DEAD_LETTERS))
    return [letter for letter in letters if letter.subscription_id == subscription_id]


def attempts(kafka: KafkaConfig, subscription_id: str) -> list[Attempt]:
    """Read the attempt records of one subscription."""
    found = (attempt_codec().decode(message.value()) for message in read_topic(kafka, ATTEMPTS))
    return [attempt for attempt in found if attempt.subscription_id == subscription_id]


def rejections(kafka: KafkaConfig, topic: str) -> list[RejectedEvent]:
    """Read what was rejected of one topic."""
    found = (rejected_codec().decode(message.value()) for message in read_topic(kafka, REJECTED))
    return [rejected for rejected in found if rejected.source.topic == topic]


def produce_raw(
    kafka: KafkaConfig,
    topic: str,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Headers | None = None,
) -> tuple[int, int]:
    """Write any bytes anywhere; give partition and offset."""
    written: list[Message] = []
    producer = Producer(kafka.producer())
    producer.produce(
        topic, value=value, key=key, headers=headers, on_delivery=lambda _, message: written.append(message)
    )
    assert producer.flush(_TIMEOUT_S) == 0
    return int(written[0].partition() or 0), int(written[0].offset() or 0)
