"""What a producer may ask for with one event: that it is delivered later, or before others that wait."""

from dataclasses import dataclass

from gateway.domain.delivery import Priority

# Below the greatest age of a delivery, and so below the retention of the topics that it waits in.
MAX_DEFERRAL_MS = 5 * 86_400_000
MAX_DEFERRAL_TEXT = "5 days"


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How the deliveries of one event are to be made.

    Attributes:
        not_before_ms: none is sent before this, milliseconds since the epoch; 0 for at once.
        priority: whether they overtake others that wait for the same subscription.
    """

    not_before_ms: int = 0
    priority: Priority = Priority.NORMAL


NO_OPTIONS = DeliveryOptions()


def is_too_far_ahead(not_before_ms: int, now_ms: int) -> bool:
    """Tell whether a delivery would have to wait longer than the topics can be trusted to keep it."""
    return not_before_ms - now_ms > MAX_DEFERRAL_MS
