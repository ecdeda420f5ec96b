"""An Avro schema → the JSON Schema (2020-12) of what `gateway.wire.rendering` makes of its data.

Exact: what the gateway renders is valid, and what it would never render is not. So objects are closed, numbers have
the range of their type, and strings the form that rendering gives them. A version of a type never changes its shape,
and every request says which version it carries; a receiver that validates takes the schema of that version.

Only words are used that mean the same in draft 07, so that the parts can stand in an AsyncAPI document too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.wire.schema_nodes import INTEGER_BITS, NULL, Node, SchemaNodes

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ONLY_WHEN_GRANTED = "Sensitive: only in bodies for subscriptions that were granted it."
_DEFINITIONS = "#/$defs/"
_NO_NAME_CHARS = re.compile(r"[^A-Za-z0-9_.-]")
_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_DATE, _TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}"
# Digits of a second: three, or six where there are microseconds.
_MILLIS, _MICROS = "\\.[0-9]{3}", "\\.[0-9]{3}(?:[0-9]{3})?"


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A JSON Schema in parts.

    Attributes:
        root: the schema of an event's data; refers to the definitions.
        definitions: the records within it, by the last part of the reference to them.
    """

    root: dict[str, Any]
    definitions: dict[str, dict[str, Any]]

    def document(self, identifier: str, title: str) -> dict[str, Any]:
        """Give the whole as one document.

        Args:
            identifier: its `$id`, a URI.
            title: what it is, for people.
        """
        head = {"$schema": DIALECT, "$id": identifier, "title": title, **self.root}
        return {**head, "$defs": self.definitions} if self.definitions else head


def json_schema_of(nodes: SchemaNodes, sensitive: frozenset[str], *, reference: str = _DEFINITIONS) -> JsonSchema:
    """Give the JSON Schema of an event's data.

    Args:
        nodes: the schema of the version, of a record.
        sensitive: dotted paths of the fields that only some subscriptions are sent: they may be there or not. Within
            a record that contains itself, the inner one's fields are the outer one's.
        reference: what stands before a definition's name in a reference to it.
    """
    translation = _Translation(nodes, reference)
    root = nodes.node(nodes.root)
    return JsonSchema(translation.object_of(root, _Place(root.name, sensitive)), translation.definitions)


class _Place(NamedTuple):
    """What a record's definition depends on: one that stands in two places may have fewer fields in one of them.

    Attributes:
        record: its name.
        sensitive: dotted paths of the sensitive fields in it.
        around: the records with sensitive fields that it stands in; if it contains one of them, it is that one again.
    """

    record: str
    sensitive: frozenset[str]
    around: "frozenset[_Place]" = frozenset()


@dataclass(slots=True)
class _Translation:
    """One schema's translation."""

    nodes: SchemaNodes
    reference: str
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _names: dict[_Place, str] = field(default_factory=dict)

    def object_of(self, record: Node, place: _Place) -> dict[str, Any]:
        """Translate a record's fields."""
        fields = record.definition["fields"]
        return {
            "type": "object",
            **_described(record.definition.get("doc")),
            "properties": {each["name"]: self._property(each, place) for each in fields},
            "required": [each["name"] for each in fields if each["name"] not in place.sensitive],
            "additionalProperties": False,
        }

    def _property(self, each: dict[str, Any], place: _Place) -> dict[str, Any]:
        name = each["name"]
        within = frozenset(path.removeprefix(f"{name}.") for path in place.sensitive if path.startswith(f"{name}."))
        around = place.around | {place} if place.sensitive else place.around
        note = ONLY_WHEN_GRANTED if name in place.sensitive else None
        return {**self._schema(each["type"], within, around), **_described(each.get("doc"), note)}

    def _schema(self, schema: Any, sensitive: frozenset[str], around: frozenset[_Place]) -> dict[str, Any]:
        node = self.nodes.node(schema)
        match node.kind:
            case "record":
                again = (place for place in around if place.record == node.name)
                place = next(again, _Place(node.name, sensitive, around))
                return {"$ref": self.reference + self._defined(node, place)}
            case "array":
                return {"type": "array", "items": self._schema(node.definition["items"], sensitive, around)}
            case "map":
                values = self._schema(node.definition["values"], sensitive, around)
                return {"type": "object", "additionalProperties": values}
            case "union":
                # Null last: what a value usually is comes first.
                branches = sorted(node.branches, key=lambda branch: branch == NULL)
                return {"anyOf": [self._schema(branch, sensitive, around) for branch in branches]}
            case _:
                return _SCALARS[node.logical_type or node.kind](node)

    def _defined(self, record: Node, place: _Place) -> str:
        if place not in self._names:
            name = self._names[place] = self._free_name(record)
            self.definitions[name] = {}  # keeps its place while what lies within, itself perhaps, is translated
            self.definitions[name] = self.object_of(record, place)
        return self._names[place]

    def _free_name(self, record: Node) -> str:
        wanted = _NO_NAME_CHARS.sub("_", record.short_name)
        name, number = wanted, 1
        while name in self.definitions:
            number += 1
            name = f"{wanted}_{number}"
        return name


