"""Sends signals to `gateway.signals` and to the log, beside the deliveries: nothing waits for one.

Dead letters are counted first (`gateway.domain.signals`). While Kafka does not acknowledge, a bounded number of
signals is kept; what exceeds it is only logged.
"""

import asyncio
from collections.abc import Callable

import structlog

from gateway.domain.delivery import Delivery
from gateway.domain.signals import DEAD_LETTERS_EVERY_MS, DeadLetterCount, Signal, SignalKind
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
        every_ms: how long dead letters are counted before they are told, milliseconds.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(
        self, producer: RecordProducer, *, every_ms: int = DEAD_LETTERS_EVERY_MS, clock: Callable[[], int] = now_ms
    ) -> None:
        self._producer = producer
        self._clock = clock
        self._dead_letters = DeadLetterCount(every_ms)
        self._timer: asyncio.TimerHandle | None = None
        self._unacknowledged = 0

    def send(self, signal: Signal) -> None:
        """Send a signal now."""
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
        signal = self._dead_letters.add(delivery, reason, self._clock())
        if signal is not None:
            self.send(signal)
        self._set_timer()

    def close(self) -> None:
        """Send what was counted and not told."""
        if self._timer is not None:
            self._timer.cancel()
        for signal in self._dead_letters.rest(self._clock()):
            self.send(signal)

    def _set_timer(self) -> None:
        due_ms = self._dead_letters.next_due_ms
        if self._timer is None and due_ms is not None:
            delay_s = max(due_ms - self._clock(), 0) / 1000
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tell_due)

    def _tell_due(self) -> None:
        self._timer = None
        for signal in self._dead_letters.due(self._clock()):
            self.send(signal)
        self._set_timer()

    def _acknowledged(self) -> None:
        self._unacknowledged -= 1
