"""The values that a schema's defaults stand for.

A default is JSON with an encoding of its own (Avro 1.12, "Complex Types", table of default values): bytes are a
string of code points 0 to 255, and logical types stand as their underlying numbers.
"""

from typing import Any, Protocol

from gateway.wire.schema_nodes import NULL, UNION, Node, is_integer


class Nodes(Protocol):
    """Something that gives the node of a part of a schema."""

    def node(self, schema: Any, /) -> Node:
        """See `SchemaNodes.node`."""


def default_value(nodes: Nodes, schema: Any, default: Any) -> Any:
    """Give the value, ready to be encoded, that `default` stands for.

    Raises:
        ValueError: the default is not of the schema's type; the message says where and why.
    """
    try:
        return _value(nodes, schema, default)
    except RecursionError:
        raise ValueError("it contains itself without an end") from None


def _value(nodes: Nodes, schema: Any, default: Any) -> Any:
    node = nodes.node(schema)
    match node.kind:
        case "union":
            return _union_default(nodes, node, default)
        case "record" if isinstance(default, dict):
            return {
                field["name"]: _value(nodes, field["type"], _given(field, default))
                for field in node.definition["fields"]
            }
        case "array" if isinstance(default, list):
            return [_value(nodes, node.definition["items"], item) for item in default]
        case "map" if isinstance(default, dict):
            return {key: _value(nodes, node.definition["values"], item) for key, item in default.items()}
        case "bytes" | "fixed" if isinstance(default, str):
            return _bytes_default(node, default)
        case _ if _is_plain(node, default):
            return default
        case _:
            raise ValueError(f"{default!r} is no {node.name}")


def _given(field: dict[str, Any], default: dict[str, Any]) -> Any:
    if field["name"] in default:
        return default[field["name"]]
    if "default" not in field:
        raise ValueError(f"the field {field['name']} is missing")
    return field["default"]


def _union_default(nodes: Nodes, union: Node, default: Any) -> Any:
    """Take the first branch that fits, as Avro 1.12 has it."""
    for branch in union.branches:
        try:
            return _value(nodes, branch, default)
        except ValueError:
            continue  # the next branch may fit; none at all is an error below
    raise ValueError(f"{default!r} fits no branch of the {UNION}")


def _bytes_default(node: Node, default: str) -> bytes:
    try:
        value = default.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("code points above 255 are no bytes") from None
    if node.kind == "fixed" and len(value) != node.definition["size"]:
        raise ValueError(f"{len(value)} bytes are no {node.name}")
    return value


def _is_plain(node: Node, default: Any) -> bool:
    match node.kind:
        case "int" | "long":
            return is_integer(node.kind, default)
        case "float" | "double":
            return isinstance(default, int | float) and not isinstance(default, bool)
        case "boolean":
            return isinstance(default, bool)
        case "string":
            return isinstance(default, str)
        case "enum":
            return default in node.definition["symbols"]
        case _:
            return node.kind == NULL and default is None
