"""What makes a schema none, and what is wrong with one that can be read all the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.compatibility import compare
from gateway.wire.schema_rules import MAX_NESTING, SchemaFaultError, read_schema
from tests.compatibility_cases import array, enum, field, fixed, map_of, record

IN_NAMESPACE = record(
    field("f", record(name="I", namespace="")),
    field("g", "I"),
    field("h", "a.R"),
    field("i", {"type": "R"}),
    name="a.R",
)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (7, ": schema"),
        (None, ": schema"),
        ("nonsense", ": schema"),
        ({}, ": schema"),
        ({"type": "nonsense"}, ": schema"),
        ({"type": {"type": "int"}}, ": schema"),
        ({"type": "array"}, "[]: schema"),
        ({"type": "map"}, "{}: schema"),
        ({"type": "record", "name": "R"}, ": schema"),
        ({"type": "record", "name": "R", "fields": {}}, ": schema"),
        ({"type": "record", "fields": []}, ": name"),
        ({"type": "record", "name": "", "fields": []}, ": name"),
        ({"type": "record", "name": "R", "namespace": 7, "fields": []}, ": name"),
        (record(name="ns.int"), ": name"),
        (record(aliases="Old"), ": schema"),
        (record("a"), ": schema"),
        (record({"type": "int"}), ": schema"),
        (record({"name": "a"}), "a: schema"),
        (record(field("a", "int"), field("a", "int")), "a: name"),
        (record(field("a", "int", aliases=[7])), "a: schema"),
        (record(field("a", array(map_of("Unknown")))), "a[]{}: schema"),
        (record(field("a", fixed(1)), field("b", fixed(1))), "b: name"),
        (record(field("a", "Later"), field("b", record(name="Later"))), "a: schema"),
        (enum("A", "A"), ": symbols"),
        (enum("A", default="B"), ": symbols"),
        ({"type": "enum", "name": "E"}, ": schema"),
        (fixed(-1), ": size"),
        ({"type": "fixed", "name": "F", "size": "4"}, ": size"),
        ({"type": "fixed", "name": "F", "size": True}, ": size"),
        (["int", "int"], ": union"),
        (["int", {"type": "int", "logicalType": "date"}], ": union"),
        ([array("int"), array("string")], ": union"),
        (["int", ["string"]], ": union"),
        ([{"type": "int", "name": "a"}, {"type": "int", "name": "b"}], ": union"),
    ],
)
def test_what_is_no_schema_is_refused_with_place_and_rule(source: Any, found: str) -> None:
    """What no Avro library takes."""
    with pytest.raises(SchemaFaultError) as caught:
        read_schema(source)
    assert f"{caught.value.finding.path}: {caught.value.finding.rule}" == found


_WORDS = (
    "record",
    "error",
    "enum",
    "fixed",
    "array",
    "map",
    "int",
    "string",
    "bytes",
    "decimal",
    "date",
    "R",
    "a",
    "x.R",
    "",
)
_KEYS = (
    "type",
    "name",
    "namespace",
    "fields",
    "items",
    "values",
    "symbols",
    "size",
    "default",
    "aliases",
    "logicalType",
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.floats(allow_nan=False) | st.sampled_from(_WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*_KEYS, "precision")), inner),
    max_leaves=20,
)
# Such a schema gets further.
ALMOST = st.fixed_dictionaries(
    {"type": st.sampled_from(_WORDS[:9]), "name": st.sampled_from(_WORDS)},
    optional={
        "fields": st.lists(st.fixed_dictionaries({"name": st.sampled_from(_WORDS), "type": ANYTHING}), max_size=3),
        **dict.fromkeys((*_KEYS[4:], "namespace", "precision", "scale"), ANYTHING),
    },
)


@given(ANYTHING | ALMOST, ANYTHING | ALMOST)
def test_anything_is_a_schema_or_refused(one: Any, other: Any) -> None:
    """Whatever JSON it is; and what are schemas can be compared."""
    try:
        schemas = read_schema(one), read_schema(other)
    except SchemaFaultError as error:
        assert error.finding.detail  # noqa: PT017 - either is right
        return
    compare(*schemas)


def nested(levels: int) -> Any:
    source: Any = "int"
    for level in range(levels):
        source = array(["null", source]) if level % 2 else record(field("f", ["null", source]), name=f"R{level}")
    return source


def test_a_schema_that_is_nested_too_deep_is_refused() -> None:
    """And not by the interpreter."""
    assert read_schema(nested(MAX_NESTING)).faults == ()
    with pytest.raises(SchemaFaultError, match="nested more than 64 levels deep"):
        read_schema(nested(MAX_NESTING + 1))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (record(field("a-b", "int")), [("a-b", "name")]),
        (record(field("über", "int")), [("über", "name")]),
        (record(name="n-s.R"), [("", "name")]),
        (enum("a b"), [("", "name")]),
        (record(field("a", "int", default="x")), [("a", "default")]),
        (record(field("a", ["null", "int"], default="x")), [("a", "default")]),
        (record(field("a", fixed(2), default="x")), [("a", "default")]),
        (record(field("a", record(field("b", "int"), name="I"), default={})), [("a", "default")]),
        (record(field("a", array("int"), default=[1, "x"])), [("a", "default")]),
        (record(field("a", "int", aliases=["b"]), field("b", "int")), [("b", "alias")]),
        (record(field("a", "int", aliases=["c"]), field("b", "int", aliases=["c"])), [("b", "alias")]),
        (record(field("a", record(name="I", aliases=["R"]))), [("a", "alias")]),
        (
            record(field("a", fixed(1, name="x.F", aliases=["Old"])), field("b", enum("A", name="x.Old"))),
            [("a", "alias")],
        ),
        ([record(name="x.R"), record(name="y.R")], [("", "union")]),
        ({"type": "bytes", "logicalType": "decimal"}, [("", "logical_type")]),
        ({"type": "bytes", "logicalType": "decimal", "precision": 0}, [("", "logical_type")]),
        ({"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}, [("", "logical_type")]),
        (fixed(2, logicalType="decimal", precision=5), [("", "logical_type")]),
        ({"type": "string", "logicalType": "date"}, [("", "logical_type")]),
        (fixed(4, logicalType="duration"), [("", "logical_type")]),
        (fixed(2, logicalType="decimal", precision=4), []),
        ({"type": "string", "logicalType": "our-own"}, []),
        (record(field("a", {"type": "double"}, default=0)), []),
        (record(field("a", "bytes", default="\u00ff")), []),
        (record(field("a", ["int", "null"], default=None)), []),
        (record(field("a", ["null", "R"], default=None)), []),
        (record(field("a", "int", aliases=["a"]), aliases=["R"]), []),
        (IN_NAMESPACE, []),
        (enum(), []),
        ([], []),
    ],
)
def test_what_is_wrong_and_can_be_read_is_listed(source: Any, found: list[tuple[str, str]]) -> None:
    """Names, defaults, aliases and logical types."""
    assert [(fault.path, fault.rule) for fault in read_schema(source).faults] == found
