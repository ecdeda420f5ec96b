"""What the demo counts while it runs: each delivery's last attempt."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.domain.delivery import Attempt


@dataclass(slots=True)
class EndpointTally:
    """The deliveries to one endpoint, by what their last attempt came to.

    Attributes:
        last: delivery id -> its last attempt, or the record of its end without one.
        attempts: how many attempts were made.
    """

    last: dict[str, Attempt] = field(default_factory=dict)
    attempts: int = 0

    def take(self, attempt: Attempt) -> None:
        """Count an attempt, or a delivery's end without one."""
        self.attempts += attempt.was_made
        known = self.last.get(attempt.delivery_id)
        if known is None or attempt.attempt_number >= known.attempt_number:
            self.last[attempt.delivery_id] = attempt

    def ended_as(self, end: str) -> int:
        """How many came to this end: `delivered`, or a dead letter's reason."""
        return sum(_end_of(attempt) == end for attempt in self.last.values())

    @property
    def ended(self) -> int:
        """How many were delivered, or ended in the dead-letter topic."""
        return sum(_end_of(attempt) is not None for attempt in self.last.values())

    @property
    def retried(self) -> int:
        """How many needed more than one attempt."""
        return sum(attempt.attempt_number > 1 for attempt in self.last.values())


def _end_of(attempt: Attempt) -> str | None:
    match attempt.outcome:
        case "delivered":
            return attempt.outcome
        case "dead_lettered":
            return attempt.reason
        case _:
            return None


class DemoTally:
    """The tallies of all endpoints.

    Args:
        subscription_ids: the demo's subscriptions.
    """

    def __init__(self, subscription_ids: Iterable[str]) -> None:
        self.endpoints = {subscription_id: EndpointTally() for subscription_id in subscription_ids}
        self.published = 0

    def take(self, attempts: Iterable[Attempt]) -> None:
        """Count the attempts that are the demo's."""
        for attempt in attempts:
            endpoint = self.endpoints.get(attempt.subscription_id)
            if endpoint is not None:
                endpoint.take(attempt)

    @property
    def expected(self) -> int:
        """How many deliveries the published events make."""
        return self.published * len(self.endpoints)

    @property
    def ended(self) -> int:
        """How many deliveries have ended, one way or the other."""
        return sum(endpoint.ended for endpoint in self.endpoints.values())
