"""A new event → the Kafka record that carries it: the producer's side of `gateway.wire.event_codec`.

The catalog's schema in single-object encoding or the Confluent format, context in CloudEvents headers. Everything is
checked here, before anything is sent: an event that a consumer would reject is refused where it is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.delivery import DEFAULT_MAX_BODY_BYTES, Priority
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_id, check_tenant
from gateway.domain.options import MAX_DEFERRAL_TEXT, is_too_far_ahead
from gateway.domain.topics import event_topic
from gateway.domain.trace_context import read_traceparent
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.confluent import SchemaIds, with_schema_id
from gateway.wire.event_headers import EventContext, write_context
from gateway.wire.json_data import data_from_json
from gateway.wire.moments import milliseconds_of
from gateway.wire.option_headers import DeliverAfter, deliver_after_text, options_of
from gateway.wire.rendering import render_body
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body

CONTENT_TYPE = "application/avro"
# Kafka's default limit is 1 MB for a record with its key and headers.
MAX_VALUE_BYTES = 900_000
# A body is rarely as many times as large as the Avro value; one that is is rejected by the stream.
_MAX_GROWTH = 50
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
    """Encodes new events with the catalog's schemas.

    Args:
        catalog: the known event types and versions.
        max_body_bytes: an event with a larger body is refused, as the stream would reject it.
        schema_ids: gives the ids for the Confluent format; None for single-object encoding.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        schema_ids: SchemaIds | None = None,
    ) -> None:
        self._catalog = catalog
        self._schema_ids = schema_ids
        self._max_body_bytes = max_body_bytes
        self._writers: dict[tuple[str, int], SingleObjectWriter] = {}

    def encode(self, event: NewEvent, *, new_id: str, now: datetime) -> EncodedEvent:
        """Encode one event.

        Args:
            event: the event.
            new_id: the id it gets where it has none.
            now: the time it gets where it has none, with a time zone.

        Raises:
            NotFoundError: there is no such event type or version, or it is not registered.
            InvalidInputError: the data or the context does not fit, or the event is too large; the message
                names the field.
            RegistryUnavailableError: the registry can't be asked just now.
        """
        event_id = check_event_id(event.event_id or new_id)
        schema = self._catalog.entry(event.event_type, event.version)
        context = EventContext(
            event_id=event_id,
            event_type=schema.event_type,
            source=_header("source", event.source),
            time_ms=_time_ms(event.time or now),
            subject=None if event.subject is None else _header("subject", event.subject),
            tenant=None if event.tenant is None else check_tenant(event.tenant),
            traceparent=_traceparent(event.traceparent),
            deliver_after=_deliver_after(event.deliver_after, now),
            priority=None if event.priority is Priority.NORMAL else event.priority,
        )
        value = self._value(schema, event.data)
        self._check_body(schema, event_id, context.time_ms or 0, value)
        if self._schema_ids is not None:
            value = with_schema_id(self._schema_ids.id_of(schema), value[HEADER_BYTES:])
        return EncodedEvent(
            event_id=event_id,
            topic=event_topic(schema.event_type),
            key=_utf8("key", event.key) if isinstance(event.key, str) else event.key,
            value=value,
            headers=write_context(context, CONTENT_TYPE),
        )

    def _value(self, schema: EventSchema, data: Mapping[str, Any]) -> bytes:
        converted = data_from_json(schema.nodes, data)
        try:
            value = self._writer(schema).encode(converted)
        except (ValueError, TypeError) as error:  # such as a lone surrogate in a string
            raise InvalidInputError(f"the event's data can't be encoded: {error}") from None
        if len(value) > MAX_VALUE_BYTES:
            raise InvalidInputError(f"the event has {len(value)} bytes of data, the limit is {MAX_VALUE_BYTES}")
        return value

    def _check_body(self, schema: EventSchema, event_id: str, time_ms: int, value: bytes) -> None:
        if len(value) * _MAX_GROWTH <= self._max_body_bytes:
            return
        body = render_body(event_id, schema.event_type, time_ms, decode_body(value, HEADER_BYTES, schema.parsed))
        if len(body) > self._max_body_bytes:
            raise InvalidInputError(
                f"the event's body has {len(body)} bytes of JSON, the limit is {self._max_body_bytes}",
                hint="send a reference to what is large; GATEWAY_MAX_BODY_BYTES sets the limit",
            )

    def _writer(self, schema: EventSchema) -> SingleObjectWriter:
        name = (schema.event_type, schema.version)
        if name not in self._writers:
            self._writers[name] = SingleObjectWriter(schema.parsed)
        return self._writers[name]


def _header(name: str, value: str) -> str:
    if not value:
        raise InvalidInputError(f"the {name} of an event must not be empty")
    _ = _utf8(name, value)
    return value


def _utf8(name: str, value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"the {name} of an event is no Unicode text") from None


def _time_ms(moment: datetime) -> int:
    try:
        return milliseconds_of(moment)
    except ValueError as error:
        raise InvalidInputError(f"the time of an event: {error}", hint="pass a datetime with tzinfo") from None


def _traceparent(value: str | None) -> str | None:
    if value is not None and read_traceparent(value) != value:
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
