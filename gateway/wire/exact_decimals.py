"""Decimals decoded digit for digit.

fastavro rounds a decimal with more digits than its schema's precision, without a word: 1234567.89 in a
decimal(4,2) becomes 1.235E+6. A wrong amount must not reach a receiver, so such a value is refused instead.
"""

from decimal import Context, Decimal
from typing import Any

from fastavro.read import LOGICAL_READERS

_EXACT = Context(prec=1000)


def use_exact_decimals() -> None:
    """Replace fastavro's decimal reader, for the whole process; its table of readers is made for that."""
    LOGICAL_READERS["bytes-decimal"] = read_decimal
    LOGICAL_READERS["fixed-decimal"] = read_decimal


def read_decimal(data: Any, writer_schema: dict[Any, Any] | None = None, _: Any = None) -> Decimal:
    """Read a decimal's bytes, as one of fastavro's logical readers.

    Raises:
        ValueError: it has more digits than its schema's precision.
    """
    schema = writer_schema or {}
    unscaled = int.from_bytes(data, "big", signed=True)
    if abs(unscaled) >= 10 ** schema["precision"]:
        raise ValueError(f"a decimal has more than {schema['precision']} digits")
    return Decimal(unscaled).scaleb(-schema.get("scale", 0), _EXACT)
