"""The body of content mode `avro`: the data of a view in single-object encoding, with the view's own schema.

An event that was written with that schema keeps its bytes. Any other is written anew: decoded data does not say which
branch of a union it was, so it gets the first one that holds it exactly. fastavro's own choice would write a timestamp
as a date, where that comes first, and leave its time away.
"""

import struct
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.wire.schema_nodes import NULL, Node, SchemaNodes, is_integer
from gateway.wire.single_object import MARKER, SingleObjectWriter, fingerprint_of


class AvroBodies:
    """Encodes the data of one view.

    Args:
        schema: the view's schema, as JSON.

    Attributes:
        fingerprint: of the schema: 8 bytes, as they stand in a body.
    """

    def __init__(self, schema: Any) -> None:
        self._nodes = SchemaNodes(schema)
        self._writer = SingleObjectWriter(self._nodes.root)
        self.fingerprint = fingerprint_of(self._nodes.root)
        self._has_choices = any(len(_choices(node)) > 1 for _, node in self._nodes.types())

    def encode(self, data: Any) -> bytes:
        """Give the body of an event.

        Args:
            data: the decoded data of the view.

        Raises:
            ValueError: it is not of the view's schema. The message repeats no value.
        """
        try:
            return self._writer.encode(_tagged(self._nodes, self._nodes.root, data) if self._has_choices else data)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            raise ValueError(f"the data can't be written in Avro: {type(error).__name__}") from None

    def wrap(self, value: bytes, start: int) -> bytes:
        """Give the body of an event that was written with this very schema: its own bytes.

        Args:
            value: a record's value.
            start: where in it the data begins.
        """
        return MARKER + self.fingerprint + value[start:]


def _tagged(nodes: SchemaNodes, schema: Any, value: Any) -> Any:
    """Give a value with the name of its branch wherever a union has several."""
    node = nodes.node(schema)
    match node.kind:
        case "record":
            return {
                field["name"]: _tagged(nodes, field["type"], value[field["name"]])
                for field in node.definition["fields"]
            }
        case "array":
            return [_tagged(nodes, node.definition["items"], item) for item in value]
        case "map":
            return {key: _tagged(nodes, node.definition["values"], item) for key, item in value.items()}
        case "union" if value is not None:
            return _in_branch(nodes, node, value)
        case _:
            return value


def _choices(node: Node) -> list[Any]:
    """Give the branches of a union that a value other than null may be of."""
    return [branch for branch in node.branches if branch != NULL]


def _in_branch(nodes: SchemaNodes, union: Node, value: Any) -> Any:
    branches = _choices(union)
    if len(branches) == 1:
        return _tagged(nodes, branches[0], value)
    branch = next((branch for branch in branches if _holds(nodes, branch, value)), None)
    if branch is None:
        raise ValueError(f"a {type(value).__name__} fits no branch of its union")
    return (nodes.node(branch).name, _tagged(nodes, branch, value))


def _holds(nodes: SchemaNodes, schema: Any, value: Any) -> bool:
    """Tell whether a type holds a value as it is, with all its digits and fields and none to spare."""
    node = nodes.node(schema)
    match node.kind:
        case "record":
            fields = node.definition["fields"]
            return (
                isinstance(value, dict)
                and value.keys() == {field["name"] for field in fields}
                and all(_holds(nodes, field["type"], value[field["name"]]) for field in fields)
            )
        case "array":
            return isinstance(value, list) and all(_holds(nodes, node.definition["items"], item) for item in value)
        case "map":
            values = node.definition["values"]
            return isinstance(value, dict) and all(_holds(nodes, values, item) for item in value.values())
        case "union":
            return any(_holds(nodes, branch, value) for branch in node.branches)
        case _:
            return _SCALARS[node.logical_type or node.kind](node, value)


def _whole_milliseconds(value: datetime | time) -> bool:
    return value.microsecond % 1000 == 0


def _is_float(node: Node, value: Any) -> bool:  # noqa: ARG001 - one of _SCALARS
    if not isinstance(value, float):
        return False
    try:
        back = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return False
    return bool(back == value) or value != value  # noqa: PLR0124 - only NaN is not itself


def _is_decimal(node: Node, value: Any) -> bool:
    return (
        isinstance(value, Decimal)
        and value.as_tuple().exponent == -node.scale
        and len(value.as_tuple().digits) <= node.precision
    )


def _is_timestamp(value: Any, *, local: bool) -> bool:
    return isinstance(value, datetime) and (value.tzinfo is None) is local


_SCALARS: dict[str, Callable[[Node, Any], bool]] = {
    "null": lambda _, value: value is None,
    "boolean": lambda _, value: isinstance(value, bool),
    "int": lambda _, value: is_integer("int", value),
    "long": lambda _, value: is_integer("long", value),
    "float": _is_float,
    "double": lambda _, value: isinstance(value, float),
    "string": lambda _, value: isinstance(value, str),
    "bytes": lambda _, value: isinstance(value, bytes),
    "fixed": lambda node, value: isinstance(value, bytes) and len(value) == node.definition["size"],
    "enum": lambda node, value: isinstance(value, str) and value in node.definition["symbols"],
    "decimal": _is_decimal,
    "uuid": lambda _, value: isinstance(value, UUID),
    "date": lambda _, value: isinstance(value, date) and not isinstance(value, datetime),
    "time-millis": lambda _, value: isinstance(value, time) and _whole_milliseconds(value),
    "time-micros": lambda _, value: isinstance(value, time),
    "timestamp-millis": lambda _, value: _is_timestamp(value, local=False) and _whole_milliseconds(value),
    "timestamp-micros": lambda _, value: _is_timestamp(value, local=False),
    "local-timestamp-millis": lambda _, value: _is_timestamp(value, local=True) and _whole_milliseconds(value),
    "local-timestamp-micros": lambda _, value: _is_timestamp(value, local=True),
}
