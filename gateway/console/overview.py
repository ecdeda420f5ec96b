"""What the overview shows, from the counts in the index: rates, success, latencies, and the worst endpoints."""

import sqlite3
from collections import Counter
from dataclasses import dataclass

from gateway.console.database import STATES
from gateway.console.names import words_of
from gateway.console.statistics import HOUR_MS, MINUTE_MS, quantile_ms
from gateway.domain.history import DeliveryState

MAX_MINUTES = 1440
_DELIVERED = "delivered"
_WORST = 20


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """The attempts that were begun in one minute.

    Attributes:
        at_ms: when it began, milliseconds since the epoch.
        delivered: those that delivered.
        failed: the others.
        p95_ms: the duration that 95 of 100 did not exceed.
    """

    at_ms: int
    delivered: int
    failed: int
    p95_ms: int | None


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


def overview(connection: sqlite3.Connection, *, minutes: int, now_ms: int) -> Overview:
    """Count what happened lately.

    Args:
        connection: of a reader.
        minutes: how many minutes up to now, at most MAX_MINUTES.
        now_ms: the present, milliseconds since the epoch.
    """
    first = now_ms // MINUTE_MS - minutes + 1
    every: Counter[int] = Counter()
    delivered = 0
    by_minute: dict[int, tuple[Counter[int], Counter[bool]]] = {}
    for minute, outcome, bucket, attempts in connection.execute(
        "SELECT minute, name, bucket, attempts FROM minutes JOIN names ON names.id = outcome WHERE minute >= ?",
        (first,),
    ):
        buckets, outcomes = by_minute.setdefault(minute, (Counter(), Counter()))
        buckets[bucket] += attempts
        outcomes[outcome == _DELIVERED] += attempts
        every[bucket] += attempts
        delivered += attempts if outcome == _DELIVERED else 0
    total = every.total()
    return Overview(
        since_ms=first * MINUTE_MS,
        attempts=total,
        delivered=delivered,
        success_rate=round(delivered / total, 5) if total else None,
        per_s=round(total / max((now_ms - first * MINUTE_MS) / 1000, 1), 2),
        p50_ms=quantile_ms(every, 0.5),
        p95_ms=quantile_ms(every, 0.95),
        p99_ms=quantile_ms(every, 0.99),
        open=_open(connection, first * MINUTE_MS),
        minutes=tuple(
            MinuteCount(minute * MINUTE_MS, outcomes[True], outcomes[False], quantile_ms(buckets, 0.95))
            for minute, (buckets, outcomes) in sorted(by_minute.items())
        ),
        worst=_worst(connection, first * MINUTE_MS // HOUR_MS),
    )


def _open(connection: sqlite3.Connection, since_ms: int) -> dict[str, int]:
    delivered = STATES.index(DeliveryState.DELIVERED)
    counted = connection.execute(
        f"SELECT state, count(*) FROM deliveries INDEXED BY undelivered "  # noqa: S608 - a number
        f"WHERE state <> {delivered} AND at_ms >= ? GROUP BY state",
        (since_ms,),
    )
    return {STATES[state].value: count for state, count in counted}


def _worst(connection: sqlite3.Connection, first_hour: int) -> tuple[EndpointCount, ...]:
    rows = connection.execute(
        "SELECT subscription, sum(attempts), sum(failed), sum(duration_ms) FROM hours WHERE hour >= ? "
        "GROUP BY subscription HAVING sum(failed) > 0 ORDER BY sum(failed) DESC, subscription LIMIT ?",
        (first_hour, _WORST),
    ).fetchall()
    words = words_of(connection, (row[0] for row in rows))
    return tuple(
        EndpointCount(words[subscription], attempts, failed, round(duration_ms / attempts))
        for subscription, attempts, failed, duration_ms in rows
    )
