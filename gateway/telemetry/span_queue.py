"""Takes ended spans to an exporter, on a thread of its own: no delivery ever waits for a collector.

What can't be kept or exported is dropped and counted. OpenTelemetry's own BatchSpanProcessor does not count, logs each
span that it drops, and takes up to 30 s to shut down.
"""

import logging
import threading
import time
from collections import deque

import structlog
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

# A span takes about 3.3 KB here, so these take 14 MB at most.
MAX_SPANS = 4_096
BATCH_SPANS = 512
DELAY_S = 1.0
COMPLAIN_EVERY_S = 60.0
_log = structlog.get_logger()


class SpanQueue(SpanProcessor):
    """Between the event loop, where spans end, and the exporter's thread.

    Args:
        exporter: sends a batch; may block.
        logger: the exporter's own, whose complaints are told once a minute, in the gateway's words.
        max_spans: how many may wait.
        delay_s: how long a span waits at most for others to go along, seconds.

    Attributes:
        exported: how many spans the exporter took.
        overflowed: how many were dropped because too many waited.
        failed: how many the exporter did not get rid of.
    """

    def __init__(
        self,
        exporter: SpanExporter,
        logger: logging.Logger | None = None,
        *,
        max_spans: int = MAX_SPANS,
        delay_s: float = DELAY_S,
    ) -> None:
        self._exporter = exporter
        self._words = _LastWords()
        if logger is not None:
            logger.addFilter(self._words)
        self._max_spans = max_spans
        self._delay_s = delay_s
        self._waiting: deque[ReadableSpan] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._abandoned = False
        self._complained_s = -COMPLAIN_EVERY_S
        self.exported, self.overflowed, self.failed = 0, 0, 0
        self._thread = threading.Thread(target=self._work, name="spans", daemon=True)
        self._thread.start()

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that ended; see SpanProcessor."""
        if self._closing or len(self._waiting) >= self._max_spans:
            self.overflowed += 1
            return
        self._waiting.append(span)
        if len(self._waiting) >= BATCH_SPANS and not self._wake.is_set():
            self._wake.set()

    def close(self, timeout_s: float) -> None:
        """Export what waits, for as long as there is time; what is left then is dropped. Blocks.

        Args:
            timeout_s: how long it may take, seconds.
        """
        self._closing = True
        self._wake.set()
        self._thread.join(timeout_s)
        self._abandoned = True
        self._exporter.shutdown()

    def _work(self) -> None:
        while not self._closing:
            self._wake.wait(self._delay_s)
            self._wake.clear()
            self._export_waiting()
        self._export_waiting()

    def _export_waiting(self) -> None:
        while self._waiting and not self._abandoned:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_SPANS))]
            try:
                exported = self._exporter.export(batch) is SpanExportResult.SUCCESS
            except Exception as error:  # noqa: BLE001 - an exporter must not end the thread that serves it
                exported, self._words.text = False, str(error)
            if exported:
                self.exported += len(batch)
            else:
                self.failed += len(batch)
                self._complain()

    def _complain(self) -> None:
        now_s = time.monotonic()
        if now_s - self._complained_s < COMPLAIN_EVERY_S:
            return
        self._complained_s = now_s
        _log.warning(
            "traces.not_exported",
            failed=self.failed,
            overflowed=self.overflowed,
            error=self._words.text,
            hint="deliveries go on; look at the collector of GATEWAY_OTLP_ENDPOINT",
        )


class _LastWords(logging.Filter):
    """Keeps what a logger said last, and lets nothing through: it would complain for each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep a line."""
        self.text = record.getMessage()
        return False
