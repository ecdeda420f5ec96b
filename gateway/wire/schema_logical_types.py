"""Which logical types Avro 1.12 has, on which types, and what a decimal needs.

A logical type that is wrong is ignored: the value is what lies under it. The gateway itself makes something of those
that `gateway.wire.schema_nodes` knows; a change of any of them changes what the data means.
"""

import math
from typing import Any

# logical type -> the types it may be on
_ON: dict[str, frozenset[str]] = {
    "decimal": frozenset({"bytes", "fixed"}),
    "big-decimal": frozenset({"bytes"}),
    "uuid": frozenset({"string", "fixed"}),
    "date": frozenset({"int"}),
    "time-millis": frozenset({"int"}),
    "time-micros": frozenset({"long"}),
    "timestamp-millis": frozenset({"long"}),
    "timestamp-micros": frozenset({"long"}),
    "timestamp-nanos": frozenset({"long"}),
    "local-timestamp-millis": frozenset({"long"}),
    "local-timestamp-micros": frozenset({"long"}),
    "local-timestamp-nanos": frozenset({"long"}),
    "duration": frozenset({"fixed"}),
}
_SIZES = {"uuid": 16, "duration": 12}


def logical_type_of(kind: str, source: dict[str, Any]) -> tuple[str | None, str | None]:
    """Give the logical type that a type has, or None; and why the one it names is ignored, or None.

    Args:
        kind: `bytes`, `fixed`, `int` and so on.
        source: the type as it stands in the schema.
    """
    name = source.get("logicalType")
    if not isinstance(name, str) or name not in _ON:
        return None, None  # none, or somebody's own: no business of ours
    if kind not in _ON[name]:
        return None, f"{name} is no logical type of {kind}: it is ignored"
    if kind == "fixed" and name in _SIZES and source.get("size") != _SIZES[name]:
        return None, f"{name} takes {_SIZES[name]} bytes: it is ignored"
    fault = _decimal_fault(kind, source) if name == "decimal" else None
    return (name, None) if fault is None else (None, f"{fault}: the decimal is ignored")


def _decimal_fault(kind: str, source: dict[str, Any]) -> str | None:
    precision, scale = source.get("precision"), source.get("scale", 0)
    if type(precision) is not int or precision < 1:
        return "a decimal needs a precision of 1 or more"
    if type(scale) is not int or not 0 <= scale <= precision:
        return f"a scale of {scale!r} is not between 0 and the precision {precision}"
    # What always fits into so many bytes: Avro 1.12, "Decimal".
    if kind == "fixed" and precision > int(math.log10(2) * (8 * source["size"] - 1)):
        return f"{precision} digits do not fit into {source['size']} bytes"
    return None
