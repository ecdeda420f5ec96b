"""What the overview shows, from the counts in the index: rates, success, latencies, and the worst endpoints."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.console.index_store import IndexConnection, Rows
from gateway.console.names import codes_of, words_of
from gateway.console.statistics import DELIVERED, HOUR_MS, MINUTE_MS, percentile_ms
from gateway.console.tables import DELIVERED as DELIVERED_STATE
from gateway.console.tables import STATES
from gateway.console.terms import Terms, among

MAX_MINUTES = 1440
_WORST = 20


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """The attempts that were begun in one minute.

    Attributes:
        at_ms: when it began, milliseconds since the epoch.
        delivered: those that delivered.
        failed: the others.
        p50_ms: the duration that half of them did not exceed, as the bound of a bucket.
        p95_ms: the same for 95 of 100.
        p99_ms: the same for 99 of 100.
    """

    at_ms: int
    delivered: int
    failed: int
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None


@dataclass(frozen=True, slots=True)
class EndpointCount:
    """The attempts to one subscription in the hours looked at."""

    subscription_id: str
    attempts: int
    failed: int
    mean_ms: int


@dataclass(frozen=True, slots=True)
class Overview:
    """How attempts went in a span of time up to now.

    Attributes:
        since_ms: when the span begins, milliseconds since the epoch.
        attempts: how many attempts were begun.
        delivered: how many of them delivered.
        success_rate: their share, or None where there was no attempt.
        per_s: attempts a second.
        p50_ms: the duration that half of the attempts did not exceed, as the bound of a bucket; None without attempts.
        p95_ms: the same for 95 of 100.
        p99_ms: the same for 99 of 100.
        open: deliveries that were planned in the span and are not delivered, by their state.
        minutes: the attempts by minute, oldest first; minutes without any are left out.
        worst: the subscriptions with most failures in the hours of the span.
    """

    since_ms: int
    attempts: int
    delivered: int
    success_rate: float | None
    per_s: float
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    open: dict[str, int]
    minutes: tuple[MinuteCount, ...]
    worst: tuple[EndpointCount, ...]


@dataclass(frozen=True, slots=True)
class Whose:
    """Of whom an overview is, where it is not of all.

    Attributes:
        tenant: the tenant.
        subscription_ids: its subscriptions.
    """

    tenant: str
    subscription_ids: Sequence[str]


@dataclass(slots=True)
class _Count:
    """Attempts counted together: by the bucket of their durations, and how many of them delivered."""

    buckets: Counter[int] = field(default_factory=Counter)
    delivered: int = 0

    def add(self, bucket: int, attempts: int, *, delivered: bool) -> None:
        self.buckets[bucket] += attempts
        self.delivered += attempts if delivered else 0

    def percentiles(self) -> tuple[int | None, int | None, int | None]:
        return percentile_ms(self.buckets, 50), percentile_ms(self.buckets, 95), percentile_ms(self.buckets, 99)


def overview(connection: IndexConnection, *, minutes: int, now_ms: int, whose: Whose | None = None) -> Overview:
    """Count what happened lately.

    Args:
        connection: of a reader.
        minutes: how many minutes up to now, at most MAX_MINUTES.
        now_ms: the present, milliseconds since the epoch.
        whose: of one tenant; None for all.
    """
    first = now_ms // MINUTE_MS - minutes + 1
    since_ms = first * MINUTE_MS
    only = None if whose is None else _only(connection, whose)
    every = _Count()
    by_minute: dict[int, _Count] = {}
    for minute, delivered, bucket, attempts in _minutes(connection, first, only):
        for count in (every, by_minute.setdefault(minute, _Count())):
            count.add(bucket, attempts, delivered=bool(delivered))
    total = every.buckets.total()
    p50_ms, p95_ms, p99_ms = every.percentiles()
    return Overview(
        since_ms=since_ms,
        attempts=total,
        delivered=every.delivered,
        success_rate=round(every.delivered / total, 5) if total else None,
        per_s=round(total / max((now_ms - since_ms) / 1000, 1), 2),
        p50_ms=p50_ms,
        p95_ms=p95_ms,
        p99_ms=p99_ms,
        open=_open(connection, since_ms, whose),
        minutes=tuple(
            MinuteCount(minute * MINUTE_MS, one.delivered, one.buckets.total() - one.delivered, *one.percentiles())
            for minute, one in sorted(by_minute.items())
        ),
        worst=_worst(connection, since_ms // HOUR_MS, only),
    )


def _only(connection: IndexConnection, whose: Whose) -> str:
    """Give the condition that counts are of a tenant's subscriptions, and of what was sent to the tenant."""
    subscriptions = codes_of(connection, whose.subscription_ids).values()
    tenant = codes_of(connection, [whose.tenant]).values()
    return f"{among('subscription', subscriptions)} AND {among('tenant', tenant)}"


def _minutes(connection: IndexConnection, first: int, only: str | None) -> Rows:
    """Give minutes with whether attempts delivered, their bucket, and how many they are."""
    if only is None:
        return connection.execute(
            "SELECT minute, name = ?, bucket, attempts FROM minutes JOIN names ON names.id = outcome WHERE minute >= ?",
            (DELIVERED, first),
        )
    return connection.execute(
        "SELECT minute, delivered, bucket, sum(attempts) "  # noqa: S608 - numbers
        f"FROM {connection.through('subscription_minutes', 'minutes_by_subscription')} "
        f"WHERE {only} AND minute >= ? GROUP BY minute, delivered, bucket",
        (first,),
    )


def _open(connection: IndexConnection, since_ms: int, whose: Whose | None) -> dict[str, int]:
    terms = Terms()
    terms.add(f"state <> {DELIVERED_STATE}")
    terms.add("at_ms >= ?", since_ms)
    if whose is not None:
        terms.add("tenant = (SELECT id FROM names WHERE name = ?)", whose.tenant)
    counted = connection.execute(
        f"SELECT state, count(*) FROM {connection.through('deliveries', 'undelivered')} "  # noqa: S608 - texts of this module
        f"WHERE {terms.where} GROUP BY state",
        terms.values,
    )
    return {STATES[state].value: count for state, count in counted}


def _worst(connection: IndexConnection, first_hour: int, only: str | None) -> tuple[EndpointCount, ...]:
    rows = connection.execute(
        "SELECT subscription, sum(attempts), sum(failed), sum(duration_ms) FROM hours "  # noqa: S608 - numbers
        f"WHERE hour >= ? AND {only or '1 = 1'} "
        "GROUP BY subscription HAVING sum(failed) > 0 ORDER BY sum(failed) DESC, subscription LIMIT ?",
        (first_hour, _WORST),
    ).fetchall()
    words = words_of(connection, (row[0] for row in rows))
    return tuple(
        EndpointCount(words[subscription], attempts, failed, round(duration_ms / attempts))
        for subscription, attempts, failed, duration_ms in rows
    )
