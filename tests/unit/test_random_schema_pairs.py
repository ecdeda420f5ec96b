"""Random pairs of schemas: the official library decides as the gateway does, and what is called readable is read."""

import copy
from io import BytesIO
from random import Random
from typing import Any

import fastavro
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import make_avsc_object
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.shaping.projection import Projection
from gateway.wire.compatibility import compare
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.schema_rules import read_schema
from tests.compatibility_cases import PRIMITIVES, array, enum, field, fixed, map_of, record

_DEFAULTS: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "int": 1,
    "long": 2,
    "float": 0.5,
    "string": "s",
    "bytes": "b",
}

_WIDER = {"int": "long", "long": "double", "float": "double", "string": "bytes"}


class Schemas:
    """Makes up schemas, and others that come of them by a few changes.

    Not made: aliases with a namespace, decimals and assumptions within unions, of which tests.compatibility_cases says
    how the official library errs.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0

    def schema(self, depth: int = 3) -> Any:  # noqa: PLR0911 - one for each kind
        kind = self._random.choice(["record", "record", "enum", "fixed", "array", "map", "union", *PRIMITIVES[1:]])
        match kind if depth else self._random.choice(PRIMITIVES):
            case "record":
                names = self._random.sample("abcd", self._random.randint(0, 4))
                return record(*(self._field(name, depth) for name in names), name=self._name())
            case "enum":
                return enum(*self._random.sample("XYZ", self._random.randint(1, 3)), name=self._name())
            case "fixed":
                return fixed(self._random.choice([2, 4]), name=self._name())
            case "array":
                return array(self.schema(depth - 1))
            case "map":
                return map_of(self.schema(depth - 1))
            case "union":
                return self._union(depth)
            case primitive:
                return primitive

    def changed(self, schema: Any) -> Any:
        changed = copy.deepcopy(schema)
        for _ in range(self._random.randint(1, 3)):
            changed = self._change(changed)
        return changed

    def _name(self) -> str:
        self._count += 1
        return f"{self._random.choice('xy')}.N{self._count}"

    def _field(self, name: str, depth: int) -> dict[str, Any]:
        type_ = self.schema(depth - 1)
        first = type_[0] if isinstance(type_, list) and type_ else type_
        if isinstance(first, str) and first in _DEFAULTS and self._random.random() < 0.5:
            return field(name, type_, default=_DEFAULTS[first])
        return field(name, type_)

    def _union(self, depth: int) -> list[Any]:
        branches: dict[str, Any] = {"null": "null"} if self._random.random() < 0.5 else {"int": "int"}
        for _ in range(self._random.randint(0, 3)):
            branch = self.schema(depth - 1)
            if not isinstance(branch, list):
                branches.setdefault(branch if isinstance(branch, str) else branch.get("name", branch["type"]), branch)
        return list(branches.values())

    def _change(self, schema: Any) -> Any:  # noqa: PLR0911 - one for each kind
        """Change something: here, or somewhere within."""
        here = self._random.random() < 0.3
        match schema:
            case list() if schema and not here:
                at = self._random.randrange(len(schema))
                inner = self._change(schema[at])
                return schema if isinstance(inner, list) else [*schema[:at], inner, *schema[at + 1 :]]
            case list():
                return self._random.sample(schema, self._random.randint(0, len(schema)))
            case {"type": "array" | "map"} if not here:
                part = "items" if schema["type"] == "array" else "values"
                return {**schema, part: self._change(schema[part])}
            case {"type": "record", "fields": [*fields]} if fields and not here:
                chosen = self._random.choice(fields)
                chosen["type"] = self._change(chosen["type"])
                chosen.pop("default", None)  # it may not fit any longer
                return schema
            case {"type": "record", "fields": [*fields]}:
                kept = self._random.sample(fields, self._random.randint(0, len(fields)))
                return {**schema, "fields": [*kept, self._field(f"new{len(fields)}", 1)][: self._random.randint(0, 9)]}
            case {"type": "enum"} if not here:
                symbols = [*schema["symbols"], "NEW"][self._random.randint(0, 1) :]
                return enum(*dict.fromkeys(symbols), name=schema["name"], default=symbols[-1])
            case {"name": str(name)} if self._random.random() < 0.5:
                return {**schema, "name": self._name(), "aliases": [name]}
            case str() if schema in _WIDER and self._random.random() < 0.7:
                return _WIDER[schema]
            case _:
                return self.schema(1)


def is_a_schema(schema: Any) -> bool:
    """Tell whether it is one: a change may have made two branches of a union alike."""
    try:
        read_schema(schema)
    except ValueError:
        return False
    return True


@settings(max_examples=1500, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_the_official_library_decides_alike(random: Random) -> None:
    """For pairs that are nearly the same, and for those that are not."""
    schemas = Schemas(random)
    writer = schemas.schema()
    reader = schemas.changed(writer) if random.random() < 0.9 else schemas.schema()
    if not (is_a_schema(reader) and is_a_schema(writer)):
        return
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro left it untyped
    opinion = checker.get_compatibility(reader=make_avsc_object(reader), writer=make_avsc_object(writer))
    verdict = compare(read_schema(reader), read_schema(writer))
    assert verdict.compatible == (opinion.compatibility is SchemaCompatibilityType.compatible), (reader, writer)


@settings(max_examples=700, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_what_is_called_readable_is_read(random: Random) -> None:
    """Random data of the writer, as the gateway reads it; the official reader knows no aliases."""
    schemas = Schemas(random)
    writer = schemas.schema()
    reader = schemas.changed(writer)
    if not (is_a_schema(reader) and is_a_schema(writer)):
        return
    verdict = compare(read_schema(reader), read_schema(writer))
    if not verdict.compatible or "encoding" in {warning.rule for warning in verdict.warnings}:
        return  # bytes are a string where they happen to be UTF-8
    nodes = SchemaNodes(writer)
    stream = BytesIO()
    fastavro.schemaless_writer(stream, nodes.root, data_from_json(nodes, mock_data(nodes, random)))
    Projection(nodes, SchemaNodes(reader)).read(stream.getvalue(), 0)
