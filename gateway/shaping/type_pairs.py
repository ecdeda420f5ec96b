"""Two types of two schemas, by themselves: whether one is read as the other, whatever lies inside, and how."""

from collections.abc import Callable
from typing import Any

from gateway.wire.schema_nodes import Node

# From a value as it was written to the value as it is read; None where they are the same.
Step = Callable[[Any], Any] | None

NAMED = frozenset({"record", "enum", "fixed"})
# By writer's and reader's kind. To 32 bits a float is only rounded where it is written as Avro again.
PROMOTIONS: dict[tuple[str, str], Step] = {
    ("int", "long"): None,
    ("int", "float"): float,
    ("int", "double"): float,
    ("long", "float"): float,
    ("long", "double"): float,
    ("float", "double"): None,
    ("string", "bytes"): str.encode,
    ("bytes", "string"): bytes.decode,
}


def is_same(writer: Node, reader: Node) -> bool:
    """Tell whether two types are one type, by kind and name."""
    return (writer.kind, writer.name) == (reader.kind, reader.name)


def agree(writer: Node, reader: Node) -> bool:
    """Tell whether two types match by themselves, whatever lies inside."""
    if writer.logical_type != reader.logical_type:
        return False
    if writer.kind != reader.kind:
        return (writer.kind, reader.kind) in PROMOTIONS
    if reader.logical_type == "decimal" and (writer.precision, writer.scale) != (reader.precision, reader.scale):
        return False
    if reader.kind == "fixed" and writer.definition["size"] != reader.definition["size"]:
        return False
    return reader.kind not in NAMED or writer.short_name == reader.short_name or writer.name in _aliases(reader)


def _aliases(node: Node) -> set[str]:
    """Give the full names that a type is known by, too."""
    namespace = node.name.rpartition(".")[0]
    return {
        alias if "." in alias or not namespace else f"{namespace}.{alias}"
        for alias in node.definition.get("aliases", ())
    }


def describe(node: Node) -> str:
    """Name a type, for people."""
    kind = node.kind if node.name == node.kind else f"{node.kind} {node.name}"
    if node.logical_type == "decimal":
        return f"{kind} of decimal({node.precision},{node.scale})"
    return kind if node.logical_type is None else f"{kind} of {node.logical_type}"
