"""The JSON Schema of an event's data accepts what the gateway renders, and nothing else."""

from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.catalog_pages.json_schema import json_schema_of
from gateway.shaping.projection import Projection
from gateway.shaping.sensitive import SensitiveFields
from gateway.shaping.views import View
from gateway.wire.catalog import event_schema, load_catalog
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_data
from gateway.wire.schema_files import schemas_root
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body

CATALOG = load_catalog(schemas_root() / "events")
VERSIONS = [CATALOG.entry(name, version) for name in CATALOG.event_types() for version in CATALOG.versions(name)]
NONE: frozenset[str] = frozenset()


def logical(kind: str, logical_type: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": logical_type, **more}


def record(*types: Any, name: str = "R") -> dict[str, Any]:
    """A record with a field of each type; its name is the record itself."""
    return {"type": "record", "name": name, "fields": [{"name": f"f{at}", "type": one} for at, one in enumerate(types)]}


AMOUNT = logical("bytes", "decimal", precision=5, scale=2)
SCALARS: list[Any] = [
    *("boolean", "int", "long", "float", "double", "string", "bytes", AMOUNT),
    {"type": "fixed", "name": "?", "size": 5},
    {"type": "enum", "name": "?", "symbols": ["A", "B"]},
    logical("fixed", "decimal", name="?", size=6, precision=12, scale=12),
    logical("bytes", "decimal", precision=4),
    logical("string", "uuid"),
    logical("int", "date"),
    logical("int", "time-millis"),
    logical("long", "time-micros"),
    *(logical("long", f"{local}timestamp-{unit}") for local in ("", "local-") for unit in ("millis", "micros")),
]


def rendered(schema: Any, data: Any) -> Any:
    """Data as a receiver sees it: encoded, decoded and rendered."""
    nodes = SchemaNodes(schema)
    encoded = SingleObjectWriter(nodes.root).encode(data_from_json(nodes, data))
    return orjson.loads(render_data(decode_body(encoded, HEADER_BYTES, nodes.root)))


def validator(schema: Any, sensitive: frozenset[str] = NONE) -> Draft202012Validator:
    document = json_schema_of(SchemaNodes(schema), sensitive).document("urn:test", "a test")
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)


def named(schema: Any, numbers: "count[int]") -> Any:
    """The same schema with a name of its own for each named type."""
    if isinstance(schema, list):
        return [named(part, numbers) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: named(part, numbers) if key in {"items", "values"} else part for key, part in schema.items()}
    if "fields" in schema:
        inner["fields"] = [{**each, "type": named(each["type"], numbers)} for each in schema["fields"]]
    return {**inner, "name": f"N{next(numbers)}"} if "name" in schema else inner


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda values: {"type": "map", "values": values}),
        inner.filter(lambda branch: not isinstance(branch, list)).map(lambda branch: ["null", branch]),
        st.lists(inner, min_size=1, max_size=4).map(lambda types: record(*types)),
    )


SCHEMAS = (
    st.lists(st.recursive(st.sampled_from(SCALARS), containers, max_leaves=8), min_size=1, max_size=5)
    .map(lambda types: record(*types))
    .map(lambda schema: named(schema, count()))
)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: f"{version.event_type}.{version.version}")
def test_every_version_of_the_catalog_renders_what_its_schema_says(version: Any) -> None:
    """With made-up data of many seeds."""
    check = validator(version.source)
    for seed in range(30):
        data = mock_data(version.nodes, Random(seed))  # noqa: S311 - made-up data, no secrets
        check.validate(rendered(version.source, data))


@settings(deadline=None)
@given(schema=SCHEMAS, seed=st.integers())
def test_what_is_rendered_is_valid(schema: Any, seed: int) -> None:
    """For any schema and any data of it."""
    data = mock_data(SchemaNodes(schema), Random(seed))  # noqa: S311 - made-up data, no secrets
    validator(schema).validate(rendered(schema, data))


