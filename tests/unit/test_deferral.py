"""A delivery that is to wait hops through the tiers: never early, hardly late, and it arrives."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.deferral import next_hop
from gateway.domain.retry import PutOff
from gateway.domain.tiers import DEFAULT_TIERS, Tier, parse_tier

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000

tier_sets = st.lists(
    st.builds(lambda number, unit: parse_tier(f"{number}{unit}"), st.integers(1, 90), st.sampled_from("smh")),
    min_size=1,
    max_size=9,
    unique_by=lambda tier: tier.delay_s,
).map(tuple)


def hops_of(wait_ms: int, tiers: tuple[Tier, ...], delays_ms: list[int]) -> tuple[list[Tier], int]:
    """Walk a delivery through the tiers; gives them, and when it arrived after its time.

    Each hop comes `delays_ms` after it is due (in turn), as a worker that has other things to do would take it.
    """
    now_ms, not_before_ms = NOW_MS, NOW_MS + wait_ms
    taken: list[Tier] = []
    while (hop := next_hop(not_before_ms, now_ms, tiers)) is not None:
        assert now_ms < hop.due_at_ms <= not_before_ms
        now_ms = hop.due_at_ms + delays_ms[len(taken) % len(delays_ms)]
        taken.append(hop.tier)
    return taken, now_ms - not_before_ms


@given(st.integers(0, 5 * DAY_MS), tier_sets, st.lists(st.integers(0, 200), min_size=1, max_size=5))
def test_it_arrives_never_early_and_after_a_bounded_number_of_hops(
    wait_ms: int, tiers: tuple[Tier, ...], delays_ms: list[int]
) -> None:
    """Each hop takes the largest tier that fits, so the number follows from the ratios of the tiers."""
    wait_ms %= 300 * max(tiers).delay_ms  # some hundred hops are enough to see it
    taken, late_ms = hops_of(wait_ms, tiers, delays_ms)
    assert 0 <= late_ms <= max(delays_ms)
    assert taken == sorted(taken, reverse=True)
    steps = sorted({tier.delay_ms for tier in tiers})
    ratios = [larger // smaller + 2 for smaller, larger in pairwise(steps)]
    assert len(taken) <= wait_ms // steps[-1] + 2 + sum(ratios)


@given(st.integers(1, 5 * DAY_MS), tier_sets)
def test_behind_others_it_is_late_by_the_shortest_tier_at_most(wait_ms: int, tiers: tuple[Tier, ...]) -> None:
    """What a tier holds already was written before, and so is due within the tier's delay."""
    hop = next_hop(NOW_MS + wait_ms, NOW_MS, tiers)
    assert hop is not None
    assert NOW_MS + hop.tier.delay_ms <= NOW_MS + wait_ms + min(tiers).delay_ms


@given(st.integers(-DAY_MS, 0), tier_sets)
def test_when_it_is_time_there_is_no_hop(wait_ms: int, tiers: tuple[Tier, ...]) -> None:
    """A time that has come, or was never asked for."""
    assert next_hop(NOW_MS + wait_ms, NOW_MS, tiers) is None
    assert next_hop(0, NOW_MS, tiers) is None


def test_ten_minutes_take_two_hops_although_each_loses_some_milliseconds() -> None:
    """Five minutes and five minutes less what the first hop was late, with the default tiers."""
    taken, late_ms = hops_of(600_000, DEFAULT_TIERS, [15])
    assert ([tier.name for tier in taken], late_ms) == (["5m", "5m"], 15)


def test_a_short_wait_is_due_at_its_own_time() -> None:
    """The shortest tier takes what is shorter than it."""
    assert next_hop(NOW_MS + 300, NOW_MS, DEFAULT_TIERS) == PutOff(parse_tier("1s"), NOW_MS + 300)
