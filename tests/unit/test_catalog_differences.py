"""What the pages say that a version changed: by field, and nothing that did not change."""

from typing import Any

import pytest

from gateway.catalog_pages.differences import Difference, default_text, differences
from gateway.catalog_pages.field_walk import find_field, walk_fields
from gateway.catalog_pages.type_words import MAX_SYMBOLS_SHOWN, type_words
from gateway.wire.schema_nodes import SchemaNodes


def field(name: str, type_: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def record(*fields: Any, name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def enum(*symbols: str) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols)}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def logical(kind: str, logical_type: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": logical_type, **more}


PERSON = record(field("email", "string"), field("phone", "string"), name="Person")
TREE = record(field("value", "int"), field("children", array("Tree")), name="Tree")

# older, newer, what changed
CASES: list[tuple[Any, Any, list[tuple[str, str, str]]]] = [
    (record(field("a", "int")), record(field("a", "int", doc="now with words")), []),
    (record(field("a", "int"), field("b", "int")), record(field("b", "int"), field("a", "int")), []),
    (record(), record(field("a", array("int"))), [("a", "added", "list of integers")]),
    (record(field("a", ["null", "int"])), record(), [("a", "removed", "was integer or null")]),
    (record(), record(field("a", PERSON)), [("a", "added", "object (Person)")]),
    (record(field("a", array(PERSON))), record(), [("a", "removed", "was list of objects (Person)")]),
    (record(field("a", "int")), record(field("b", "int", aliases=["a"])), [("b", "renamed", "was a")]),
    (record(field("b", "int", aliases=["a"])), record(field("a", "int")), [("a", "renamed", "was b")]),
    (record(field("a", "int")), record(field("a", "long")), [("a", "type changed", "integer (64 bits); was integer")]),
    (
        record(field("a", "int", default=1)),
        record(field("a", "int", default=2)),
        [("a", "default changed", "2; was 1")],
    ),
    (
        record(field("a", "string")),
        record(field("a", "string", default="")),
        [("a", "default changed", '""; was none')],
    ),
    (
        record(field("a", ["null", enum("X", "Y")])),
        record(field("a", ["null", enum("Z", "X")])),
        [("a", "values changed", "also Z; no longer Y")],
    ),
    (
        record(field("a", enum("X", "Y"))),
        record(field("a", enum("Y", "X"))),
        [("a", "values changed", "in another order")],
    ),
    (
        record(field("a", array(PERSON))),
        record(field("a", array(record(field("mail", "string", aliases=["email"]), name="Person")))),
        [("a[].mail", "renamed", "was email"), ("a[].phone", "removed", "was string")],
    ),
    (
        record(field("old", PERSON)),
        record(field("new", record(field("email", "string"), name="Person"), aliases=["old"])),
        [("new", "renamed", "was old"), ("old.phone", "removed", "was string")],
    ),
    (record(field("a", TREE)), record(field("a", TREE)), []),
    (
        record(field("first", PERSON), field("second", "Person")),
        record(field("second", PERSON), field("first", "Person"), field("third", "Person")),
        [("third", "added", "object (Person)")],
    ),
]


@pytest.mark.parametrize(("older", "newer", "expected"), CASES)
def test_changes_are_told_by_field(older: Any, newer: Any, expected: list[tuple[str, str, str]]) -> None:
    """Texts and the order of fields are no changes; a record that comes or goes is one."""
    found = differences(SchemaNodes(older), SchemaNodes(newer))
    assert found == [Difference(*each) for each in expected]


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("boolean", "true or false"),
        (array("boolean"), "list of booleans"),
        ({"type": "map", "values": "double"}, "map of numbers"),
        ({"type": "map", "values": array(array("string"))}, "map of lists of lists of strings"),
        (["null", "string", "int"], "string or integer or null"),
        (logical("bytes", "decimal", precision=12, scale=2), "decimal (12 digits, 2 after the point)"),
        (logical("long", "timestamp-micros"), "timestamp (microseconds)"),
        (logical("int", "time-millis"), "time of day"),
        (array(logical("int", "time-millis")), "list of times of day"),
        (array(logical("string", "uuid")), "list of UUIDs"),
        ({"type": "fixed", "name": "shop.Sha256", "size": 32}, "base64 string of 32 bytes"),
        ("bytes", "base64 string"),
        (enum("A", "B"), "one of A, B"),
        (array(enum("A", "B")), "list of values out of A, B"),
        (record(name="shop.Money"), "object (Money)"),
        (logical("string", "unheard-of"), "string"),
    ],
)
def test_types_are_told_in_plain_words(type_: Any, words: str) -> None:
    """For people who never saw Avro."""
    nodes = SchemaNodes(record(field("a", type_)))
    assert type_words(nodes, nodes.node(nodes.root).definition["fields"][0]["type"]) == words


def test_an_enum_of_thousands_is_not_written_out() -> None:
    """The JSON Schema has all symbols; and a difference beyond those that are shown is still told."""
    many = [f"S{number}" for number in range(5000)]
    older, newer = SchemaNodes(record(field("a", enum(*many)))), SchemaNodes(record(field("a", enum(*many, "NEW"))))
    words = type_words(older, older.node(older.root).definition["fields"][0]["type"])
    assert words.count(",") == MAX_SYMBOLS_SHOWN - 1
    assert words.endswith(" and 4970 more")
    assert differences(older, newer) == [Difference("a", "values changed", "also NEW")]


@pytest.mark.parametrize(
    ("type_", "default", "text"),
    [
        ("int", 0, "0"),
        (["null", "string"], None, "null"),
        (array("string"), [], "[]"),
        (logical("bytes", "decimal", precision=4, scale=2), "\x01\x00", '"2.56"'),
        (logical("int", "date"), 20_000, '"2024-10-04"'),
        ("bytes", "\x01\x00", '"AQA="'),
        (record(field("x", "int", default=1), name="Inner"), {}, '{"x":1}'),
        ("int", "no number", '"no number"'),
    ],
)
def test_defaults_are_shown_as_json(type_: Any, default: Any, text: str) -> None:
    """Those that don't fit their type are shown as they stand: the check is another command's."""
    definition = {"name": "a", "type": type_, "default": default}
    assert default_text(SchemaNodes(record(field("a", type_))), definition) == text


def test_a_field_without_a_default_has_none() -> None:
    """Which is not the default null."""
    assert default_text(SchemaNodes(record(field("a", "int"))), field("a", "int")) is None


def test_a_record_is_walked_into_once() -> None:
    """Elsewhere its field says where; one within itself leads back to where it began."""
    tree = record(field("value", "int"), field("inner", {"type": "map", "values": array("Tree")}), name="Tree")
    walked = walk_fields(SchemaNodes(record(field("a", ["null", tree]), field("b", array("Tree")), field("c", "R"))))
    assert [(each.shown, each.listed_at) for each in walked] == [
        ("a", ()),
        ("a.value", ()),
        ("a.inner", ("a",)),
        ("b", ("a",)),
        ("c", ("",)),
    ]


def test_a_field_that_holds_several_records_is_found_by_the_name_of_the_record() -> None:
    """Two kinds of payment may both have a reference, of different types."""
    card = record(field("reference", "string"), name="Card")
    transfer = record(field("reference", "long"), field("iban", "string"), name="Transfer")
    nodes = SchemaNodes(record(field("payment", [card, transfer])))
    walked = walk_fields(nodes)
    assert [each.shown for each in walked] == [*("payment", "payment.reference", "payment.reference", "payment.iban")]
    found = [find_field(nodes, each.steps) for each in walked]
    assert [each and each["type"] for each in found[1:]] == ["string", "long", "string"]
