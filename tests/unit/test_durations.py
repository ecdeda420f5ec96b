"""Spans of time on the command line."""

import pytest

from gateway.domain.durations import MAX_DURATION_MS, parse_duration
from gateway.domain.errors import InvalidInputError
from gateway.wire.moments import describe_moment


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [("30s", 30_000), ("15m", 900_000), ("24h", 86_400_000), ("7d", 604_800_000), ("3650d", MAX_DURATION_MS)],
)
def test_reads_seconds_minutes_hours_and_days(text: str, duration_ms: int) -> None:
    """What people write is milliseconds within."""
    assert parse_duration(text) == duration_ms


@pytest.mark.parametrize("text", ["", "0s", "5", "s", "-1h", "1.5h", "1h30m", "1w", " 1h", "1h\n", "٣h", "3651d"])
def test_refuses_anything_else_with_a_reason(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidInputError, match=r"span of time|ten years"):
        parse_duration(text)


def test_moments_are_utc_to_the_second() -> None:
    """RFC 3339, so that they can be compared with any log."""
    assert describe_moment(1_790_000_000_999) == "2026-09-21T14:13:20Z"
    assert not describe_moment(None)
