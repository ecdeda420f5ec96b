"""Retry tiers: reading, ordering and rounding up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.tiers import DEFAULT_TIERS, Tier, parse_tier, tier_at_least


@pytest.mark.parametrize(
    ("name", "delay_s"), [("1s", 1), ("90s", 90), ("5m", 300), ("2h", 7200), ("24h", 86400), ("99999h", 359996400)]
)
def test_a_tier_is_read_by_its_name(name: str, delay_s: int) -> None:
    """Seconds, minutes and hours are understood, and the name stays as it was written."""
    tier = parse_tier(name)
    assert tier == Tier(delay_s, name)
    assert tier.delay_ms == delay_s * 1000


@pytest.mark.parametrize(
    "name", ["", "5", "s", "0s", "05m", "-1s", "+1s", "1.5m", "1d", "5 m", "5m\n", "\u0665m", "100000s"]
)
def test_what_is_no_delay_is_refused(name: str) -> None:
    """Anything else is refused with a hint."""
    with pytest.raises(InvalidInputError) as refused:
        parse_tier(name)
    assert refused.value.hint


def test_the_default_tiers_rise() -> None:
    """The default tiers are in rising order and without doubles."""
    assert list(DEFAULT_TIERS) == sorted(set(DEFAULT_TIERS))


tiers = st.lists(
    st.integers(1, 99_999).map(lambda delay_s: parse_tier(f"{delay_s}s")), min_size=1, max_size=9, unique=True
).map(tuple)


@given(delay_s=st.floats(0, 200_000), available=tiers)
def test_rounding_up_to_a_tier(delay_s: float, available: tuple[Tier, ...]) -> None:
    """The tier is no shorter than asked and no tier in between exists; past the longest it is the longest."""
    tier = tier_at_least(delay_s, available)
    long_enough = [other for other in available if other.delay_s >= delay_s]
    assert tier == (min(long_enough) if long_enough else max(available))
