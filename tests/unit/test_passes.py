"""How far a search passes over what does not fit before it looks at the clock."""

import pytest

from gateway.console.passes import Pace


@pytest.mark.parametrize(
    ("took_s", "following"),
    [(0.0, 5000), (0.01, 5000), (0.05, 2000), (0.1, 1000), (0.4, 250), (1e9, 1)],
)
def test_it_passes_over_as_many_as_take_a_tenth_of_a_second(took_s: float, following: int) -> None:
    """But at most five times as many as the time before, and at least one."""
    assert Pace(growth=5.0, look_s=0.1).following(1000, took_s) == following
