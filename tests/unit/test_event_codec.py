"""Event records of both wire formats, with and without headers, good and bad."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from avro.io import BinaryDecoder, DatumReader
from avro.schema import parse as parse_with_avro
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.domain.event import Event, SourcePosition
from gateway.wire.catalog import Catalog, load_catalog
from gateway.wire.errors import RegistryUnavailableError, UndecodableError
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.event_encoder import MAX_VALUE_BYTES, EventEncoder, NewEvent
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_webhook
from gateway.wire.schema_files import schemas_root
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter

CATALOG = load_catalog(schemas_root() / "events")
PAID = CATALOG.entry("order.paid", 1)
ID = "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11"
DATA = {
    "order_id": ID,
    "payment_id": ID,
    "paid_at": "2026-01-31T13:30:00Z",
    "method": "CARD",
    "currency": "EUR",
    "amount": "12.30",
}
VALUE = SingleObjectWriter(PAID.parsed).encode(data_from_json(PAID.nodes, DATA))
BODY = VALUE[HEADER_BYTES:]
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


class Registry:
    """Knows the schemas it was given; counts how often it was asked."""

    def __init__(self, **schemas: str) -> None:
        self.schemas = {int(name.removeprefix("id")): schema for name, schema in schemas.items()}
        self.asked = 0

    def schema_of(self, schema_id: int) -> str:
        """Answer as `gateway.wire.confluent.SchemaRegistry` promises."""
        self.asked += 1
        if schema_id == 503:
            raise RegistryUnavailableError("not now")
        if schema_id not in self.schemas:
            raise UndecodableError("unknown_schema", "no such id")
        return self.schemas[schema_id]


def record(value: bytes | None = VALUE, headers: Sequence[tuple[str, bytes]] = ()) -> EventRecord:
    return EventRecord("events.order", 3, 41, 1_700_000_000_123, b"order-17", value, headers)


def confluent(schema_id: int, body: bytes = BODY) -> bytes:
    return struct.pack(">bi", 0, schema_id) + body


def reason_of(decoder: EventDecoder, bad: EventRecord) -> str:
    with pytest.raises(UndecodableError) as caught:
        decoder.decode(bad)
    return caught.value.reason


def test_the_headers_give_the_context() -> None:
    """All of the CloudEvents binding; headers of others are passed over."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"evt-1"),
        ("ce_type", b"order.paid"),
        ("ce_source", b"/shop/payments"),
        ("ce_time", b"2026-01-02T04:04:05.678901+01:00"),
        ("ce_subject", "bestellung-ü".encode()),
        ("ce_tenant", b"acme"),
        ("traceparent", TRACEPARENT.encode()),
        ("content-type", b"application/avro"),
        ("anything", b"\xff\xfe"),
    ]
    decoded = EventDecoder(CATALOG).decode(record(headers=headers))
    assert decoded.event == Event(
        event_id="evt-1",
        event_type="order.paid",
        schema_version=1,
        time_ms=1_767_323_045_678,
        source="/shop/payments",
        subject="bestellung-ü",
        tenant="acme",
        traceparent=TRACEPARENT,
        key=b"order-17",
        position=SourcePosition("events.order", 3, 41),
    )
    assert str(decoded.data["amount"]) == "12.30"
    assert decoded.data["paid_at"] == datetime(2026, 1, 31, 13, 30, tzinfo=UTC)


def test_without_headers_the_record_gives_the_context() -> None:
    """The same at every reading, so an event that is read twice keeps its id."""
    event = EventDecoder(CATALOG).decode(record()).event
    assert (event.event_id, event.event_type, event.schema_version) == ("events.order-3-41", "order.paid", 1)
    assert (event.time_ms, event.source, event.tenant) == (1_700_000_000_123, "/events.order", "default")
    assert (event.subject, event.traceparent) == (None, None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty_value"),
        (b"", "empty_value"),
        (b'{"order_id": 1}', "not_avro"),
        (b"\xc3\x01", "not_avro"),
        (b"\xc3\x01" + b"\0" * 8 + BODY, "unknown_schema"),
        (VALUE[:-1], "not_avro"),
        (VALUE + b"\0", "not_avro"),
        (b"\0\0\0", "not_avro"),
        (confluent(1), "unknown_schema"),
    ],
)
def test_bad_values_have_a_reason(value: bytes | None, reason: str) -> None:
    """Each way of being undecodable is told apart, for the rejected record and the metric."""
    assert reason_of(EventDecoder(CATALOG), record(value)) == reason


@given(
    st.sampled_from(
        [b"", b"\xc3\x01", b"\0", *(b"\xc3\x01" + CATALOG.entry(t).fingerprint for t in CATALOG.event_types())]
    ),
    st.binary(max_size=200),
)
def test_no_bytes_raise_anything_else(prefix: bytes, junk: bytes) -> None:
    """Whatever a producer writes, the stream gets an event or a reason."""
    with suppress(UndecodableError):
        decoded = EventDecoder(CATALOG).decode(record(prefix + junk))
        assert decoded.event.event_type in CATALOG.event_types()


