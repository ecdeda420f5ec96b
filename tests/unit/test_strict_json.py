"""JSON from outside means one thing or is refused, whatever its size and depth."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.strict_json import exact_number, parse_json

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_json_is_read(value: Any) -> None:
    """As it was written."""
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{}{}",
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[" + b"9" * 1_000_000 + b"]",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\0"',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"b": {"a": 1, "a": 2}}]',
    ],
    ids=lambda text: ascii(text[:16]),
)
def test_what_means_nothing_or_two_things_is_refused(text: bytes) -> None:
    """With an error of one kind, at once."""
    with pytest.raises(ValueError, match=r".+"):
        parse_json(text)


def test_numbers_keep_their_digits_where_asked() -> None:
    """An amount in JSON is not what a double makes of it."""
    assert parse_json(b"[12345678901234567.89]", parse_float=exact_number) == [Decimal("12345678901234567.89")]
    assert parse_json(b"[18446744073709551616]") == [2**64]


def test_an_exponent_beyond_all_measure_is_refused() -> None:
    """It is no zero."""
    with pytest.raises(ValueError, match="too large or too small"):
        parse_json(b"[1e-99999999999999999999]", parse_float=exact_number)
