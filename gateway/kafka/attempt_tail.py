"""Follows the `attempts` topic from now on, without a group: for whoever wants to watch deliveries happen."""

from confluent_kafka import Consumer, TopicPartition

from gateway.domain.delivery import Attempt
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import translated_errors
from gateway.wire.errors import UndecodableError
from gateway.wire.records import attempt_codec

_BATCH = 1000
_TIMEOUT_S = 10.0


class AttemptTail:
    """The attempts made after it was opened. Blocking, for one thread.

    Args:
        config: how to reach Kafka.

    Raises:
        UnavailableError: no broker answers.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._consumer = Consumer(config.consumer("gateway-attempt-tail"))
        with translated_errors(config.bootstrap_servers):
            partitions = self._consumer.list_topics(ATTEMPTS, timeout=_TIMEOUT_S).topics[ATTEMPTS].partitions
            # Real offsets instead of "the end": that would only be looked up later, when some attempts are past.
            ends = [TopicPartition(ATTEMPTS, number) for number in partitions]
            for end in ends:
                _, end.offset = self._consumer.get_watermark_offsets(end, timeout=_TIMEOUT_S)
        self._consumer.assign(ends)

    def read(self, timeout_s: float) -> list[Attempt]:
        """Give the next attempts: at once when there are any, else after `timeout_s` seconds at most."""
        attempts: list[Attempt] = []
        for message in self._consumer.consume(_BATCH, timeout_s):
            if message.error() is None:
                try:
                    attempts.append(attempt_codec().decode(message.value()))
                except UndecodableError:
                    continue  # not an attempt; whoever keeps books of them reports it
        return attempts

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()
