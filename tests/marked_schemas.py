"""Any schema with sensitive fields in it, and a value of it in which every text tells where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from gateway.wire.schema_nodes import Node, SchemaNodes

MAX_DEPTH = 4
MAX_VALUE_DEPTH = 8
MAX_TEXTS = 20
_LEAVES = ["string", "twice", "within itself"]
_KINDS = [*_LEAVES, "record", "array", "map", "union"]


@dataclass
class MarkedValue:
    """A value.

    Attributes:
        nodes: its schema.
        data: the value.
        texts: each text in it with the dotted paths of the fields that it lies in; each is there once.
    """

    nodes: SchemaNodes
    data: Any = None
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)


@st.composite
def marked_values(draw: st.DrawFn) -> MarkedValue:
    """Give a schema of nested records, arrays, maps and unions, types used twice and recursive ones, with a value."""
    made = MarkedValue(SchemaNodes(_Schemas(draw).record((), 0)))
    made.data = _value(draw, made, made.nodes.root, ("",), {})
    return made


class _Schemas:
    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._complete: list[str] = []
        self._count = 0

    def record(self, around: tuple[str, ...], depth: int) -> dict[str, Any]:
        self._count += 1
        name = f"tests.R{self._count}"
        fields = []
        for number in range(self._draw(st.integers(1, 4))):
            marks = {"sensitive": True} if self._draw(st.sampled_from([False, False, True])) else {}
            fields.append({"name": f"f{number}", "type": self._type((*around, name), depth + 1), **marks})
        self._complete.append(name)
        return {"type": "record", "name": name, "fields": fields}

    def _type(self, around: tuple[str, ...], depth: int) -> Any:
        match self._draw(st.sampled_from(_LEAVES if depth >= MAX_DEPTH else _KINDS)):
            case "record":
                made: Any = self.record(around, depth)
            case "array":
                made = {"type": "array", "items": self._type(around, depth + 1)}
            case "map":
                made = {"type": "map", "values": self._type(around, depth + 1)}
            case "union":
                inner = self._type(around, depth + 1)
                made = inner if isinstance(inner, list) else ["null", inner]
            case "twice" if self._complete:
                made = self._draw(st.sampled_from(self._complete))
            case "within itself":
                made = {"type": "array", "items": self._draw(st.sampled_from(around))}
            case _:
                made = "string"
        return made


def _value(draw: st.DrawFn, made: MarkedValue, schema: Any, within: tuple[str, ...], around: Mapping[str, str]) -> Any:
    node: Node = made.nodes.node(schema)
    match node.kind:
        case "record":
            # Within itself it is the outer one again, in its place.
            base = around.get(node.name, within[-1])
            known = [*around]
            outer = known[: known.index(node.name)] if node.name in around else known
            inner = {**{name: around[name] for name in outer}, node.name: base}
            value = {}
            for each in node.definition["fields"]:
                path = f"{base}.{each['name']}".lstrip(".")
                value[each["name"]] = _value(draw, made, each["type"], (*within, path), inner)
            return value
        case "array":
            return [
                _value(draw, made, node.definition["items"], within, around) for _ in range(_count(draw, made, within))
            ]
        case "map":
            values = node.definition["values"]
            return {
                f"k{number}": _value(draw, made, values, within, around) for number in range(_count(draw, made, within))
            }
        case "union":
            return _value(draw, made, node.branches[1], within, around) if draw(st.booleans()) else None
        case _:
            text = f"canary-{len(made.texts):04}"
            made.texts[text] = within
            return text


def _count(draw: st.DrawFn, made: MarkedValue, within: tuple[str, ...]) -> int:
    """Give the number of items, none once there is enough: a recursive type has to end."""
    return 0 if len(made.texts) > MAX_TEXTS or len(within) > MAX_VALUE_DEPTH else draw(st.integers(0, 2))
