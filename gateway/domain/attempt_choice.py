"""Which attempts somebody who watches them wants to see."""

from dataclasses import dataclass

from gateway.domain.delivery import Attempt
from gateway.domain.matching import check_pattern, matches_pattern

OUTCOMES = ("delivered", "retry_scheduled", "put_off", "dead_lettered", "discarded")


@dataclass(frozen=True, slots=True)
class AttemptChoice:
    """What an attempt has to be; None, or nothing, leaves a property open.

    Attributes:
        subscription_ids: to one of these.
        tenant: of this tenant.
        event_type: of this event type: `order.created`, `order.*` or `*`.
        outcomes: it ended in one of these ways.

    Raises:
        InvalidInputError: the event type is no pattern.
    """

    subscription_ids: tuple[str, ...] = ()
    tenant: str | None = None
    event_type: str | None = None
    outcomes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the pattern."""
        if self.event_type is not None:
            check_pattern(self.event_type)

    def admits(self, attempt: Attempt) -> bool:
        """Tell whether an attempt is wanted."""
        return (
            (not self.subscription_ids or attempt.subscription_id in self.subscription_ids)
            and self.tenant in {None, attempt.tenant}
            and (self.event_type is None or matches_pattern(self.event_type, attempt.event_type))
            and (not self.outcomes or attempt.outcome in self.outcomes)
        )
