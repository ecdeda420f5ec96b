"""JSON that was written by hand or by a program of somebody else, read so that it means one thing or nothing.

RFC 8259 leaves open what a repeated name, a number beyond 64 bits or a lone surrogate means, and parsers differ. Here
they are errors, but for numbers, which may be read digit for digit. Whoever reads bounds the size before.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson


def parse_json(text: bytes, *, parse_float: Callable[[str], Any] = float) -> Any:
    """Read one JSON value.

    Args:
        text: UTF-8.
        parse_float: what becomes of a number with a fraction or an exponent; `exact_number` keeps all its digits.

    Raises:
        ValueError: it is no JSON (then a `json.JSONDecodeError`), is nested too deep, or names a member twice.
    """
    # Strict about UTF-8, surrogates, NaN and depth, and fast; but it rounds numbers and drops repeated names.
    orjson.loads(text)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_float=parse_float)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def exact_number(text: str) -> Decimal:
    """Read a number digit for digit.

    Raises:
        ValueError: its exponent is beyond all measure.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"the number {text[:40]} is too large or too small") from None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name '{repeated[:40]}' is there twice")
    return found
