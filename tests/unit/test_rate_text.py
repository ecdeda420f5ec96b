"""Rates as people write them: every one that is read is written so that it is read as the same."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.rate_limit import MAX_PER_S, MIN_PER_S, RateLimit, describe_rate, parse_rate


@pytest.mark.parametrize(
    ("text", "per_s"),
    [("100/s", 100.0), ("5/m", 5 / 60), ("90/h", 0.025), ("0.5/s", 0.5), ("2.5/m", 2.5 / 60), ("none", None)],
)
def test_a_rate_is_a_number_in_a_unit_of_time(text: str, per_s: float | None) -> None:
    """A second, a minute or an hour; `none` is no limit."""
    assert parse_rate(text) == per_s


@pytest.mark.parametrize("text", ["", "100", "100/d", "/s", "-1/s", "1e3/s", "nan/s", "1 /s", "1/s\n", "9" * 30 + "/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """The hint shows how to write one."""
    with pytest.raises(InvalidInputError) as refused:
        parse_rate(text)
    assert "100/s" in (refused.value.hint or "")


@pytest.mark.parametrize("text", ["100/s", "5/m", "90/h", "none"])
def test_a_rate_is_written_as_it_was_given(text: str) -> None:
    """An export does not turn five a minute into a fraction."""
    per_s = parse_rate(text)
    assert describe_rate(None if per_s is None else RateLimit(per_s, 1)) == text


@given(st.from_regex(r"[0-9]{1,8}(\.[0-9]{1,6})?/[smh]", fullmatch=True, alphabet="0123456789./smh"))
def test_every_rate_survives_writing(text: str) -> None:
    """Also those that no unit makes whole."""
    per_s = parse_rate(text)
    assert per_s is not None
    assume(MIN_PER_S <= per_s <= MAX_PER_S)
    assert parse_rate(describe_rate(RateLimit(per_s, 1))) == per_s
