"""The numbers that people look at first, taken from the results: for the table on the terminal and in the document.

The whole results, with costs by part and memory over time, are in the JSON.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Results = dict[str, dict[str, Any]]
"""By scenario, and under `machine` and `versions` what it was measured on."""


@dataclass(frozen=True, slots=True)
class Headline:
    """One number.

    Attributes:
        scenario: whose.
        what: it says, with its unit.
        value: as people read it.
    """

    scenario: str
    what: str
    value: str


# Scenario -> what it says, and where in the scenario's result.
_NUMBERS = {
    "fan_out_1": {
        "deliveries/s": "deliveries_per_s",
        "deliveries/s, a single subscription": "single_subscription_per_s",
    },
    "fan_out_10": {"deliveries/s": "deliveries_per_s"},
    "two_egress": {
        "two processes by one, on this machine": "measured_ratio",
        "two processes by one, a core for each": "projected_ratio",
        "deliveries/s of egress with a core of its own": "projected_one_per_s",
    },
    "steady": {"p50, ms": "p50_ms", "p99, ms": "p99_ms", "largest, ms": "max_ms"},
    "backlog": {
        "deliveries that waited": "deliveries",
        "egress meanwhile, MiB": "egress_rss_mb",
        "deliveries/s when they went": "drain_per_s",
    },
    "crash": {"lost": "lost", "repeated": "repeated", "longest recovery, s": "recovery_s"},
    "filters": {
        "subscriptions, a filter each": "subscriptions",
        "µs a subscription and event": "us_per_subscription",
        "µs, with others of another type beside them": "us_per_subscription_beside_others",
        "µs to compile a filter": "compile_us",
    },
    "replay": {
        "events replayed meanwhile": "replayed",
        "p99 beside a replay, by p99 without": "p99_ratio",
        "p99 beside a replay, ms": "p99_ms",
    },
    "search": {
        "attempts in the index": "attempts",
        "records/s taken into it": "indexed_per_s",
        "size of the index, GB": "index_gb",
        "slowest search, ms": "slowest_ms",
    },
    "match": {
        "subscriptions": "subscriptions",
        "table load, s": "table_load_s",
        "stream, MiB": "stream_rss_mb",
        "egress, MiB": "egress_rss_mb",
        "stream ready after, s": "stream_ready_s",
        "egress ready after, s": "egress_ready_s",
    },
}


def headlines(results: Results) -> list[Headline]:
    """Pick the headlines of the scenarios that ran."""
    return [
        Headline(scenario, what, shown(value))
        for scenario, result in results.items()
        for what, value in _of(scenario, result)
        if value is not None
    ]


def shown(value: object) -> str:
    """Write a number as people read it: thousands apart, no decimals where they say nothing."""
    match value:
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004 - three digits are enough
        case _:
            return str(value)


def _of(scenario: str, result: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for what, name in _NUMBERS.get(scenario, {}).items():
        yield what, result.get(name)
    if "window" in result:
        for part, cost_us in result["window"]["cpu_us_per_delivery"].items():
            yield f"CPU of {part}, µs a delivery", cost_us
        yield "peak memory of egress, MiB", result["window"]["peak_rss_mb"]["egress"]
        yield "cores that other programs took", result["window"]["other_cores_used"]
    for fault, found in result.get("faults", {}).items():
        yield f"p99 with one {fault}, by p99 just before", found["p99_ratio"]
        yield f"p99 with one {fault}, ms", found["p99_ms"]
    for size, cost_us in result.get("match_us", {}).items():
        yield f"µs to match among {int(size):,}", cost_us
    for size, cost_us in result.get("filter_us", {}).items():
        yield f"µs a subscription and event, with {int(size):,} filters", cost_us
    for number, kill in enumerate(result.get("kills", ()), 1):
        yield f"kill {number}, {kill['killed']}: repeated, of {kill['in_flight']} in flight", kill["repeated"]
    if result.get("lost") and scenario != "crash":
        yield "LOST", result["lost"]
