"""What the demo counts: each delivery's last attempt, and the sums that have to come out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.domain.delivery import Attempt


@dataclass(slots=True)
class EndpointTally:
    """The deliveries to one endpoint, by what their last attempt came to.

    Attributes:
        last: delivery id -> its last attempt.
        attempts: how many attempts were made.
    """

    last: dict[str, Attempt] = field(default_factory=dict)
    attempts: int = 0

    def take(self, attempt: Attempt) -> None:
        """Count an attempt."""
        self.attempts += 1
        known = self.last.get(attempt.delivery_id)
        if known is None or attempt.attempt_number >= known.attempt_number:
            self.last[attempt.delivery_id] = attempt

    def count(self, outcome: str) -> int:
        """How many deliveries' last attempt came to this."""
        return sum(attempt.outcome == outcome for attempt in self.last.values())

    @property
    def delivered(self) -> int:
        """How many were delivered."""
        return self.count("delivered")

    @property
    def retrying(self) -> int:
        """How many wait in a retry tier."""
        return self.count("retry_scheduled")

    @property
    def dead_lettered(self) -> int:
        """How many ended in the dead-letter topic."""
        return self.count("dead_lettered")

    @property
    def retried(self) -> int:
        """How many needed more than one attempt."""
        return sum(attempt.attempt_number > 1 for attempt in self.last.values())


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
        """How many deliveries are delivered or dead-lettered."""
        return sum(endpoint.delivered + endpoint.dead_lettered for endpoint in self.endpoints.values())
