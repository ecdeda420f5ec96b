"""How a delivery's history looks: a block with its timeline, a row of a table, an object of JSON."""

from collections.abc import Iterator
from dataclasses import asdict

from gateway.domain.foreign_text import plain_line
from gateway.domain.history import DeliveryHistory, DeliveryState, PastAttempt
from gateway.wire.moments import describe_moment

COLUMNS = ("DELIVERY", "EVENT", "TYPE", "SUBSCRIPTION", "STATE", "ATTEMPTS", "REASON", "CHANGED")
_EXCERPT_CHARS = 100
# What every server says, and the excerpt and the times above show better; `--json` has them.
_UNTOLD = frozenset({"Content-Type", "Date"})


def history_json(history: DeliveryHistory) -> dict[str, object]:
    """Give the object that `--json` prints; times are milliseconds since the epoch."""
    view = asdict(history)
    for attempt in view["attempts"]:
        attempt["response_headers"] = dict(attempt["response_headers"])
    return {**view, "state": history.state.value, "attempts_made": len(history.attempts)}


def history_row(history: DeliveryHistory) -> tuple[object, ...]:
    """Give the cells of `COLUMNS`."""
    return (
        history.delivery_id,
        history.event_id,
        history.event_type,
        history.subscription_id,
        state_text(history),
        len(history.attempts),
        history.reason,
        describe_moment(history.changed_at_ms),
    )


def state_text(history: DeliveryHistory) -> str:
    """Say where a delivery stands, with the time of the next attempt where one is due."""
    state = history.state.value.replace("_", " ")
    if history.due_at_ms is None:
        return state
    preposition = "until" if history.state is DeliveryState.RETRY_SCHEDULED else "not before"
    return f"{state} {preposition} {describe_moment(history.due_at_ms)}"


def history_block(history: DeliveryHistory) -> Iterator[str]:
    """Give the lines that tell one delivery's story."""
    reason = f" ({history.reason})" if history.reason else ""
    yield f"delivery {history.delivery_id}: {state_text(history)}{reason}"
    yield f"  event         {history.event_id}  {history.event_type}"
    yield f"  subscription  {history.subscription_id}  tenant {history.tenant}"
    yield f"  planned       {describe_moment(history.planned_at_ms) or 'before the time looked at'}"
    if history.replayed_at_ms is not None:
        yield f"  replayed      {describe_moment(history.replayed_at_ms)}"
    if history.dead_letter is not None:
        yield f"  dead letter   {describe_moment(history.dead_letter.at_ms)}  {history.dead_letter.reason}"
    yield f"  attempts      {len(history.attempts)}"
    for attempt in history.attempts:
        yield from _attempt_lines(attempt)


def _attempt_lines(attempt: PastAttempt) -> Iterator[str]:
    number = f"{attempt.attempt_number}/{attempt.max_attempts}" if attempt.max_attempts else f"{attempt.attempt_number}"
    result = f"HTTP {attempt.status}" if attempt.status is not None else attempt.error
    outcome = f"  {attempt.outcome.replace('_', ' ')}" if attempt.outcome else ""
    trigger = f"  ({attempt.trigger})" if attempt.trigger != "event" else ""
    timing = f"{describe_moment(attempt.started_at_ms)}  {attempt.duration_ms:>6} ms"
    yield f"    {number:<5} {timing}  {result}{outcome}{trigger}"
    for text in (attempt.error_detail, attempt.response_excerpt if attempt.outcome != "delivered" else ""):
        if text:
            yield f"          {_shortened(text)}"
    if attempt.outcome != "delivered":
        for name, value in attempt.response_headers:
            if name not in _UNTOLD:
                yield f"          {_shortened(f'{name}: {value}')}"


def _shortened(text: str) -> str:
    line = plain_line(text)
    return line if len(line) <= _EXCERPT_CHARS else line[: _EXCERPT_CHARS - 1] + "…"
