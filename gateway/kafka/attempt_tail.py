"""Follows the `attempts` topic from now on: for whoever wants to watch deliveries happen."""

from gateway.domain.delivery import Attempt
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.topic_tail import TopicTail
from gateway.wire.errors import UndecodableError
from gateway.wire.records import attempt_codec


class AttemptTail:
    """The attempts made after it was opened. Blocking, for one thread.

    Args:
        config: how to reach Kafka.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._tail = TopicTail(config, ATTEMPTS)

    def read(self, timeout_s: float) -> list[Attempt]:
        """Give the next attempts: at once when there are any, else after `timeout_s` seconds at most."""
        attempts: list[Attempt] = []
        for record in self._tail.read(timeout_s):
            try:
                attempts.append(attempt_codec().decode(record.value))
            except UndecodableError:
                continue  # not an attempt; whoever keeps books of them reports it
        return attempts

    def close(self) -> None:
        """Let go of the broker."""
        self._tail.close()
