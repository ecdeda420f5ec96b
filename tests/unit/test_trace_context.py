"""A trace context is read as W3C Trace Context wants it, and what can't be read is ignored."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.trace_context import ids_of, read_traceparent, trace_id_of, traceparent_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{SPAN}-01"

_WELL_FORMED = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (GIVEN, GIVEN),
        (f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-00"),
        (f"00-{TRACE}-{SPAN}-03", f"00-{TRACE}-{SPAN}-03"),
        # A later version is handed on as the version that is known, with the flag that is.
        (f"01-{TRACE}-{SPAN}-01", GIVEN),
        (f"cc-{TRACE}-{SPAN}-ff-what-the-future-will-be-like\r\nx: y", GIVEN),
        (f"cc-{TRACE}-{SPAN}-08-", f"00-{TRACE}-{SPAN}-00"),
        (f"cc-{TRACE}-{SPAN}-01.what", None),
        (f"cc-{TRACE}-{SPAN}-011", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"{GIVEN}-more", None),
        (f"{GIVEN}\n", None),
        (f" {GIVEN}", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"01-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"0-{TRACE}-{SPAN}-01", None),
        (f"00-{TRACE[1:]}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}0-01", None),
        (f"00-{TRACE}-{SPAN}-1", None),
        (f"00_{TRACE}_{SPAN}_01", None),
        ("00", None),
        ("", None),
    ],
)
def test_what_is_read_of_a_traceparent(given: str, expected: str | None) -> None:
    """Section 3.2.2, field by field."""
    assert read_traceparent(given) == expected


@given(st.one_of(st.text(), st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.*")))
def test_whatever_comes_only_a_header_value_of_version_00_leaves(text: str) -> None:
    """Nothing that a producer writes gets into a request in any other form; and reading twice changes nothing."""
    read = read_traceparent(text)
    if read is not None:
        assert _WELL_FORMED.match(read)
        assert read_traceparent(read) == read
        assert traceparent_of(*ids_of(read)) == read
        assert trace_id_of(read) == text[3:35]


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255))
def test_what_is_written_is_read(trace_id: int, span_id: int, flags: int) -> None:
    """The ids come back, and the flags."""
    written = traceparent_of(trace_id, span_id, flags)
    assert read_traceparent(written) == written
    assert ids_of(written) == (trace_id, span_id, flags)
