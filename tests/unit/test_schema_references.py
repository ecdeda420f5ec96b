"""A schema that uses types of other schemas becomes the one that its author would have written in one file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.schema_references import standing_alone
from gateway.wire.single_object import fingerprint_of


def record(name: str, *types: Any, **more: Any) -> dict[str, Any]:
    """A record with a field of each type."""
    fields = [{"name": f"f{number}", "type": each} for number, each in enumerate(types)]
    return {"type": "record", "name": name, "fields": fields, **more}


COLOUR = {"type": "enum", "name": "Colour", "symbols": ["RED"], "namespace": "art"}
CASES = {
    "a name where it is used first, and the name afterwards": (
        record("Made", "art.Colour", "art.Colour", namespace="shop"),
        [COLOUR],
        record("Made", COLOUR, "art.Colour", namespace="shop"),
    ),
    "within arrays, maps and unions": (
        record("Made", {"type": "array", "items": ["null", "art.Colour"]}, {"type": "map", "values": "art.Colour"}),
        [COLOUR],
        record("Made", {"type": "array", "items": ["null", COLOUR]}, {"type": "map", "values": "art.Colour"}),
    ),
    "a short name of the same namespace": (
        record("Made", "Colour", namespace="art"),
        [COLOUR],
        record("Made", COLOUR, namespace="art"),
    ),
    "a type that is defined within another one": (
        record("Made", "art.Colour", "art.Frame", namespace="shop"),
        [record("Frame", {**COLOUR, "namespace": "art"}, namespace="art")],
        record("Made", COLOUR, record("Frame", "Colour", namespace="art"), namespace="shop"),
    ),
    "references of references": (
        record("Made", "art.Frame", namespace="shop"),
        [record("Frame", "Colour", namespace="art"), COLOUR],
        record("Made", record("Frame", COLOUR, namespace="art"), namespace="shop"),
    ),
    "a type without a namespace, used by one without": (
        record("Made", "Plain"),
        [record("Plain", "int")],
        record("Made", record("Plain", "int")),
    ),
    "a type that contains itself": (
        record("Made", "art.Tree", namespace="shop"),
        [record("Tree", ["null", "art.Tree"], namespace="art")],
        record("Made", record("Tree", ["null", "art.Tree"], namespace="art"), namespace="shop"),
    ),
    "the schema itself, used by what it refers to": (
        record("Made", "art.Frame", namespace="shop"),
        [record("Frame", ["null", "shop.Made"], namespace="art")],
        record("Made", record("Frame", ["null", "shop.Made"], namespace="art"), namespace="shop"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_definitions_are_put_in(case: str) -> None:
    """So that its fingerprint is that of the catalog's version."""
    schema, referenced, expected = CASES[case]
    assert fingerprint_of(standing_alone(schema, referenced)) == fingerprint_of(expected)


def test_a_schema_without_references_stays_as_it_is() -> None:
    """Docs, defaults and everything else of it, and names that nobody defines."""
    schema = record("Made", "art.Colour", {"type": "long", "logicalType": "date"}, doc="d", aliases=["Old"])
    assert standing_alone(schema, []) == schema


_JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["record", "enum", "a.B", "B", "int", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "name", "namespace", "fields", "items", "values"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(_JSON, st.lists(_JSON, max_size=3))
def test_whatever_a_registry_has_comes_to_an_end(schema: Any, referenced: list[Any]) -> None:
    """What is no schema is for the parser to refuse."""
    standing_alone(schema, referenced)
