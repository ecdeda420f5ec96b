"""How an attempt looks that is told as it happens: a line, an object of JSON."""

from dataclasses import asdict

import click

from gateway.domain.delivery import Attempt
from gateway.domain.foreign_text import plain_line
from gateway.wire.moments import describe_moment

_COLORS = {
    "delivered": "green",
    "retry_scheduled": "yellow",
    "put_off": "yellow",
    "dead_lettered": "red",
    "discarded": "bright_black",
}


def attempt_json(attempt: Attempt, host: str | None) -> dict[str, object]:
    """Give the object that `--json` prints; times are milliseconds since the epoch."""
    return {**asdict(attempt), "response_headers": dict(attempt.response_headers), "host": host}


def attempt_line(attempt: Attempt, host: str | None) -> str:
    """Give the line for people: when, what came of it, how it went, to whom, and what is next.

    On a terminal its outcome has a color; where the output goes elsewhere, click leaves that out.
    """
    outcome = plain_line(attempt.outcome)
    made = f"{attempt.attempt_number}/{attempt.max_attempts}"
    parts = (
        f"{_answer(attempt):<18}",
        f"{attempt.duration_ms:>6} ms" if attempt.was_made else f"{'':>9}",
        f"{made:<6}",
        attempt.subscription_id,
        host or "?",
        attempt.event_type,
        attempt.event_id,
        f"({attempt.trigger})" if attempt.trigger != "event" else "",
        attempt.reason if attempt.outcome in {"dead_lettered", "discarded"} else "",
        f"next {describe_moment(attempt.due_at_ms)}" if attempt.due_at_ms else "",
    )
    told = plain_line("  ".join(part for part in parts if part))
    moment = describe_moment(attempt.started_at_ms + attempt.duration_ms)
    return f"{moment}  {click.style(f'{outcome:<15}', fg=_COLORS.get(outcome))}  {told}"


def _answer(attempt: Attempt) -> str:
    if attempt.status is not None:
        return f"HTTP {attempt.status}"
    return attempt.error or "not sent"
