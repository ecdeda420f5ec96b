"""How attempts went: counted by minute with their durations, of all and of each subscription, and by hour."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.console.steps import Step
from gateway.domain.percentiles import bucket_at

# Upper bounds of the durations counted together, milliseconds; what is longer has a bucket of its own.
DURATION_BOUNDS_MS = (
    1,
    2,
    5,
    10,
    20,
    35,
    50,
    75,
    100,
    150,
    200,
    350,
    500,
    750,
    1000,
    2000,
    5000,
    10_000,
    30_000,
    60_000,
)
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DELIVERED = "delivered"


class Addressee(NamedTuple):
    """Whom attempts are counted to: a subscription's id was another tenant's before, perhaps."""

    subscription_id: str
    tenant: str


class AttemptTally:
    """Counts attempts of one batch.

    Attributes:
        minutes: (minute since the epoch, outcome, bucket of the duration) -> attempts.
        hours: (hour since the epoch, whose) -> attempts, those that failed, milliseconds that all took.
        of_subscriptions: (minute, whose, whether they delivered, bucket) -> attempts, milliseconds they took.
    """

    def __init__(self) -> None:
        self.minutes: Counter[tuple[int, str, int]] = Counter()
        self.hours: defaultdict[tuple[int, Addressee], list[int]] = defaultdict(lambda: [0, 0, 0])
        self.of_subscriptions: defaultdict[tuple[int, Addressee, bool, int], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, whose: Addressee, attempts: Iterable[Step]) -> None:
        """Count some attempts to one subscription."""
        for key, content, _ in attempts:
            bucket = bisect_left(DURATION_BOUNDS_MS, content.duration_ms)
            minute, delivered = key.at_ms // MINUTE_MS, content.outcome == DELIVERED
            self.minutes[minute, content.outcome, bucket] += 1
            counted = self.hours[key.at_ms // HOUR_MS, whose]
            counted[0] += 1
            counted[1] += not delivered
            counted[2] += content.duration_ms
            of_subscription = self.of_subscriptions[minute, whose, delivered, bucket]
            of_subscription[0] += 1
            of_subscription[1] += content.duration_ms


def percentile_ms(buckets: Mapping[int, int], percent: int) -> int | None:
    """Give the upper bound of the duration that so many percent did not exceed, or None where there are no attempts.

    Args:
        buckets: bucket -> attempts.
        percent: like 99.
    """
    bucket = bucket_at(buckets, percent)
    return None if bucket is None else DURATION_BOUNDS_MS[min(bucket, len(DURATION_BOUNDS_MS) - 1)]
