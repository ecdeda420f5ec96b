"""Attempts in their topic, `attempts`: for whoever wants to watch deliveries happen."""

from collections.abc import Callable

from gateway.domain.delivery import Attempt
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.record_log import RecordKind, RecordTail
from gateway.wire.records import attempt_codec


def attempt_kind() -> RecordKind[Attempt]:
    """Tell what `gateway.kafka.record_log` needs to know of attempts."""
    return RecordKind(ATTEMPTS, attempt_codec(), lambda attempt: attempt.started_at_ms + attempt.duration_ms)


def attempt_tail(config: KafkaConfig, admits: Callable[[Attempt], bool] | None = None) -> RecordTail[Attempt]:
    """Follow the wanted attempts that are made from now on.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
    """
    return RecordTail(config, attempt_kind(), admits)
