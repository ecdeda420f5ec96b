"""How far topics reach: asked of the broker, beside whatever client is being judged."""

from collections.abc import Sequence

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.partitioning import Partition

_TIMEOUT_S = 5.0


class EndOffsets:
    """Asks for the end offsets of some topics, again and again over one connection.

    Args:
        config: how to reach Kafka.
        topics: the topics; one that does not exist is left out of the answers.
    """

    def __init__(self, config: KafkaConfig, topics: Sequence[str]) -> None:
        self._admin = AdminClient({**config.common(), **QUIET})
        self._topics = topics

    def ask(self) -> dict[Partition, int] | None:
        """Give the end offset of every partition, or None while Kafka does not answer. Blocking, bounded."""
        try:
            known = self._admin.list_topics(timeout=_TIMEOUT_S).topics
            wanted = {
                TopicPartition(topic, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
                for topic in self._topics
                if topic in known
                for partition in known[topic].partitions
            }
            asked = self._admin.list_offsets(wanted, request_timeout=_TIMEOUT_S)
            return {(tp.topic, tp.partition): future.result(_TIMEOUT_S).offset for tp, future in asked.items()}
        except (KafkaException, TimeoutError):
            return None