def _described(*texts: Any) -> dict[str, str]:
    """Give a description; a schema file may have anything as its `doc`."""
    known = [text for text in texts if isinstance(text, str) and text]
    return {"description": " ".join(known)} if known else {}


def _integer(node: Node) -> dict[str, Any]:
    limit: int = 1 << (INTEGER_BITS[node.kind] - 1)
    return {"type": "integer", "minimum": -limit, "maximum": limit - 1}


def _decimal(node: Node) -> dict[str, Any]:
    whole = max(node.precision - node.scale - 1, 0)
    fraction = f"\\.[0-9]{{{node.scale}}}" if node.scale else ""
    pattern = f"^-?(?:0|[1-9][0-9]{{0,{whole}}}){fraction}$" if node.precision > node.scale else f"^-?0{fraction}$"
    return {"type": "string", "pattern": pattern}


def _bytes(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string", "contentEncoding": "base64", "pattern": _BASE64}
    if node.kind == "fixed":
        chars = (node.definition["size"] + 2) // 3 * 4
        found |= {"minLength": chars, "maxLength": chars}
    return found


def _fixed_form(pattern: str, format_: str | None = None) -> Callable[[Node], dict[str, Any]]:
    """Give strings of one form; a `format` alone says nothing to most validators."""
    found = {"type": "string", **({"format": format_} if format_ else {}), "pattern": f"^{pattern}$"}
    return lambda _: dict(found)


_SCALARS: dict[str, Callable[[Node], dict[str, Any]]] = {
    "null": lambda _: {"type": "null"},
    "boolean": lambda _: {"type": "boolean"},
    "string": lambda _: {"type": "string"},
    "int": _integer,
    "long": _integer,
    # NaN and the infinities are rendered as null.
    "float": lambda _: {"type": ["number", "null"]},
    "double": lambda _: {"type": ["number", "null"]},
    "enum": lambda node: {"type": "string", "enum": list(node.definition["symbols"])},
    "bytes": _bytes,
    "fixed": _bytes,
    "decimal": _decimal,
    "uuid": _fixed_form("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid"),
    "date": _fixed_form(_DATE, "date"),
    "time-millis": _fixed_form(_TIME + _MILLIS),
    "time-micros": _fixed_form(_TIME + _MICROS),
    "timestamp-millis": _fixed_form(f"{_DATE}T{_TIME}{_MILLIS}Z", "date-time"),
    "timestamp-micros": _fixed_form(f"{_DATE}T{_TIME}{_MICROS}Z", "date-time"),
    "local-timestamp-millis": _fixed_form(f"{_DATE}T{_TIME}{_MILLIS}"),
    "local-timestamp-micros": _fixed_form(f"{_DATE}T{_TIME}{_MICROS}"),
}
