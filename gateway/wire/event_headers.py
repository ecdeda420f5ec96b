"""An event's context ↔ Kafka headers: the CloudEvents Kafka protocol binding 1.0.2, section 3.2.3 (binary mode).

With it come the gateway's own two headers, see `gateway.wire.option_headers`.

Headers that are none of the context are passed over. One that is, but can't be used, makes the event undecodable:
a guessed id or time would reach receivers as if the producer had said it. The trace context is the exception: W3C
Trace Context (section 3.2) has a broken one ignored.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from gateway.domain.delivery import Priority
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_id, check_event_type, check_tenant
from gateway.domain.trace_context import TRACEPARENT_HEADER, read_traceparent
from gateway.wire.errors import UndecodableError
from gateway.wire.moments import milliseconds_of, moment_text, parse_moment
from gateway.wire.option_headers import (
    DELIVER_AFTER,
    PRIORITY,
    DeliverAfter,
    deliver_after_text,
    parse_deliver_after,
    parse_priority,
)

T = TypeVar("T")

CE_ID = "ce_id"
CE_TYPE = "ce_type"
CE_SOURCE = "ce_source"
CE_TIME = "ce_time"
CE_SUBJECT = "ce_subject"
CE_TENANT = "ce_tenant"
_CONTEXT = frozenset(
    {CE_ID, CE_TYPE, CE_SOURCE, CE_TIME, CE_SUBJECT, CE_TENANT, TRACEPARENT_HEADER, DELIVER_AFTER, PRIORITY}
)


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
        traceparent: well-formed, of version 00.
        deliver_after: not to be delivered before.
        priority: whether its deliveries overtake others.
    """

    event_id: str | None = None
    event_type: str | None = None
    source: str | None = None
    time_ms: int | None = None
    subject: str | None = None
    tenant: str | None = None
    traceparent: str | None = None
    deliver_after: DeliverAfter | None = None
    priority: Priority | None = None


def read_context(headers: Iterable[tuple[str, bytes]]) -> EventContext:
    """Read the context from a record's headers. Of a header that comes twice the last counts.

    Raises:
        UndecodableError: `bad_header`: a header is not UTF-8, not a time, or not an id, type, tenant or priority.
    """
    values = {name: _text(name, value) for name, value in headers if name in _CONTEXT}
    if not values:
        return EventContext()
    return EventContext(
        event_id=_checked(CE_ID, values.get(CE_ID), check_event_id),
        event_type=_checked(CE_TYPE, values.get(CE_TYPE), check_event_type),
        source=values.get(CE_SOURCE) or None,
        time_ms=_checked(CE_TIME, values.get(CE_TIME), _time_ms),
        subject=values.get(CE_SUBJECT) or None,
        tenant=_checked(CE_TENANT, values.get(CE_TENANT), check_tenant),
        traceparent=read_traceparent(values.get(TRACEPARENT_HEADER, "")),
        deliver_after=_checked(DELIVER_AFTER, values.get(DELIVER_AFTER), parse_deliver_after),
        priority=_checked(PRIORITY, values.get(PRIORITY), parse_priority),
    )


def traceparent_in(headers: Iterable[tuple[str, bytes]]) -> str | None:
    """Read the trace context alone, of whatever record; None where there is none that can be read."""
    given = [value for name, value in headers if name == TRACEPARENT_HEADER]
    return read_traceparent(str(given[-1] or b"", "utf-8", "replace")) if given else None


def write_context(context: EventContext, content_type: str) -> list[tuple[str, bytes]]:
    """Give the headers of a context, for a value of the given media type.

    Raises:
        InvalidInputError: `deliver_after` is a time without a time zone, or a delay that is not positive.
    """
    headers = {
        "ce_specversion": "1.0",
        "content-type": content_type,
        CE_ID: context.event_id,
        CE_TYPE: context.event_type,
        CE_SOURCE: context.source,
        CE_TIME: None if context.time_ms is None else moment_text(context.time_ms),
        CE_SUBJECT: context.subject,
        CE_TENANT: context.tenant,
        TRACEPARENT_HEADER: context.traceparent,
        DELIVER_AFTER: None if context.deliver_after is None else deliver_after_text(context.deliver_after),
        PRIORITY: None if context.priority is None else context.priority.value,
    }
    return [(name, value.encode()) for name, value in headers.items() if value is not None]


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
    return milliseconds_of(parse_moment(value))
