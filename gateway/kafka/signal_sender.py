"""Sends signals to `gateway.signals` and to the log, beside the deliveries: nothing waits for one.

What comes in floods is counted first (`gateway.domain.signals`). While Kafka does not acknowledge, a bounded number of
signals is kept; what exceeds it is only logged.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from gateway.domain.delivery import Delivery
from gateway.domain.signals import (
    DEAD_LETTERS_EVERY_MS,
    FILTER_FAILURES_EVERY_MS,
    Signal,
    SignalCount,
    SignalKind,
    dead_lettered,
    filter_failed,
)
from gateway.domain.subscription import Subscription
from gateway.kafka.producer import RecordProducer
from gateway.kafka.signal_log import signal_record
from gateway.telemetry.clock import now_ms

MAX_UNACKNOWLEDGED = 10_000

_GOOD_NEWS = frozenset({SignalKind.CIRCUIT_CLOSED, SignalKind.RECOVERED, SignalKind.CAUGHT_UP})
_log = structlog.get_logger()


class SignalSender:
    """Sends signals. For the event loop.

    Args:
        producer: produces them.
        dead_letters_every_ms: how long dead letters are counted before they are told, milliseconds.
        filter_failures_every_ms: the same of filters that fail.
        clock: gives the present, milliseconds since the epoch.

    Attributes:
        sent: how many signals there were of each kind.
        filters_failed: how often a filter failed.
    """

    def __init__(
        self,
        producer: RecordProducer,
        *,
        dead_letters_every_ms: int = DEAD_LETTERS_EVERY_MS,
        filter_failures_every_ms: int = FILTER_FAILURES_EVERY_MS,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._producer = producer
        self._clock = clock
        self._dead_letters = SignalCount(dead_letters_every_ms)
        self._filter_failures = SignalCount(filter_failures_every_ms)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_ms = 0
        self._unacknowledged = 0
        self.sent: Counter[SignalKind] = Counter()
        self.filters_failed = 0

    def send(self, signal: Signal) -> None:
        """Send a signal now."""
        self.sent[signal.kind] += 1
        kept = self._unacknowledged < MAX_UNACKNOWLEDGED
        log = _log.info if signal.kind in _GOOD_NEWS else _log.warning
        log(
            "signal",
            kind=signal.kind.value,
            subscription_id=signal.subscription_id,
            reason=signal.reason,
            count=signal.count,
            only_logged=not kept,
        )
        if kept:
            self._unacknowledged += 1
            self._producer.produce([signal_record(signal)], self._acknowledged)

    def dead_lettered(self, delivery: Delivery, reason: str) -> None:
        """Tell that a delivery was given up: at once, or together with others in some seconds.

        Args:
            delivery: the delivery.
            reason: why, as its dead letter says.
        """
        self._count(self._dead_letters, dead_lettered(delivery, reason, self._clock()))

    def filter_failed(self, subscription: Subscription, event_id: str, reason: str) -> None:
        """Tell that a filter failed: at once, or together with other failures in a minute.

        Args:
            subscription: whose filter.
            event_id: on which event.
            reason: why, for people.
        """
        self.filters_failed += 1
        self._count(self._filter_failures, filter_failed(subscription, event_id, reason, self._clock()))

    def close(self) -> None:
        """Send what was counted and not told."""
        if self._timer is not None:
            self._timer.cancel()
        for count in (self._dead_letters, self._filter_failures):
            for signal in count.rest(self._clock()):
                self.send(signal)

    def _count(self, count: SignalCount, signal: Signal) -> None:
        at_once = count.add(signal)
        if at_once is not None:
            self.send(at_once)
        self._set_timer()

    def _set_timer(self) -> None:
        due_times_ms = [count.next_due_ms for count in (self._dead_letters, self._filter_failures)]
        due_ms = min((due_ms for due_ms in due_times_ms if due_ms is not None), default=None)
        if due_ms is None or (self._timer is not None and self._timer_due_ms <= due_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due_ms = due_ms
        delay_s = max(due_ms - self._clock(), 0) / 1000
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._tell_due)

    def _tell_due(self) -> None:
        self._timer = None
        for count in (self._dead_letters, self._filter_failures):
            for signal in count.due(self._clock()):
                self.send(signal)
        self._set_timer()

    def _acknowledged(self) -> None:
        self._unacknowledged -= 1
