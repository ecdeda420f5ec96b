"""The story of an event for machines: an object for the event, then one for each subscription."""

from collections.abc import Iterator
from typing import Any

from gateway.admin.event_story import EventStory, SubscriptionStory
from gateway.admin.explanation_views import explanation_view
from gateway.admin.past_event import PastEvent
from gateway.cli.delivery_views import history_json
from gateway.domain.event import Event
from gateway.wire.event_codec import EventRecord


def story_objects(story: EventStory) -> Iterator[dict[str, Any]]:
    """Give the objects that `--json` prints; times are milliseconds since the epoch."""
    yield _event_object(story)
    for each in story.subscriptions():
        yield _subscription_object(each)


def _event_object(story: EventStory) -> dict[str, Any]:
    explained, past = story.explained, story.past
    refusal = None if explained is None else explained.refusal
    return {
        "kind": "event",
        "event_id": past.event_id if explained is None and past is not None else None,
        **({} if explained is None else _event_fields(explained.event)),
        "refusal": None if refusal is None else {"reason": refusal.reason, "detail": refusal.detail},
        "past": None if past is None else _past_object(past),
    }


def _event_fields(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "schema_version": event.schema_version,
        "tenant": event.tenant,
        "time_ms": event.time_ms,
        "source": event.source,
        "subject": event.subject,
    }


def _past_object(past: PastEvent) -> dict[str, Any]:
    undecodable = past.undecodable
    return {
        "records": [_record_object(record) for record in past.found.records],
        "more_records": past.found.omitted,
        "undecodable": None if undecodable is None else {"reason": undecodable.reason, "detail": undecodable.message},
        "rejections": [
            {"reason": each.reason, "detail": each.detail, "rejected_at_ms": each.rejected_at_ms}
            for each in past.found.rejections
        ],
        "is_processed": past.is_processed,
    }


def _record_object(record: EventRecord) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
    }


def _subscription_object(story: SubscriptionStory) -> dict[str, Any]:
    explanation, history = story.explanation, story.history
    return {
        "kind": "subscription",
        "subscription_id": story.subscription_id,
        **({} if explanation is None else explanation_view(explanation)),
        "note": story.note,
        "delivery": None if history is None else history_json(history),
    }
