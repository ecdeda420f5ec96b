"""The last minute of attempts: exact counts, percentiles to a twentieth, bounded whatever comes."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import attempt_window
from gateway.domain.attempt_window import BOUNDS_MS, WINDOW_S, AttemptWindow, Failing
from gateway.domain.delivery import Attempt
from tests.delivery_records import T0, attempt_of, planned

OUTCOMES = ("delivered", "retry_scheduled", "dead_lettered")


def attempt(
    ended_ms: int, outcome: str = "delivered", *, duration_ms: int = 10, name: str = "sub_1", status: int | None = 200
) -> Attempt:
    """An attempt that ended at a time."""
    made = attempt_of(planned(subscription_id=name), 1, outcome, at_ms=ended_ms - duration_ms, status=status)
    return replace(made, duration_ms=duration_ms)


attempts = st.lists(
    st.builds(
        attempt,
        st.integers(T0 - 90_000, T0 + 90_000),
        st.sampled_from(OUTCOMES),
        duration_ms=st.integers(0, 200_000),
        name=st.sampled_from(("sub_1", "sub_2", "sub_3")),
    ),
    max_size=60,
)


@given(taken=attempts, later_ms=st.integers(0, 120_000))
def test_what_ended_within_the_last_minute_is_counted(taken: list[Attempt], later_ms: int) -> None:
    """In any order; what is older is not, and what ends later by another clock ends now."""
    window = AttemptWindow(T0 - 600_000)
    for one in taken:
        window.add(one, T0)
    now_ms = T0 + later_ms
    first = now_ms // 1000 - WINDOW_S + 1
    counted = [one for one in taken if min(one.started_at_ms + one.duration_ms, T0) // 1000 >= first]

    found = window.sum_up(now_ms, worst=10)

    assert found.outcomes == Counter(one.outcome for one in counted)
    assert found.attempts == len(counted)
    assert found.delivered == sum(one.outcome == "delivered" for one in counted)
    failed = Counter(one.subscription_id for one in counted if one.outcome != "delivered")
    assert {one.subscription_id: one.failed for one in found.worst} == failed
    assert [one.failed for one in found.worst] == sorted(failed.values(), reverse=True)


@given(durations=st.lists(st.integers(0, 100_000), min_size=1, max_size=200))
def test_percentiles_are_right_to_a_twentieth(durations: list[int]) -> None:
    """The nearest rank's duration, rounded up by a twentieth or by a millisecond at most."""
    window = AttemptWindow(T0)
    for duration_ms in durations:
        window.add(attempt(T0, duration_ms=duration_ms), T0)
    latency_ms = window.sum_up(T0).latency_ms
    assert latency_ms is not None
    for percent, told in zip((50, 95, 99), latency_ms, strict=True):
        exact = sorted(durations)[math.ceil(percent * len(durations) / 100) - 1]
        assert exact <= told <= max(exact * 1.05 + 1, 1)


def test_rates_are_of_the_time_that_was_watched() -> None:
    """Half a minute after the beginning, thirty attempts are one a second."""
    window = AttemptWindow(T0)
    for second in range(30):
        window.add(attempt(T0 + second * 1000), T0 + second * 1000)
    found = window.sum_up(T0 + 30_000)
    assert found.span_s == pytest.approx(30)
    assert found.per_s("delivered") == pytest.approx(1)
    assert window.sum_up(T0 + 30_000, span_s=5).outcomes == {"delivered": 4}


def test_nothing_is_known_of_an_empty_minute() -> None:
    """No rate of success, and no latency."""
    found = AttemptWindow(T0).sum_up(T0 + 90_000)
    assert (found.success_rate, found.latency_ms, found.worst) == (None, None, ())


def test_the_end_of_a_delivery_without_a_request_is_no_attempt() -> None:
    """A delivery that was discarded is counted as such, and took no time."""
    window = AttemptWindow(T0)
    window.add(attempt(T0, "discarded", status=None), T0)
    found = window.sum_up(T0)
    assert (found.outcomes, found.attempts, found.latency_ms, found.failing) == ({"discarded": 1}, 0, None, 0)


def test_the_newest_failure_is_told() -> None:
    """As its status."""
    window = AttemptWindow(T0)
    for second, status in ((0, 500), (2, 503)):
        window.add(attempt(T0 + second * 1000, "retry_scheduled", status=status), T0 + 2000)
    assert window.sum_up(T0 + 2000, worst=1).worst == (Failing("sub_1", 2, "HTTP 503"),)


def test_failures_of_too_many_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more subscriptions than are told apart in a second, none is lost from the sums."""
    monkeypatch.setattr(attempt_window, "MAX_FAILING", 3)
    window = AttemptWindow(T0)
    for number in range(10):
        window.add(attempt(T0, "retry_scheduled", name=f"sub_{number}", status=500), T0)
    found = window.sum_up(T0, worst=100)
    assert (found.failing, found.untold, found.attempts) == (3, 7, 10)


def test_a_long_run_keeps_no_more_than_a_minute() -> None:
    """Seconds that are past are forgotten while new ones come."""
    window = AttemptWindow(T0)
    for second in range(600):
        window.add(attempt(T0 + second * 1000), T0 + second * 1000)
    assert len(window._seconds) <= WINDOW_S
    assert window.sum_up(T0 + 599_000).outcomes == {"delivered": WINDOW_S}


def test_the_longest_durations_are_in_the_last_bucket() -> None:
    """Whatever a record says."""
    window = AttemptWindow(T0)
    window.add(attempt(T0, duration_ms=10**9), T0)
    assert window.sum_up(T0).latency_ms == (BOUNDS_MS[-1],) * 3
