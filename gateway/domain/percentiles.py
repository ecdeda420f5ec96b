"""Percentiles of what was counted by buckets, in whole numbers: no rounding decides on which side of a bound one is."""

from collections.abc import Mapping


def bucket_at(counts: Mapping[int, int], percent: int) -> int | None:
    """Give the first bucket up to which at least so many percent of all lie; None where there is nothing.

    Args:
        counts: how many are in each bucket; these are in the order of their numbers.
        percent: more than 0, at most 100.
    """
    total = sum(counts.values())
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if total and seen * 100 >= percent * total:
            return bucket
    return None
