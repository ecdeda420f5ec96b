"""Percentiles of counts are those of the values that were counted."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.percentiles import bucket_at


@given(st.lists(st.integers(0, 20), min_size=1, max_size=300), st.integers(1, 100))
def test_it_is_the_nearest_rank(buckets: list[int], percent: int) -> None:
    """The least that at least so many percent do not exceed."""
    found = bucket_at(Counter(buckets), percent)
    at_most = {bucket: sum(one <= bucket for one in buckets) for bucket in buckets}
    assert found == min(bucket for bucket, count in at_most.items() if count * 100 >= percent * len(buckets))


def test_of_nothing_there_is_none() -> None:
    """Also where buckets are there, all of them empty."""
    assert bucket_at({}, 50) is None
    assert bucket_at({0: 0, 1: 0}, 50) is None
