"""Spans that are kept in memory, for tests of what parts tell of a trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.domain.trace_context import traceparent_of
from gateway.telemetry.otel_spans import OtelSpans

# A producer's, sampled and not.
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = TRACEPARENT[:-1] + "0"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A span that ended.

    Attributes:
        name: its name.
        kind: in lower case.
        context: its trace context.
        parent: its parent's, without the flags; None for a root.
        attributes: what it tells.
        failed: whether its status is an error.
        text: all of it.
    """

    name: str
    kind: str
    context: str
    parent: str | None
    attributes: Mapping[str, Any]
    failed: bool
    text: str


class RecordedSpans(OtelSpans):
    """Spans of OpenTelemetry that go nowhere."""

    def __init__(self, sample_ratio: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        super().__init__("webhook-gateway-tests", SimpleSpanProcessor(self._exporter), sample_ratio)

    @property
    def ended(self) -> list[Recorded]:
        """The spans that ended, in order."""
        return [_recorded(span) for span in self._exporter.get_finished_spans()]


def _recorded(span: ReadableSpan) -> Recorded:
    context, parent = span.get_span_context(), span.parent
    assert context is not None
    return Recorded(
        span.name,
        span.kind.name.lower(),
        traceparent_of(context.trace_id, context.span_id, context.trace_flags),
        None if parent is None else traceparent_of(parent.trace_id, parent.span_id, parent.trace_flags),
        dict(span.attributes or {}),
        not span.status.is_ok and not span.status.is_unset,
        span.to_json(),
    )
