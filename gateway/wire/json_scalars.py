"""One JSON value → one value of a type without inner types: primitives, enums, fixed and logical types."""

import base64
import binascii
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any
from uuid import UUID

from gateway.wire.schema_nodes import Node, is_integer

_MAX_SHOWN_CHARS = 40


def scalar_from_json(node: Node, value: Any) -> Any:
    """Convert one value.

    Raises:
        ValueError: it does not fit; the message says what would.
    """
    return _CONVERTERS.get(node.logical_type or node.kind, _primitive)(node, value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARS else f"{text[:_MAX_SHOWN_CHARS]}…"


def _checked(fits: bool, value: Any, what: str) -> Any:  # noqa: FBT001 - the condition reads at the call
    if not fits:
        raise ValueError(f"{_shown(value)} is not {what}")
    return value


def _primitive(node: Node, value: Any) -> Any:
    match node.kind:
        case "int":
            return _checked(is_integer("int", value), value, "an integer of 32 bits")
        case "long":
            return _checked(is_integer("long", value), value, "an integer of 64 bits")
        case "float" | "double":
            return _float(value)
        case "boolean":
            return _checked(isinstance(value, bool), value, "true or false")
        case "string":
            return _checked(isinstance(value, str), value, "a string")
        case _:
            return _checked(value is None, value, "null")


def _float(value: Any) -> float:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    _checked(is_number, value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    _checked(math.isfinite(number) or isinstance(value, float), value, "a number that a double can hold")
    return number


def _decimal(node: Node, value: Any) -> Decimal:
    """Take exactly what is written: a number's shortest decimal form, never its binary value; no rounding."""
    what = f"a decimal of at most {node.precision} digits, {node.scale} of them after the point"
    _checked(isinstance(value, int | float | str | Decimal) and not isinstance(value, bool), value, what)
    context = Context(prec=node.precision, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
    try:
        exact = Decimal(str(value))
        _checked(exact.is_finite(), value, what)  # quantize would let NaN and infinity through
        return exact.quantize(Decimal(1).scaleb(-node.scale), context=context)
    except (InvalidOperation, Inexact):
        raise ValueError(f"{_shown(value)} is not {what}") from None


def _parsed(value: Any, type_: type, parse: Any, what: str) -> Any:
    """Take a value of the type, or a string that parses to one."""
    if isinstance(value, type_):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not {what}")  # noqa: TRY004 - ValueError is this module's one error
    try:
        return parse(value)
    except ValueError:
        raise ValueError(f"{_shown(value)} is not {what}") from None


def _uuid(node: Node, value: Any) -> UUID:  # noqa: ARG001 - converters take the node, needed or not
    return _parsed(value, UUID, UUID, "a UUID")  # type: ignore[no-any-return]


def _date(node: Node, value: Any) -> date:  # noqa: ARG001 - one signature for all parsers
    what = "a date like 2026-01-31"
    # A datetime is a date to isinstance, but dropping its time would be a guess.
    _checked(not isinstance(value, datetime), value, what)
    return _parsed(value, date, date.fromisoformat, what)  # type: ignore[no-any-return]


def _time(node: Node, value: Any) -> time:  # noqa: ARG001 - one signature for all parsers
    what = "a time of day like 13:30:00.250"
    parsed: time = _parsed(value, time, time.fromisoformat, what)
    return _checked(parsed.tzinfo is None, parsed, what)  # type: ignore[no-any-return]


def _timestamp(node: Node, value: Any) -> datetime:  # noqa: ARG001 - one signature for all parsers
    what = "an RFC 3339 time with its offset, like 2026-01-31T13:30:00.250Z"
    parsed: datetime = _parsed(value, datetime, datetime.fromisoformat, what)
    _checked(parsed.tzinfo is not None, value, what)
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{_shown(value)} lies outside the years 1 to 9999") from None


def _local_timestamp(node: Node, value: Any) -> datetime:  # noqa: ARG001 - one signature for all parsers
    what = "a time without an offset, like 2026-01-31T13:30:00.250"
    parsed: datetime = _parsed(value, datetime, datetime.fromisoformat, what)
    _checked(parsed.tzinfo is None, value, what)
    return parsed


def _enum(node: Node, value: Any) -> Any:
    return _checked(value in node.definition["symbols"], value, f"a symbol of {node.short_name}")


def _bytes(node: Node, value: Any) -> bytes:
    def decode(text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError from error

    decoded: bytes = _parsed(value, bytes, decode, "base64")
    if node.kind == "fixed" and len(decoded) != node.definition["size"]:
        raise ValueError(f"{len(decoded)} bytes where {node.short_name} has {node.definition['size']}")
    return decoded


_CONVERTERS: dict[str, Callable[[Node, Any], Any]] = {
    "decimal": _decimal,
    "uuid": _uuid,
    "date": _date,
    "time-millis": _time,
    "time-micros": _time,
    "timestamp-millis": _timestamp,
    "timestamp-micros": _timestamp,
    "local-timestamp-millis": _local_timestamp,
    "local-timestamp-micros": _local_timestamp,
    "bytes": _bytes,
    "fixed": _bytes,
    "enum": _enum,
}
