"""Token buckets: never faster than the limit in any interval, never slower than it has to be."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.rate_limit import MAX_BURST, MAX_PER_S, MIN_PER_S, RateLimit, TokenBucket, check_rate_limit

NOW_MS = 1_000_000.0
# What a timer cannot wait for is no wait.
LEAST_WAIT_MS = 0.001

limits = st.builds(RateLimit, st.floats(MIN_PER_S, MAX_PER_S), st.integers(1, 20))
starts_ms = st.floats(0, 1e10)
# How long the endpoint's deliveries are away before the next one comes; most come while others wait.
gaps_ms = st.lists(st.one_of(st.just(0.0), st.floats(0, 100), st.floats(0, 1e6)), min_size=1, max_size=60)


def spent(limit: RateLimit, now_ms: float = NOW_MS) -> TokenBucket:
    """Give a bucket of which the whole burst was taken just now."""
    bucket = TokenBucket(limit, now_ms)
    for _ in range(limit.burst):
        assert bucket.wait_ms(now_ms) == 0
        bucket.take(now_ms)
    return bucket


def taken_at(bucket: TokenBucket, start_ms: float, gaps_ms: list[float]) -> list[float]:
    """Take a token after each gap, as soon as there is one; gives when each was taken."""
    now_ms, times_ms = start_ms, []
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        now_ms += bucket.wait_ms(now_ms)
        bucket.take(now_ms)
        times_ms.append(now_ms)
    return times_ms


@given(limit=limits, start_ms=starts_ms, gaps_ms=gaps_ms)
def test_no_interval_sees_more_than_the_burst_and_the_rate(
    limit: RateLimit, start_ms: float, gaps_ms: list[float]
) -> None:
    """From any attempt to any later one: at most burst + rate times the time between them."""
    times_ms = taken_at(TokenBucket(limit, start_ms), start_ms, gaps_ms)
    for first, from_ms in enumerate(times_ms):
        for last in range(first, len(times_ms)):
            between_ms = times_ms[last] - from_ms + 2 * LEAST_WAIT_MS
            assert last - first + 1 <= limit.burst + between_ms * limit.per_s / 1000 + 1e-6


@given(limit=limits, start_ms=starts_ms, gaps_ms=gaps_ms)
def test_the_wait_is_what_the_schedule_says(limit: RateLimit, start_ms: float, gaps_ms: list[float]) -> None:
    """Held to exact arithmetic: each attempt is due one interval after the one before, less what the burst allows."""
    interval_ms = 1000 / Fraction(limit.per_s)
    bucket, now_ms, due_ms = TokenBucket(limit, start_ms), start_ms, Fraction(start_ms)
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        expected_ms = max(due_ms - (limit.burst - 1) * interval_ms - Fraction(now_ms), Fraction(0))
        wait_ms = bucket.wait_ms(now_ms)
        assert abs(wait_ms - expected_ms) <= 3 * LEAST_WAIT_MS
        now_ms += wait_ms
        bucket.take(now_ms)
        due_ms = max(due_ms, Fraction(now_ms)) + interval_ms


@given(limit=limits, start_ms=starts_ms, gaps_ms=gaps_ms)
def test_who_has_waited_is_let_through(limit: RateLimit, start_ms: float, gaps_ms: list[float]) -> None:
    """Whatever rounding does, the wait that was named is enough."""
    bucket, now_ms = TokenBucket(limit, start_ms), start_ms
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        now_ms += bucket.wait_ms(now_ms)
        assert bucket.wait_ms(now_ms) == 0
        bucket.take(now_ms)


def test_rounding_keeps_nobody_waiting() -> None:
    """Late on the clock, where adding the wait to the present loses its last digits."""
    for tenths in range(1, 2000):
        bucket = spent(RateLimit(tenths / 10, 1), 1e9 + 0.1)
        later_ms = 1e9 + 0.1 + bucket.wait_ms(1e9 + 0.1)
        assert bucket.wait_ms(later_ms) == 0, tenths


def test_a_pause_fills_the_bucket_before_a_token_is_taken() -> None:
    """Also when nobody asked at that moment: what would not have fitted is no credit for later."""
    bucket = TokenBucket(RateLimit(1.0, 1), NOW_MS)
    bucket.take(NOW_MS + 10_000)
    assert bucket.wait_ms(NOW_MS + 10_000) == 1000


def test_asking_often_gives_nothing() -> None:
    """A lane that asks a hundred thousand times between two attempts gets no token for it."""
    bucket = spent(RateLimit(MIN_PER_S, 1))
    for _ in range(100_000):
        bucket.wait_ms(NOW_MS)
    assert bucket.wait_ms(NOW_MS) == pytest.approx(100_000)


def test_a_burst_comes_back_at_the_rate() -> None:
    """Five at once, then one each hundred milliseconds; full again after the rest has come in, and no fuller."""
    limit = RateLimit(10.0, 5)
    bucket = spent(limit)
    assert bucket.wait_ms(NOW_MS) == 100
    assert bucket.wait_ms(NOW_MS + 60) == pytest.approx(40)
    assert [bucket.is_full(NOW_MS + after_ms) for after_ms in (0, 499, 500)] == [False, False, True]
    later_ms = NOW_MS + 3_600_000
    assert bucket.is_full(later_ms)
    for _ in range(limit.burst):
        bucket.take(later_ms)
    assert bucket.wait_ms(later_ms) == 100


@pytest.mark.parametrize(
    ("before", "after", "at_once"),
    [
        (RateLimit(1.0, 10), RateLimit(1.0, 3), 3),  # full: cut to the new burst
        (RateLimit(1.0, 3), RateLimit(1.0, 10), 3),  # a larger burst is not given, it comes in
        (RateLimit(1.0, 5), RateLimit(100.0, 5), 5),
    ],
)
def test_a_changed_limit_goes_on_with_what_is_left(before: RateLimit, after: RateLimit, at_once: int) -> None:
    """A change is no new burst."""
    bucket = TokenBucket(before, NOW_MS)
    bucket.change(after, NOW_MS)
    for _ in range(at_once):
        assert bucket.wait_ms(NOW_MS) == 0
        bucket.take(NOW_MS)
    assert bucket.wait_ms(NOW_MS) == 1000 / after.per_s


def test_what_came_in_before_a_change_came_in_at_the_old_rate() -> None:
    """Half a token at one a second; the other half at a hundred a second."""
    bucket = spent(RateLimit(1.0, 1))
    bucket.change(RateLimit(100.0, 1), NOW_MS + 500)
    assert bucket.wait_ms(NOW_MS + 500) == pytest.approx(5)


@pytest.mark.parametrize(
    ("per_s", "burst", "limit"),
    [
        (20.0, None, RateLimit(20.0, 20)),
        (2.6, None, RateLimit(2.6, 3)),
        (0.1, None, RateLimit(0.1, 1)),
        (0.1, 7, RateLimit(0.1, 7)),
        (MIN_PER_S, 1, RateLimit(MIN_PER_S, 1)),
        (MAX_PER_S, None, RateLimit(MAX_PER_S, MAX_BURST)),
    ],
)
def test_a_limit_without_a_burst_has_that_of_a_second(per_s: float, burst: int | None, limit: RateLimit) -> None:
    """A second's worth, and never less than one attempt."""
    assert check_rate_limit(per_s, burst) == limit


@pytest.mark.parametrize(
    ("per_s", "burst"),
    [(MIN_PER_S / 2, None), (MAX_PER_S + 1, None), (float("nan"), None), (-1.0, None), (1.0, 0), (1.0, MAX_BURST + 1)],
)
def test_a_limit_out_of_bounds_is_refused(per_s: float, burst: int | None) -> None:
    """No rate that never lets anything through, and no burst without a bound."""
    with pytest.raises(InvalidInputError, match="between"):
        check_rate_limit(per_s, burst)
