"""What the lanes tell of endpoints, handed to those who write it down: the life cycle, and the signals.

Also looks now and then at who lags. Nothing here blocks, and no delivery depends on it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from gateway.domain.catch_up import PartitionReading
from gateway.domain.circuit import CircuitState
from gateway.domain.cursor import subscription_of
from gateway.domain.delivery import Delivery
from gateway.domain.gate import CircuitChange
from gateway.domain.lag import LagBook, LagNews
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.egress.life_cycle import EndpointLifeCycle
from gateway.egress.signal_sender import SignalSender
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import now_ms

_LOOK_EVERY_S = 10.0


class EndpointReports:
    """Hands reports on. For the event loop.

    Args:
        life_cycle: writes into the subscriptions table.
        signals: sends signals.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(self, life_cycle: EndpointLifeCycle, signals: SignalSender, clock: Callable[[], int] = now_ms) -> None:
        self._signals = signals
        self._clock = clock
        self._lags = LagBook()
        self.attempted = life_cycle.attempted
        self.gone = life_cycle.gone
        self.is_held = life_cycle.is_held
        self.dead_lettered: Callable[[Delivery, str], None] = signals.dead_lettered

    def circuit_changed(self, subscription: Subscription, change: CircuitChange) -> None:
        """Tell that a circuit opened or closed."""
        opened = change.state is CircuitState.OPEN
        at_ms = self._clock()
        self._signals.send(
            Signal(
                subscription.subscription_id,
                subscription.tenant,
                at_ms,
                SignalKind.CIRCUIT_OPENED if opened else SignalKind.CIRCUIT_CLOSED,
                "too many attempts failed" if opened else "an attempt succeeded",
                until_ms=at_ms + round(change.probe_in_ms) if opened else None,
            )
        )

    def look_at_lag(self, readings: Mapping[Partition, PartitionReading], index: SubscriptionIndex) -> None:
        """Tell of the subscriptions that have been lagging for long, and of those that are not any more.

        Args:
            readings: the partitions that this process owns.
            index: the subscriptions.
        """
        waiting: Counter[str] = Counter()
        for reading in readings.values():
            for name in {subscription_of(strand) for strand, _ in reading.lagging()}:
                waiting[name] += reading.waiting(name)
        for news in self._lags.observe(waiting, self._clock()):
            subscription = index.get(news.subscription_id)
            if subscription is not None:
                self._signals.send(self._lag_signal(subscription, news))

    def _lag_signal(self, subscription: Subscription, news: LagNews) -> Signal:
        lagging = news.kind is SignalKind.LAGGING
        paused = subscription.state is SubscriptionState.PAUSED
        reason = "the subscription is paused" if paused else "deliveries come faster than its endpoint takes them"
        return Signal(
            subscription.subscription_id,
            subscription.tenant,
            self._clock(),
            news.kind,
            reason if lagging else None,
            waiting=news.waiting if lagging else None,
            oldest_waiting_at_ms=news.since_ms if lagging else None,
        )

    async def watch_lag(self, readings: Mapping[Partition, PartitionReading], index: SubscriptionIndex) -> None:
        """Look at the lag again and again, until cancelled; arguments as for `look_at_lag`."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.look_at_lag(readings, index)
