"""Follows one topic from now on, without a group: for whoever wants to watch things happen."""

from confluent_kafka import Consumer, TopicPartition

from gateway.domain.errors import UnavailableError
from gateway.kafka.access import denial, is_denied
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import translated_errors
from gateway.kafka.scan import RawRecord, raw_record

_BATCH = 1000
_TIMEOUT_S = 10.0


class TopicTail:
    """The records written after it was opened. Blocking, for one thread.

    Args:
        config: how to reach Kafka.
        topic: the topic.

    Attributes:
        starts: the first offset of each partition that it reads.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
    """

    def __init__(self, config: KafkaConfig, topic: str) -> None:
        self._consumer = Consumer(config.reader(**QUIET))
        with translated_errors(config):
            found = self._consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
            if found.error is not None and is_denied(found.error):
                raise denial(found.error, config, topic)
            if not found.partitions:
                raise UnavailableError(
                    f"Kafka at {config.bootstrap_servers} has no topic '{topic}'",
                    hint="`gateway topics apply` creates what is missing",
                )
            # Real offsets instead of "the end": that would only be looked up later, when some records are past.
            ends = [TopicPartition(topic, number) for number in found.partitions]
            for end in ends:
                _, end.offset = self._consumer.get_watermark_offsets(end, timeout=_TIMEOUT_S)
        self.starts = {end.partition: end.offset for end in ends}
        self._consumer.assign(ends)

    def read(self, timeout_s: float) -> list[RawRecord]:
        """Give the next records: at once when there are any, else after `timeout_s` seconds at most."""
        messages = self._consumer.consume(1, timeout_s)
        if messages:
            messages += self._consumer.consume(_BATCH - 1, 0)
        return [raw_record(message) for message in messages if message.error() is None]

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()
