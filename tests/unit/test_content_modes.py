"""What a request carries in each content mode: golden files with every type of Avro, and CloudEvents by its rules."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.event import Event, SourcePosition
from gateway.domain.subscription import ContentMode
from gateway.shaping.avro_bodies import AvroBodies
from gateway.shaping.content_modes import (
    MAX_CONTENT_HEADERS_CHARS,
    Content,
    avro_content,
    percent_encoded,
    render_content,
)
from gateway.wire.catalog import load_catalog
from gateway.wire.exact_decimals import use_exact_decimals
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_webhook
from gateway.wire.schema_files import schemas_root
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body, fingerprint_of, split_header
from tests.every_type import DATA, SCHEMA

CATALOG = load_catalog(schemas_root() / "events")
COLOR = {"type": "enum", "name": "Color", "symbols": ["RED"]}
DATE = {"type": "int", "logicalType": "date"}
TIME_MILLIS = {"type": "int", "logicalType": "time-millis"}
TIME_MICROS = {"type": "long", "logicalType": "time-micros"}
TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}
LOCAL_TIMESTAMP = {"type": "long", "logicalType": "local-timestamp-millis"}
TWO_BYTES = {"type": "fixed", "name": "Two", "size": 2}
AMOUNT = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
PAIR = {"type": "record", "name": "Pair", "fields": [{"name": "a", "type": "string"}]}
GOLDEN = Path(__file__).parent / "golden" / "modes"
EVENT = Event(
    event_id='evt-1"%',
    event_type="tests.every",
    schema_version=7,
    time_ms=1_767_323_045_678,
    source="/shop/Zürich",
    subject="Euro € 😀",
    tenant="default",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    key=None,
    position=SourcePosition("events.tests", 0, 1),
)
JSON_MODES = [mode for mode in ContentMode if mode is not ContentMode.AVRO]


def content(mode: ContentMode, event: Event = EVENT) -> Content:
    """The content of an event with every type, written in version 2."""
    if mode is ContentMode.AVRO:
        return avro_content(event, AvroBodies(SCHEMA).encode(DATA))
    return render_content(mode, event, 2, DATA)


def as_request(sent: Content, *, binary: bool) -> str:
    """A content as a golden file has it."""
    headers = "".join(f"{name}: {value}\n" for name, value in (("content-type", sent.content_type), *sent.headers))
    return f"{headers}\n{sent.body.hex(' ', -16) if binary else sent.body.decode()}\n"


@pytest.mark.parametrize("mode", ContentMode)
def test_requests_stay_what_receivers_know(mode: ContentMode) -> None:
    """Byte for byte, with every type that Avro has."""
    golden = (GOLDEN / f"{mode.value}.http").read_text()
    assert as_request(content(mode), binary=mode is ContentMode.AVRO) == golden


@pytest.mark.parametrize("mode", JSON_MODES)
def test_all_modes_write_data_alike(mode: ContentMode) -> None:
    """A receiver that changes its mode does not have to read data anew."""
    body = orjson.loads(content(mode).body)
    inner = body["data"] if mode in {ContentMode.WEBHOOK, ContentMode.CLOUDEVENTS} else body
    assert inner == orjson.loads(render_webhook(EVENT, DATA))["data"]


@pytest.mark.parametrize("mode", [ContentMode.CLOUDEVENTS, ContentMode.CLOUDEVENTS_BINARY])
def test_cloudevents_have_only_the_attributes_that_there_are(mode: ContentMode) -> None:
    """No subject, no trace and, once the data has another shape than its schema, no schema."""
    sent = render_content(mode, replace(EVENT, subject=None, traceparent=None), None, {})
    if mode is ContentMode.CLOUDEVENTS:
        assert orjson.loads(sent.body).keys() == {
            "specversion", "id", "source", "type", "time", "datacontenttype", "data",
        }  # fmt: skip
    else:
        assert [name for name, _ in sent.headers] == ["ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        # The example of the HTTP binding, section 3.1.3.2.
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
        ("a/b?c=d&e", "a/b?c=d&e"),
        ('50% of "x"', "50%25%20of%20%22x%22"),
        ("a\r\nb: c\x7f", "a%0D%0Ab:%20c%7F"),
    ],
)
def test_attributes_are_percent_encoded_in_headers(value: str, written: str) -> None:
    """No attribute can end a header or begin another."""
    assert percent_encoded(value) == written


@given(st.text())
def test_every_attribute_can_be_read_back(value: str) -> None:
    """One round of decoding gives what it was, and nothing but visible ASCII is sent."""
    written = percent_encoded(value)
    assert re.fullmatch(r"[!-~]*", written)
    assert unquote(written, errors="strict") == value


def test_an_avro_body_is_decoded_with_the_schema_that_its_fingerprint_names() -> None:
    """To the very data, also where the branches of a union are alike to a careless eye."""
    use_exact_decimals()
    body = content(ContentMode.AVRO).body
    assert split_header(body) == fingerprint_of(SCHEMA) == AvroBodies(SCHEMA).fingerprint
    decoded = decode_body(body, HEADER_BYTES, SchemaNodes(SCHEMA).root)
    assert repr(decoded) == repr(DATA)  # as NaN does not equal itself


@pytest.mark.parametrize(
    ("excess", "max_body_bytes"),
    [
        ("its body has 5 bytes, the limit is 4", 4),
        (None, 5),
    ],
)
def test_what_is_too_large_says_so(excess: str | None, max_body_bytes: int) -> None:
    """For the record of the delivery that ends by it."""
    assert Content(b"12345", "text/plain").excess(max_body_bytes) == excess


def test_the_headers_of_a_body_are_bounded_as_well() -> None:
    """A producer's subject of a megabyte would make a request that no server reads."""
    event = replace(EVENT, subject="x" * MAX_CONTENT_HEADERS_CHARS)
    excess = content(ContentMode.CLOUDEVENTS_BINARY, event).excess(10**6)
    assert excess is not None
    assert f"the limit is {MAX_CONTENT_HEADERS_CHARS}" in excess
    assert content(ContentMode.CLOUDEVENTS, event).excess(10**6) is None


