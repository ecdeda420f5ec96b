"""The fields of an event type over all its versions: which names of different versions mean the same field.

A field may be called otherwise in another version (Avro's aliases), and so may the fields around it. Here each field is
one place, found under every name that any version knows it by. Paths are dotted names: items of arrays, values of maps
and branches of unions add nothing to them. Within a record that contains itself, the inner one's fields are the outer
one's.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.sensitive_marks import is_marked


class Place:
    """A field, or the data as a whole.

    Attributes:
        path: its dotted path in the newest version that has it; empty for the data as a whole.
        sensitive: whether any version marks it.
        children: the fields of its record under all their names; what is found there may be another one by now.
        merged_into: what it has become one with, or None.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.sensitive = False
        self.children: dict[str, Place] = {}
        self.merged_into: Place | None = None

    def child(self, name: str) -> "Place":
        """Give a field of this record by any of its names.

        Raises:
            KeyError: no version has it.
        """
        return self.children[name].itself()

    def find(self, path: str) -> "Place | None":
        """Find a field by its dotted path from here, in the names of any versions."""
        place = self
        for name in path.split("."):
            if name not in place.children:
                return None
            place = place.child(name)
        return place

    def descendants(self) -> Iterator["Place"]:
        """Give every field below this one once."""
        for child in dict.fromkeys(map(self.child, self.children)):
            yield child
            yield from child.descendants()

    def add(self, field: Mapping[str, Any]) -> "Place":
        """Take in a field of this record, as a schema has it; give its place."""
        names = [field["name"], *field.get("aliases", [])]
        known = [self.child(name) for name in names if name in self.children]
        place = known[0] if known else Place()
        for other in known[1:]:
            place.absorb(other.itself())
        for name in names:
            self.children[name] = place
        place.path = f"{self.path}.{field['name']}" if self.path else field["name"]
        place.sensitive = place.sensitive or is_marked(field)
        return place

    def itself(self) -> "Place":
        """Give the place that it has become one with, or itself."""
        return self if self.merged_into is None else self.merged_into.itself()

    def absorb(self, other: "Place") -> None:
        """Become one with another place: a later version says that they are the same field."""
        if other is self:
            return
        other.merged_into = self
        self.sensitive = self.sensitive or other.sensitive
        for name, child in other.children.items():
            if name in self.children:
                self.child(name).absorb(child.itself())
            else:
                self.children[name] = child


def places_of(versions: Iterable[SchemaNodes]) -> Place:
    """Give the places of an event type.

    Args:
        versions: its schemas, oldest first.
    """
    root = Place()
    for nodes in versions:
        _add_fields(nodes, nodes.root, root, frozenset())
    return root


def sensitive_paths(nodes: SchemaNodes, root: Place) -> Iterator[str]:
    """Give the paths of the sensitive fields of one version, in its own names; of a record within itself the outer.

    Args:
        nodes: the version.
        root: the places of its event type.
    """
    return _sensitive_paths(nodes, nodes.root, root, "", frozenset())


def _sensitive_paths(nodes: SchemaNodes, schema: Any, place: Place, path: str, around: frozenset[str]) -> Iterator[str]:
    node = nodes.node(schema)
    if node.kind == "record" and node.name not in around:
        for field in node.definition["fields"]:
            inner, inner_path = place.child(field["name"]), f"{path}.{field['name']}" if path else field["name"]
            if inner.sensitive:
                yield inner_path
            yield from _sensitive_paths(nodes, field["type"], inner, inner_path, around | {node.name})
    for part in node.inner:
        yield from _sensitive_paths(nodes, part, place, path, around)


def _add_fields(nodes: SchemaNodes, schema: Any, place: Place, around: frozenset[str]) -> None:
    node = nodes.node(schema)
    if node.kind == "record" and node.name not in around:
        for field in node.definition["fields"]:
            _add_fields(nodes, field["type"], place.add(field), around | {node.name})
    for inner in node.inner:
        _add_fields(nodes, inner, place, around)
