"""One event with a field of every type that Avro has, and a value of each that shows how it is written."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
MILLIS = MOMENT.replace(microsecond=678_000)


def _logical(kind: str, logical_type: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": logical_type, **more}


def _fixed(name: str, size: int, **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size, **more}


_LEAF = {"type": "record", "name": "Leaf", "fields": [{"name": "at", "type": _logical("long", "timestamp-millis")}]}
_TYPES: list[tuple[str, Any, Any]] = [
    ("null", "null", None),
    ("boolean", "boolean", True),
    ("int", "int", -(2**31)),
    ("long", "long", 2**63 - 1),
    ("float", "float", 0.5),
    ("double", "double", 0.1),
    ("double_nan", "double", float("nan")),
    ("double_infinity", "double", float("inf")),
    ("string", "string", 'Zürich ☃ "quoted"\n'),
    ("bytes", "bytes", b"\x00\xff\xfe"),
    ("fixed", _fixed("Four", 4), b"\x01\x02\x03\x04"),
    ("enum", {"type": "enum", "name": "Color", "symbols": ["RED", "BLUE"]}, "BLUE"),
    ("decimal_bytes", _logical("bytes", "decimal", precision=30, scale=2), Decimal("12345678901234567890.10")),
    ("decimal_fixed", _fixed("Rate", 8, logicalType="decimal", precision=12, scale=6), Decimal("-0.000001")),
    ("decimal_whole", _logical("bytes", "decimal", precision=4), Decimal(1200)),
    ("uuid", _logical("string", "uuid"), UUID("6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11")),
    ("date", _logical("int", "date"), date(1969, 12, 31)),
    ("time_millis", _logical("int", "time-millis"), time(23, 59, 59, 999_000)),
    ("time_micros", _logical("long", "time-micros"), time(0, 0, 0, 1)),
    ("timestamp_millis", _logical("long", "timestamp-millis"), MILLIS),
    ("timestamp_micros", _logical("long", "timestamp-micros"), MOMENT),
    ("timestamp_micros_of_millis", _logical("long", "timestamp-micros"), MILLIS),
    ("local_timestamp_millis", _logical("long", "local-timestamp-millis"), MILLIS.replace(tzinfo=None)),
    ("local_timestamp_micros", _logical("long", "local-timestamp-micros"), MOMENT.replace(tzinfo=None)),
    # The next are read as their underlying types.
    ("timestamp_nanos", _logical("long", "timestamp-nanos"), 1_767_323_045_678_901_234),
    ("duration", _fixed("Span", 12, logicalType="duration"), bytes(range(12))),
    ("uuid_fixed", _fixed("Id", 16, logicalType="uuid"), bytes(16)),
    ("record", _LEAF, {"at": MILLIS}),
    ("array", {"type": "array", "items": "Leaf"}, [{"at": MILLIS}, {"at": MOMENT.replace(microsecond=0)}]),
    ("map", {"type": "map", "values": _logical("int", "date")}, {"new year": date(2026, 1, 1)}),
    ("nothing", ["null", "string"], None),
    ("something", ["null", "string"], "here"),
    ("date_or_time", [_logical("int", "date"), _logical("long", "timestamp-millis"), "float", "double"], MILLIS),
    ("float_or_double", ["float", "double"], 0.1),
    ("leaf_or_text", ["null", "Leaf", "Color", "string"], "RED or not"),
]

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "EveryType",
    "namespace": "tests",
    "fields": [{"name": name, "type": type_} for name, type_, _ in _TYPES],
}
DATA: dict[str, Any] = {name: value for name, _, value in _TYPES}
