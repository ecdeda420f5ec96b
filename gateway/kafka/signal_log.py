"""Signals in their topic, `gateway.signals`: written keyed by subscription, listed for a span of time, followed.

Reading joins no group and commits nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import SIGNALS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.delivery_log import LogReport
from gateway.kafka.producer import OutRecord
from gateway.kafka.scan import RawRecord, ScanBounds, TopicScan, no_progress
from gateway.kafka.topic_tail import TopicTail
from gateway.wire.errors import UndecodableError
from gateway.wire.signal_record import signal_codec

# A listing keeps what it reads.
_BOUNDS = ScanBounds(max_records=200_000, deadline_s=60)


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


@dataclass(frozen=True, slots=True)
class FoundSignals:
    """What a listing found.

    Attributes:
        signals: oldest first.
        report: what was really looked at.
    """

    signals: list[Signal]
    report: LogReport


class SignalLog:
    """Lists signals.

    Args:
        config: how to reach Kafka.
        progress: called with the records read and the records there are to read.
    """

    def __init__(self, config: KafkaConfig, progress: Callable[[int, int], None] = no_progress) -> None:
        self._scan = TopicScan(config, _BOUNDS, progress)

    def find(self, wanted: SignalFilter, *, since_ms: int, before: dict[int, int] | None = None) -> FoundSignals:
        """Find the wanted signals of a span of time.

        Args:
            wanted: which ones. One subscription's lie on one partition, and only that is read.
            since_ms: the beginning of the span, milliseconds since the epoch.
            before: for each partition the offset to stop before: where a tail begins.

        Raises:
            UnavailableError: no broker answers, or the topic is missing.
        """
        signals: list[Signal] = []
        undecodable = 0

        def take(record: RawRecord) -> None:
            nonlocal undecodable
            if before is not None and record.offset >= before[record.partition]:
                return
            try:
                signal = signal_codec().decode(record.value)
            except UndecodableError:
                undecodable += 1
                return
            if wanted.admits(signal):
                signals.append(signal)

        key = None if wanted.subscription_id is None else wanted.subscription_id.encode()
        scan = self._scan.run({SIGNALS: key}, since_ms, take)
        return FoundSignals(sorted(signals, key=lambda signal: signal.at_ms), LogReport(scan, undecodable))


class SignalTail:
    """The wanted signals sent after it was opened. Blocking, for one thread.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
    """

    def __init__(self, config: KafkaConfig, wanted: SignalFilter) -> None:
        self._tail = TopicTail(config, SIGNALS)
        self._wanted = wanted
        self.starts = self._tail.starts

    def read(self, timeout_s: float) -> list[Signal]:
        """Give the next signals: at once when there are any, else after `timeout_s` seconds at most."""
        signals = []
        for record in self._tail.read(timeout_s):
            try:
                signal = signal_codec().decode(record.value)
            except UndecodableError:
                continue  # of a newer gateway; a listing says how many there are
            if self._wanted.admits(signal):
                signals.append(signal)
        return signals

    def close(self) -> None:
        """Let go of the broker."""
        self._tail.close()
