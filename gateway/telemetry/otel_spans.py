"""Spans of OpenTelemetry. Imported only where they are exported: without a collector none of its code is loaded.

Whether a trace is recorded is decided where it begins, and everybody after that holds to it: a producer's `traceparent`
says so, and of events without one a share is chosen here.
"""

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from opentelemetry.trace import Span as OpenTelemetrySpan
from opentelemetry.trace import SpanKind as OpenTelemetryKind
from opentelemetry.trace.status import StatusCode

import gateway
from gateway.domain.trace_context import ids_of, read_traceparent, traceparent_of
from gateway.telemetry.spans import Attributes, SpanKind

_KINDS = {SpanKind.CONSUMER: OpenTelemetryKind.CONSUMER, SpanKind.CLIENT: OpenTelemetryKind.CLIENT}
_ERROR_TYPE = "error.type"


class OtelSpans:
    """Begins spans of one process; see `gateway.telemetry.spans.Spans`.

    Args:
        service: the name of the process.
        processor: gets the spans that end and are sampled.
        sample_ratio: of traces that begin here, the share that is recorded, 0 to 1.
    """

    def __init__(self, service: str, processor: SpanProcessor, sample_ratio: float) -> None:
        provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(sample_ratio),
            resource=Resource.create({"service.name": service, "service.version": gateway.__version__}),
            shutdown_on_exit=False,  # who made the processor closes it, within the process's deadline
        )
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("webhook-gateway", gateway.__version__)

    def begin(self, name: str, kind: SpanKind, parent: str | None) -> "OtelSpan":
        """Begin a span; see `Spans`."""
        return OtelSpan(self._tracer.start_span(name, _context_of(parent), _KINDS[kind]))


class OtelSpan:
    """A span; see `gateway.telemetry.spans.Span`."""

    __slots__ = ("_span", "is_recorded")

    def __init__(self, span: OpenTelemetrySpan) -> None:
        self._span = span
        self.is_recorded = span.is_recording()

    @property
    def traceparent(self) -> str | None:
        """The trace context for what it causes; None where the environment has switched OpenTelemetry off."""
        context = self._span.get_span_context()
        if not context.is_valid:
            return None
        return traceparent_of(context.trace_id, context.span_id, context.trace_flags)

    def end(self, attributes: Attributes, error: str | None = None) -> None:
        """End it; see `Span`."""
        self._span.set_attributes(attributes)
        if error is not None:
            self._span.set_attribute(_ERROR_TYPE, error)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def _context_of(parent: str | None) -> Context:
    """Give the context that a span begins in: never the thread's present one, which is nobody's."""
    # Read again: it comes from Kafka, and what is wrong with a trace must not become an error of a delivery.
    parent = None if parent is None else read_traceparent(parent)
    if parent is None:
        return Context()
    trace_id, span_id, flags = ids_of(parent)
    remote = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return set_span_in_context(NonRecordingSpan(remote), Context())
