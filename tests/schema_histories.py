"""Random histories of an event type: chains of versions, each of which changes the one before as people change schemas.

histories()         every version can read every other: what the catalog's check asks for
growing_histories() a version can read those before it: promotions and new branches of unions come on top
"""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

MAX_VERSIONS = 5
_MAX_DEPTH = 3
_UUID = "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11"

# A type as a schema has it, and a default as JSON has it.
_SCALARS: list[tuple[Any, Any]] = [
    ("boolean", True),
    ("int", -7),
    ("long", 2**40),
    ("float", 0.5),
    ("double", 0.1),
    ("string", "é"),
    ("bytes", "\x00ÿ"),
    ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, "\x01\x00"),
    ({"type": "string", "logicalType": "uuid"}, _UUID),
    ({"type": "int", "logicalType": "date"}, 20_000),
    ({"type": "int", "logicalType": "time-millis"}, 1),
    ({"type": "long", "logicalType": "time-micros"}, 1),
    ({"type": "long", "logicalType": "timestamp-millis"}, 1_700_000_000_123),
    ({"type": "long", "logicalType": "timestamp-micros"}, -1),
]
_WIDER = {"int": ("long", "float", "double"), "long": ("float", "double"), "float": ("double",)}

Record = dict[str, Any]


def histories() -> st.SearchStrategy[list[Record]]:
    """Chains of versions that can all read each other, oldest first."""
    return _histories(both_ways=True)


def growing_histories() -> st.SearchStrategy[list[Record]]:
    """Chains of versions that can read those before them, oldest first."""
    return _histories(both_ways=False)


@st.composite
def _histories(draw: st.DrawFn, *, both_ways: bool) -> list[Record]:
    author = _Author(draw)
    versions = [author.record("Event", 0)]
    for _ in range(draw(st.integers(1, MAX_VERSIONS - 1))):
        changed = deepcopy(versions[-1])
        for _ in range(draw(st.integers(1, 3))):
            author.change(changed, both_ways=both_ways)
        versions.append(changed)
    return versions


