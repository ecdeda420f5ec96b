"""How far topics reach: asked of the broker, beside whatever client is being judged."""

from collections.abc import Mapping, Sequence

from confluent_kafka import KafkaException

from gateway.kafka.config import KafkaConfig
from gateway.kafka.offset_client import OffsetClient
from gateway.kafka.partitioning import Partition

_TIMEOUT_S = 5.0


class EndOffsets:
    """Asks for the end offsets of some topics, again and again over one connection.

    Args:
        config: how to reach Kafka.
        topics: the topics; one that does not exist is left out of the answers.
    """

    def __init__(self, config: KafkaConfig, topics: Sequence[str]) -> None:
        self._client = OffsetClient(config, timeout_s=_TIMEOUT_S)
        self._topics = topics

    def ask(self) -> dict[Partition, int] | None:
        """Give the end offset of every partition, or None while Kafka does not answer. Blocking, bounded."""
        try:
            return self._ends(self._client.partition_counts())
        except KafkaException:
            return None

    def ask_if_whole(self) -> dict[Partition, int] | None:
        """Give the same, or None also while one of the partitions lacks its leader or a replica.

        Kafka may answer questions then, and yet take no records.
        """
        try:
            whole = self._client.wholeness()
            if not all(all(whole.get(topic, ())) for topic in self._topics):
                return None
            return self._ends({topic: len(partitions) for topic, partitions in whole.items()})
        except KafkaException:
            return None

    def _ends(self, counts: Mapping[str, int]) -> dict[Partition, int]:
        return self._client.ends([(topic, number) for topic in self._topics for number in range(counts.get(topic, 0))])
