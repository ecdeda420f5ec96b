"""The resolution rules of Avro 1.12, as a table, and against what fastavro and the official library really do."""

from io import BytesIO
from random import Random
from typing import Any

import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import make_avsc_object

from gateway.wire.catalog import load_catalog
from gateway.wire.compatibility import incompatibilities
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.schema_files import schemas_root

CATALOG = load_catalog(schemas_root() / "events")


def record(*fields: Any, name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name: str, type_: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def enum(*symbols: str, name: str = "E", **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": name, "symbols": list(symbols), **more}


def fixed(size: int) -> dict[str, Any]:
    return {"type": "fixed", "name": "F", "size": size}


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


TREE = record(field("children", {"type": "array", "items": "R"}), field("value", "int"))
TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}

# reader, writer, (path, rule) of what is wrong, or None
CASES: list[tuple[Any, Any, tuple[str, str] | None]] = [
    ("string", "string", None),
    ("long", "int", None),
    ("float", "int", None),
    ("double", "int", None),
    ("float", "long", None),
    ("double", "long", None),
    ("double", "float", None),
    ("bytes", "string", None),
    ("string", "bytes", None),
    ("int", "long", ("", "type")),
    ("long", "double", ("", "type")),
    ("boolean", "int", ("", "type")),
    ("string", "null", ("", "type")),
    ({"type": "array", "items": "long"}, {"type": "array", "items": "int"}, None),
    ({"type": "array", "items": "int"}, {"type": "array", "items": "long"}, ("[]", "type")),
    ({"type": "map", "values": "int"}, {"type": "map", "values": "string"}, ("{}", "type")),
    ({"type": "map", "values": "int"}, {"type": "array", "items": "int"}, ("", "type")),
    (fixed(4), fixed(4), None),
    (fixed(4), fixed(8), ("", "size")),
    (enum("A", "B"), enum("A"), None),
    (enum("A"), enum("A", "B"), ("", "symbols")),
    (enum("A", default="A"), enum("A", "B"), None),
    (enum("A"), enum("A", name="Other"), ("", "name")),
    (enum("A", aliases=["Other"]), enum("A", name="Other"), None),
    (record(field("a", "int")), record(field("a", "int"), field("b", "int")), None),
    (record(field("a", "int"), field("b", "int")), record(field("a", "int")), ("b", "missing_default")),
    (record(field("a", "int"), field("b", "int", default=0)), record(field("a", "int")), None),
    (record(field("new", "int", aliases=["old"])), record(field("old", "int")), None),
    (record(field("a", record(field("b", "int"), name="I"))), record(field("a", "int")), ("a", "type")),
    (
        record(field("a", record(field("b", "int"), name="I"))),
        record(field("a", record(field("b", "string"), name="I"))),
        ("a.b", "type"),
    ),
    (record(name="R"), record(name="Other"), ("", "name")),
    (record(name="R", aliases=["Other"]), record(name="Other"), None),
    (record(name="a.R"), record(name="b.R"), None),
    (["null", "string"], "string", None),
    (["null", "string"], "int", ("", "union")),
    ("string", ["null", "string"], ("", "type")),
    (["null", "string"], ["string", "null"], None),
    (["null", "long"], ["null", "int"], None),
    (["null", "int"], ["null", "int", "string"], ("", "union")),
    (TREE, TREE, None),
    (TIMESTAMP, TIMESTAMP, None),
    ("long", TIMESTAMP, ("", "logical_type")),
    (TIMESTAMP, "long", ("", "logical_type")),
    (decimal(9, 2), decimal(9, 2), None),
    (decimal(9, 2), decimal(9, 3), ("", "decimal")),
    (decimal(9, 2), decimal(8, 2), ("", "decimal")),
    ({"type": "string", "logicalType": "made-up"}, "string", None),
]


@pytest.mark.parametrize(("reader", "writer", "expected"), CASES)
def test_each_rule_is_decided_as_the_specification_says(
    reader: Any, writer: Any, expected: tuple[str, str] | None
) -> None:
    """One row per rule: what is wrong and where, or nothing."""
    found = [(problem.path, problem.rule) for problem in incompatibilities(reader, writer)]
    assert found == ([expected] if expected else [])


# The official checker knows nothing of logical types, and has names match with their namespace.
SPECIFIED = [
    (reader, writer, expected)
    for reader, writer, expected in CASES
    if (expected or ("", ""))[1] not in {"logical_type", "decimal"} and not str(reader).count("'a.R'")
]


@pytest.mark.filterwarnings("ignore::avro.errors.IgnoredLogicalType")
@pytest.mark.parametrize(("reader", "writer", "expected"), SPECIFIED)
def test_the_official_library_agrees(reader: Any, writer: Any, expected: tuple[str, str] | None) -> None:
    """A second opinion on every row that is about the specification's own rules."""
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro left it untyped
    opinion = checker.get_compatibility(reader=make_avsc_object(reader), writer=make_avsc_object(writer))
    assert (opinion.compatibility is SchemaCompatibilityType.compatible) == (expected is None)


def test_several_problems_are_all_reported() -> None:
    """The check does not stop at the first."""
    reader = record(field("a", "int"), field("b", "int"), field("c", "int"))
    found = incompatibilities(reader, record(field("b", "string")))
    assert [(problem.path, problem.rule) for problem in found] == [
        ("a", "missing_default"),
        ("b", "type"),
        ("c", "missing_default"),
    ]


@pytest.mark.parametrize("event_type", CATALOG.event_types())
def test_every_version_of_the_catalog_really_reads_every_other(event_type: str) -> None:
    """What the check promises holds when fastavro resolves real data, in both directions."""
    random = Random(11)  # noqa: S311 - made-up data
    for writer_version in CATALOG.versions(event_type):
        writer = CATALOG.entry(event_type, writer_version)
        for reader_version in CATALOG.versions(event_type):
            reader = CATALOG.schema(event_type, reader_version)
            for _ in range(20):
                stream = BytesIO()
                data = data_from_json(writer.nodes, mock_data(writer.nodes, random))
                fastavro.schemaless_writer(stream, writer.parsed, data)
                stream.seek(0)
                read: Any = fastavro.schemaless_reader(stream, writer.parsed, reader)
                assert set(read) == {item["name"] for item in reader["fields"]}
