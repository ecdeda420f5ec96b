"""The benchmark's arithmetic: percentiles, ratios, and the books of what was lost and what came twice."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.bench.http_endpoint import Arrivals
from gateway.services.bench.measures import Account, account_for, latencies_ns, latency_of, percentile, ratio, total_of


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0), (0.001, 1.0)], ids=str
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    """Nearest rank: no value is made up between two that were seen."""
    assert percentile([float(value) for value in range(1, 101)], share) == expected


@given(st.lists(st.integers(0, 10**12), min_size=1), st.floats(0.001, 1))
def test_at_least_the_share_lies_at_or_below_the_percentile(values: list[int], share: float) -> None:
    """It is the least of the values for which that holds."""
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert sum(value <= found for value in ordered) >= share * len(ordered)
    assert sum(value < found for value in ordered) < max(share * len(ordered), 1)


def test_latencies_are_summed_up_in_milliseconds() -> None:
    """Nanoseconds come in, milliseconds go out."""
    found = latency_of([3_000_000, 1_000_000, 2_000_000])
    assert (found.p50_ms, found.p99_ms, found.max_ms, found.samples) == (2.0, 3.0, 3.0, 3)


def test_no_latencies_are_no_number() -> None:
    """A run in which nothing arrived must not look fast."""
    found = latency_of([])
    assert math.isnan(found.p99_ms)
    assert found.samples == 0


def test_latencies_are_taken_from_the_wanted_events_only() -> None:
    """What arrived of other phases does not count, repeats do."""
    arrivals = [
        Arrivals(array("q", [0, 1, 1]), array("q", [10, 25, 40])),
        Arrivals(array("q", [2]), array("q", [99])),
    ]
    assert latencies_ns(arrivals, array("q", [0, 20, 30]), range(1, 2)) == [5, 20]


def test_a_ratio_without_a_reference_is_no_number() -> None:
    """Dividing by nothing must not look like a good result."""
    assert ratio(3.0, 2.0) == 1.5
    assert math.isnan(ratio(3.0, 0))


@given(st.sets(st.integers(0, 50)), st.lists(st.integers(0, 50)))
def test_the_account_balances(expected: set[int], arrived: list[int]) -> None:
    """Every arrival is either the first of an expected delivery or one too many; every delivery arrived or is lost."""
    account = account_for(expected, arrived)
    assert account.expected == len(expected)
    assert account.lost == len(expected - set(arrived))
    assert account.expected - account.lost + account.repeated == len(arrived)


def test_accounts_add_up() -> None:
    """The account of a run is that of all its subscriptions."""
    assert total_of([Account(3, 1, 0), Account(4, 0, 2)]) == Account(7, 1, 2)
    assert total_of([]) == Account(0, 0, 0)