@settings(deadline=None)
@given(schema=SCHEMAS, seed=st.integers(), granted=st.sets(st.integers(0, 30)), marked=st.sets(st.integers(0, 30)))
def test_what_a_view_hides_is_optional(schema: Any, seed: int, granted: set[int], marked: set[int]) -> None:
    """Whichever fields are marked, and whichever of them are granted: bodies with and without them are valid."""
    mark_fields(schema, marked, count())
    written = event_schema(Path("memory"), "thing.made", 1, schema)
    fields = SensitiveFields([written.nodes])
    grants = [path for number, path in enumerate(fields.paths) if number in granted]
    view = View(written, fields, fields.hidden_without(grants))
    data = data_from_json(written.nodes, mock_data(written.nodes, Random(seed)))  # noqa: S311 - no secrets
    seen = Projection(written.nodes, view.nodes).read(SingleObjectWriter(written.parsed).encode(data), HEADER_BYTES)
    check = validator(schema, fields.paths_in(written.nodes))
    check.validate(orjson.loads(render_data(seen)))


def mark_fields(schema: Any, marked: set[int], numbers: "count[int]") -> None:
    """Mark the fields with these numbers, in the order in which they come."""
    if isinstance(schema, list):
        for branch in schema:
            mark_fields(branch, marked, numbers)
    if isinstance(schema, dict):
        for each in schema.get("fields", ()):
            if next(numbers) in marked:
                each["sensitive"] = True
            mark_fields(each["type"], marked, numbers)
        for part in ("items", "values"):
            mark_fields(schema.get(part), marked, numbers)


EXTREMES: list[tuple[Any, Any]] = [
    ("int", -(2**31)),
    ("int", 2**31 - 1),
    ("long", -(2**63)),
    ("long", 2**63 - 1),
    ("double", 1.7976931348623157e308),
    ("double", float("nan")),
    ("float", float("-inf")),
    ("string", ""),
    ("string", "a\nb☃"),
    ("bytes", b""),
    ("bytes", b"\xff" * 4),
    (AMOUNT, Decimal("999.99")),
    (AMOUNT, Decimal("-0.01")),
    (AMOUNT, Decimal(0)),
    (logical("bytes", "decimal", precision=3, scale=3), Decimal("-0.999")),
    (logical("bytes", "decimal", precision=1), Decimal(-9)),
    (logical("bytes", "decimal", precision=1000, scale=999), Decimal(9)),
    (logical("int", "date"), "0001-01-01"),
    (logical("int", "date"), "9999-12-31"),
    (logical("int", "time-millis"), "23:59:59.999"),
    (logical("long", "time-micros"), "00:00:00"),
    (logical("long", "time-micros"), "23:59:59.999999"),
    (logical("long", "timestamp-micros"), "0001-01-01T00:00:00.000001Z"),
    (logical("long", "timestamp-millis"), "9999-12-31T23:59:59.999Z"),
    (logical("long", "local-timestamp-micros"), "2026-01-02T03:04:05.000006"),
    ({"type": "fixed", "name": "F", "size": 32}, b"\0" * 32),
    ({"type": "fixed", "name": "F", "size": 0}, b""),
    (["null", AMOUNT], None),
    (["null", AMOUNT, "string"], "1.5 m"),
    ({"type": "map", "values": ["null", "R"]}, {"": None, "a b": {"f0": {}}}),
]


