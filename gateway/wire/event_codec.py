"""Step ①: an event record from Kafka → an event and its data.

The value's first byte tells the wire format: `C3` is Avro single-object encoding, `00` the Confluent format. The
headers give the context; what they leave out is taken from the record, the same at every reading, so that an event
read twice keeps its id. Anything undecodable raises, with one of a few reasons; nothing else does, except a
registry that can't be asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.event import DEFAULT_TENANT, Event, SourcePosition
from gateway.domain.options import DeliveryOptions
from gateway.wire import confluent, single_object
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.confluent import SchemaRegistry
from gateway.wire.errors import UndecodableError
from gateway.wire.event_headers import EventContext, read_context
from gateway.wire.exact_decimals import use_exact_decimals
from gateway.wire.option_headers import options_of
from gateway.wire.strict_json import parse_json

# Only schemas that the catalog knows are remembered; an event type does not have thousands of registered ids.
_MAX_REMEMBERED_IDS = 10_000


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A record of an events topic, as any Kafka client gives it.

    Attributes:
        topic: where it was read.
        partition: where it was read.
        offset: where it was read.
        timestamp_ms: the record's own timestamp, milliseconds since the epoch.
        key: its key, or None.
        value: its value, or None.
        headers: its headers, in order.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class DecodedEvent:
    """An event with its data.

    Attributes:
        event: who, what and when.
        data: the data as fastavro decodes it with the writer's schema: Decimal, datetime, date, UUID, bytes, …
        options: what its producer asked for.
        schema: the version that it was written with.
        value: the bytes of the record, found to be whole.
        start: where in them the data begins.
        traceparent: the trace context that its deliveries carry: the event's own, unless there is a span in between.
    """

    event: Event
    data: dict[str, Any]
    options: DeliveryOptions
    schema: EventSchema
    value: bytes
    start: int
    traceparent: str | None


class EventDecoder:
    """Decodes event records with the catalog's schemas.

    Args:
        catalog: the known event types and versions.
        registry: resolves the ids of the Confluent format; None where the deployment has no registry.
    """

    def __init__(self, catalog: Catalog, registry: SchemaRegistry | None = None) -> None:
        self._catalog = catalog
        self._registry = registry
        self._by_schema_id: dict[int, tuple[EventSchema, ...]] = {}
        use_exact_decimals()

    def decode(self, record: EventRecord) -> DecodedEvent:
        """Decode one record.

        Raises:
            UndecodableError: `empty_value`, `not_avro`, `unknown_schema`, `unknown_type` or `bad_header`.
            RegistryUnavailableError: the record names a registered schema and the registry can't be asked just now.
        """
        if not record.value:
            raise UndecodableError("empty_value", "the record has no value")
        context = read_context(record.headers)
        candidates, start = self._schemas_of(record.value)
        schema = self._choose(candidates, context)
        schema.values.check(record.value, start)
        data = single_object.decode_body(record.value, start, schema.parsed)
        options = options_of(context.deliver_after, context.priority, record.timestamp_ms)
        event = _event_of(record, context, schema)
        return DecodedEvent(event, data, options, schema, record.value, start, context.traceparent)

    def must_ask_registry(self, value: bytes | None) -> bool:
        """Tell whether decoding a value would block on the schema registry: its schema id was not seen before."""
        if self._registry is None or not value or value[0] != confluent.MAGIC or len(value) < confluent.HEADER_BYTES:
            return False
        return confluent.split_schema_id(value) not in self._by_schema_id

    def ask_registry(self, value: bytes) -> None:
        """Look the schema id of a value up, so that decoding it does not block.

        Raises:
            UndecodableError: `unknown_schema`.
            RegistryUnavailableError: the registry can't be asked just now.
        """
        self._registered(confluent.split_schema_id(value))

    def _schemas_of(self, value: bytes) -> tuple[tuple[EventSchema, ...], int]:
        """Give the versions that the value may be written with, and where its data begins."""
        if value[0] == confluent.MAGIC:
            return self._registered(confluent.split_schema_id(value)), confluent.HEADER_BYTES
        fingerprint = single_object.split_header(value)
        found = self._catalog.find_fingerprint(fingerprint)
        if not found:
            raise UndecodableError("unknown_schema", f"the catalog has no schema with fingerprint {fingerprint.hex()}")
        return found, single_object.HEADER_BYTES

    def _registered(self, schema_id: int) -> tuple[EventSchema, ...]:
        found = self._by_schema_id.get(schema_id)
        if found is None:
            found = self._look_up(schema_id)
            if len(self._by_schema_id) >= _MAX_REMEMBERED_IDS:
                self._by_schema_id.clear()
            self._by_schema_id[schema_id] = found
        return found

    def _look_up(self, schema_id: int) -> tuple[EventSchema, ...]:
        """Find the catalog's versions of a registered schema: the catalog rules, the registry only names."""
        if self._registry is None:
            raise UndecodableError("unknown_schema", f"no schema registry is configured to look up id {schema_id}")
        text = self._registry.schema_of(schema_id)
        try:
            fingerprint = single_object.fingerprint_of(parse_json(text.encode()))
        except Exception as error:  # fastavro raises whatever the schema provokes
            detail = str(error) or type(error).__name__
            raise UndecodableError("unknown_schema", f"registered schema {schema_id}: {detail}") from error
        found = self._catalog.find_fingerprint(fingerprint)
        if not found:
            raise UndecodableError("unknown_schema", f"registered schema {schema_id} is no version of the catalog")
        return found

    def _choose(self, candidates: tuple[EventSchema, ...], context: EventContext) -> EventSchema:
        """Pick the version of the type that the headers name, or of the only type there is."""
        if context.event_type is None:
            types = self._catalog.find_record_name(candidates[0].record_name)
            if len(types) > 1:
                listed = ", ".join(types)
                raise UndecodableError("unknown_type", f"without ce_type the event may be any of {listed}")
            return candidates[0]
        for schema in candidates:
            if schema.event_type == context.event_type:
                return schema
        raise UndecodableError(
            "unknown_type", f"ce_type is {context.event_type}, but the schema is one of {candidates[0].event_type}"
        )


def position_id(topic: str, partition: int, offset: int) -> str:
    """Give the id of an event that its producer gave none: where it lies."""
    return f"{topic}-{partition}-{offset}"


def _event_of(record: EventRecord, context: EventContext, schema: EventSchema) -> Event:
    return Event(
        event_id=context.event_id or position_id(record.topic, record.partition, record.offset),
        event_type=schema.event_type,
        schema_version=schema.version,
        time_ms=record.timestamp_ms if context.time_ms is None else context.time_ms,
        source=context.source or f"/{record.topic}",
        subject=context.subject,
        tenant=context.tenant or DEFAULT_TENANT,
        traceparent=context.traceparent,
        key=record.key,
        position=SourcePosition(record.topic, record.partition, record.offset),
    )