def test_an_amount_is_never_rounded() -> None:
    """A producer that breaks its schema's precision is refused; one at the limit is read digit for digit."""
    start = VALUE.index(b"\x04\x04\xce")  # two bytes, 1230 unscaled
    for digits, fits in ((12, True), (13, False)):
        unscaled = int("9" * digits).to_bytes(6, "big")
        value = VALUE[:start] + bytes([2 * len(unscaled)]) + unscaled + VALUE[start + 3 :]
        if fits:
            assert EventDecoder(CATALOG).decode(record(value)).data["amount"] == Decimal("9999999999.99")
        else:
            assert reason_of(EventDecoder(CATALOG), record(value)) == "not_avro"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ce_type", b"order.created", "unknown_type"),
        ("ce_type", b"order.refunded", "unknown_type"),
        ("ce_type", b"Order Paid", "bad_header"),
        ("ce_id", b"", "bad_header"),
        ("ce_id", b"two words", "bad_header"),
        ("ce_id", b"line\r\nbreak", "bad_header"),
        ("ce_id", b"\xff", "bad_header"),
        ("ce_id", b"x" * 257, "bad_header"),
        ("ce_tenant", b"../etc", "bad_header"),
        ("ce_time", b"yesterday", "bad_header"),
        ("ce_time", b"2026-01-02T03:04:05", "bad_header"),
        ("ce_time", b"0001-01-01T00:00:00+10:00", "bad_header"),
        ("ce_subject", b"\xc3\x28", "bad_header"),
    ],
)
def test_bad_headers_have_a_reason(name: str, value: bytes, reason: str) -> None:
    """A context that can't be used is not guessed."""
    assert reason_of(EventDecoder(CATALOG), record(headers=[(name, value)])) == reason


@pytest.mark.parametrize(
    "value", [b"", b"junk", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", TRACEPARENT.encode() + b"\r\nx: y"]
)
def test_a_broken_trace_context_is_dropped(value: bytes) -> None:
    """It must neither stop the event nor reach a receiver."""
    assert EventDecoder(CATALOG).decode(record(headers=[("traceparent", value)])).event.traceparent is None


def test_the_confluent_format_is_decoded_with_the_catalogs_schema() -> None:
    """The registry names the schema; docs in it make no difference; it is asked once per id."""
    with_docs = orjson.dumps({**PAID.source, "doc": "other words"}).decode()
    registry = Registry(id7=with_docs)
    decoder = EventDecoder(CATALOG, registry)
    decoded = [decoder.decode(record(confluent(7), [("ce_type", b"order.paid")])) for _ in range(3)][-1]
    assert (decoded.event.event_type, decoded.event.schema_version) == ("order.paid", 1)
    assert decoded.data == EventDecoder(CATALOG).decode(record()).data
    assert registry.asked == 1


@pytest.mark.parametrize("schema", ['"string"', "{", '{"type": "record", "name": "Stranger", "fields": []}'])
def test_a_registered_schema_outside_the_catalog_is_unknown(schema: str) -> None:
    """The catalog rules; what it does not have can't be filtered, pinned or promised."""
    assert reason_of(EventDecoder(CATALOG, Registry(id7=schema)), record(confluent(7))) == "unknown_schema"


def test_a_registry_that_is_away_is_no_reason_to_reject() -> None:
    """The event waits; the error says so by its type."""
    with pytest.raises(RegistryUnavailableError):
        EventDecoder(CATALOG, Registry()).decode(record(confluent(503)))


def test_types_that_share_a_record_need_the_header(tmp_path: Path) -> None:
    """With ce_type the event is one of them; without, it is not guessed."""
    for name in ("order.paid", "order.settled"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.avsc").write_bytes(orjson.dumps(PAID.source))
    decoder = EventDecoder(load_catalog(tmp_path))
    settled = decoder.decode(record(headers=[("ce_type", b"order.settled")]))
    assert settled.event.event_type == "order.settled"
    assert reason_of(decoder, record()) == "unknown_type"


def published(event: NewEvent, catalog: Catalog = CATALOG) -> EventRecord:
    encoded = EventEncoder(catalog).encode(event, new_id="new-id", now=NOW)
    return replace(record(encoded.value, encoded.headers), topic=encoded.topic, key=encoded.key)


def test_what_is_published_is_what_is_decoded() -> None:
    """Producer's and consumer's side of the record agree on every part of the context."""
    new = NewEvent("order.paid", DATA, 1, "order-17", "evt-1", "acme", "/shop", "order-17", NOW, TRACEPARENT)
    event = EventDecoder(CATALOG).decode(published(new)).event
    assert event == Event(
        "evt-1", "order.paid", 1, 1_767_323_045_678, "/shop", "order-17", "acme", TRACEPARENT, b"order-17",
        SourcePosition("events.order", 3, 41),
    )  # fmt: skip


def test_what_is_left_out_is_filled_in() -> None:
    """The newest version, a new id, the present, the default tenant."""
    event = EventDecoder(CATALOG).decode(published(NewEvent("order.paid", DATA))).event
    assert (event.schema_version, event.event_id, event.tenant, event.key) == (2, "new-id", "default", None)
    assert event.time_ms == 1_767_323_045_678


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"event_type": "order.payed"}, NotFoundError),
        ({"version": 9}, NotFoundError),
        ({"data": DATA | {"amount": "12.345"}}, InvalidInputError),
        ({"data": DATA | {"provider_reference": "x" * MAX_VALUE_BYTES}}, InvalidInputError),
        ({"event_id": "two words"}, InvalidInputError),
        ({"tenant": ""}, InvalidInputError),
        ({"source": ""}, InvalidInputError),
        ({"time": datetime(2026, 1, 1)}, InvalidInputError),  # noqa: DTZ001 - the point of the row
        ({"traceparent": "junk"}, InvalidInputError),
    ],
)
def test_an_event_that_would_be_rejected_is_not_published(changes: dict[str, Any], error: type[Exception]) -> None:
    """The mistake shows where it is made."""
    with pytest.raises(error):
        published(replace(NewEvent("order.paid", DATA), **changes))


