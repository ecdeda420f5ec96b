"""Signals: what an operator wants to know of a subscription's endpoint as it happens, kept in `gateway.signals`.

Signals report, they decide nothing: what the gateway does never depends on one, so one that is lost with a killed
process, or told twice, does no harm. They are rare. What comes in floods is counted first: `SignalCount`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from gateway.domain.delivery import Delivery
from gateway.domain.subscription import OnFilterError, Subscription, SubscriptionState

DEAD_LETTERS_EVERY_MS = 10_000
FILTER_FAILURES_EVERY_MS = 60_000


_AFTER_A_FAILURE = {OnFilterError.SEND: "sent", OnFilterError.SKIP: "not sent"}


class SignalKind(Enum):
    """What happened."""

    CIRCUIT_OPENED = "circuit_opened"
    CIRCUIT_CLOSED = "circuit_closed"
    DISABLED = "disabled"
    DEAD_LETTERED = "dead_lettered"
    RECOVERED = "recovered"
    LAGGING = "lagging"
    CAUGHT_UP = "caught_up"
    FILTER_FAILED = "filter_failed"


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal; what does not apply to its kind, or is not known, is None.

    Attributes:
        subscription_id: whose endpoint.
        tenant: whose subscription.
        at_ms: when it happened, milliseconds since the epoch.
        kind: what happened.
        reason: why, for people.
        count: how many deliveries were given up, or how often the filter failed, since the subscription's last signal
            of this kind.
        delivery_id: the newest delivery that it is about.
        event_id: that delivery's event.
        until_ms: when the endpoint is tried again.
        failures: how many attempts failed in a row.
        waiting: how many deliveries wait.
        oldest_waiting_at_ms: since when the oldest of them waits.
    """

    subscription_id: str
    tenant: str
    at_ms: int
    kind: SignalKind
    reason: str | None = None
    count: int | None = None
    delivery_id: str | None = None
    event_id: str | None = None
    until_ms: int | None = None
    failures: int | None = None
    waiting: int | None = None
    oldest_waiting_at_ms: int | None = None


def why_waiting(subscription: Subscription, signals: Sequence[Signal]) -> str | None:
    """Say why a subscription's deliveries wait, as far as its state and its signals tell; None where they don't.

    Args:
        subscription: as it is.
        signals: its signals, oldest first.
    """
    if subscription.state is not SubscriptionState.ACTIVE:
        return str(subscription.state.value)
    lag = _newest(signals, SignalKind.LAGGING, SignalKind.CAUGHT_UP)
    lags = lag is not None and lag.kind is SignalKind.LAGGING
    if lag is not None and lags and lag.reason is not None:
        return lag.reason
    circuit = _newest(signals, SignalKind.CIRCUIT_OPENED, SignalKind.CIRCUIT_CLOSED)
    if circuit is not None and circuit.kind is SignalKind.CIRCUIT_OPENED:
        return "circuit open"
    return "deliveries come faster than the endpoint takes them" if lags else None


def _newest(signals: Sequence[Signal], *kinds: SignalKind) -> Signal | None:
    return next((signal for signal in reversed(signals) if signal.kind in kinds), None)


@dataclass(slots=True)
class _Counted:
    """What came since a subscription's last signal: how many, the newest, and when it may be told."""

    due_ms: int
    count: int = 0
    newest: Signal | None = None

    def signal(self, now_ms: int) -> Signal | None:
        """Give the signal of what was counted; None where that is nothing."""
        return None if self.newest is None else replace(self.newest, at_ms=now_ms, count=self.count)


class SignalCount:
    """Makes of any number of signals of a kind at most one for each subscription in a span of time.

    The first is told at once. Those that follow are counted, and told together when the time is over. Remembers only
    subscriptions with such a signal within the last span.

    Args:
        every_ms: the span, milliseconds.
    """

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        # In the order of their due times: an entry that is told again goes to the end.
        self._counted: dict[str, _Counted] = {}

    def add(self, signal: Signal) -> Signal | None:
        """Count one; gives the signal if it is to be told at once.

        Args:
            signal: with the present as its time.
        """
        counted = self._counted.get(signal.subscription_id)
        if counted is None:
            self._counted[signal.subscription_id] = _Counted(signal.at_ms + self._every_ms)
            return replace(signal, count=1)
        counted.count += 1
        counted.newest = signal
        return None

    def due(self, now_ms: int) -> list[Signal]:
        """Give the signals whose time has come."""
        signals = []
        while (next_due_ms := self.next_due_ms) is not None and next_due_ms <= now_ms:
            subscription_id = next(iter(self._counted))
            signal = self._counted.pop(subscription_id).signal(now_ms)
            if signal is not None:
                signals.append(signal)
                self._counted[subscription_id] = _Counted(now_ms + self._every_ms)
        return signals

    def rest(self, now_ms: int) -> list[Signal]:
        """Give the signals of all that was counted and not told, whenever due; nothing is remembered any more."""
        signals = [counted.signal(now_ms) for counted in self._counted.values()]
        self._counted.clear()
        return [signal for signal in signals if signal is not None]

    @property
    def next_due_ms(self) -> int | None:
        """When `due` has something to do; None while nothing is remembered."""
        return next((counted.due_ms for counted in self._counted.values()), None)


def dead_lettered(delivery: Delivery, reason: str, now_ms: int) -> Signal:
    """Give the signal of a delivery that was given up.

    Args:
        delivery: the delivery.
        reason: why it was given up.
        now_ms: the present, milliseconds.
    """
    return Signal(
        delivery.subscription_id,
        delivery.tenant,
        now_ms,
        SignalKind.DEAD_LETTERED,
        reason,
        delivery_id=delivery.delivery_id,
        event_id=delivery.event_id,
    )


def filter_failed(subscription: Subscription, event_id: str, reason: str, now_ms: int) -> Signal:
    """Give the signal of a filter that failed.

    Args:
        subscription: whose.
        event_id: on which event.
        reason: why it failed.
        now_ms: the present, milliseconds.
    """
    text = f"{reason}; the event was {_AFTER_A_FAILURE[subscription.on_filter_error]}"
    return Signal(
        subscription.subscription_id, subscription.tenant, now_ms, SignalKind.FILTER_FAILED, text, event_id=event_id
    )
