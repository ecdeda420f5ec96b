"""Event data as people and services write it (JSON, or plain Python values) → values that encode.

The reverse of `gateway.wire.rendering`: decimals from strings or numbers, timestamps from RFC 3339, bytes from
base64. Nothing is guessed and nothing is dropped: what does not fit is refused with the path to it.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gateway.domain.errors import InvalidInputError
from gateway.wire.json_scalars import scalar_from_json
from gateway.wire.schema_bounds import MAX_DEPTH
from gateway.wire.schema_defaults import default_value
from gateway.wire.schema_nodes import NULL, UNION, Node, SchemaNodes
from gateway.wire.sensitive_marks import is_marked

ROOT = "data"
_TAGGED = frozenset({"record", "enum", "fixed"})
_JSON_NAMES = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    Decimal: "a number",
    str: "a string",
    dict: "an object",
    list: "an array",
}


def data_from_json(schema: Any, data: Any) -> Any:
    """Convert one event's data to what fastavro encodes; defaults of missing fields are filled in.

    Args:
        schema: the schema, parsed or not, or the `SchemaNodes` of one that is used often.
        data: decoded JSON; Python's Decimal, datetime, date, time, UUID and bytes are taken as they are.

    Raises:
        InvalidInputError: it does not fit; the message names the place, like `data.lines[0].unit_price`.
    """
    _check_depth(data)
    nodes = schema if isinstance(schema, SchemaNodes) else SchemaNodes(schema)
    return _convert(nodes, nodes.root, data, ROOT)


def _check_depth(data: Any) -> None:
    """Refuse what consumers would refuse, before anything walks down into it."""
    waiting = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, Mapping):
            inner: Iterable[Any] = value.values()
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
            inner = value
        else:
            continue
        if depth >= MAX_DEPTH:
            raise InvalidInputError(f"{ROOT}: it is nested more than {MAX_DEPTH} levels deep")
        waiting += [(item, depth + 1) for item in inner]


def _convert(nodes: SchemaNodes, schema: Any, value: Any, path: str) -> Any:
    node = nodes.node(schema)
    match node.kind:
        case "record":
            return _convert_record(nodes, node, value, path)
        case "array":
            return _convert_array(nodes, node, value, path)
        case "map":
            return _convert_map(nodes, node, value, path)
        case "union":
            return _convert_union(nodes, node, value, path)
        case _:
            return _convert_scalar(node, value, path)


def _convert_scalar(node: Node, value: Any, path: str) -> Any:
    try:
        return scalar_from_json(node, value)
    except ValueError as error:
        raise InvalidInputError(f"{path}: {error}", hint=_symbol_hint(node, value)) from None


def _symbol_hint(node: Node, value: Any) -> str | None:
    if node.kind != "enum":
        return None
    return f"{node.short_name} is one of {', '.join(node.definition['symbols'])}" + _did_you_mean(
        str(value).upper(), node.definition["symbols"]
    )


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _convert_record(nodes: SchemaNodes, node: Node, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"{path}: {node.short_name} must be an object, not {_describe(value)}")
    fields = node.definition["fields"]
    _check_names(node, value, path)
    converted: dict[str, Any] = {}
    for field in fields:
        name = field["name"]
        if name in value:
            converted[name] = _convert_field(nodes, field, value[name], f"{path}.{name}")
        else:
            converted[name] = _default(nodes, field, path)
    return converted


def _convert_field(nodes: SchemaNodes, field: Mapping[str, Any], value: Any, path: str) -> Any:
    if not is_marked(field):
        return _convert(nodes, field["type"], value, path)
    try:
        return _convert(nodes, field["type"], value, path)
    except InvalidInputError:
        # What does not fit would say the value, and producers log such errors.
        raise InvalidInputError(
            f"{path}: it does not fit its type", hint="the field is sensitive, so its value is not shown"
        ) from None


def _default(nodes: SchemaNodes, field: Mapping[str, Any], path: str) -> Any:
    try:
        return default_value(nodes, field["type"], field["default"])
    except ValueError as error:
        raise InvalidInputError(f"{path}.{field['name']}: the schema's default does not fit: {error}") from None


def _check_names(node: Node, value: Mapping[Any, Any], path: str) -> None:
    """Refuse unknown fields before missing ones: a misspelt name is both, and the first says more."""
    fields = node.definition["fields"]
    known = [field["name"] for field in fields]
    for name in value:
        if name not in known:
            hint = f"{node.short_name} has the fields {', '.join(known)}" + _did_you_mean(str(name), known)
            raise InvalidInputError(f"{path}.{name}: there is no such field", hint=hint)
    missing = [field["name"] for field in fields if field["name"] not in value and "default" not in field]
    if missing:
        what = "field" if len(missing) == 1 else "fields"
        raise InvalidInputError(f"{path}: {node.short_name} lacks the {what} {', '.join(missing)}")


def _convert_array(nodes: SchemaNodes, node: Node, value: Any, path: str) -> list[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
        raise InvalidInputError(f"{path}: must be an array, not {_describe(value)}")
    items = node.definition["items"]
    return [_convert(nodes, items, item, f"{path}[{index}]") for index, item in enumerate(value)]


def _convert_map(nodes: SchemaNodes, node: Node, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidInputError(f"{path}: must be an object with string keys, not {_describe(value)}")
    values = node.definition["values"]
    return {key: _convert(nodes, values, item, f"{path}.{key}") for key, item in value.items()}


def _convert_union(nodes: SchemaNodes, union: Node, value: Any, path: str) -> Any:
    """Take the first branch that fits. With one branch beside null, its own error says what is wrong."""
    if value is None and NULL in union.branches:
        return None
    branches = [branch for branch in union.branches if branch != NULL]
    if len(branches) == 1:
        return _convert(nodes, branches[0], value, path)
    refusals: list[str] = []
    for branch in branches:
        node = nodes.node(branch)
        try:
            converted = _convert(nodes, branch, value, path)
        except InvalidInputError as error:
            refusals.append(f"{node.short_name}: {error.message}")
        else:
            # fastavro chooses a branch anew from the value; a tag makes its choice ours.
            return (node.name, converted) if node.kind in _TAGGED else converted
    raise InvalidInputError(f"{path}: fits no branch of the {UNION}", hint="; ".join(refusals))


def _describe(value: Any) -> str:
    """Name a value's type as JSON has it."""
    return _JSON_NAMES.get(type(value), type(value).__name__)
