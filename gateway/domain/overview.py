"""The overview of a running gateway as its topics tell it: what is done, what waits, and whose fails. Pure values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.domain.attempt_window import WindowSummary
from gateway.domain.signals import Signal, SignalKind


@dataclass(frozen=True, slots=True)
class Depth:
    """What of a topic is not committed.

    Attributes:
        topic: its name.
        records: how many records; some of them may be settled already.
        oldest_at_ms: when the oldest of them was written, milliseconds since the epoch; None where that was not asked.
    """

    topic: str
    records: int
    oldest_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Lagging:
    """A subscription whose deliveries wait in the log.

    Attributes:
        subscription_id: which one.
        cursors: how many of its partitions and keys are read apart.
        waiting: how many deliveries wait, as last told; None where that has not been told.
        reason: why, as last told; None where that is not known.
        oldest_waiting_at_ms: since when the oldest of them waits, as last told, milliseconds since the epoch, or None.
    """

    subscription_id: str
    cursors: int
    waiting: int | None
    reason: str | None
    oldest_waiting_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far everything is, at one moment.

    Attributes:
        at_ms: when that was, milliseconds since the epoch.
        stream: what the stream has not committed, of each topic of events.
        egress: what egress has not committed where deliveries begin.
        tiers: the same of each retry tier, the shortest first.
        dead_letters: how many records the dead-letter topic keeps; a replay's note is one of them.
        lagging: subscriptions that lag, those with the most waiting first.
    """

    at_ms: int
    stream: tuple[Depth, ...]
    egress: tuple[Depth, ...]
    tiers: tuple[Depth, ...]
    dead_letters: int
    lagging: tuple[Lagging, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it.

    Attributes:
        at_ms: the present, milliseconds since the epoch.
        minute: the attempts of the last minute.
        recent: those of the last seconds.
        standing: how far everything is; None until it is known.
        open_circuits: until when each open circuit waits, by subscription: milliseconds since the epoch, None where
            that is not known.
    """

    at_ms: int
    minute: WindowSummary
    recent: WindowSummary
    standing: Standing | None
    open_circuits: Mapping[str, int | None]


class SignalBoard:
    """The last word of the signals on each subscription: whether its circuit is open, and whether and why it lags."""

    def __init__(self) -> None:
        self._open: dict[str, Signal] = {}
        self._lags: dict[str, Signal] = {}

    def take(self, signals: Iterable[Signal]) -> None:
        """Take signals in, in their order."""
        for signal in signals:
            name = signal.subscription_id
            match signal.kind:
                case SignalKind.CIRCUIT_OPENED:
                    self._open[name] = signal
                case SignalKind.CIRCUIT_CLOSED | SignalKind.DISABLED:
                    self._open.pop(name, None)
                case SignalKind.LAGGING:
                    self._lags[name] = signal
                case SignalKind.CAUGHT_UP:
                    self._lags.pop(name, None)
                case SignalKind.DEAD_LETTERED | SignalKind.RECOVERED | SignalKind.FILTER_FAILED:
                    pass

    @property
    def open_circuits(self) -> Mapping[str, int | None]:
        """See `Overview.open_circuits`."""
        return {name: signal.until_ms for name, signal in self._open.items()}

    def is_told_of(self, subscription_id: str, tenant: str) -> bool:
        """Tell whether all of it is told of a tenant's subscription: another tenant may have had the id before."""
        told = (self._open.get(subscription_id), self._lags.get(subscription_id))
        return all(signal is None or signal.tenant == tenant for signal in told)

    def lagging(self, cursors: Mapping[str, int]) -> tuple[Lagging, ...]:
        """Give the subscriptions that have cursors, with what signals tell of them.

        Args:
            cursors: how many each has.
        """
        found = [_lagging(name, count, self._lags.get(name)) for name, count in cursors.items()]
        return tuple(sorted(found, key=lambda one: (-(one.waiting or 0), one.subscription_id)))


def _lagging(name: str, cursors: int, told: Signal | None) -> Lagging:
    if told is None:
        return Lagging(name, cursors, None, None)
    return Lagging(name, cursors, told.waiting, told.reason, told.oldest_waiting_at_ms)


def total(depths: Sequence[Depth]) -> int:
    """Give how many records there are in all."""
    return sum(depth.records for depth in depths)
