"""The mark of a sensitive field in a schema: `"sensitive": true` beside its name and type.

A mark that hides nothing is worse than none, for its author believes that it does. So one that stands elsewhere, or is
neither true nor false, is refused when the catalog is read.
"""

from collections.abc import Mapping
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
    for path, node in nodes.types():
        if MARK in node.definition:
            raise ValueError(f'{path or node.short_name}: "{MARK}" marks a field, beside its name, and not a type')
        for field in _fields(node):
            if type(field.get(MARK, False)) is not bool:
                inner = f"{path}.{field['name']}" if path else field["name"]
                raise ValueError(f'{inner}: "{MARK}" is neither true nor false')


def _fields(node: Node) -> list[dict[str, Any]]:
    return list(node.definition["fields"]) if node.kind == "record" else []
