"""Reads a schema node by node: references followed, logical types recognised only where they are valid.

What walks a schema (the compatibility check, JSON input, mock data) walks these nodes and never the raw JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fastavro.schema import parse_schema

# Avro 1.12, "Logical Types": an unknown one, or one on a type it is not made for, is ignored.
_LOGICAL_TYPES = frozenset(
    {
        ("bytes", "decimal"),
        ("fixed", "decimal"),
        ("string", "uuid"),
        ("int", "date"),
        ("int", "time-millis"),
        ("long", "time-micros"),
        ("long", "timestamp-millis"),
        ("long", "timestamp-micros"),
        ("long", "local-timestamp-millis"),
        ("long", "local-timestamp-micros"),
    }
)
INTEGER_BITS = {"int": 32, "long": 64}
UNION = "union"
NULL = "null"


@dataclass(frozen=True, slots=True)
class Node:
    """One type of a schema.

    Attributes:
        kind: Avro's word for the type (`record`, `int`, …), or `union`.
        logical_type: its logical type, or None.
        definition: its attributes as they stand in the schema (`fields`, `symbols`, `size`, …); empty for a union.
        branches: the schemas of a union, in their order; empty for anything else.
    """

    kind: str
    logical_type: str | None = None
    definition: Mapping[str, Any] = field(default_factory=dict)
    branches: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The full name of a record, enum or fixed; the type's own word for anything else."""
        return str(self.definition.get("name", self.kind))

    @property
    def short_name(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition(".")[2]

    @property
    def inner(self) -> tuple[Any, ...]:
        """The schemas that a value of it consists of and that bear no name: items, map values, branches of a union."""
        match self.kind:
            case "array":
                return (self.definition["items"],)
            case "map":
                return (self.definition["values"],)
            case _:
                return self.branches

    @property
    def scale(self) -> int:
        """A decimal's digits after the point."""
        return int(self.definition.get("scale", 0))

    @property
    def precision(self) -> int:
        """A decimal's digits altogether."""
        return int(self.definition["precision"])


# A primitive without a logical type is one node in every schema that is read with these, and so is a union of them.
PLAIN = {kind: Node(kind) for kind in ("null", "boolean", "int", "long", "float", "double", "bytes", "string")}


@lru_cache(maxsize=1024)
def plain_union(kinds: tuple[str, ...]) -> Node:
    """Give the union of primitives without logical types."""
    return Node(UNION, branches=tuple(PLAIN[kind] for kind in kinds))


def is_integer(kind: str, value: object) -> bool:
    """Tell whether a value is an integer in the range of `int` or `long`; a boolean is none."""
    limit = 1 << (INTEGER_BITS[kind] - 1)
    return isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit


class SchemaNodes:
    """The types of one schema.

    Attributes:
        root: the schema, parsed.
    """

    def __init__(self, schema: Any) -> None:
        self._named: dict[str, Any] = {}
        self.root = parse_schema(schema, self._named)

    def node(self, schema: Any) -> Node:
        """Give the node of a part of this schema; a name is replaced by what it names.

        Raises:
            ValueError: it is a decimal without a precision, which nothing can decode.
        """
        if isinstance(schema, list):
            return Node(UNION, branches=tuple(schema))
        if isinstance(schema, str):
            if schema not in self._named:
                return Node(schema)
            schema = self._named[schema]
        kind, logical_type = schema["type"], schema.get("logicalType")
        if (kind, logical_type) not in _LOGICAL_TYPES:
            return Node(kind, None, schema)
        if logical_type == "decimal" and "precision" not in schema:
            raise ValueError("a decimal needs a precision")
        return Node(kind, logical_type, schema)

    def types(self) -> Iterator[tuple[str, Node]]:
        """Give every type, records once, with the dotted path of the field that it is found at first."""
        seen: set[str] = set()
        waiting: list[tuple[str, Any]] = [("", self.root)]
        while waiting:
            path, schema = waiting.pop()
            node = self.node(schema)
            if node.kind == "record":
                if node.name in seen:
                    continue
                seen.add(node.name)
                prefix = f"{path}." if path else ""
                waiting += [(prefix + field_["name"], field_["type"]) for field_ in node.definition["fields"]]
            yield path, node
            waiting += [(path, inner) for inner in node.inner]

    def fields(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give every field of every record once, with its path; a type that comes again is not entered again."""
        return self._fields(self.root, "", set())

    def _fields(self, schema: Any, path: str, seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        node = self.node(schema)
        match node.kind:
            case "record" if node.name not in seen:
                seen.add(node.name)
                for field_ in node.definition["fields"]:
                    inner = f"{path}.{field_['name']}" if path else field_["name"]
                    yield inner, field_
                    yield from self._fields(field_["type"], inner, seen)
            case "array":
                yield from self._fields(node.definition["items"], f"{path}[]", seen)
            case "map":
                yield from self._fields(node.definition["values"], f"{path}{{}}", seen)
            case _:
                for branch in node.branches:
                    yield from self._fields(branch, path, seen)
