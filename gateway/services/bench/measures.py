"""The arithmetic of the benchmark: percentiles, ratios, and the books of what was lost and what came twice. Pure."""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.services.bench.http_endpoint import Arrivals


@dataclass(frozen=True, slots=True)
class Latency:
    """How long deliveries took from publish to receive, milliseconds.

    Attributes:
        samples: how many were measured.
    """

    p50_ms: float
    p99_ms: float
    max_ms: float
    samples: int


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the deliveries that had to be made.

    Attributes:
        expected: how many.
        lost: those that never arrived.
        repeated: arrivals beyond the first of each.
    """

    expected: int
    lost: int
    repeated: int


def percentile(ordered: Sequence[float], share: float) -> float:
    """Give the nearest-rank percentile: the least value that at least `share` of the values do not exceed.

    Args:
        ordered: the values, ascending; at least one.
        share: in (0, 1].
    """
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def latency_of(latencies_ns: Iterable[int]) -> Latency:
    """Sum latencies up; none at all give not-a-number."""
    ordered = sorted(latencies_ns)
    if not ordered:
        return Latency(math.nan, math.nan, math.nan, 0)
    p50, p99, most = (round(ns / 1e6, 2) for ns in (percentile(ordered, 0.5), percentile(ordered, 0.99), ordered[-1]))
    return Latency(p50, p99, most, len(ordered))


def latencies_ns(arrivals: Iterable[Arrivals], published_ns: "array[int]", numbers: range) -> list[int]:
    """Give the time from publish to receive of each arrival of some events, nanoseconds."""
    return [
        time_ns - published_ns[number]
        for endpoint in arrivals
        for number, time_ns in zip(endpoint.numbers, endpoint.times_ns, strict=True)
        if number in numbers
    ]


def ratio(value: float, reference: float) -> float:
    """Give `value` as a multiple of `reference`; not-a-number where there is no reference."""
    return round(value / reference, 2) if reference else math.nan


def account_for(expected: Iterable[int], arrived: Iterable[int]) -> Account:
    """Compare the event numbers that one subscription had to get with those that arrived at it.

    An arrival that was not expected counts as repeated: it is one too many.
    """
    wanted = set(expected)
    total = 0
    seen: set[int] = set()
    for number in arrived:
        total += 1
        seen.add(number)
    return Account(len(wanted), len(wanted - seen), total - len(wanted & seen))


def total_of(accounts: Iterable[Account]) -> Account:
    """Add the accounts of several subscriptions up."""
    expected = lost = repeated = 0
    for account in accounts:
        expected += account.expected
        lost += account.lost
        repeated += account.repeated
    return Account(expected, lost, repeated)
