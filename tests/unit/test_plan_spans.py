"""What the stream tells of an event in a trace, and what trace its deliveries carry on."""

from dataclasses import replace

import orjson
import pytest

from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import ContentMode, Subscription
from gateway.domain.trace_context import trace_id_of
from gateway.shaping.routing import Router
from gateway.shaping.views import Views
from gateway.stream.pipeline import EventPipeline
from gateway.telemetry.spans import Spans
from gateway.wire.event_codec import EventDecoder
from tests.recorded_spans import TRACEPARENT, UNSAMPLED, RecordedSpans
from tests.subscriptions import subscription
from tests.unit.test_pipeline import CATALOG, created, deliveries_of, record_of


def pipeline(spans: Spans | None, *subscriptions: Subscription) -> EventPipeline:
    """Give a pipeline for these subscriptions."""
    index = SubscriptionIndex()
    for one in subscriptions:
        index.put(one)
    return EventPipeline(EventDecoder(CATALOG), Router(Views(CATALOG), index, max_body_bytes=1_000_000), spans)


def test_a_span_stands_between_the_producers_and_the_deliveries() -> None:
    """One for the event, however many want it; by it an operator finds record, event and fan-out."""
    spans = RecordedSpans()
    working = pipeline(spans, subscription("one"), subscription("two"))
    one, two = deliveries_of(working.process(record_of(replace(created(), traceparent=TRACEPARENT))))
    (span,) = spans.ended
    assert (span.name, span.kind, span.failed) == ("gateway.plan", "consumer", False)
    assert span.parent == TRACEPARENT
    assert one.traceparent == two.traceparent == span.context
    assert span.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.operation.name": "plan",
        "messaging.destination.name": "events.order",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 41,
        "cloudevents.event_id": "evt-1",
        "cloudevents.event_type": "order.created",
        "webhook_gateway.tenant": "default",
        "webhook_gateway.deliveries": 2,
    }


def test_what_a_cloud_event_says_of_its_trace_is_the_producers_own() -> None:
    """The attribute is no hop's: with or without spans a receiver reads the same body."""
    event = record_of(replace(created(), traceparent=TRACEPARENT))
    wants = replace(subscription("one"), content_mode=ContentMode.CLOUDEVENTS)
    (traced,), (plain,) = (deliveries_of(pipeline(spans, wants).process(event)) for spans in (RecordedSpans(), None))
    assert traced.body == plain.body
    assert orjson.loads(traced.body)["traceparent"] == TRACEPARENT


@pytest.mark.parametrize(("ratio", "recorded"), [(1.0, 1), (0.0, 0)])
def test_an_event_without_a_trace_begins_one(ratio: float, recorded: int) -> None:
    """Those who come later hold to what was chosen here."""
    spans = RecordedSpans(ratio)
    (delivery,) = deliveries_of(pipeline(spans, subscription("one")).process(record_of(created())))
    assert [span.parent for span in spans.ended] == [None] * recorded
    assert delivery.traceparent is not None
    assert int(delivery.traceparent[-2:], 16) & 1 == recorded


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_the_producers_choice_holds(ratio: float) -> None:
    """The ratio is for events that come without a trace."""
    spans = RecordedSpans(ratio)
    working = pipeline(spans, subscription("one"))
    (kept,) = deliveries_of(working.process(record_of(replace(created(), traceparent=UNSAMPLED))))
    assert spans.ended == []
    assert kept.traceparent is not None
    assert (trace_id_of(kept.traceparent), kept.traceparent[-2:]) == (trace_id_of(UNSAMPLED), "00")
    deliveries_of(working.process(record_of(replace(created(), traceparent=TRACEPARENT))))
    assert [span.parent for span in spans.ended] == [TRACEPARENT]


def test_an_event_that_nobody_wants_was_looked_at() -> None:
    """The trace tells a missing subscription from a missing event."""
    spans = RecordedSpans()
    assert list(pipeline(spans).process(record_of(created()))) == []
    assert [span.attributes["webhook_gateway.deliveries"] for span in spans.ended] == [0]


def test_a_rejected_event_is_an_error_of_its_trace() -> None:
    """Its reason is that of `events.rejected`, and nothing of its data shows."""
    spans = RecordedSpans()
    working = pipeline(spans, subscription("one"))
    broken = replace(record_of(replace(created(), traceparent=TRACEPARENT)), value=b"canary")
    list(working.process(broken))
    working.reject(broken, ValueError("canary"))
    assert [(span.parent, span.failed, span.attributes["error.type"]) for span in spans.ended] == [
        (TRACEPARENT, True, "not_avro"),
        (TRACEPARENT, True, "internal_error"),
    ]
    assert not any("canary" in span.text for span in spans.ended)
