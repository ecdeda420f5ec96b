"""An event's context ↔ Kafka headers: the CloudEvents Kafka protocol binding 1.0.2, section 3.2.3 (binary mode).

Headers that are none of the context are passed over. One that is, but can't be used, makes the event undecodable:
a guessed id or time would reach receivers as if the producer had said it. The trace context is the exception: W3C
Trace Context (section 3.2) has a broken one ignored.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_id, check_event_type, check_tenant
from gateway.wire.errors import UndecodableError
from gateway.wire.rendering import rfc3339

T = TypeVar("T")

CE_ID = "ce_id"
CE_TYPE = "ce_type"
CE_SOURCE = "ce_source"
CE_TIME = "ce_time"
CE_SUBJECT = "ce_subject"
CE_TENANT = "ce_tenant"
TRACEPARENT = "traceparent"
_CONTEXT = frozenset({CE_ID, CE_TYPE, CE_SOURCE, CE_TIME, CE_SUBJECT, CE_TENANT, TRACEPARENT})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
_MAX_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class EventContext:
    """What the headers say about an event; None where they say nothing.

    Attributes:
        event_id: checked: it can be sent as `webhook-id`.
        event_type: as it stands; the catalog knows whether it exists.
        source: a URI reference.
        time_ms: milliseconds since the epoch.
        subject: what the event is about.
        tenant: checked.
        traceparent: well-formed.
    """

    event_id: str | None = None
    event_type: str | None = None
    source: str | None = None
    time_ms: int | None = None
    subject: str | None = None
    tenant: str | None = None
    traceparent: str | None = None


def read_context(headers: Iterable[tuple[str, bytes]]) -> EventContext:
    """Read the context from a record's headers. Of a header that comes twice the last counts.

    Raises:
        UndecodableError: `bad_header`: a header is not UTF-8, not a time, or not an id, type or tenant.
    """
    values = {name: _text(name, value) for name, value in headers if name in _CONTEXT}
    if not values:
        return EventContext()
    traceparent = values.get(TRACEPARENT, "")
    return EventContext(
        event_id=_checked(CE_ID, values.get(CE_ID), check_event_id),
        event_type=_checked(CE_TYPE, values.get(CE_TYPE), check_event_type),
        source=values.get(CE_SOURCE) or None,
        time_ms=_checked(CE_TIME, values.get(CE_TIME), _time_ms),
        subject=values.get(CE_SUBJECT) or None,
        tenant=_checked(CE_TENANT, values.get(CE_TENANT), check_tenant),
        traceparent=traceparent if is_traceparent(traceparent) else None,
    )


def write_context(context: EventContext, content_type: str) -> list[tuple[str, bytes]]:
    """Give the headers of a context, for a value of the given media type."""
    time = None if context.time_ms is None else rfc3339(_EPOCH + context.time_ms * _MILLISECOND)
    headers = {
        "ce_specversion": "1.0",
        "content-type": content_type,
        CE_ID: context.event_id,
        CE_TYPE: context.event_type,
        CE_SOURCE: context.source,
        CE_TIME: time,
        CE_SUBJECT: context.subject,
        CE_TENANT: context.tenant,
        TRACEPARENT: context.traceparent,
    }
    return [(name, value.encode()) for name, value in headers.items() if value is not None]


def milliseconds_of(moment: datetime) -> int:
    """Give a moment as whole milliseconds since the epoch, rounded down.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset")
    return (moment - _EPOCH) // _MILLISECOND


def is_traceparent(value: str) -> bool:
    """Tell whether a trace context is well-formed (W3C Trace Context, version 00)."""
    return _TRACEPARENT.match(value) is not None


def _text(name: str, value: bytes) -> str:
    try:
        # Kafka has null header values; one is as good as an empty one.
        return str(value or b"", "utf-8")
    except UnicodeDecodeError:
        raise UndecodableError("bad_header", f"the header {name} is not UTF-8") from None


def _checked(name: str, value: str | None, check: Callable[[str], T]) -> T | None:
    if value is None:
        return None
    try:
        return check(value)
    except InvalidInputError as error:
        raise UndecodableError("bad_header", f"the header {name}: {error.message}") from None


def _time_ms(value: str) -> int:
    try:
        moment = datetime.fromisoformat(value)
        time_ms = milliseconds_of(moment)
        _ = moment.astimezone(UTC)  # overflows outside the years 1 to 9999, as writing it would
    except (ValueError, OverflowError):
        raise InvalidInputError(f"'{value[:_MAX_SHOWN_CHARS]}' is not an RFC 3339 time with its offset") from None
    return time_ms
