"""The values of a schema's defaults as a reader gets them: what fastavro would decode if they had been written.

fastavro itself puts a default into the data as it stands in the schema: a number for a timestamp, a string for bytes.
"""

from typing import Any

from fastavro.read import LOGICAL_READERS

from gateway.wire.exact_decimals import read_decimal
from gateway.wire.schema_defaults import default_value
from gateway.wire.schema_nodes import Node, SchemaNodes


def read_default(nodes: SchemaNodes, schema: Any, default: Any) -> Any:
    """Give the value that a reader gets for a default.

    Raises:
        ValueError: the default is not of the schema's type, or of a logical type that has no such value.
    """
    default_value(nodes, schema, default)
    try:
        return _value(nodes, schema, default)
    except (OverflowError, ArithmeticError) as error:
        raise ValueError(f"{default!r} has no value: {error}") from error


def _value(nodes: SchemaNodes, schema: Any, default: Any) -> Any:
    node = nodes.node(schema)
    match node.kind:
        case "union":
            return _value(nodes, _branch(nodes, node, default), default)
        case "record":
            return {
                field["name"]: _value(nodes, field["type"], default.get(field["name"], field.get("default")))
                for field in node.definition["fields"]
            }
        case "array":
            return [_value(nodes, node.definition["items"], item) for item in default]
        case "map":
            return {key: _value(nodes, node.definition["values"], item) for key, item in default.items()}
        case _:
            return _scalar(node, default_value(nodes, schema, default))


def _scalar(node: Node, value: Any) -> Any:
    if node.kind in {"float", "double"}:
        return float(value)
    if node.logical_type is None:
        return value
    if node.logical_type == "decimal":
        return read_decimal(value, dict(node.definition))
    return LOGICAL_READERS[f"{node.kind}-{node.logical_type}"](value, dict(node.definition), None)


def _branch(nodes: SchemaNodes, union: Node, default: Any) -> Any:
    """Find the first branch that fits; one does, the default as a whole was checked."""
    for branch in union.branches:
        try:
            default_value(nodes, branch, default)
        except ValueError:
            continue
        return branch
    raise ValueError(f"{default!r} fits no branch")
