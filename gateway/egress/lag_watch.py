"""Tells, as signals, which subscriptions lag for longer than a moment, how much of them waits, and when it is over.

A lane that overflows for a second is no news. What waits is counted as far as this process has seen it pass by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.domain.catch_up import PartitionReading
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.signals import Signal, SignalKind
from gateway.egress.catch_up import CatchUp
from gateway.kafka.partitioning import Partition

TICK_S = 10.0
TELL_AFTER_MS = 60_000
TELL_AGAIN_MS = 3_600_000


@dataclass(slots=True)
class _Lag:
    since_ms: int
    told_ms: int | None = None


class LagWatch:
    """Looks at what lags, now and then.

    Args:
        catch_up: knows what lags.
        readings: count what waits.
        subscriptions: gives the present table.
        why: says why a subscription is held, or None where it isn't.
        send: sends a signal.
    """

    def __init__(
        self,
        catch_up: CatchUp,
        readings: Mapping[Partition, PartitionReading],
        subscriptions: Callable[[], SubscriptionIndex],
        why: Callable[[str], str | None],
        send: Callable[[Signal], None],
    ) -> None:
        self._catch_up = catch_up
        self._readings = readings
        self._subscriptions = subscriptions
        self._why = why
        self._send = send
        self._lags: dict[str, _Lag] = {}

    def reset(self) -> None:
        """Forget everything, when partitions change owners: the new owners tell."""
        self._lags.clear()

    def tick(self, now_ms: int) -> None:
        """Look, and tell what is to be told."""
        lagging = set(self._catch_up.lagging())
        for name in self._lags.keys() - lagging:
            if self._lags.pop(name).told_ms is not None:
                self._tell(name, SignalKind.CAUGHT_UP, now_ms, waiting=0, since_ms=None)
        for name in lagging:
            lag = self._lags.setdefault(name, _Lag(now_ms))
            due_ms = lag.since_ms + TELL_AFTER_MS if lag.told_ms is None else lag.told_ms + TELL_AGAIN_MS
            if now_ms >= due_ms:
                lag.told_ms = now_ms
                waiting = sum(reading.waiting(name) for reading in self._readings.values())
                self._tell(name, SignalKind.LAGGING, now_ms, waiting=waiting, since_ms=lag.since_ms)

    def _tell(self, name: str, kind: SignalKind, now_ms: int, *, waiting: int, since_ms: int | None) -> None:
        subscription = self._subscriptions().get(name)
        if subscription is None:
            return
        why = self._why(name) if kind is SignalKind.LAGGING else None
        self._send(Signal(name, subscription.tenant, now_ms, kind, why, waiting=waiting, oldest_waiting_at_ms=since_ms))
