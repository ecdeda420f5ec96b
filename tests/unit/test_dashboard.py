"""The Grafana dashboard and the chart's alerts ask for metrics that there are, by labels that they have."""

import re
from itertools import combinations
from typing import Any

import orjson
import pytest
import yaml

from gateway.telemetry.metrics import METRICS, Kind, Metric
from tests.generated_docs import ROOT

DASHBOARD = ROOT / "helm" / "webhook-gateway" / "dashboards" / "webhook-gateway.json"
# A release with everything on; `tests/chart` holds the chart to it.
_RENDERED = ROOT / "tests" / "chart" / "golden" / "strimzi.yaml"
# The client library's own.
_PROCESS_METRICS = (
    Metric("process_cpu_seconds_total", Kind.COUNTER, "", ()),
    Metric("process_resident_memory_bytes", Kind.GAUGE, "", ()),
)
_KNOWN = {metric.name: metric for metric in (*METRICS, *_PROCESS_METRICS)}
_SET_BY_PROMETHEUS = {"namespace", "job", "instance"}
_SERIES = re.compile(r"\b((?:webhook_gateway|process)_\w+)(?:\{([^}]*)\})?(\[)?")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")

BOARD: dict[str, Any] = orjson.loads(DASHBOARD.read_bytes())
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
TARGETS = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]


def alert_rules() -> dict[str, Any]:
    """The groups of the chart's alerts, as Prometheus takes them from a file."""
    resources = yaml.safe_load_all(_RENDERED.read_text())
    [spec] = [each["spec"] for each in resources if each and each["kind"] == "PrometheusRule"]
    return dict(spec)


def _alerts() -> list[tuple[str, str]]:
    return [(rule["alert"], rule["expr"]) for group in alert_rules()["groups"] for rule in group["rules"]]


def _metric(series: str) -> tuple[Metric, set[str]]:
    """The metric that a series is of, and the labels that the series has."""
    name = re.sub(r"_(bucket|sum|count)$", "", series)
    of_histogram = name in _KNOWN and _KNOWN[name].kind is Kind.HISTOGRAM
    assert of_histogram == (name != series), series
    metric = _KNOWN[name]
    return metric, {*metric.labels, *_SET_BY_PROMETHEUS, *(["le"] if series.endswith("_bucket") else [])}


@pytest.mark.parametrize(("title", "query"), [*TARGETS, *_alerts()])
def test_what_is_asked_for_is_there(title: str, query: str) -> None:
    """A query for a metric or label that nobody shows stays empty, and an alert on it never fires."""
    found = list(_SERIES.finditer(query))
    assert found, title
    labels = set.intersection(*(_metric(series[1])[1] for series in found))
    grouped = {name.strip() for by in _GROUPED.findall(query) for name in by.split(",")}
    asked = {name for series in found for name in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", series[2] or "")}
    assert grouped | asked <= labels


@pytest.mark.parametrize(("title", "query"), TARGETS)
def test_counters_are_shown_by_how_they_grow_and_states_as_they_are(title: str, query: str) -> None:
    """A counter falls to 0 with its process, and the rate of a state says nothing."""
    for series in _SERIES.finditer(query):
        kind = _metric(series[1])[0].kind
        assert (series[3] is not None) == (kind is not Kind.GAUGE), title


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_legends_name_labels_that_are_left(panel: dict[str, Any]) -> None:
    """A label that a query has summed up is empty in its legend."""
    for target in panel["targets"]:
        grouped = {name.strip() for by in _GROUPED.findall(target["expr"]) for name in by.split(",")}
        summed = re.search(r"\b(sum|max|min|avg|count)\b", target["expr"]) is not None
        left = grouped if summed else _SET_BY_PROMETHEUS
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panels_look_at_what_was_chosen(panel: dict[str, Any]) -> None:
    """Two releases, and two Prometheus servers, are told apart by the board's variables."""
    assert panel["description"]
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == panel["datasource"]["uid"] == "${datasource}"
        for series in _SERIES.finditer(target["expr"]):
            assert series[2].startswith('namespace=~"$namespace",job=~"$job"')


def test_panels_do_not_lie_upon_each_other() -> None:
    """Grafana would move them about."""
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
