"""How one subscription has fared, from the index: its attempts by spans of time, its last ones, and its signals."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from gateway.console.attempt_search import AttemptSearch, IndexedAttempt, search_attempts
from gateway.console.index_store import IndexConnection
from gateway.console.passes import TO_THE_END
from gateway.console.signal_rows import STANDING_KINDS, find_signals
from gateway.console.statistics import DELIVERED, MINUTE_MS, percentile_ms
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import Subscription

MAX_HOURS = 168
_MINUTES_AN_HOUR = 60
# So many spans or fewer are shown; a span has a number of minutes that people count in.
_MOST_SPANS = 96
_SPAN_MINUTES = (1, 5, 15, 30, 60, 120)
_RECENT_SIGNALS = 20
# Whatever an attempt may come to beside.
_FAILURES = ("retry_scheduled", "dead_lettered", "put_off", "discarded")


@dataclass(frozen=True, slots=True)
class SpanCount:
    """The attempts that were begun in a span of time.

    Attributes:
        at_ms: when it began, milliseconds since the epoch.
        delivered: those that delivered.
        failed: the others.
        mean_ms: how long they took on average.
        p95_ms: the duration that 95 of 100 did not exceed, as the bound of a bucket.
    """

    at_ms: int
    delivered: int
    failed: int
    mean_ms: int
    p95_ms: int | None


@dataclass(frozen=True, slots=True)
class Fare:
    """How a subscription has fared.

    Attributes:
        since_ms: from when on, milliseconds since the epoch.
        span_ms: how long each span is.
        attempts: how many attempts were begun.
        delivered: how many of them delivered.
        success_rate: their share; None where there was no attempt.
        mean_ms: how long attempts took on average; None where there was none.
        p50_ms: the duration that half of them did not exceed, as the bound of a bucket; None where there was none.
        p95_ms: the same for 95 of 100.
        p99_ms: the same for 99 of 100.
        spans: the attempts by span, oldest first; spans without any are left out.
        last_delivered: the newest attempt that delivered, of any time.
        last_failed: the newest one that did not.
        signals: the newest signals, newest first.
        standing: the newest of those that tell of its circuit and of whether it lags, newest first.
    """

    since_ms: int
    span_ms: int
    attempts: int
    delivered: int
    success_rate: float | None
    mean_ms: int | None
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    spans: tuple[SpanCount, ...]
    last_delivered: IndexedAttempt | None
    last_failed: IndexedAttempt | None
    signals: tuple[Signal, ...]
    standing: tuple[Signal, ...]


@dataclass(slots=True)
class _Count:
    buckets: Counter[int] = field(default_factory=Counter)
    delivered: int = 0
    duration_ms: int = 0

    def add(self, bucket: int, attempts: int, duration_ms: int, *, delivered: bool) -> None:
        self.buckets[bucket] += attempts
        self.delivered += attempts if delivered else 0
        self.duration_ms += duration_ms

    @property
    def attempts(self) -> int:
        return self.buckets.total()

    @property
    def mean_ms(self) -> int:
        return round(self.duration_ms / self.attempts)


def fare_of(connection: IndexConnection, subscription: Subscription, *, hours: int, now_ms: int) -> Fare:
    """Say how a subscription has fared since it was created: another one may have had its id before.

    Args:
        connection: of a reader.
        subscription: which one; one that the index has never met has fared nowhere.
        hours: how many hours up to now are looked at, at most MAX_HOURS.
        now_ms: the present, milliseconds since the epoch.
    """
    span_minutes = next(one for one in _SPAN_MINUTES if hours * _MINUTES_AN_HOUR <= one * _MOST_SPANS)
    # Whole spans, by the clock: so each look counts the same ones.
    last_span = now_ms // MINUTE_MS // span_minutes
    first_minute = (last_span - hours * _MINUTES_AN_HOUR // span_minutes + 1) * span_minutes
    whole = _Count()
    by_span: dict[int, _Count] = {}
    for minute, delivered, bucket, attempts, duration_ms in connection.execute(
        "SELECT minute, delivered, bucket, attempts, duration_ms FROM "  # noqa: S608 - names of this module
        f"{connection.through('subscription_minutes', 'minutes_by_subscription')} "
        "WHERE subscription = (SELECT id FROM names WHERE name = ?) AND tenant = (SELECT id FROM names WHERE name = ?) "
        "AND minute >= ?",
        (
            subscription.subscription_id,
            subscription.tenant,
            max(first_minute, subscription.created_at_ms // MINUTE_MS),
        ),
    ):
        for count in (whole, by_span.setdefault(minute // span_minutes, _Count())):
            count.add(bucket, attempts, duration_ms, delivered=bool(delivered))
    span_ms = span_minutes * MINUTE_MS
    return Fare(
        since_ms=first_minute * MINUTE_MS,
        span_ms=span_ms,
        attempts=whole.attempts,
        delivered=whole.delivered,
        success_rate=round(whole.delivered / whole.attempts, 5) if whole.attempts else None,
        mean_ms=whole.mean_ms if whole.attempts else None,
        p50_ms=percentile_ms(whole.buckets, 50),
        p95_ms=percentile_ms(whole.buckets, 95),
        p99_ms=percentile_ms(whole.buckets, 99),
        spans=tuple(
            SpanCount(
                number * span_ms,
                one.delivered,
                one.attempts - one.delivered,
                one.mean_ms,
                percentile_ms(one.buckets, 95),
            )
            for number, one in sorted(by_span.items())
        ),
        last_delivered=_last(connection, subscription, (DELIVERED,)),
        last_failed=_last(connection, subscription, _FAILURES),
        signals=_signals(connection, subscription, None),
        standing=_signals(connection, subscription, STANDING_KINDS),
    )


def _last(connection: IndexConnection, subscription: Subscription, outcomes: tuple[str, ...]) -> IndexedAttempt | None:
    wanted = AttemptSearch(
        subscription_ids=(subscription.subscription_id,),
        tenant=subscription.tenant,
        outcomes=outcomes,
        since_ms=subscription.created_at_ms,
    )
    return next(iter(search_attempts(connection, wanted, limit=1, pace=TO_THE_END).attempts), None)


def _signals(
    connection: IndexConnection, subscription: Subscription, kinds: Collection[SignalKind] | None
) -> tuple[Signal, ...]:
    found = find_signals(
        connection,
        subscription_id=subscription.subscription_id,
        tenant=subscription.tenant,
        kinds=kinds,
        since_ms=subscription.created_at_ms,
        limit=_RECENT_SIGNALS,
    )
    return tuple(found)
