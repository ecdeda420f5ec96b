"""A new event → the Kafka record that carries it: the producer's side of `gateway.wire.event_codec`.

Single-object encoding with the catalog's schema, context in CloudEvents headers. Everything is checked here, before
anything is sent: an event that a consumer would reject is refused where it is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.delivery import Priority
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_id, check_tenant
from gateway.domain.options import MAX_DEFERRAL_TEXT, is_too_far_ahead
from gateway.domain.topics import event_topic
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.event_headers import EventContext, is_traceparent, write_context
from gateway.wire.json_data import data_from_json
from gateway.wire.moments import milliseconds_of
from gateway.wire.option_headers import DeliverAfter, deliver_after_text, options_of
from gateway.wire.single_object import SingleObjectWriter

CONTENT_TYPE = "application/avro"
# Kafka's default limit is 1 MB for a record with its key and headers.
MAX_VALUE_BYTES = 900_000
DEFAULT_SOURCE = "/webhook-gateway"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to publish.

    Attributes:
        event_type: e.g. `order.created`.
        data: its data, as JSON has it or in Python's own types; see `gateway.wire.json_data`.
        version: the schema version it is written in; None for the newest.
        key: the Kafka key: events with the same key keep their order. None spreads them.
        event_id: receivers de-duplicate on it; None for a new random one.
        tenant: whose subscriptions see it; None for the default tenant.
        source: a URI reference that names the producer.
        subject: what it is about, or None.
        time: when it happened, with a time zone; None for now.
        traceparent: the W3C trace context to hand on, or None.
        deliver_after: it is not delivered before: a time with a time zone, at most 5 days ahead, or a delay from its
            publishing in whole seconds, rounded up. None for at once.
        priority: high lets its deliveries overtake others that wait for the same subscription.
    """

    event_type: str
    data: Mapping[str, Any]
    version: int | None = None
    key: str | bytes | None = None
    event_id: str | None = None
    tenant: str | None = None
    source: str = DEFAULT_SOURCE
    subject: str | None = None
    time: datetime | None = None
    traceparent: str | None = None
    deliver_after: DeliverAfter | None = None
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """A record ready to be produced."""

    event_id: str
    topic: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


class EventEncoder:
    """Encodes new events with the catalog's schemas."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._writers: dict[tuple[str, int], SingleObjectWriter] = {}

    def encode(self, event: NewEvent, *, new_id: str, now: datetime) -> EncodedEvent:
        """Encode one event.

        Args:
            event: the event.
            new_id: the id it gets where it has none.
            now: the time it gets where it has none, with a time zone.

        Raises:
            NotFoundError: there is no such event type or version.
            InvalidInputError: the data or the context does not fit; the message names the field.
        """
        schema = self._catalog.entry(event.event_type, event.version)
        context = EventContext(
            event_id=check_event_id(event.event_id or new_id),
            event_type=schema.event_type,
            source=_header("source", event.source),
            time_ms=_time_ms(event.time or now),
            subject=None if event.subject is None else _header("subject", event.subject),
            tenant=None if event.tenant is None else check_tenant(event.tenant),
            traceparent=_traceparent(event.traceparent),
            deliver_after=_deliver_after(event.deliver_after, now),
            priority=None if event.priority is Priority.NORMAL else event.priority,
        )
        return EncodedEvent(
            event_id=event.event_id or new_id,
            topic=event_topic(schema.event_type),
            key=event.key.encode() if isinstance(event.key, str) else event.key,
            value=self._value(schema, event.data),
            headers=write_context(context, CONTENT_TYPE),
        )

    def _value(self, schema: EventSchema, data: Mapping[str, Any]) -> bytes:
        value = self._writer(schema).encode(data_from_json(schema.nodes, data))
        if len(value) > MAX_VALUE_BYTES:
            raise InvalidInputError(f"the event has {len(value)} bytes of data, the limit is {MAX_VALUE_BYTES}")
        return value

    def _writer(self, schema: EventSchema) -> SingleObjectWriter:
        name = (schema.event_type, schema.version)
        if name not in self._writers:
            self._writers[name] = SingleObjectWriter(schema.parsed)
        return self._writers[name]


def _header(name: str, value: str) -> str:
    if not value:
        raise InvalidInputError(f"the {name} of an event must not be empty")
    return value


def _time_ms(moment: datetime) -> int:
    try:
        return milliseconds_of(moment)
    except ValueError as error:
        raise InvalidInputError(f"the time of an event: {error}", hint="pass a datetime with tzinfo") from None


def _traceparent(value: str | None) -> str | None:
    if value is not None and not is_traceparent(value):
        raise InvalidInputError(f"'{value[:60]}' is not a W3C traceparent")
    return value


def _deliver_after(value: DeliverAfter | None, now: datetime) -> DeliverAfter | None:
    if value is None:
        return None
    _ = deliver_after_text(value)  # refuses what can't be written
    now_ms = milliseconds_of(now)
    if is_too_far_ahead(options_of(value, None, now_ms).not_before_ms, now_ms):
        raise InvalidInputError(f"an event can be delivered at most {MAX_DEFERRAL_TEXT} later")
    return value
