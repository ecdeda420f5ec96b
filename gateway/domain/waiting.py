"""How long a delivery may wait. Both bounds end in the dead-letter topic, before retention can take anything.

Behind an open circuit it is the span of the subscription's retry policy, so that a dead endpoint's deliveries end
when they would have anyway; in a slow, limited, held or paused lane it is the deployment's greatest age.
"""

from dataclasses import dataclass

from gateway.domain.delivery import Delivery
from gateway.domain.outcome import Reason
from gateway.domain.retry import RetryPolicy


def waiting_since_ms(delivery: Delivery) -> int:
    """Give from when on a delivery could have been sent, milliseconds since the epoch."""
    return max(delivery.planned_at_ms, delivery.not_before_ms)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long a delivery may go on waiting.

    Attributes:
        left_ms: so long, milliseconds; not above 0 where it has waited too long.
        reason: why it is given up then.
    """

    left_ms: int
    reason: Reason


def may_wait(delivery: Delivery, open_circuit: RetryPolicy | None, *, max_age_ms: int, now_ms: int) -> Waiting:
    """Say how long a delivery may go on waiting.

    Args:
        delivery: one that waits.
        open_circuit: the retry policy of its subscription if the circuit is not closed, or None.
        max_age_ms: the deployment's greatest age, milliseconds.
        now_ms: the present, milliseconds since the epoch.
    """
    age_ms = now_ms - waiting_since_ms(delivery)
    if open_circuit is not None and open_circuit.open_circuit_wait_ms < max_age_ms:
        return Waiting(open_circuit.open_circuit_wait_ms - age_ms, Reason.CIRCUIT_OPEN)
    return Waiting(max_age_ms - age_ms, Reason.MAX_AGE)
