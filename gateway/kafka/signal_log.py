"""Signals in their topic, `gateway.signals`: written keyed by subscription, listed for a span of time, followed."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import SIGNALS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.producer import OutRecord
from gateway.kafka.record_log import Found, RecordKind, RecordLog, RecordTail
from gateway.kafka.scan import no_progress
from gateway.wire.signal_record import signal_codec

_KEPT_SIGNALS = 200_000


def signal_record(signal: Signal) -> OutRecord:
    """Give the record that tells a signal."""
    return OutRecord(SIGNALS, signal.subscription_id.encode(), signal_codec().encode(signal))


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Which signals are wanted; None leaves a property open."""

    subscription_id: str | None = None
    kind: SignalKind | None = None

    def admits(self, signal: Signal) -> bool:
        """Tell whether a signal is wanted."""
        return self.subscription_id in {None, signal.subscription_id} and self.kind in {None, signal.kind}


class SignalLog:
    """Lists signals.

    Args:
        config: how to reach Kafka.
        progress: called with the records read and the records there are to read.
    """

    def __init__(self, config: KafkaConfig, progress: Callable[[int, int], None] = no_progress) -> None:
        self._log = RecordLog(config, signal_kind(), progress)

    def find(self, wanted: SignalFilter, *, since_ms: int, before: dict[int, int] | None = None) -> Found[Signal]:
        """Find the wanted signals of a span of time.

        Args:
            wanted: which ones. One subscription's lie on one partition, and only that is read.
            since_ms: the beginning of the span, milliseconds since the epoch.
            before: for each partition the offset to stop before: where a tail begins.

        Raises:
            UnavailableError: no broker answers, or the topic is missing.
        """
        key = None if wanted.subscription_id is None else wanted.subscription_id.encode()
        return self._log.find(wanted.admits, since_ms=since_ms, limit=_KEPT_SIGNALS, key=key, before=before)


def signal_tail(config: KafkaConfig, wanted: SignalFilter) -> RecordTail[Signal]:
    """Follow the wanted signals that are sent from now on.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
    """
    return RecordTail(config, signal_kind(), wanted.admits)


def signal_kind() -> RecordKind[Signal]:
    """Tell what `gateway.kafka.record_log` needs to know of signals."""
    return RecordKind(SIGNALS, signal_codec(), lambda signal: signal.at_ms)
