"""The mark of a sensitive field in a schema: `"sensitive": true` beside its name and type.

A mark that hides nothing is worse than none, for its author believes that it does. So one that stands elsewhere, or is
neither true nor false, is refused when the catalog is read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.wire.schema_nodes import Node, SchemaNodes

MARK = "sensitive"


def is_marked(field: Mapping[str, Any]) -> bool:
    """Tell whether a record's field, as it stands in its schema, is marked as sensitive."""
    return field.get(MARK) is True


def check_marks(nodes: SchemaNodes) -> None:
    """Refuse marks that would hide nothing.

    Raises:
        ValueError: there is one; the message says where.
    """
    for path, node in _types(nodes):
        if MARK in node.definition:
            raise ValueError(f'{path}: "{MARK}" marks a field, beside its name, and not a type')
        for field in _fields(node):
            if type(field.get(MARK, False)) is not bool:
                raise ValueError(f'{_joined(path, field["name"])}: "{MARK}" is neither true nor false')


def _types(nodes: SchemaNodes) -> Iterator[tuple[str, Node]]:
    """Give every type of a schema, records once, with the path of the field that it is found at first."""
    seen: set[str] = set()
    waiting: list[tuple[str, Any]] = [("", nodes.root)]
    while waiting:
        path, schema = waiting.pop()
        node = nodes.node(schema)
        if node.kind == "record":
            if node.name in seen:
                continue
            seen.add(node.name)
        yield path or node.short_name, node
        waiting += [(_joined(path, field["name"]), field["type"]) for field in _fields(node)]
        waiting += [(path, part) for part in node.inner]


def _fields(node: Node) -> list[dict[str, Any]]:
    return list(node.definition["fields"]) if node.kind == "record" else []


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else str(name)
