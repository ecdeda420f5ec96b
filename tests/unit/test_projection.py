"""Data of one version read as another: by the specification's table, and against what the official library gives."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.shaping.projection import Projection, ProjectionError
from gateway.shaping.views import Views
from gateway.wire.catalog import Catalog, event_schema
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_data
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter
from tests.official_avro import read_officially
from tests.schema_histories import growing_histories, histories

RECORD = {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "int"}]}


def field(type_: Any, name: str = "f", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def record(*fields: dict[str, Any], name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def logical(kind: str, logical_type: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": logical_type, **more}


def project(writer: Any, reader: Any, data: Any) -> Any:
    """Write a value with one schema and read it with another."""
    written = SchemaNodes(writer)
    value = SingleObjectWriter(written.root).encode(data)
    return Projection(written, SchemaNodes(reader)).read(value, HEADER_BYTES)


@pytest.mark.parametrize(
    ("writer", "reader", "written", "read"),
    [
        ("int", "long", 7, 7),
        ("int", "double", 7, 7.0),
        ("long", "float", 2**40, 2.0**40),
        ("float", "double", 0.5, 0.5),
        ("string", "bytes", "é", b"\xc3\xa9"),
        ("bytes", "string", b"\xc3\xa9", "é"),
        (enum("A", "B"), enum("A", "C", default="C"), "B", "C"),
        (enum("A", "B"), enum("B", "A"), "B", "B"),
        ("int", ["null", "long"], 7, 7),
        ("int", ["string", "double", "long"], 7, 7.0),
        ("int", ["string", "double", "int"], 7, 7),
        (["null", "int"], "double", 7, 7.0),
        (["null", "int"], ["string", "null", "long"], None, None),
        (["string", "bytes"], ["string", "bytes"], b"x", b"x"),
        (["string", "bytes"], "string", b"x", "x"),
        ({"type": "array", "items": "int"}, {"type": "array", "items": "double"}, [1, 2], [1.0, 2.0]),
        ({"type": "map", "values": ["null", "int"]}, {"type": "map", "values": "double"}, {"k": 1}, {"k": 1.0}),
        (["null", RECORD], ["null", {**RECORD, "fields": [field("double", "x")]}], {"x": 1}, {"x": 1.0}),
        (
            record(field("int", "a"), field("int", "b")),
            record(field("double", "b"), field("int", "c", default=3)),
            {"a": 1, "b": 2},
            {"b": 2.0, "c": 3},
        ),
        (record(field("int", "old")), record(field("int", "new", aliases=["old"])), {"old": 1}, {"new": 1}),
        (
            # A field's own name comes before an alias; fastavro has it the other way round.
            record(field("int", "old"), field("int", "new")),
            record(field("int", "new", aliases=["old"])),
            {"old": 1, "new": 2},
            {"new": 2},
        ),
        (
            record(field("int"), name="a.Old"),
            record(field("int"), name="a.New", aliases=["Old"]),
            {"f": 1},
            {"f": 1},
        ),
        (record(field("int"), name="a.R"), record(field("int"), name="b.R"), {"f": 1}, {"f": 1}),
        (
            # Two branches that look alike when they are decoded.
            [record(field("int"), name="A"), record(field("int"), name="B")],
            [
                record(field("int"), field("string", "who", default="a"), name="A"),
                record(field("int"), field("string", "who", default="b"), name="B"),
            ],
            ("B", {"f": 1}),
            {"f": 1, "who": "b"},
        ),
    ],
)
def test_each_rule_of_resolution(writer: Any, reader: Any, written: Any, read: Any) -> None:
    """As the specification has it, also where fastavro has it otherwise."""
    found = project(writer, reader, written)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("type_", "default", "value"),
    [
        ("double", 1, 1.0),
        ("bytes", "\x00ÿ", b"\x00\xff"),
        ({"type": "fixed", "name": "X", "size": 2}, "\x00ÿ", b"\x00\xff"),
        (logical("bytes", "decimal", precision=4, scale=2), "\x01\x00", Decimal("2.56")),
        (logical("long", "timestamp-millis"), 1, datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)),
        (logical("long", "local-timestamp-micros"), 1, datetime(1970, 1, 1, 0, 0, 0, 1)),  # noqa: DTZ001 - local
        (logical("int", "date"), 1, date(1970, 1, 2)),
        (logical("string", "uuid"), str(UUID(int=1)), UUID(int=1)),
        (["null", logical("int", "date")], None, None),
        ([logical("int", "date"), "null"], 1, date(1970, 1, 2)),
        (["null", logical("int", "date")], 1, date(1970, 1, 2)),
        ({"type": "array", "items": logical("int", "date")}, [0], [date(1970, 1, 1)]),
        ({"type": "map", "values": "bytes"}, {"k": "ÿ"}, {"k": b"\xff"}),
        (
            record(field("bytes", "a"), field(logical("int", "date"), "b", default=0), name="Inner"),
            {"a": "ÿ"},
            {"a": b"\xff", "b": date(1970, 1, 1)},
        ),
    ],
)
def test_a_missing_field_gets_what_its_default_stands_for(type_: Any, default: Any, value: Any) -> None:
    """Not the JSON that stands in the schema: the same that a decoder gives where the default was written."""
    assert project(record(), record(field(type_, default=default)), {}) == {"f": value}


@pytest.mark.parametrize(
    ("writer", "reader", "says"),
    [
        ("long", "int", "long can't be read as int"),
        (record(), record(field("int", "a")), "data.a: the writer has no such field"),
        (record(field("int", "a")), record(field("string", "a")), "data.a: int can't be read as string"),
        (record(name="A"), record(name="B"), "record A can't be read as record B"),
        (logical("int", "date"), "int", "int of date can't be read as int"),
        (
            logical("bytes", "decimal", precision=4, scale=2),
            logical("bytes", "decimal", precision=4),
            r"decimal\(4,2\) can't be read as bytes of decimal\(4,0\)",
        ),
        ("int", ["null", "string"], "int can't be read as null; data: int can't be read as string"),
    ],
)
def test_what_does_not_fit_is_known_before_any_event(writer: Any, reader: Any, says: str) -> None:
    """With the place and the reason."""
    with pytest.raises(ProjectionError, match=says):
        Projection(SchemaNodes(writer), SchemaNodes(reader))


@pytest.mark.parametrize(
    ("writer", "reader", "fits", "written"),
    [
        (["null", "string"], ["null", "int"], None, "x"),
        (enum("A", "B"), enum("A"), "A", "B"),
        ("bytes", "string", b"x", b"\xff"),
    ],
)
def test_a_value_that_does_not_fit_does_not_hurt_others(writer: Any, reader: Any, fits: Any, written: Any) -> None:
    """Only where it was written is it an error."""
    project(writer, reader, fits)
    with pytest.raises(ProjectionError):
        project(writer, reader, written)


def test_a_type_that_contains_itself_is_projected_at_every_depth() -> None:
    """However deep the value is."""
    tree = record(field(["null", "R"], "next", default=None), field("int", "x"))
    wider = record(field("double", "x"), field(["null", "R"], "next", default=None), field("int", "y", default=1))
    assert project(tree, wider, {"next": {"next": None, "x": 1}, "x": 2}) == {
        "x": 2.0,
        "next": {"x": 1.0, "next": None, "y": 1},
        "y": 1,
    }


def through_the_gateway(versions: Sequence[Any], encoded: bytes) -> list[Any]:
    """Give an event's data in every version, as the views of subscriptions pinned to them have it."""
    catalog = Catalog(event_schema(Path(f"{n}.avsc"), "a.b", n, one) for n, one in enumerate(versions, start=1))
    event = EventDecoder(catalog).decode(EventRecord("events.a", 0, 0, 0, None, encoded, [("ce_type", b"a.b")]))
    views = Views(catalog)
    return [views.find("a.b", version, ()).data_of(event) for version in catalog.versions("a.b")]


