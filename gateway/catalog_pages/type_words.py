"""What a field holds, in plain words: for readers who know JSON and need not know Avro."""

from collections.abc import Callable
from typing import Any

from gateway.wire.schema_nodes import NULL, Node, SchemaNodes

# An enum may have thousands of symbols, and the JSON Schema has them all.
MAX_SYMBOLS_SHOWN = 30


def type_words(nodes: SchemaNodes, schema: Any) -> str:
    """Describe a type, e.g. `decimal (12 digits, 2 after the point) or null`.

    Args:
        nodes: the schema it is part of.
        schema: the type.
    """
    return _words(nodes, schema, "")


def symbols_in(nodes: SchemaNodes, schema: Any) -> list[str]:
    """List the symbols that values of a type can have, through lists, maps and unions, but not records."""
    node = nodes.node(schema)
    match node.kind:
        case "enum":
            return list(node.definition["symbols"])
        case "array":
            return symbols_in(nodes, node.definition["items"])
        case "map":
            return symbols_in(nodes, node.definition["values"])
        case _:
            return [symbol for branch in node.branches for symbol in symbols_in(nodes, branch)]


def _words(nodes: SchemaNodes, schema: Any, s: str) -> str:
    """Describe one value, or with `s` several."""
    node = nodes.node(schema)
    match node.kind:
        case "record":
            return f"object{s} ({node.short_name})"
        case "array":
            return f"list{s} of {_words(nodes, node.definition['items'], 's')}"
        case "map":
            return f"map{s} of {_words(nodes, node.definition['values'], 's')}"
        case "union":
            branches = sorted(node.branches, key=lambda branch: branch == NULL)
            return " or ".join(_words(nodes, branch, s) for branch in branches)
        case _:
            return _SCALARS[node.logical_type or node.kind](node, s)


def _enum(node: Node, s: str) -> str:
    symbols = node.definition["symbols"]
    shown = ", ".join(symbols[:MAX_SYMBOLS_SHOWN])
    more = f" and {len(symbols) - MAX_SYMBOLS_SHOWN} more" if len(symbols) > MAX_SYMBOLS_SHOWN else ""
    return f"value{s} out of {shown}{more}" if s else f"one of {shown}{more}"


def _decimal(node: Node, s: str) -> str:
    return f"decimal{s} ({node.precision} digits, {node.scale} after the point)"


def _noun(noun: str, note: str = "") -> Callable[[Node, str], str]:
    return lambda _, s: f"{noun}{s}{note}"


_SCALARS: dict[str, Callable[[Node, str], str]] = {
    "null": lambda _, __: "null",
    "boolean": lambda _, s: "booleans" if s else "true or false",
    "string": _noun("string"),
    "int": _noun("integer"),
    "long": _noun("integer", " (64 bits)"),
    "float": _noun("number"),
    "double": _noun("number"),
    "bytes": _noun("base64 string"),
    "fixed": lambda node, s: f"base64 string{s} of {node.definition['size']} bytes",
    "enum": _enum,
    "decimal": _decimal,
    "uuid": _noun("UUID"),
    "date": _noun("date"),
    "time-millis": _noun("time", " of day"),
    "time-micros": _noun("time", " of day, microseconds"),
    "timestamp-millis": _noun("timestamp"),
    "timestamp-micros": _noun("timestamp", " (microseconds)"),
    "local-timestamp-millis": _noun("timestamp", " without time zone"),
    "local-timestamp-micros": _noun("timestamp", " without time zone (microseconds)"),
}
