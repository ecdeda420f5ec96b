"""An exporter that is slow, absent or broken costs spans, which are counted, and nothing else."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from structlog.testing import capture_logs

from gateway.telemetry.otel_spans import OtelSpans
from gateway.telemetry.span_queue import BATCH_SPANS, SpanQueue
from gateway.telemetry.spans import SpanKind

WAIT_S = 10.0


class Collector(SpanExporter):
    """An exporter in memory.

    Attributes:
        answer: what it does with a batch, on the queue's thread.
        batches: how many spans came with each.
        shut_down: whether it was.
    """

    def __init__(self, answer: Callable[[], SpanExportResult] = lambda: SpanExportResult.SUCCESS) -> None:
        self.answer = answer
        self.batches: list[int] = []
        self.shut_down = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter."""
        self.batches.append(len(spans))
        return self.answer()

    def shutdown(self) -> None:
        """See SpanExporter."""
        self.shut_down = True


@contextmanager
def queue(collector: Collector, logger: logging.Logger | None = None, *, max_spans: int = 100) -> Iterator[SpanQueue]:
    """Give a queue that exports at once where it can."""
    made = SpanQueue(collector, logger, max_spans=max_spans, delay_s=0.001)
    try:
        yield made
    finally:
        made.close(WAIT_S)


def end_spans(made: SpanQueue, count: int) -> None:
    """End so many spans."""
    spans = OtelSpans("tests", made, 1.0)
    for _ in range(count):
        spans.begin("span", SpanKind.CLIENT, None).end({})


def until(condition: Callable[[], bool]) -> None:
    """Wait for the queue's thread."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_spans_go_out_in_batches_and_by_themselves() -> None:
    """Many do not wait for each other, and a single one not for others to come."""
    collector = Collector()
    with queue(collector, max_spans=2 * BATCH_SPANS) as made:
        end_spans(made, 1)
        until(lambda: made.exported == 1)
        end_spans(made, BATCH_SPANS + 1)
        until(lambda: made.exported == BATCH_SPANS + 2)
    assert max(collector.batches) <= BATCH_SPANS
    assert (made.overflowed, made.failed, collector.shut_down) == (0, 0, True)


def test_a_slow_collector_costs_the_spans_that_find_no_room() -> None:
    """Who ends a span never waits, and so many are kept at most."""
    entered, released = threading.Event(), threading.Event()

    def slow() -> SpanExportResult:
        entered.set()
        released.wait(WAIT_S)
        return SpanExportResult.SUCCESS

    with queue(Collector(slow), max_spans=10) as made:
        end_spans(made, 1)
        assert entered.wait(WAIT_S)
        end_spans(made, 30)
        assert made.overflowed == 20
        released.set()
    assert (made.exported, made.overflowed, made.failed) == (11, 20, 0)


def test_a_collector_that_takes_nothing_is_told_of_once() -> None:
    """In the gateway's own words, with the exporter's last; its own lines would come for each batch."""
    logger = logging.getLogger("tests.exporter")

    def refuse() -> SpanExportResult:
        logger.warning("401 %s", "Unauthorized")
        return SpanExportResult.FAILURE

    with capture_logs() as lines, queue(Collector(refuse), logger) as made:
        for lost in range(1, 4):
            end_spans(made, 1)
            until(lambda lost=lost: made.failed == lost)  # type: ignore[misc]
    (line,) = lines
    assert (line["event"], line["failed"], line["error"]) == ("traces.not_exported", 1, "401 Unauthorized")


def test_a_fault_of_the_exporter_does_not_end_the_export() -> None:
    """The next batch goes its way."""
    faults = [ValueError("broken")]

    def answer() -> SpanExportResult:
        if faults:
            raise faults.pop()
        return SpanExportResult.SUCCESS

    with capture_logs(), queue(Collector(answer)) as made:
        end_spans(made, 1)
        until(lambda: made.failed == 1)
        end_spans(made, 1)
    assert (made.exported, made.failed) == (1, 1)


def test_closing_takes_no_longer_than_it_may() -> None:
    """What waits goes out first; where the collector hangs, the process ends all the same."""
    released = threading.Event()

    def hanging() -> SpanExportResult:
        released.wait(WAIT_S)
        return SpanExportResult.FAILURE

    collector = Collector(hanging)
    made = SpanQueue(collector, delay_s=WAIT_S)
    end_spans(made, 3)
    began = time.monotonic()
    made.close(0.05)
    assert time.monotonic() - began < WAIT_S / 2
    assert collector.shut_down
    end_spans(made, 1)
    assert made.overflowed == 1
    released.set()
