"""How what waits for a subscription looks: lines for people, an object of JSON."""

from collections.abc import Iterator
from dataclasses import asdict

from gateway.domain.backlog import Backlog
from gateway.wire.moments import describe_moment

_UNITS_S = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def backlog_json(backlog: Backlog, reason: str | None) -> dict[str, object]:
    """Give the object that `--json` prints; times are milliseconds since the epoch."""
    return {**asdict(backlog), "reason": reason if backlog.waiting else None}


def backlog_fields(backlog: Backlog, reason: str | None, now_ms: int) -> Iterator[tuple[str, str]]:
    """Give names and texts for people.

    Args:
        backlog: what waits.
        reason: why, or None where that is not known.
        now_ms: the present, milliseconds since the epoch.
    """
    waiting = _count(backlog.waiting, complete=backlog.complete)
    if backlog.oldest_waiting_at_ms is not None:
        age = describe_age(now_ms - backlog.oldest_waiting_at_ms)
        waiting += f", the oldest since {describe_moment(backlog.oldest_waiting_at_ms)} ({age})"
        waiting += f": {reason}" if reason else ""
    yield "waiting", waiting
    if backlog.next_retry_at_ms is not None:
        next_at = describe_moment(backlog.next_retry_at_ms)
        yield "retrying", f"{_count(backlog.retrying, complete=backlog.complete)}, the next at {next_at}"


def describe_age(age_ms: int) -> str:
    """Write a span of time in its greatest unit: `3 d`, `2 h`, `5 min`, `40 s`."""
    age_s = max(age_ms, 0) // 1000
    unit, seconds = next((one for one in _UNITS_S if age_s >= one[1]), _UNITS_S[-1])
    return f"{age_s // seconds} {unit}"


def _count(count: int, *, complete: bool) -> str:
    return f"{count:,}" if complete else f"more than {count:,}"
