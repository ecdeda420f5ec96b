"""What a producer asks for with an event, as headers: `gateway-deliver-after` and `gateway-priority`.

A value that can't be used makes the event undecodable, like a broken context header: an event that was to wait must
not be sent at once because of a slip of the pen.
"""

from datetime import datetime, timedelta

from gateway.domain.delivery import Priority
from gateway.domain.durations import parse_duration
from gateway.domain.errors import InvalidInputError
from gateway.domain.options import NO_OPTIONS, DeliveryOptions
from gateway.wire.moments import milliseconds_of, parse_moment
from gateway.wire.rendering import rfc3339

DELIVER_AFTER = "gateway-deliver-after"
PRIORITY = "gateway-priority"

_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_MAX_SHOWN_CHARS = 80

DeliverAfter = datetime | timedelta
"""A moment, or a delay from the event record's timestamp."""


def parse_deliver_after(text: str) -> DeliverAfter:
    """Read an RFC 3339 time with its offset, or a delay such as `90s`, `10m`, `2h` or `1d`.

    Raises:
        InvalidInputError: it is neither.
    """
    try:
        return parse_duration(text) * _MILLISECOND
    except InvalidInputError:
        pass
    try:
        return parse_moment(text)
    except InvalidInputError:
        raise InvalidInputError(
            f"'{text[:_MAX_SHOWN_CHARS]}' is neither a time nor a delay",
            hint="write a time like 2026-01-31T13:30:00Z, or a delay like 90s, 10m or 2h",
        ) from None


def deliver_after_text(deliver_after: DeliverAfter) -> str:
    """Write it as `parse_deliver_after` reads it; a delay in whole seconds, rounded up.

    Raises:
        InvalidInputError: a time without a time zone, or a delay that is not positive.
    """
    if isinstance(deliver_after, datetime):
        if deliver_after.tzinfo is None:
            raise InvalidInputError("the time to deliver after needs its offset", hint="pass a datetime with tzinfo")
        return rfc3339(deliver_after)
    if deliver_after <= timedelta(0):
        raise InvalidInputError("the delay to deliver after is not positive")
    return f"{-(-deliver_after // _SECOND)}s"


def parse_priority(text: str) -> Priority:
    """Read `high` or `normal`.

    Raises:
        InvalidInputError: it is neither.
    """
    try:
        return Priority(text)
    except ValueError:
        known = " or ".join(priority.value for priority in reversed(Priority))
        raise InvalidInputError(f"'{text[:_MAX_SHOWN_CHARS]}' is not a priority", hint=f"write {known}") from None


def options_of(deliver_after: DeliverAfter | None, priority: Priority | None, timestamp_ms: int) -> DeliveryOptions:
    """Give the options that the headers ask for.

    Args:
        deliver_after: what they say, or None.
        priority: what they say, or None.
        timestamp_ms: the event record's timestamp, from which a delay counts, milliseconds since the epoch.
    """
    if deliver_after is None and priority is None:
        return NO_OPTIONS
    not_before_ms = 0
    if isinstance(deliver_after, datetime):
        not_before_ms = max(milliseconds_of(deliver_after), 0)
    elif deliver_after is not None:
        not_before_ms = timestamp_ms + deliver_after // _MILLISECOND
    return DeliveryOptions(not_before_ms, priority or Priority.NORMAL)
