"""Believable data for any schema of the catalog: for trying things out, demonstrations and tests.

The same schema and the same random state give the same data; there is no clock in it. Names of fields hint at what
a string or number means; anything without a hint still has a valid value.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import orjson

from gateway.wire.mock_words import COUNTS, STRINGS, WORDS
from gateway.wire.rendering import render_data
from gateway.wire.schema_nodes import NULL, Node, SchemaNodes

_NULL_SHARE = 0.2
_MAX_ITEMS = 3
_MAX_DEPTH = 6
_FIRST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR_MS = 365 * 24 * 3_600_000
_DAY_MICROS = 24 * 3_600_000_000
_MAX_AMOUNT_DIGITS = 3


def mock_data(nodes: SchemaNodes, random: Random) -> dict[str, Any]:
    """Make up one event's data in Python's own types, for `gateway.wire.json_data` to convert like anyone's.

    Args:
        nodes: the schema, of a record.
        random: where chance comes from.
    """
    data: dict[str, Any] = _Mock(nodes, random).value(nodes.root, "", 0)
    return data


def mock_json(nodes: SchemaNodes, random: Random) -> dict[str, Any]:
    """Make up one event's data as JSON has it, for people to look at, change and give back.

    Args:
        nodes: the schema, of a record.
        random: where chance comes from.
    """
    data: dict[str, Any] = orjson.loads(render_data(mock_data(nodes, random)))
    return data


class _Mock:
    def __init__(self, nodes: SchemaNodes, random: Random) -> None:
        self._nodes = nodes
        self._random = random

    def value(self, schema: Any, field_name: str, depth: int) -> Any:
        node = self._nodes.node(schema)
        match node.kind:
            case "record":
                return self._record(node, depth)
            case "array":
                return [self.value(node.definition["items"], field_name, depth + 1) for _ in range(self._length(depth))]
            case "map":
                return self._map(node, field_name, depth)
            case "union":
                return self._branch(node, field_name, depth)
            case _:
                return self._scalar(node, field_name)

    def _record(self, node: Node, depth: int) -> dict[str, Any]:
        """Deep down, leave out the fields that have defaults: types that contain themselves have to end."""
        return {
            field["name"]: self.value(field["type"], field["name"], depth + 1)
            for field in node.definition["fields"]
            if depth <= _MAX_DEPTH or "default" not in field
        }

    def _length(self, depth: int) -> int:
        return 0 if depth > _MAX_DEPTH else self._random.randint(1, _MAX_ITEMS)

    def _map(self, node: Node, field_name: str, depth: int) -> dict[str, Any]:
        keys = self._random.sample(WORDS, self._length(depth))
        return {key: self.value(node.definition["values"], field_name, depth + 1) for key in keys}

    def _branch(self, union: Node, field_name: str, depth: int) -> Any:
        if NULL in union.branches and (depth > _MAX_DEPTH or self._random.random() < _NULL_SHARE):
            return None
        chosen = self._random.choice([branch for branch in union.branches if branch != NULL] or union.branches)
        return self.value(chosen, field_name, depth + 1)

    def _scalar(self, node: Node, field_name: str) -> Any:
        if node.logical_type is not None:
            return _LOGICAL[node.logical_type](node, self._random, field_name)
        return _PLAIN[node.kind](node, self._random, field_name)


def _decimal(node: Node, random: Random, field_name: str) -> Decimal:
    whole_digits = 0 if "rate" in field_name else _MAX_AMOUNT_DIGITS
    digits = max(1, min(node.precision, node.scale + whole_digits))
    return Decimal(random.randrange(1, 10**digits)).scaleb(-node.scale)


def _uuid(_: Node, random: Random, __: str) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def _moment(random: Random) -> datetime:
    return _FIRST_MOMENT + timedelta(milliseconds=random.randrange(_YEAR_MS))


def _timestamp(_: Node, random: Random, __: str) -> datetime:
    return _moment(random)


def _local_timestamp(_: Node, random: Random, __: str) -> datetime:
    return _moment(random).replace(tzinfo=None)


def _date(_: Node, random: Random, field_name: str) -> date:
    years_back = random.randint(18, 80) if "birth" in field_name else 0
    return _moment(random).date() - timedelta(days=365 * years_back)


def _time(node: Node, random: Random, _: str) -> time:
    micros = random.randrange(_DAY_MICROS)
    if node.logical_type == "time-millis":
        micros -= micros % 1000
    return (_FIRST_MOMENT + timedelta(microseconds=micros)).time()


def _bytes(node: Node, random: Random, _: str) -> bytes:
    return random.randbytes(node.definition.get("size", 16))


def _integer(_: Node, random: Random, field_name: str) -> int:
    for hint, (low, high) in COUNTS.items():
        if hint in field_name:
            return random.randint(low, high)
    return random.randint(0, 1000)


def _string(_: Node, random: Random, field_name: str) -> str:
    for hint, choices in STRINGS.items():
        if hint in field_name:
            return random.choice(choices)
    return random.choice(WORDS)


_LOGICAL: dict[str, Callable[[Node, Random, str], Any]] = {
    "decimal": _decimal,
    "uuid": _uuid,
    "date": _date,
    "time-millis": _time,
    "time-micros": _time,
    "timestamp-millis": _timestamp,
    "timestamp-micros": _timestamp,
    "local-timestamp-millis": _local_timestamp,
    "local-timestamp-micros": _local_timestamp,
}
_PLAIN: dict[str, Callable[[Node, Random, str], Any]] = {
    "null": lambda _node, _random, _name: None,
    "boolean": lambda _node, random, _name: random.random() < 0.5,  # noqa: PLR2004 - a fair coin
    "int": _integer,
    "long": _integer,
    # Binary fractions that a 32-bit float holds exactly.
    "float": lambda _node, random, _name: random.randrange(256) / 256,
    "double": lambda _node, random, _name: random.randrange(1000) / 1000,
    "bytes": _bytes,
    "fixed": _bytes,
    "string": _string,
    "enum": lambda node, random, _name: random.choice(node.definition["symbols"]),
}
