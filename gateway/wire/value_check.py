"""Step ①, before a value is decoded: whether its bytes are what they claim to be, in time and memory bounded by them.

fastavro believes the bytes. A type that contains itself, nested deep enough, overflows the stack and kills the process;
an array of items without bytes has as many of them as it says; the index -1 of a union or an enum is its last one. So
each schema is compiled once into functions that walk over a value and make nothing of it. What they let pass is whole,
nested no deeper than MAX_DEPTH, and has no more items than bytes.

Schemas for which that says nothing are refused when the catalog is read (`gateway.wire.schema_bounds`).
"""

from collections.abc import Callable
from typing import Any

from gateway.wire.errors import UndecodableError
from gateway.wire.schema_bounds import MAX_DEPTH, least_bytes
from gateway.wire.schema_nodes import Node, SchemaNodes

# From a position in a value, and how many records, arrays and maps it lies in, to the position behind one value of a
# type. Raises ValueError where the bytes are wrong, and IndexError where they end.
Step = Callable[[bytes, int, int], int]

_MORE = 0x80
_LOW_BITS = 0x7F
_TOO_DEEP = f"it is nested more than {MAX_DEPTH} levels deep"


class ValueCheck:
    """Checks values of one schema.

    Args:
        nodes: the schema; one that `gateway.wire.schema_bounds` accepts.
    """

    def __init__(self, nodes: SchemaNodes) -> None:
        self._nodes = nodes
        self._least_bytes = least_bytes(nodes)
        self._records: dict[str, Step] = {}
        self._root = self._step(nodes.root)

    def check(self, value: bytes, start: int) -> None:
        """Check the Avro binary that begins at `start` and goes to the end.

        Raises:
            UndecodableError: `not_avro`: it does not fit the schema, claims more than there is, or is nested too deep.
        """
        try:
            end = self._root(value, start, 0)
        except IndexError:
            raise UndecodableError("not_avro", "the value does not fit its schema: it ends too early") from None
        except ValueError as error:
            raise UndecodableError("not_avro", f"the value does not fit its schema: {error}") from None
        if end > len(value):
            raise UndecodableError("not_avro", "the value does not fit its schema: it ends too early")
        if end < len(value):
            raise UndecodableError("not_avro", f"{len(value) - end} bytes are left over after the value")

    def _step(self, schema: Any) -> Step:
        node = self._nodes.node(schema)
        match node.kind:
            case "record":
                return self._record(node)
            case "array" | "map":
                return self._items(node)
            case "union":
                return _union([self._step(branch) for branch in node.branches])
            case "enum":
                return _union([_nothing] * len(node.definition["symbols"]))
            case "fixed":
                return _fixed(node.definition["size"])
            case _:
                return _PRIMITIVES[node.kind]

    def _items(self, node: Node) -> Step:
        if node.kind == "array":
            items = node.definition["items"]
            return _blocks(self._step(items), self._least_bytes(items))
        values = node.definition["values"]
        return _blocks(_entry(self._step(values)), 1 + self._least_bytes(values))

    def _record(self, node: Node) -> Step:
        known = self._records.get(node.name)
        if known is not None:
            return known
        steps: list[Step] = []

        def record(value: bytes, at: int, depth: int) -> int:
            if depth >= MAX_DEPTH:
                raise ValueError(_TOO_DEEP)
            depth += 1
            for step in steps:
                at = step(value, at, depth)
            return at

        self._records[node.name] = record  # before its fields: it may contain itself
        steps += [self._step(field["type"]) for field in node.definition["fields"]]
        return record


def _nothing(value: bytes, at: int, depth: int) -> int:  # noqa: ARG001 - a step
    return at


def _fixed(size: int) -> Step:
    def fixed(value: bytes, at: int, depth: int) -> int:  # noqa: ARG001 - a step
        return at + size

    return fixed


def _boolean(value: bytes, at: int, depth: int) -> int:  # noqa: ARG001 - a step
    if value[at] > 1:
        raise ValueError("a boolean is neither 0 nor 1")
    return at + 1


def _int(value: bytes, at: int, depth: int) -> int:  # noqa: ARG001 - a step
    return at + 1 if value[at] < _MORE else _number(value, at, 32)[1]


def _long(value: bytes, at: int, depth: int) -> int:  # noqa: ARG001 - a step
    return at + 1 if value[at] < _MORE else _number(value, at, 64)[1]


def _bytes(value: bytes, at: int, depth: int) -> int:  # noqa: ARG001 - a step
    size = value[at]
    if size < _MORE:
        at += 1
    else:
        size, at = _number(value, at, 64)
    if size & 1:
        raise ValueError("a length is negative")
    return at + (size >> 1)


def _union(branches: list[Step]) -> Step:
    by_index = {index << 1: branch for index, branch in enumerate(branches)}

    def union(value: bytes, at: int, depth: int) -> int:
        index = value[at]
        if index < _MORE:
            at += 1
        else:
            index, at = _number(value, at, 32)
        branch = by_index.get(index)
        if branch is None:
            raise ValueError("an index is none of its union or enum")
        return branch(value, at, depth)

    return union


def _entry(step: Step) -> Step:
    def entry(value: bytes, at: int, depth: int) -> int:
        return step(value, _bytes(value, at, depth), depth)

    return entry


def _blocks(item: Step, least_bytes_of_item: float) -> Step:
    """Walk over an array or a map: blocks of items, each after its count, until a count is zero."""

    def blocks(value: bytes, at: int, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        while True:
            count, end, at = _block_head(value, at)
            if count == 0:
                return at
            if count * least_bytes_of_item > len(value) - at:
                raise ValueError(f"{count} items are claimed where {len(value) - at} bytes are left")
            for _ in range(count):
                at = item(value, at, depth + 1)
            if end is not None and at != end:
                raise ValueError("a block has another size than it says")

    return blocks


def _block_head(value: bytes, at: int) -> tuple[int, int | None, int]:
    """Give a block's count, where it ends if it says so, and where its items begin (Avro 1.12, "Arrays")."""
    number, at = _number(value, at, 64)
    if not number & 1:
        return number >> 1, None, at
    # A negative count: the block's size in bytes comes before its items.
    size, at = _number(value, at, 64)
    if size & 1:
        raise ValueError("the size of a block is negative")
    return (number + 1) >> 1, at + (size >> 1), at


def _number(value: bytes, at: int, bits: int) -> tuple[int, int]:
    """Read an unsigned varint, before its zigzag coding is undone: even numbers stand for those from 0 on.

    Raises:
        ValueError: it has more bytes than a number of so many bits, or is larger.
    """
    byte = value[at]
    number = byte & _LOW_BITS
    shift = 0
    while byte >= _MORE:
        shift += 7
        if shift >= bits:
            raise ValueError(f"a number has more than {bits} bits")
        at += 1
        byte = value[at]
        number |= (byte & _LOW_BITS) << shift
    if number >> bits:
        raise ValueError(f"a number has more than {bits} bits")
    return number, at + 1


_PRIMITIVES: dict[str, Step] = {
    "null": _nothing,
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "float": _fixed(4),
    "double": _fixed(8),
    "bytes": _bytes,
    "string": _bytes,
}