def encode(schema: Any, seed: int) -> bytes:
    """Write a believable value."""
    nodes = SchemaNodes(schema)
    return SingleObjectWriter(nodes.root).encode(data_from_json(nodes, mock_data(nodes, Random(seed))))  # noqa: S311 - made up


def plain(value: Any) -> Any:
    """Bring what the two libraries decode into one form: the official one leaves a UUID a string."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC)
        case _:
            return value


@pytest.mark.filterwarnings("ignore::avro.errors.IgnoredLogicalType")
@settings(deadline=None, max_examples=60)
@given(versions=histories(), seed=st.integers(0, 2**16))
def test_every_version_is_readable_as_every_other(versions: list[Any], seed: int) -> None:
    """Through the gateway, and equal to what the official library gives; its JSON has the version's fields in order."""
    for writer in versions:
        encoded = encode(writer, seed)
        for reader, data in zip(versions, through_the_gateway(versions, encoded), strict=True):
            assert plain(data) == plain(read_officially(encoded[HEADER_BYTES:], writer, reader))
            assert list(orjson.loads(render_data(data))) == [one["name"] for one in reader["fields"]]


@pytest.mark.filterwarnings("ignore::avro.errors.IgnoredLogicalType")
@settings(deadline=None, max_examples=60)
@given(versions=growing_histories(), seed=st.integers(0, 2**16))
def test_later_versions_read_earlier_ones(versions: list[Any], seed: int) -> None:
    """Promotions and new branches of unions, too."""
    for number, writer in enumerate(versions):
        encoded = encode(writer, seed)
        for reader in versions[number:]:
            data = Projection(SchemaNodes(writer), SchemaNodes(reader)).read(encoded, HEADER_BYTES)
            assert plain(data) == plain(read_officially(encoded[HEADER_BYTES:], writer, reader))
