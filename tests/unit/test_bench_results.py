"""From what a benchmark saw to what it says: windows, headlines, charts, exit code."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gateway.kafka.partitioning import partition_of
from gateway.services.bench.charts import Bar, charts_of, draw_bars
from gateway.services.bench.endpoints import Counts
from gateway.services.bench.headlines import headlines, shown
from gateway.services.bench.options import Options
from gateway.services.bench.process_usage import Usage
from gateway.services.bench.run import Snapshot
from gateway.services.bench.scenarios import lost_in
from gateway.services.bench.subscribers import spread_ids
from gateway.services.bench.window import window_between

RESULTS: dict[str, dict[str, Any]] = {
    "machine": {"cores": 2},
    "versions": {"gateway": "1.0"},
    "fan_out_1": {
        "deliveries_per_s": 6543.21,
        "single_subscription_per_s": None,
        "window": {
            "cpu_us_per_delivery": {"egress": 120.5, "broker": 60.25},
            "peak_rss_mb": {"egress": 90.0},
            "other_cores_used": 0.02,
        },
        "lost": 0,
    },
    "steady": {"p50_ms": 3.2, "p99_ms": 9.0, "max_ms": 12.0, "events_per_s": 50.0, "lost": 0},
    "isolation": {"faults": {"hanging": {"p99_ratio": 1.04, "p99_ms": 9.4, "healthy_p99_ms": 9.0}}, "lost": 0},
    "crash": {"lost": 0, "repeated": 12, "recovery_s": 15.5, "kills": []},
    "filters": {"filter_us": {"1000": 3.4, "10000": 3.2}, "us_per_subscription": 3.2},
    "match": {"match_us": {"1000": 1.2, "100000": 1.6}, "subscriptions": 100_000},
}


def snapshot(at_s: float, arrived: list[int], cpu_s: float, machine_busy_s: float) -> Snapshot:
    """One moment of a run with one part."""
    return Snapshot(
        Counts(int(at_s * 1e9), arrived, unanswered=0, strays=0, verified=0, rejected=0),
        {"egress": Usage(cpu_s, rss_mb=80.0 + at_s, peak_rss_mb=99.0)},
        machine_busy_s,
    )


def test_a_window_is_what_happened_between_two_moments() -> None:
    """Rate, cost and memory are differences; what other programs took is what is left of the machine's time."""
    window = window_between(snapshot(10, [100, 50], 5, 20), snapshot(14, [300, 250], 7, 23))
    assert window.deliveries_per_s == 100.0
    assert window.seconds == 4.0
    assert window.cpu_us_per_delivery == {"egress": 5000.0}
    assert window.cores_used == 0.5
    assert window.other_cores_used == 0.25
    assert (window.rss_mb_at_start, window.rss_mb_at_end) == ({"egress": 90.0}, {"egress": 94.0})


def test_headlines_name_what_ran_and_nothing_else() -> None:
    """What was not measured is left out, what is a number is written as people read it."""
    found = {(headline.scenario, headline.what): headline.value for headline in headlines(RESULTS)}
    assert found["fan_out_1", "deliveries/s"] == "6,543"
    assert ("fan_out_1", "deliveries/s, a single subscription") not in found
    assert found["fan_out_1", "CPU of egress, µs a delivery"] == "120"
    assert found["isolation", "p99 with one hanging, by p99 just before"] == "1.04"
    assert found["match", "µs to match among 100,000"] == "1.60"
    assert found["filters", "µs a subscription and event, with 10,000 filters"] == "3.20"
    assert not any(scenario in {"machine", "versions", "backlog"} for scenario, _ in found)


@pytest.mark.parametrize(("value", "text"), [(1234567, "1,234,567"), (1234.5, "1,234"), (1.234, "1.23"), ("x", "x")])
def test_numbers_are_readable(value: object, text: str) -> None:
    """Thousands are set apart, decimals kept where they say something."""
    assert shown(value) == text


def test_lost_deliveries_of_any_scenario_count() -> None:
    """They make the exit code."""
    assert lost_in(RESULTS) == 0
    assert lost_in({**RESULTS, "steady": {"lost": 2}, "backlog": {"lost": 1}}) == 3


def test_charts_are_drawn_of_what_ran() -> None:
    """Each is well-formed SVG, with a bar for each number."""
    charts = charts_of(RESULTS)
    assert set(charts) == {"throughput.svg", "cpu.svg", "steady.svg", "isolation.svg", "match.svg"}
    for svg in charts.values():
        assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314 - made here
    assert charts_of({"machine": {}}) == {}


def test_bars_have_the_lengths_of_their_numbers() -> None:
    """Twice as much is twice as long, and parts lie side by side."""
    root = ET.fromstring(draw_bars("A & B", [Bar("one", {"a": 1.0, "b": 1.0}), Bar("two", {"a": 4.0})]))  # noqa: S314 - made here
    bars = [rect for rect in root.iter("{http://www.w3.org/2000/svg}rect") if rect.get("height") == "18"]
    widths = [float(bar.get("width", "")) for bar in bars]
    assert widths == [115.0, 115.0, 460.0]
    assert float(bars[1].get("x", "")) == float(bars[0].get("x", "")) + widths[0]


def test_options_scale_together() -> None:
    """`--quick` makes everything smaller, `--duration` holds for windows, and no warm-up is longer than its window."""
    assert Options().window_s(60, 6) == 60
    assert Options(quick=True).window_s(60, 6) == 6
    short = Options(quick=True, duration_s=2)
    assert (short.window_s(60, 6), short.warm_up_s(15, 3)) == (2, 2)
    assert Options(duration_s=600).warm_up_s(15, 3) == 15
    assert Options(quick=True).outstanding < Options().outstanding
    assert Options(quick=True, deliveries_ahead=9).outstanding == 9


def test_ids_are_spread_evenly() -> None:
    """Two egress processes get the same number of subscriptions."""
    ids = spread_ids("bench-", 12, partitions=6)
    assert len(set(ids)) == 12
    assert [partition_of(one.encode(), 6) for one in ids] == [*range(6), *range(6)]