def test_an_event_in_its_own_version_keeps_its_bytes() -> None:
    """Also where two branches of a union look the same once they are decoded."""
    number = [{"name": "number", "type": "string"}]
    schema = {
        "type": "record",
        "name": "Paid",
        "fields": [
            {"name": "by", "type": [{"type": "record", "name": name, "fields": number} for name in ("Card", "Account")]}
        ],
    }
    bodies = AvroBodies(schema)
    value = SingleObjectWriter(schema).encode({"by": ("Account", {"number": "1"})})
    assert bodies.wrap(value, HEADER_BYTES) == value
    assert bodies.wrap(b"\x00\x00\x00\x00\x07" + value[HEADER_BYTES:], 5) == value


@pytest.mark.parametrize(
    ("event_type", "version"), [(name, version) for name in CATALOG.event_types() for version in CATALOG.versions(name)]
)
@given(seed=st.integers(0, 2**32))
def test_data_of_the_catalog_is_written_anew_as_it_was(event_type: str, version: int, seed: int) -> None:
    """Byte for byte: a receiver can't tell who wrote it."""
    nodes = CATALOG.entry(event_type, version).nodes
    made = data_from_json(nodes, mock_data(nodes, Random(seed)))  # noqa: S311 - made-up data
    value = SingleObjectWriter(nodes.root).encode(made)
    assert AvroBodies(nodes.root).encode(decode_body(value, HEADER_BYTES, nodes.root)) == value


@pytest.mark.parametrize(
    ("branches", "values"),
    [
        (["int", "long"], [0, 2**31 - 1, 2**31, -(2**63)]),
        (["float", "double"], [0.5, 0.1, 1e300, float("nan"), float("inf"), -0.0]),
        (["string", COLOR], ["RED", "red"]),
        ([COLOR, "string"], ["RED", "red"]),
        (["string", TIME_MILLIS, TIME_MICROS], [time(1, 2, 3, 4000), time(1, 2, 3, 4), "x"]),
        ([DATE, TIMESTAMP, "boolean"], [datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), True]),
        ([DATE, LOCAL_TIMESTAMP, "boolean"], [datetime.fromisoformat("2026-01-01T05:00:00"), date(2026, 1, 1)]),
        (["bytes", TWO_BYTES], [b"x", b"xx"]),
        ([TWO_BYTES, AMOUNT], [b"xx", Decimal("1.50"), Decimal("-99.99")]),
        ([{"type": "map", "values": "int"}, PAIR, {"type": "array", "items": "int"}], [{"a": 1}, {"a": "x"}, [1], {}]),
    ],
)
def test_a_value_goes_to_a_branch_that_holds_it_exactly(branches: list[Any], values: list[Any]) -> None:
    """Whichever comes first, no digit is lost."""
    use_exact_decimals()
    schema = {"type": "record", "name": "One", "fields": [{"name": "u", "type": branches}]}
    for value in values:
        body = AvroBodies(schema).encode({"u": value})
        assert repr(decode_body(body, HEADER_BYTES, SchemaNodes(schema).root)) == repr({"u": value})


def test_what_fits_no_branch_is_an_error_that_does_not_repeat_it() -> None:
    """It may be sensitive."""
    schema = {"type": "record", "name": "One", "fields": [{"name": "u", "type": ["int", "boolean"]}]}
    with pytest.raises(ValueError, match="can't be written in Avro") as refused:
        AvroBodies(schema).encode({"u": "canary"})
    assert "canary" not in str(refused.value)
