"""Shows metrics in Prometheus' text format: everything is read at the moment when somebody asks.

prometheus_client writes the format and knows the process's CPU and memory. Its own counters are not used: each takes
a lock, and three times as long as a plain number (docs/decisions/0035).
"""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from gateway.telemetry.distribution import Distribution
from gateway.telemetry.metrics import Kind, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LabelValues = tuple[str | Enum, ...]
# Pairs, because the keys of a mapping can't be of a narrower type.
Series = Iterable[tuple[LabelValues, float]]
Distributions = Iterable[tuple[LabelValues, Distribution]]


class Exposition(Collector):
    """The metrics of one process, each with what reads it."""

    def __init__(self) -> None:
        self._readers: dict[Metric, Callable[[], Series]] = {}
        self._distributions: dict[Metric, Callable[[], Distributions]] = {}
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def show(self, metric: Metric, read: Callable[[], Series]) -> None:
        """Show a counter or a gauge with labels.

        Args:
            metric: which.
            read: gives a value for each series, by the values of the labels in the metric's order.
        """
        self._readers[metric] = read

    def show_value(self, metric: Metric, read: Callable[[], float]) -> None:
        """Show a counter or a gauge without labels."""
        self._readers[metric] = lambda: [((), read())]

    def show_distributions(self, metric: Metric, read: Callable[[], Distributions]) -> None:
        """Show a histogram."""
        self._distributions[metric] = read

    def text(self) -> bytes:
        """Give all metrics as they are now."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Family]:
        """Read everything; see `Collector`."""
        for metric, read in self._readers.items():
            yield _family(metric, read())
        for metric, read_distributions in self._distributions.items():
            yield _histogram(metric, read_distributions())

    def describe(self) -> Iterable[Family]:
        """Name nothing before it is read; see `Collector`."""
        return ()


def _family(metric: Metric, series: Series) -> Family:
    made = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = made(metric.name, metric.meaning, labels=metric.labels)
    values = dict.fromkeys(metric.begins, 0.0)
    values.update((tuple(map(_text, labels)), value) for labels, value in series)
    for texts, value in values.items():
        family.add_metric(texts, value)
    return family


def _histogram(metric: Metric, distributions: Distributions) -> Family:
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, distribution in distributions:
        family.add_metric([_text(label) for label in labels], list(distribution.buckets()), distribution.total)
    return family


def _text(label: str | Enum) -> str:
    return label if isinstance(label, str) else str(label.value)