@pytest.mark.parametrize(("schema", "value"), EXTREMES, ids=repr)
def test_the_ends_of_each_type_are_valid(schema: Any, value: Any) -> None:
    """The largest, the smallest, the empty, and what JSON has no word for."""
    validator(record(schema)).validate(rendered(record(schema), {"f0": value}))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("int", 2**31),
        ("int", 1.5),
        ("int", True),
        ("int", "1"),
        ("long", -(2**63) - 1),
        ("boolean", 0),
        ("double", "1.5"),
        ("string", None),
        ("bytes", "a"),
        ("bytes", "_-A="),
        (AMOUNT, 49.9),
        (AMOUNT, "49.9"),
        (AMOUNT, "1000.00"),
        (AMOUNT, "01.00"),
        (AMOUNT, "+1.00"),
        (logical("bytes", "decimal", precision=3, scale=3), "1.000"),
        (logical("string", "uuid"), "5d8f0c1e8c1b4f8e9d530c3f6a2b7e11"),
        (logical("int", "date"), "2026-02-30"),
        (logical("int", "date"), 20_000),
        (logical("int", "time-millis"), "13:30"),
        (logical("long", "timestamp-millis"), "2026-01-31T13:30:00Z"),
        (logical("long", "timestamp-millis"), "2026-01-31T13:30:00.250001Z"),
        (logical("long", "timestamp-micros"), "2026-01-31T13:30:00.250+01:00"),
        (logical("long", "local-timestamp-millis"), "2026-01-31T13:30:00.250Z"),
        ({"type": "fixed", "name": "F", "size": 32}, "AAAA"),
        ({"type": "enum", "name": "E", "symbols": ["A", "B"]}, "C"),
        ({"type": "array", "items": "int"}, {"0": 1}),
        ({"type": "map", "values": "int"}, {"a": "1"}),
        (["null", "int"], "1"),
    ],
)
def test_what_is_never_rendered_is_not_valid(schema: Any, value: Any) -> None:
    """A schema that accepts anything would be of no use to anybody."""
    assert not validator(record(schema)).is_valid({"f0": value})


@pytest.mark.parametrize("data", [{}, {"f0": 1, "f1": 2}, {"f0": 1, "extra": 2}, [], None])
def test_objects_are_closed_and_have_all_fields(data: Any) -> None:
    """The gateway renders every field of a version, with null where there is nothing."""
    assert validator(record("int")).is_valid({"f0": 1})
    assert not validator(record("int")).is_valid(data)


def test_a_sensitive_field_may_be_there_or_not() -> None:
    """By its path: the same record in another place keeps the field."""
    person = {"type": "record", "name": "Person", "fields": [{"name": "email", "type": "string"}]}
    check = validator(record(person, {"type": "array", "items": "Person"}), frozenset({"f1.email"}))
    assert check.is_valid({"f0": {"email": "a"}, "f1": [{"email": "b"}, {}]})
    assert not check.is_valid({"f0": {}, "f1": [{}]})
    assert not check.is_valid({"f0": {"email": "a"}, "f1": [{"email": 1}]})


def test_a_record_that_contains_itself_has_its_sensitive_fields_at_every_depth() -> None:
    """Where it stands elsewhere it may have none; each is defined once."""
    tree = {
        "type": "record",
        "name": "Tree",
        "fields": [
            {"name": "owner", "type": "string"},
            {"name": "children", "type": {"type": "array", "items": record("Tree", name="Branch")}},
        ],
    }
    sensitive = frozenset({"f0.owner"})
    assert list(json_schema_of(SchemaNodes(record(tree, "Branch")), sensitive).definitions) == [
        *("Tree", "Branch", "Branch_2", "Tree_2")
    ]
    check = validator(record(tree, "Branch"), sensitive)
    plain = {"owner": "a", "children": []}
    inner: Any = {"f0": {"children": []}}
    assert check.is_valid({"f0": {"children": [inner]}, "f1": {"f0": plain}})
    assert not check.is_valid({"f0": {"children": [inner]}, "f1": inner})
    assert not check.is_valid({"f0": {"children": [inner]}, "f1": {"f0": {"owner": "a", "children": [inner]}}})


def test_names_and_words_of_schema_files_do_no_harm() -> None:
    """Fastavro takes any text as a name, and anything as a doc."""
    odd = {"type": "record", "name": "a/b~<c>", "doc": 7, "fields": [{"name": "x/y", "type": "int", "doc": {"a": 1}}]}
    found = json_schema_of(SchemaNodes(record(odd, ["null", "a/b~<c>"])), NONE)
    assert list(found.definitions) == ["a_b__c_"]
    assert validator(record(odd)).is_valid({"f0": {"x/y": 1}})
