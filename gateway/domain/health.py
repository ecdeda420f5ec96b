"""What attempts say of an endpoint over time: since when it fails, when that is worth noting, and when to give it up.

A *run of failures* begins with a failed attempt and ends with the first delivered one. Its length is the time from
its first failure to its newest: a run needs a failure at both ends, and time in which nothing was tried after the
newest one does not count. So that a long silence in the middle does not count either, a failure that comes more than
two days after the one before begins a new run; the longest of the default tiers is one day, so a delivery that only
waits for its retry never ends a run. A pause is no part of a run: whoever resumes a subscription, or gives it another
URL, begins a new one (`same_endpoint`).

Runs are remembered in the process. One that has lasted an hour is noted in the subscription, so that a restart does
not forget it. A run that is taken up from a note may have been interrupted unseen: it disables only when the process
that took it up has itself seen failures for an hour.
"""

from dataclasses import dataclass, replace
from enum import Enum

from gateway.domain.subscription import Subscription

NOTE_AFTER_MS = 3_600_000
MAX_SILENCE_MS = 2 * 86_400_000


class Finding(Enum):
    """What is to be done about a run of failures."""

    NOTHING = "nothing"
    NOTE = "note"
    DISABLE = "disable"


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """A run of failures. All times are milliseconds since the epoch.

    Attributes:
        failing_since_ms: its first failure.
        seen_since_ms: its first failure that this process has seen; later than the above if it was noted before.
        seen_until_ms: its newest failure.
    """

    failing_since_ms: int
    seen_since_ms: int
    seen_until_ms: int

    def failed(self, now_ms: int) -> "EndpointHealth":
        """Give the run with one more failure, or a new one after a long silence; a clock that goes back adds none."""
        if now_ms - self.seen_until_ms > MAX_SILENCE_MS:
            return EndpointHealth(now_ms, now_ms, now_ms)
        return replace(self, seen_until_ms=max(now_ms, self.seen_until_ms))

    def finding(self, noted_since_ms: int | None, disable_after_ms: int) -> Finding:
        """Say what is to be done now.

        Args:
            noted_since_ms: what the subscription's note says, or None where there is none.
            disable_after_ms: how long a run disables, milliseconds; 0 for never.
        """
        lasted_ms = self.seen_until_ms - self.failing_since_ms
        seen_ms = self.seen_until_ms - self.seen_since_ms
        if disable_after_ms and lasted_ms >= disable_after_ms and seen_ms >= min(NOTE_AFTER_MS, disable_after_ms):
            return Finding.DISABLE
        if lasted_ms >= NOTE_AFTER_MS and noted_since_ms != self.failing_since_ms:
            return Finding.NOTE
        return Finding.NOTHING


def first_failure(noted_since_ms: int | None, now_ms: int) -> EndpointHealth:
    """Begin a run with the first failure that this process sees, or take up the one that was noted."""
    since_ms = now_ms if noted_since_ms is None else min(noted_since_ms, now_ms)
    return EndpointHealth(since_ms, now_ms, now_ms)


def same_endpoint(one: Subscription, other: Subscription) -> bool:
    """Tell whether what was seen of an endpoint under one revision of its subscription still holds under another.

    It does not if the subscription has another URL, if its state was changed between, or if it was deleted and made
    anew.
    """
    return (one.subscription_id, one.url, one.state, one.state_changed_at_ms, one.created_at_ms) == (
        other.subscription_id,
        other.url,
        other.state,
        other.state_changed_at_ms,
        other.created_at_ms,
    )
