"""Counts what attempts and deliveries came to: plain numbers, read by the metrics. For the event loop.

It stands on the way of every delivery. What nearly always happens, that the first attempt delivers, is counted without
looking anything up.
"""

from collections import Counter
from collections.abc import Mapping

from gateway.domain.delivery import Delivery
from gateway.domain.outcome import Outcome, Reason
from gateway.domain.waiting import waiting_since_ms
from gateway.egress.settlement import Settlement
from gateway.telemetry.distribution import Distribution
from gateway.telemetry.metrics import ATTEMPT_DURATION, DELIVERY_AGE, RETRY_LATENESS

DELIVERED, DEAD_LETTERED, DISCARDED = "delivered", "dead_lettered", "discarded"


class DeliveryTally:
    """The numbers of one process, since its start.

    Attributes:
        age: how old deliveries were when they were delivered, seconds.
    """

    def __init__(self) -> None:
        self._delivered = 0
        self._failed: Counter[tuple[Outcome, Reason]] = Counter()
        self._given_up: Counter[tuple[str, Reason]] = Counter()
        self._durations = {outcome: Distribution(ATTEMPT_DURATION.bounds) for outcome in Outcome}
        self._delivered_durations = self._durations[Outcome.DELIVERED]
        self._lateness: dict[tuple[str], Distribution] = {}
        self.age = Distribution(DELIVERY_AGE.bounds)

    def attempted(self, delivery: Delivery, settlement: Settlement, *, duration_ms: int, now_ms: int) -> None:
        """An attempt was made.

        Args:
            delivery: of which delivery.
            settlement: what follows it.
            duration_ms: how long it took, milliseconds.
            now_ms: the present, milliseconds since the epoch.
        """
        verdict = settlement.verdict
        if verdict.outcome is Outcome.DELIVERED:
            self._delivered += 1
            self._delivered_durations.add(duration_ms / 1000)
            self.age.add(max(now_ms - waiting_since_ms(delivery), 0) / 1000)
            return
        self._failed[verdict.outcome, verdict.reason] += 1
        self._durations[verdict.outcome].add(duration_ms / 1000)
        if settlement.dead_letter is not None:
            self._given_up[DEAD_LETTERED, settlement.dead_letter] += 1

    def ended(self, reason: Reason, *, discarded: bool) -> None:
        """A delivery was ended without an attempt."""
        result = DISCARDED if discarded else DEAD_LETTERED
        self._given_up[result, reason] += 1

    def retry_read(self, topic: str, *, late_ms: int) -> None:
        """A retry was read from a tier's topic, so many milliseconds after it was due."""
        lateness = self._lateness.get((topic,))
        if lateness is None:
            lateness = self._lateness[topic,] = Distribution(RETRY_LATENESS.bounds)
        lateness.add(max(late_ms, 0) / 1000)

    def attempts(self) -> Mapping[tuple[Outcome, Reason], int]:
        """Give how many attempts came to what."""
        return {(Outcome.DELIVERED, Reason.NONE): self._delivered, **self._failed}

    def ends(self) -> Mapping[tuple[str, Reason], int]:
        """Give how many deliveries ended how."""
        return {(DELIVERED, Reason.NONE): self._delivered, **self._given_up}

    def lateness(self) -> Mapping[tuple[str], Distribution]:
        """Give how late retries were, seconds, by topic."""
        return self._lateness

    def durations(self) -> Mapping[tuple[Outcome], Distribution]:
        """Give how long attempts took, seconds, by what they came to."""
        return {(outcome,): durations for outcome, durations in self._durations.items()}
