"""Moments as text: RFC 3339 with an offset ↔ milliseconds since the epoch. Nothing is guessed."""

from datetime import UTC, datetime, timedelta

from gateway.domain.errors import InvalidInputError
from gateway.wire.rendering import rfc3339

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_MAX_SHOWN_CHARS = 80


def milliseconds_of(moment: datetime) -> int:
    """Give a moment as whole milliseconds since the epoch, rounded down.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset")
    return (moment - _EPOCH) // _MILLISECOND


def moment_text(at_ms: int) -> str:
    """Write a moment in RFC 3339, UTC.

    Args:
        at_ms: milliseconds since the epoch.
    """
    return rfc3339(_EPOCH + at_ms * _MILLISECOND)


def describe_moment(at_ms: int | None) -> str:
    """Write a moment in RFC 3339, UTC, to the second; nothing for None.

    Args:
        at_ms: milliseconds since the epoch. A record may hold any number: one outside the years 1 to 9999 is written
            as it is.
    """
    if at_ms is None:
        return ""
    try:
        return f"{_EPOCH + at_ms // 1000 * _SECOND:%Y-%m-%dT%H:%M:%SZ}"
    except OverflowError:
        return f"{at_ms} ms"


def parse_moment(text: str) -> datetime:
    """Read an RFC 3339 time with its offset.

    Raises:
        InvalidInputError: it is none, or lies outside the years 1 to 9999 in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
        _ = milliseconds_of(moment)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"'{text[:_MAX_SHOWN_CHARS]}' is not an RFC 3339 time with its offset") from None
