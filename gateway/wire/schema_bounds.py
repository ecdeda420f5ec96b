"""Which schemas are refused because no check of a value could bound what is made of it.

A few bytes of a record must never become a great many values. Where a type's values take no bytes, an array may claim
any number of them; where a type contains itself without an end, none can be written; where records contain each other
twice, or one of two, a schema of forty records has 2^40 places for a field.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

from gateway.domain.delivery import MAX_RECORD_BYTES
from gateway.wire.schema_nodes import Node, SchemaNodes

# Of data, in records, arrays and maps. The body adds one level, and some readers of JSON take no more than 64.
MAX_DEPTH = 60
MAX_VALUES = 10_000
MAX_DECIMAL_DIGITS = 1000
_CONTAINERS = frozenset({"record", "array", "map"})
_LEAST_BYTES = {"null": 0, "float": 4, "double": 8}


def check_schema_bounds(nodes: SchemaNodes) -> None:
    """Refuse a schema whose values can't be bounded.

    Raises:
        ValueError: it is one; the message says why.
    """
    for node, depth in _all_nodes(nodes):
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        _check_numbers(node)
    size = least_bytes(nodes)
    if any(node.kind == "array" and size(node.definition["items"]) == 0 for node, _ in _all_nodes(nodes)):
        raise ValueError("the items of an array take no bytes, so that it could claim any number of them")
    if size(nodes.root) == math.inf:
        raise ValueError("a record contains itself without an end")
    if size(nodes.root) > MAX_RECORD_BYTES:
        raise ValueError(f"its smallest value has more than {MAX_RECORD_BYTES} bytes")
    if _has_more_places(nodes, MAX_VALUES):
        raise ValueError(f"written out, it has more than {MAX_VALUES} values")


def _check_numbers(node: Node) -> None:
    if node.kind == "fixed" and not (type(node.definition["size"]) is int and node.definition["size"] >= 0):
        raise ValueError(f"{node.definition['size']!r} is no size")
    if node.logical_type == "decimal" and node.precision > MAX_DECIMAL_DIGITS:
        raise ValueError(f"a decimal has {node.precision} digits, at most {MAX_DECIMAL_DIGITS} are allowed")


def least_bytes(nodes: SchemaNodes) -> Callable[[Any], float]:
    """Give a function that tells how many bytes the smallest value of a part of a schema has; infinity for none."""
    records = {node.name: node for node, _ in _all_nodes(nodes) if node.kind == "record"}
    sizes: dict[str, float] = dict.fromkeys(records, math.inf)

    def size(schema: Any) -> float:
        return _size(nodes, nodes.node(schema), sizes)

    settled = False
    while not settled:  # the smallest value of a record has no other of its type in it, so each round settles one
        settled = True
        for name, node in reversed(records.items()):
            found = sum(size(field["type"]) for field in node.definition["fields"])
            settled = settled and found == sizes[name]
            sizes[name] = found
    return size


def _size(nodes: SchemaNodes, node: Node, records: dict[str, float]) -> float:
    match node.kind:
        case "record":
            return records[node.name]
        case "union":
            return 1 + min((_size(nodes, nodes.node(branch), records) for branch in node.branches), default=math.inf)
        case "fixed":
            return float(node.definition["size"])
        case _:
            return _LEAST_BYTES.get(node.kind, 1)


def _all_nodes(nodes: SchemaNodes) -> Iterator[tuple[Node, int]]:
    """Give every type of a schema, records once, with the number of records, arrays and maps around it."""
    seen: set[str] = set()
    waiting = [(nodes.root, 0)]
    while waiting:
        schema, depth = waiting.pop()
        node = nodes.node(schema)
        if node.kind == "record":
            if node.name in seen:
                continue
            seen.add(node.name)
        yield node, depth
        waiting += [(part, depth + (node.kind in _CONTAINERS)) for part in _parts(node)]


def _parts(node: Node) -> list[Any]:
    match node.kind:
        case "record":
            return [field["type"] for field in node.definition["fields"]]
        case "array":
            return [node.definition["items"]]
        case "map":
            return [node.definition["values"]]
        case _:
            return list(node.branches)


def _has_more_places(nodes: SchemaNodes, most: int) -> bool:
    """Tell whether a schema has more than so many types when each is written out wherever it stands.

    A record within itself is not written out again. Whatever goes by the path of a field walks all of these places.
    """
    waiting: list[tuple[Any, frozenset[str]]] = [(nodes.root, frozenset())]
    seen = 0
    while waiting and seen <= most:
        schema, around = waiting.pop()
        node = nodes.node(schema)
        seen += 1
        if node.kind == "record":
            if node.name in around:
                continue
            around |= {node.name}
        waiting += [(part, around) for part in _parts(node)]
    return seen > most
