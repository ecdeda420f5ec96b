"""The span of one event in the stream: from its record to the last of its deliveries, or to its rejection.

It continues the trace that the event's producer began, or begins one, and is the parent of all attempts of the
deliveries.
"""

from gateway.domain.event import Event
from gateway.telemetry.spans import SpanKind, Spans
from gateway.wire.event_codec import EventRecord
from gateway.wire.event_headers import traceparent_in

PLAN_SPAN = "gateway.plan"


class PlanSpan:
    """A span of an event.

    Args:
        spans: begins it.
        record: the event's.

    Attributes:
        traceparent: the trace context for the event's deliveries.
    """

    def __init__(self, spans: Spans, record: EventRecord) -> None:
        self._record = record
        self._span = spans.begin(PLAN_SPAN, SpanKind.CONSUMER, traceparent_in(record.headers))
        self.traceparent = self._span.traceparent

    def planned(self, event: Event, deliveries: int) -> None:
        """End it: so many deliveries were planned."""
        if self._span.is_recorded:
            self._span.end(
                {
                    **self._position(),
                    "cloudevents.event_id": event.event_id,
                    "cloudevents.event_type": event.event_type,
                    "webhook_gateway.tenant": event.tenant,
                    "webhook_gateway.deliveries": deliveries,
                }
            )

    def rejected(self, reason: str) -> None:
        """End it: the record went to `events.rejected`."""
        if self._span.is_recorded:
            self._span.end(self._position(), reason)

    def _position(self) -> dict[str, str | int]:
        return {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.operation.name": "plan",
            "messaging.destination.name": self._record.topic,
            "messaging.destination.partition.id": str(self._record.partition),
            "messaging.kafka.offset": self._record.offset,
        }
