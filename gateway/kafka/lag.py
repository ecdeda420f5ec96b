"""How far topics reach: asked of the broker, beside whatever client is being judged."""

from collections.abc import Sequence

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import QUIET

_TIMEOUT_S = 5.0


def end_offsets(config: KafkaConfig, topics: Sequence[str]) -> dict[tuple[str, int], int] | None:
    """Give the end offset of every partition of some topics, or None while Kafka does not answer. Blocking, bounded."""
    admin = AdminClient({**config.common(), **QUIET})
    try:
        known = admin.list_topics(timeout=_TIMEOUT_S).topics
        wanted = {
            TopicPartition(topic, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
            for topic in topics
            if topic in known
            for partition in known[topic].partitions
        }
        asked = admin.list_offsets(wanted, request_timeout=_TIMEOUT_S)
        return {(tp.topic, tp.partition): future.result(_TIMEOUT_S).offset for tp, future in asked.items()}
    except (KafkaException, TimeoutError):
        return None
