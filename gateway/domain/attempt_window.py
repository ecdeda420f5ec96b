"""What attempts of the last minute tell: how many ended how, how long they took, and whose failed most.

Counted by second, so that a second that is past is forgotten as a whole. Memory does not grow with the attempts: each
second has the outcomes, a histogram of durations and the failures of `MAX_FAILING` subscriptions; failures of more are
counted together. Pure: the present is an argument.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.domain.delivery import Attempt
from gateway.domain.percentiles import bucket_at

WINDOW_S = 60
# In one second: beyond these, failures are counted, but nobody's.
MAX_FAILING = 1_000
# A duration is known to a twentieth.
_GROWTH = 1.05
_LONGEST_MS = 120_000
_DELIVERED = "delivered"


def _bounds_ms() -> tuple[int, ...]:
    bounds = [0, 1]
    while bounds[-1] < _LONGEST_MS:
        bounds.append(max(bounds[-1] + 1, int(bounds[-1] * _GROWTH)))
    return tuple(bounds)


# The largest duration of each bucket, milliseconds; the last one also has what took longer.
BOUNDS_MS = _bounds_ms()


@dataclass(frozen=True, slots=True)
class Failing:
    """A subscription whose attempts failed.

    Attributes:
        subscription_id: which one.
        failed: how many attempts failed.
        last: what the newest of them met: `HTTP 503`, or an error's name.
    """

    subscription_id: str
    failed: int
    last: str


@dataclass(frozen=True, slots=True)
class WindowSummary:
    """What the attempts of a span of time tell.

    Attributes:
        span_s: how long the span is, as far as it was watched, seconds.
        outcomes: how many records ended how; also ends without an attempt.
        attempts: how many requests were made.
        delivered: how many of them delivered.
        latency_ms: the durations that 50, 95 and 99 % of them did not exceed, rounded up by a twentieth at most, in
            milliseconds; None where there were none.
        worst: the subscriptions with the most failures, most first.
        failing: how many subscriptions had failures, as far as they are told apart.
        untold: failures that are not told apart.
    """

    span_s: float
    outcomes: dict[str, int]
    attempts: int
    delivered: int
    latency_ms: tuple[int, int, int] | None
    worst: tuple[Failing, ...]
    failing: int
    untold: int

    @property
    def success_rate(self) -> float | None:
        """The share of the requests that delivered; None where there were none."""
        return self.delivered / self.attempts if self.attempts else None

    def per_s(self, outcome: str) -> float:
        """Give how many a second ended in a way."""
        return self.outcomes.get(outcome, 0) / self.span_s


@dataclass(slots=True)
class _Second:
    """What ended in one second."""

    outcomes: Counter[str] = field(default_factory=Counter)
    durations: list[int] = field(default_factory=lambda: [0] * len(BOUNDS_MS))
    delivered: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    untold: int = 0


class AttemptWindow:
    """The last minute.

    Args:
        since_ms: from when on attempts are added, milliseconds since the epoch.
    """

    def __init__(self, since_ms: int) -> None:
        self._since_ms = since_ms
        self._seconds: dict[int, _Second] = {}

    def add(self, attempt: Attempt, now_ms: int) -> None:
        """Count an attempt that ended within the last minute; one that ended before is passed over.

        Args:
            attempt: as recorded. One that ends later than now, by another machine's clock, ends now.
            now_ms: the present, milliseconds since the epoch.
        """
        number = min(attempt.started_at_ms + attempt.duration_ms, now_ms) // 1000
        if number <= now_ms // 1000 - WINDOW_S:
            return
        second = self._seconds.get(number)
        if second is None:
            self._forget(now_ms)
            second = self._seconds[number] = _Second()
        second.outcomes[attempt.outcome] += 1
        if not attempt.was_made:
            return
        second.durations[min(bisect_left(BOUNDS_MS, attempt.duration_ms), len(BOUNDS_MS) - 1)] += 1
        if attempt.outcome == _DELIVERED:
            second.delivered += 1
        else:
            _note_failure(second, attempt)

    def sum_up(self, now_ms: int, span_s: int = WINDOW_S, worst: int = 0) -> WindowSummary:
        """Say what the attempts of the last seconds tell.

        Args:
            now_ms: the present, milliseconds since the epoch.
            span_s: how many seconds, the present one among them; at most a minute.
            worst: how many of the worst subscriptions are wanted.
        """
        first = now_ms // 1000 - min(span_s, WINDOW_S) + 1
        seconds = [one for number, one in sorted(self._seconds.items()) if number >= first]
        outcomes = sum((one.outcomes for one in seconds), Counter[str]())
        durations = [sum(counts) for counts in zip(*(one.durations for one in seconds), strict=True)]
        failed: Counter[str] = Counter()
        last: dict[str, str] = {}
        for one in seconds:
            failed.update(one.failed)
            last.update(one.last)
        return WindowSummary(
            max(now_ms - max(first * 1000, self._since_ms), 1) / 1000,
            dict(outcomes),
            sum(durations),
            sum(one.delivered for one in seconds),
            _percentiles(durations),
            tuple(Failing(name, count, last[name]) for name, count in _most(failed, worst)),
            len(failed),
            sum(one.untold for one in seconds),
        )

    def _forget(self, now_ms: int) -> None:
        for number in [number for number in self._seconds if number <= now_ms // 1000 - WINDOW_S]:
            del self._seconds[number]


def _note_failure(second: _Second, attempt: Attempt) -> None:
    name = attempt.subscription_id
    if name not in second.failed and len(second.failed) >= MAX_FAILING:
        second.untold += 1
        return
    second.failed[name] = second.failed.get(name, 0) + 1
    second.last[name] = f"HTTP {attempt.status}" if attempt.status is not None else attempt.error or ""


def _most(failed: Counter[str], wanted: int) -> list[tuple[str, int]]:
    # By name, too: a table that is drawn again does not change the places of equals.
    return sorted(failed.items(), key=lambda item: (-item[1], item[0]))[:wanted]


def _percentiles(durations: Sequence[int]) -> tuple[int, int, int] | None:
    """Give the bounds of the buckets in which the median and the 95th and 99th percentile lie."""
    counts = {bucket: count for bucket, count in enumerate(durations) if count}
    p50, p95, p99 = (bucket_at(counts, percent) for percent in (50, 95, 99))
    if p50 is None or p95 is None or p99 is None:
        return None
    return BOUNDS_MS[p50], BOUNDS_MS[p95], BOUNDS_MS[p99]
