"""How a signal looks: a row of a table, a line, an object of JSON."""

from dataclasses import asdict

from gateway.domain.signals import Signal
from gateway.wire.moments import describe_moment

COLUMNS = ("AT", "SUBSCRIPTION", "TENANT", "SIGNAL", "REASON", "DETAILS")


def signal_json(signal: Signal) -> dict[str, object]:
    """Give the object that `--json` prints; times are milliseconds since the epoch."""
    return {**asdict(signal), "kind": signal.kind.value}


def signal_row(signal: Signal) -> tuple[object, ...]:
    """Give the cells of `COLUMNS`."""
    return (
        describe_moment(signal.at_ms),
        signal.subscription_id,
        signal.tenant,
        signal.kind.value,
        signal.reason,
        signal_details(signal),
    )


def signal_line(signal: Signal) -> str:
    """Give the same as one line."""
    return "  ".join(str(cell) for cell in signal_row(signal) if cell)


def signal_details(signal: Signal) -> str:
    """Say in words what the signal's own fields hold."""
    parts = []
    if signal.count is not None:
        parts.append(f"{signal.count:,} since the last such signal" if signal.count > 1 else f"event {signal.event_id}")
    if signal.failures is not None:
        parts.append(f"{signal.failures:,} failures in a row")
    if signal.until_ms is not None:
        parts.append(f"tried again at {describe_moment(signal.until_ms)}")
    if signal.waiting is not None:
        parts.append(f"{signal.waiting:,} waiting")
    if signal.oldest_waiting_at_ms is not None:
        parts.append(f"the oldest since {describe_moment(signal.oldest_waiting_at_ms)}")
    return ", ".join(parts)
