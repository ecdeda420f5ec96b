"""What deliveries say of their endpoints, passed on: to the life cycle, which acts on it, and as signals."""

from gateway.domain.circuit import CircuitState
from gateway.domain.gate import CircuitChange
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import Subscription
from gateway.egress.life_cycle import EndpointLifeCycle
from gateway.egress.locks import SubscriptionLocks
from gateway.kafka.signal_sender import SignalSender
from gateway.telemetry.clock import now_ms


class EndpointWatch:
    """See EndpointEvents.

    Args:
        life_cycle: notes, disables, holds.
        locks: knows which subscriptions are locked.
        signals: told of what an operator wants to know.
    """

    def __init__(self, life_cycle: EndpointLifeCycle, locks: SubscriptionLocks, signals: SignalSender) -> None:
        self._life_cycle = life_cycle
        self._locks = locks
        self._signals = signals
        self.attempted = life_cycle.attempted
        self.gone = life_cycle.gone
        self.dead_lettered = signals.dead_lettered

    def is_held(self, subscription_id: str) -> bool:
        """Tell whether nothing may be begun: the subscription is being disabled, or is locked."""
        return self._life_cycle.is_held(subscription_id) or self._locks.is_locked(subscription_id)

    def circuit_changed(self, subscription: Subscription, change: CircuitChange) -> None:
        """Tell that a circuit opened or closed."""
        at_ms = now_ms()
        if change.state is CircuitState.CLOSED:
            self._send(subscription, at_ms, SignalKind.CIRCUIT_CLOSED, "a probe was answered")
            return
        self._send(
            subscription,
            at_ms,
            SignalKind.CIRCUIT_OPENED,
            f"too many attempts failed, the last {change.failures} in a row",
            until_ms=at_ms + round(change.probe_in_ms),
            failures=change.failures,
        )

    def _send(
        self,
        subscription: Subscription,
        at_ms: int,
        kind: SignalKind,
        reason: str,
        *,
        until_ms: int | None = None,
        failures: int | None = None,
    ) -> None:
        self._signals.send(
            Signal(
                subscription.subscription_id,
                subscription.tenant,
                at_ms,
                kind,
                reason,
                until_ms=until_ms,
                failures=failures,
            )
        )
