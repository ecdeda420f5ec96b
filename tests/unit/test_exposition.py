"""The metrics' text: what Prometheus' own parser reads of it, and how values fall into buckets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.domain.outcome import Outcome, Reason
from gateway.telemetry.distribution import Distribution
from gateway.telemetry.exposition import Exposition
from gateway.telemetry.metrics import (
    ATTEMPT_DURATION,
    DELIVERIES_ENDED,
    EVENTS,
    LAG,
    METRICS,
    SUBSCRIPTIONS,
    Kind,
    Metric,
)

_UNITS = ("_seconds", "_bytes", "_records", "_info", "_total")


def samples(exposition: Exposition) -> dict[tuple[str, ...], float]:
    """Give every sample that is ours, by its name and its labels' values."""
    families = text_string_to_metric_families(exposition.text().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("webhook_gateway_")
    }


def test_values_are_read_when_somebody_asks() -> None:
    """Not when they are named."""
    counts = {("order.created",): 1}
    exposition = Exposition()
    exposition.show(EVENTS, counts.items)
    exposition.show_value(SUBSCRIPTIONS, lambda: 3)
    counts["order.created",] = 7
    assert samples(exposition) == {
        ("webhook_gateway_events_total", "order.created"): 7,
        ("webhook_gateway_subscriptions",): 3,
    }


def test_what_alerts_count_begins_at_zero() -> None:
    """Prometheus sees no increase in a series that begins with it."""
    exposition = Exposition()
    exposition.show(DELIVERIES_ENDED, lambda: [(("dead_lettered", Reason.GONE), 2), (("delivered", Reason.NONE), 5)])
    shown = samples(exposition)
    name = DELIVERIES_ENDED.name
    # Labels are in the order of their names: reason, result.
    assert shown.pop((name, "gone", "dead_lettered")) == 2
    assert shown.pop((name, "none", "delivered")) == 5
    assert set(shown.values()) == {0}
    assert (name, "attempts_exhausted", "dead_lettered") in shown


def test_labels_may_hold_anything() -> None:
    """Names of topics are the deployment's choice."""
    exposition = Exposition()
    exposition.show(LAG, lambda: [(('a"b\\c\nd',), 1)])
    assert samples(exposition) == {("webhook_gateway_lag_records", 'a"b\\c\nd'): 1}


def test_a_histogram_has_cumulative_buckets() -> None:
    """A value that equals a bound is below it; what exceeds the last is in the last bucket of all."""
    durations = Distribution((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        durations.add(value)
    exposition = Exposition()
    exposition.show_distributions(ATTEMPT_DURATION, lambda: [((Outcome.DELIVERED,), durations)])
    name = ATTEMPT_DURATION.name
    assert samples(exposition) == {
        (f"{name}_bucket", "0.1", "delivered"): 2,
        (f"{name}_bucket", "1.0", "delivered"): 3,
        (f"{name}_bucket", "+Inf", "delivered"): 4,
        (f"{name}_count", "delivered"): 4,
        (f"{name}_sum", "delivered"): pytest.approx(7.65),
    }


@given(st.lists(st.floats(0, 100)), st.lists(st.floats(0, 100), unique=True, min_size=1).map(sorted))
def test_every_bucket_counts_what_is_not_above_it(values: list[float], bounds: list[float]) -> None:
    """For any values and bounds."""
    distribution = Distribution(bounds)
    for value in values:
        distribution.add(value)
    expected = [sum(value <= bound for value in values) for bound in bounds]
    assert [count for _, count in distribution.buckets()] == [*expected, len(values)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_prometheus_conventions(metric: Metric) -> None:
    """Only counters end in `_total`; histograms have bounds that rise, and a unit."""
    assert re.fullmatch(r"webhook_gateway_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert bool(metric.bounds) == (metric.kind is Kind.HISTOGRAM)
    assert list(metric.bounds) == sorted(set(metric.bounds))
    if metric.kind is Kind.HISTOGRAM:
        assert metric.name.endswith(_UNITS)


def test_no_metric_is_named_twice() -> None:
    """Prometheus would take one of them only."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