def test_a_body_too_large_to_be_sent_is_not_published() -> None:
    """The publisher counts what the stream would count: one byte decides."""
    event = NewEvent("order.paid", DATA | {"provider_reference": '"' * 1000}, event_id="evt-1")
    decoded = EventDecoder(CATALOG).decode(published(event))
    size = len(render_webhook(decoded.event, decoded.data))
    EventEncoder(CATALOG, max_body_bytes=size).encode(event, new_id="", now=NOW)
    with pytest.raises(InvalidInputError, match=f"{size} bytes of JSON, the limit is {size - 1}"):
        EventEncoder(CATALOG, max_body_bytes=size - 1).encode(event, new_id="", now=NOW)


@pytest.mark.parametrize(
    "changes",
    [{"data": DATA | {"provider_reference": "\ud800"}}, {"key": "\ud800"}, {"subject": "\udcff"}, {"source": "\udcff"}],
    ids=["data", "key", "subject", "source"],
)
def test_what_is_no_unicode_text_is_not_published(changes: dict[str, Any]) -> None:
    """Bytes that are not UTF-8 on a command line become lone surrogates, which nothing can encode."""
    with pytest.raises(InvalidInputError):
        published(replace(NewEvent("order.paid", DATA), **changes))


HOSTILE_BODIES = [b"\x80" * 900_000, b"\xff" * 64, b"\0" * 64, b"", BODY + b"\0", BODY[:-1]]


@pytest.mark.parametrize("body", HOSTILE_BODIES, ids=lambda body: f"{body[:2].hex()}*{len(body)}")
@pytest.mark.parametrize("prefix", [VALUE[:HEADER_BYTES], b"\0\0\0\0\7"], ids=["single-object", "confluent"])
def test_hostile_bytes_are_not_avro(prefix: bytes, body: bytes) -> None:
    """In both wire formats; see tests/unit/test_value_check.py for each trick."""
    decoder = EventDecoder(CATALOG, Registry(id7=orjson.dumps(PAID.source).decode()))
    assert reason_of(decoder, record(prefix + body)) == "not_avro"


@pytest.mark.parametrize(
    "schema",
    [
        "[" * 100_000,
        '{"type":"array","items":' * 2_000,
        "\0",
        "NaN",
        '{"type": "int", "type": "string"}',
        "9" * 5000,
        "null",
    ],
    ids=lambda schema: ascii(schema[:8]),
)
def test_a_hostile_registered_schema_is_unknown(schema: str) -> None:
    """Whatever the registry has under an id: the record is rejected, and the stream goes on."""
    decoder = EventDecoder(CATALOG, Registry(id7=schema))
    assert reason_of(decoder, record(b"\0\0\0\0\7" + BODY)) == "unknown_schema"


@given(st.sampled_from(CATALOG.event_types()), st.integers())
def test_the_official_library_decodes_the_same(event_type: str, seed: int) -> None:
    """What fastavro makes of our bytes against Apache Avro's own."""
    schema = CATALOG.entry(event_type)
    data = mock_data(schema.nodes, Random(seed))  # noqa: S311 - made-up data
    value = SingleObjectWriter(schema.parsed).encode(data_from_json(schema.nodes, data))
    reader = DatumReader(parse_with_avro(orjson.dumps(schema.source).decode()))
    theirs = reader.read(BinaryDecoder(BytesIO(value[HEADER_BYTES:])))
    ours = EventDecoder(CATALOG).decode(record(value)).data
    assert _comparable(ours) == _comparable(theirs)


def _comparable(value: Any) -> Any:
    """Write numbers and moments alike: the libraries choose other types for some."""
    match value:
        case dict():
            return {key: _comparable(item) for key, item in value.items()}
        case list():
            return [_comparable(item) for item in value]
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return str(value)
