"""Counts values by size, for a histogram: plain numbers, for one thread."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate


class Distribution:
    """How often values of which size came.

    Args:
        bounds: the upper bounds of the buckets, rising; what is larger than the last is counted, too.
    """

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value; one that equals a bound belongs below it."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> Iterator[tuple[str, float]]:
        """Give each bound, as Prometheus writes it, and how many values were not above it."""
        names = (*map(str, self._bounds), "+Inf")
        return zip(names, accumulate(self._counts), strict=True)
