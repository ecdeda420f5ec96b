"""A schema without some of its fields: what an event is read with for those who may not see them.

A named type may stand in several places of a schema, and lose a field in only some of them. It then becomes two types:
the first keeps the name, the others get names of their own, with the old one as an alias, so that Avro's resolution
still finds them.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson

from gateway.shaping.field_places import Place
from gateway.wire.schema_defaults import default_value
from gateway.wire.schema_nodes import Node, SchemaNodes

# What fastavro adds to a schema that it has parsed.
_NOT_OF_THE_SCHEMA = frozenset({"__fastavro_parsed", "__named_schemas"})


def reduce_schema(nodes: SchemaNodes, root: Place, hidden: Collection[str]) -> Any:
    """Give a schema without the hidden fields.

    Args:
        nodes: the schema, a version of the event type.
        root: the places of the event type.
        hidden: paths of places, see `Place.path`; those that the schema does not have change nothing.

    Returns:
        The schema's JSON: its record has the same name, and each name has one definition.
    """
    reduction = _Reduction(nodes, frozenset(hidden))
    tree = reduction.reduced(nodes.root, root, {})
    return _Naming(reduction.names).named(tree, {})


class _Again:
    """Stands in a tree for a record within itself."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Reduction:
    """Writes a schema out as a tree, every type in each of its places, without the hidden fields.

    Attributes:
        names: of the records, enums and fixed types that came up.
    """

    def __init__(self, nodes: SchemaNodes, hidden: frozenset[str]) -> None:
        self._nodes = nodes
        self._hidden = hidden
        self.names: set[str] = set()

    def reduced(self, schema: Any, place: Place, around: Mapping[str, Place]) -> Any:
        """Give the tree of one type.

        Args:
            schema: the type.
            place: the field that it is the type of.
            around: the records that it stands in, by name, and where these stand.
        """
        node = self._nodes.node(schema)
        self.names.add(node.name)
        match node.kind:
            case "union":
                return [self.reduced(branch, place, around) for branch in node.branches]
            case "array":
                return {**node.definition, "items": self.reduced(node.definition["items"], place, around)}
            case "map":
                return {**node.definition, "values": self.reduced(node.definition["values"], place, around)}
            case "record" if node.name in around:
                return _Again(node.name)
            case "record":
                around = {**around, node.name: place}
                fields = [self._field(field, inner, around) for field, inner in self._shown(node, place)]
                return {**_own(node), "fields": fields}
            case _:
                return _own(node) if node.definition else node.kind

    def _shown(self, node: Node, place: Place) -> Iterator[tuple[dict[str, Any], Place]]:
        for field in node.definition["fields"]:
            inner = place.child(field["name"])
            if inner.path not in self._hidden:
                yield field, inner

    def _field(self, field: dict[str, Any], place: Place, around: Mapping[str, Place]) -> dict[str, Any]:
        reduced = {**field, "type": self.reduced(field["type"], place, around)}
        # One that does not fit is `gateway schemas check`'s to complain of.
        if "default" in field and self._fits(field["type"], field["default"]):
            reduced["default"] = self._default(field["type"], field["default"], place, around)
        return reduced

    def _default(self, schema: Any, default: Any, place: Place, around: Mapping[str, Place]) -> Any:
        """Take the hidden fields out of the default of a record, and of those in it."""
        node = self._nodes.node(schema)
        match node.kind:
            case "union":
                branch = next((each for each in node.branches if self._fits(each, default)), None)
                return default if branch is None else self._default(branch, default, place, around)
            case "array":
                return [self._default(node.definition["items"], item, place, around) for item in default]
            case "map":
                values = node.definition["values"]
                return {key: self._default(values, item, place, around) for key, item in default.items()}
            case "record":
                around = _entered(around, node.name, place)
                place = around[node.name]
                return {
                    field["name"]: self._default(field["type"], default[field["name"]], inner, around)
                    for field, inner in self._shown(node, place)
                    if field["name"] in default
                }
            case _:
                return default

    def _fits(self, schema: Any, default: Any) -> bool:
        try:
            default_value(self._nodes, schema, default)
        except ValueError:
            return False
        return True


class _Naming:
    """Makes a schema of a tree: each type is defined where it comes first, and only named where it comes again.

    Args:
        reserved: names that only types which had them before may have.
    """

    def __init__(self, reserved: Collection[str]) -> None:
        self._reserved = reserved
        self._names: dict[bytes, str] = {}
        self._taken: set[str] = set()

    def named(self, tree: Any, around: Mapping[str, str]) -> Any:
        """Give the schema of one type.

        Args:
            tree: the type.
            around: the new names of the records that it stands in, by their old ones.
        """
        if isinstance(tree, _Again):
            return around[tree.name]
        match tree:
            case list():
                return [self.named(branch, around) for branch in tree]
            case {"type": "array", "items": items}:
                return {**tree, "items": self.named(items, around)}
            case {"type": "map", "values": values}:
                return {**tree, "values": self.named(values, around)}
            case {"type": "record" | "enum" | "fixed"}:
                return self._definition(tree, around)
            case _:
                return tree

    def _definition(self, tree: dict[str, Any], around: Mapping[str, str]) -> Any:
        # Records that it stands in may go by several names as well: they are part of what it is.
        key = orjson.dumps(tree, default=lambda again: around.get(again.name))
        known = self._names.get(key)
        if known is not None:
            return known
        name = self._names[key] = self._free_name(tree["name"])
        definition = {**tree, "name": name}
        if name != tree["name"]:
            definition["aliases"] = [*tree.get("aliases", []), tree["name"]]
        if "." not in name:
            definition["namespace"] = ""  # or it would be taken for a name in the namespace around it
        if tree["type"] == "record":
            around = {**around, tree["name"]: name}
            definition["fields"] = [{**field, "type": self.named(field["type"], around)} for field in tree["fields"]]
        return definition

    def _free_name(self, name: str) -> str:
        free, number = name, 1
        while free in self._taken or (number > 1 and free in self._reserved):
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        return free


def _entered(around: Mapping[str, Place], name: str, place: Place) -> dict[str, Place]:
    """Go into a record; one within itself is the outer one again, in its place."""
    known = [*around]
    outer = known[: known.index(name)] if name in around else known
    return {**{each: around[each] for each in outer}, name: around.get(name, place)}


def _own(node: Node) -> dict[str, Any]:
    return {name: value for name, value in node.definition.items() if name not in _NOT_OF_THE_SCHEMA}