class _Author:
    """Writes schemas. Every name is used for one thing only, so that nothing is read as what it is not."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._names = 0

    def record(self, name: str, depth: int) -> Record:
        fields = [self._field(depth + 1) for _ in range(self._draw(st.integers(1, 4)))]
        record = {"type": "record", "name": name, "namespace": "shop", "fields": fields}
        if self._draw(st.booleans()):
            # Trees are the usual case of a type that contains itself.
            fields.append({"name": self._name("f"), "type": ["null", f"shop.{name}"], "default": None})
        return record

    def change(self, version: Record, *, both_ways: bool) -> None:
        """Make one change, somewhere in a version."""
        record = self._draw(st.sampled_from(list(records_of(version))))
        changes: list[Callable[[Record], None]] = [self._add, self._remove, self._rename, self._reorder, self._recode]
        self._draw(st.sampled_from(changes if both_ways else [*changes, self._promote, self._widen]))(record)

    def _add(self, record: Record) -> None:
        field = self._field(1)
        field.setdefault("default", _default_of(field["type"]))
        record["fields"].insert(self._draw(st.integers(0, len(record["fields"]))), field)

    def _remove(self, record: Record) -> None:
        """Take a field away that those who still have it have a default for, and which nothing else refers to.

        One stays: a catalog's arrays must not have items that take no bytes.
        """
        found = [field for field in record["fields"] if "default" in field and not any(records_of(field["type"]))]
        if found and len(record["fields"]) > 1:
            record["fields"].remove(self._draw(st.sampled_from(found)))

    def _rename(self, record: Record) -> None:
        field = self._choose(record["fields"], lambda field: "default" in field)
        if field is not None:
            field["aliases"] = [*field.get("aliases", ()), field["name"]]
            field["name"] = self._name("f")

    def _reorder(self, record: Record) -> None:
        """Only among fields that define no types: a name has to be defined where it comes first."""
        plain = [field for field in record["fields"] if not _defines(field["type"])]
        moved = iter(self._draw(st.permutations(plain)))
        record["fields"] = [next(moved) if field in plain else field for field in record["fields"]]

    def _recode(self, record: Record) -> None:
        """Add a symbol to an enum, or take one away that was added: none that is a default."""
        field = self._choose(record["fields"], lambda field: _is_kind(field["type"], "enum"))
        if field is not None:
            symbols: list[str] = field["type"]["symbols"]
            added = [symbol for symbol in symbols if symbol.startswith("S")]
            if self._draw(st.booleans()) and added:
                symbols.remove(added[-1])
            else:
                symbols.insert(self._draw(st.integers(1, len(symbols))), self._name("S"))

    def _promote(self, record: Record) -> None:
        field = self._choose(record["fields"], lambda field: isinstance(field["type"], str) and field["type"] in _WIDER)
        if field is not None:
            field["type"] = self._draw(st.sampled_from(_WIDER[field["type"]]))
            if "default" in field:  # those who do not have the field still need one
                field["default"] = _default_of(field["type"])

    def _widen(self, record: Record) -> None:
        field = self._choose(record["fields"], lambda field: not isinstance(field["type"], list))
        if field is not None:
            field["type"] = [field["type"], "null"]

    def _choose(self, fields: Sequence[Record], fits: Callable[[Record], bool]) -> Record | None:
        found = [field for field in fields if fits(field)]
        return self._draw(st.sampled_from(found)) if found else None

    def _field(self, depth: int) -> Record:
        type_ = self._type(depth)
        field = {"name": self._name("f"), "type": type_}
        if self._draw(st.booleans()):
            field["default"] = _default_of(type_)
        return field

    def _type(self, depth: int) -> Any:
        makers = [self._scalar, self._scalar, self._enum, self._fixed, self._nullable, self._choice]
        if depth < _MAX_DEPTH:
            makers += [self._record, self._array, self._map]
        return self._draw(st.sampled_from(makers))(depth)

    def _scalar(self, _: int) -> Any:
        return self._draw(st.sampled_from(_SCALARS))[0]

    def _enum(self, _: int) -> Any:
        name = self._name("E")
        return {"type": "enum", "name": name, "symbols": [f"{name}_A", f"{name}_B"], "default": f"{name}_A"}

    def _fixed(self, _: int) -> Any:
        return {"type": "fixed", "name": self._name("X"), "size": 3}

    def _record(self, depth: int) -> Any:
        return self.record(self._name("R"), depth)

    def _array(self, depth: int) -> Any:
        return {"type": "array", "items": self._type(depth + 1)}

    def _map(self, depth: int) -> Any:
        return {"type": "map", "values": self._type(depth + 1)}

    def _nullable(self, depth: int) -> Any:
        return ["null", self._scalar(depth)]

    def _choice(self, _: int) -> Any:
        """Records that look alike, and a number and a text beside them."""
        one, other = (self.record(self._name("R"), _MAX_DEPTH) for _ in range(2))
        return ["string", one, "double", other]

    def _name(self, first: str) -> str:
        self._names += 1
        return f"{first}{self._names}"


def records_of(schema: Any) -> Iterator[Record]:
    """Every record that a schema defines."""
    match schema:
        case list():
            for branch in schema:
                yield from records_of(branch)
        case {"type": "record", "fields": fields}:
            yield schema
            for field in fields:
                yield from records_of(field["type"])
        case {"items": inner} | {"values": inner}:
            yield from records_of(inner)
        case _:
            return


def _defines(schema: Any) -> bool:
    return any(records_of(schema)) or (isinstance(schema, list) and len(schema) == 2 and "shop." in str(schema))


def _is_kind(schema: Any, kind: str) -> bool:
    return isinstance(schema, dict) and schema["type"] == kind


def _default_of(schema: Any) -> Any:  # noqa: PLR0911 - one for each kind of type
    """Give a default, as JSON has it."""
    match schema:
        case list():
            return _default_of(schema[0])
        case "null":
            return None
        case {"type": "record", "fields": fields}:
            return {field["name"]: _default_of(field["type"]) for field in fields}
        case {"type": "array", "items": items}:
            return [_default_of(items)]
        case {"type": "map", "values": values}:
            return {"k": _default_of(values)}
        case {"type": "enum", "symbols": symbols}:
            return symbols[1]
        case {"type": "fixed", "size": size}:
            return "ÿ" * size
        case _:
            return next(default for type_, default in _SCALARS if type_ == schema)
