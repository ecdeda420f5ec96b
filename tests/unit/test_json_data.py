"""JSON as people write it becomes Avro values, or is refused with the path to what is wrong."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.wire.catalog import load_catalog
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_data
from gateway.wire.schema_files import schemas_root
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body

CATALOG = load_catalog(schemas_root() / "events")
VERSIONS = [CATALOG.entry(name, version) for name in CATALOG.event_types() for version in CATALOG.versions(name)]

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}
UUID_ = {"type": "string", "logicalType": "uuid"}
DATE = {"type": "int", "logicalType": "date"}
TIME = {"type": "int", "logicalType": "time-millis"}
TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}
LOCAL = {"type": "long", "logicalType": "local-timestamp-micros"}
COLOUR = {"type": "enum", "name": "Colour", "symbols": ["RED", "GREEN"]}
PAIR = {"type": "fixed", "name": "Pair", "size": 2}
CAT = {"type": "record", "name": "Cat", "fields": [{"name": "lives", "type": "int"}]}
DOG = {"type": "record", "name": "Dog", "fields": [{"name": "tricks", "type": {"type": "array", "items": "string"}}]}
SOME_ID = "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11"


def endless() -> list[Any]:
    """A list that contains itself."""
    items: list[Any] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ("int", 5, 5),
        ("double", 5, 5.0),
        (DECIMAL, "12.3", Decimal("12.30")),
        (DECIMAL, 12.3, Decimal("12.30")),
        (DECIMAL, 12, Decimal("12.00")),
        (DECIMAL, "12.3000", Decimal("12.30")),
        (DECIMAL, Decimal("-9999.99"), Decimal("-9999.99")),
        (UUID_, SOME_ID.upper(), UUID(SOME_ID)),
        (UUID_, UUID(SOME_ID), UUID(SOME_ID)),
        (DATE, "2026-01-31", date(2026, 1, 31)),
        (TIME, "13:30:00.250", time(13, 30, 0, 250_000)),
        (TIMESTAMP, "2026-01-31T13:30:00.250Z", datetime(2026, 1, 31, 13, 30, 0, 250_000, UTC)),
        (TIMESTAMP, "2026-01-31T13:30:00+02:00", datetime(2026, 1, 31, 11, 30, tzinfo=UTC)),
        (LOCAL, "2026-01-31T13:30:00", datetime(2026, 1, 31, 13, 30)),  # noqa: DTZ001 - a local timestamp
        ("bytes", "AP8=", b"\x00\xff"),
        (PAIR, b"\x00\xff", b"\x00\xff"),
        (COLOUR, "RED", "RED"),
        (["null", "int"], None, None),
        (["null", "int"], 5, 5),
        (["int", "string"], "5", "5"),
        ([CAT, DOG], {"tricks": ["sit"]}, ("Dog", {"tricks": ["sit"]})),
        ({"type": "map", "values": DATE}, {"a": "2026-01-31"}, {"a": date(2026, 1, 31)}),
        (
            {"type": "record", "name": "R", "fields": [{"name": "b", "type": "bytes", "default": "\u00ff"}]},
            {},
            {"b": b"\xff"},
        ),
    ],
)
def test_each_type_is_converted(schema: Any, value: Any, expected: Any) -> None:
    """One row per type and accepted form."""
    converted = data_from_json(schema, value)
    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("int", 2**31),
        ("int", True),
        ("int", 3.0),
        ("long", -(2**63) - 1),
        ("double", "5"),
        ("boolean", 1),
        ("string", 5),
        ("null", 0),
        (DECIMAL, "12.345"),
        (DECIMAL, "12345.00"),
        (DECIMAL, "NaN"),
        (DECIMAL, "Infinity"),
        (DECIMAL, "1E+99999"),
        (DECIMAL, True),
        (DECIMAL, None),
        (UUID_, "not-a-uuid"),
        (DATE, "31.01.2026"),
        (DATE, datetime(2026, 1, 31, tzinfo=UTC)),
        (TIME, "13:30:00+01:00"),
        (TIMESTAMP, "2026-01-31T13:30:00"),
        (TIMESTAMP, 1_767_323_045_678),
        (TIMESTAMP, "0001-01-01T00:00:00+10:00"),
        (LOCAL, "2026-01-31T13:30:00Z"),
        ("bytes", "no base64!"),
        (PAIR, "AA=="),
        (COLOUR, "red"),
        (COLOUR, ["RED"]),
        (["null", "int"], "5"),
        ([CAT, DOG], {"lives": 9, "tricks": []}),
        ({"type": "array", "items": "int"}, "12"),
        ({"type": "map", "values": "int"}, {1: 1}),
        (CAT, [("lives", 9)]),
        ("double", 10**400),
        ("double", Decimal("1e400")),
        ("double", True),
        ("int", Decimal(1)),
        (DECIMAL, Decimal("NaN")),
        (DECIMAL, Decimal("1e999999")),
        (DECIMAL, "1e999999999999999999999"),
        ({"type": "array", "items": "int"}, endless()),
    ],
)
def test_what_does_not_fit_is_refused(schema: Any, value: Any) -> None:
    """Nothing is rounded, cut off, or turned into something else."""
    with pytest.raises(InvalidInputError, match=r"^data: "):
        data_from_json(schema, value)


def test_a_number_of_many_digits_is_a_double_too() -> None:
    """JSON that is read digit for digit gives decimals, also for fields that are doubles."""
    assert data_from_json("double", Decimal("0.1")) == 0.1


def test_a_default_that_contains_itself_is_refused() -> None:
    """The schema is wrong, and says so instead of running out of stack."""
    node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["Node", "null"], "default": {}}]}
    with pytest.raises(InvalidInputError, match=r"data\.next: the schema's default does not fit"):
        data_from_json(node, {})


def order(**changes: Any) -> dict[str, Any]:
    line = {"sku": "MUG-1", "title": "Mug", "quantity": 1, "unit_price": "9.90"}
    return {
        "order_id": SOME_ID,
        "placed_at": "2026-01-31T13:30:00Z",
        "customer": {"customer_id": SOME_ID, "name": "Ada", "email": "ada@example.com"},
        "channel": "WEB",
        "currency": "EUR",
        "total": "9.90",
        "lines": [line],
    } | changes


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (order(lines=[{"sku": "A", "title": "A", "quantity": 1, "unit_price": "x"}]), "data.lines[0].unit_price", None),
        (order(lines=[{"sku": "A"}]), "data.lines[0]: OrderLine lacks the fields title, quantity, unit_price", None),
        (order(curency="EUR"), "data.curency: there is no such field", "did you mean currency?"),
        (order(channel="web"), "data.channel: 'web' is not a symbol of SalesChannel", "did you mean WEB?"),
        (order(attributes={"a": 1}), "data.attributes.a: 1 is not a string", None),
        (order(customer="Ada"), "data.customer: Customer must be an object, not a string", None),
        (order(gift={"hide_prices": "yes"}), "data.gift.hide_prices: 'yes' is not true or false", None),
        ({}, "data: OrderCreated lacks the fields order_id, placed_at", None),
    ],
)
def test_the_message_leads_to_the_place(data: Any, message: str, hint: str | None) -> None:
    """The path, the rule, and the name that was probably meant."""
    with pytest.raises(InvalidInputError) as caught:
        data_from_json(CATALOG.entry("order.created").nodes, data)
    assert caught.value.message.startswith(message)
    if hint is not None:
        assert caught.value.hint is not None
        assert hint in caught.value.hint


def test_missing_fields_get_their_defaults() -> None:
    """A producer of an old habit can write the newest version."""
    converted = data_from_json(CATALOG.entry("order.created").nodes, order())
    assert converted["tags"] == []
    assert converted["attributes"] == {}
    assert converted["gift"] is None
    assert converted["lines"][0]["discount"] is None


@given(st.sampled_from(VERSIONS), st.integers())
def test_data_survives_avro_json_and_back(schema: Any, seed: int) -> None:
    """Encode, decode, render, read the JSON, encode: the bytes are the same for any data of any version."""
    writer = SingleObjectWriter(schema.parsed)
    random = Random(seed)  # noqa: S311 - made-up data
    first = writer.encode(data_from_json(schema.nodes, mock_data(schema.nodes, random)))
    rendered = render_data(decode_body(first, HEADER_BYTES, schema.parsed))
    assert writer.encode(data_from_json(schema.nodes, orjson.loads(rendered))) == first


def test_a_sensitive_value_that_does_not_fit_is_not_repeated() -> None:
    """Producers log such errors; the place is told all the same."""
    inner = {"type": "record", "name": "Inner", "fields": [{"name": "pin", "type": "int"}]}
    schema = {"type": "record", "name": "Outer", "fields": [{"name": "inner", "type": inner, "sensitive": True}]}
    with pytest.raises(InvalidInputError) as refused:
        data_from_json(schema, {"inner": {"pin": "4711"}})
    assert refused.value.message == "data.inner: it does not fit its type"
    assert "4711" not in str(refused.value.hint)


def test_mock_data_depends_on_the_seed_alone() -> None:
    """The same seed, the same data: a demonstration can be repeated."""
    nodes = CATALOG.entry("order.created").nodes
    first, again, other = (mock_data(nodes, Random(seed)) for seed in (7, 7, 8))  # noqa: S311 - made-up data
    assert first == again
    assert first != other


def test_mock_data_of_a_type_that_contains_itself_ends() -> None:
    """A tree has leaves."""
    tree = {
        "type": "record",
        "name": "Tree",
        "fields": [
            {"name": "children", "type": {"type": "array", "items": "Tree"}},
            {"name": "parent", "type": ["null", "Tree"], "default": None},
        ],
    }
    nodes = SchemaNodes(tree)
    data = mock_data(nodes, Random(1))  # noqa: S311 - made-up data
    assert SingleObjectWriter(tree).encode(data_from_json(nodes, data))
