"""What is shown of one delivery: from the index's steps, the records that Kafka has, and the subscription as it is."""

import base64
from collections.abc import Iterable, Mapping, Sequence

from gateway.admin.request_preview import preview_headers
from gateway.console.api.models import TRIGGERS, AttemptView, BodyView, RecipientView, SentRequestView, SourceView
from gateway.console.steps import Place, Step, StepKind
from gateway.domain.delivery import Attempt, Delivery
from gateway.domain.folding import HistoryRecord
from gateway.domain.subscription import Subscription


def attempt_views(steps: Sequence[Step], records: Mapping[Place, HistoryRecord]) -> list[AttemptView]:
    """Give the attempts of a delivery, and its end where that came without one, oldest first.

    Args:
        steps: what the index has.
        records: what Kafka still has of their records.
    """
    return [
        _attempt_view(step, records.get(step.place) if step.place else None)
        for step in steps
        if step.key.kind in {StepKind.ATTEMPT, StepKind.END}
    ]


def request_view(subscription: Subscription | None, records: Iterable[HistoryRecord]) -> SentRequestView | None:
    """Give the request as it would be sent now; None where the subscription is gone, or no record has the body.

    Blocking for some milliseconds, and not for the thread of an event loop.
    """
    newest = _newest_with_body(records)
    if subscription is None or newest is None:
        return None
    return SentRequestView(url=subscription.url, headers=dict(preview_headers(subscription, newest)))


def recipient_view(subscription: Subscription) -> RecipientView:
    """Give what is shown of the subscription that a delivery is for."""
    return RecipientView(
        subscription_id=subscription.subscription_id,
        description=subscription.description,
        url=subscription.url,
        state=subscription.state,
        state_reason=subscription.state_reason,
        max_attempts=subscription.retry_policy.max_attempts,
    )


def source_view(records: Iterable[HistoryRecord]) -> SourceView | None:
    """Say where the event of a delivery lies; None where no record tells, or it was read from no topic."""
    sources = (record.source for record in records if isinstance(record, Delivery))
    source = next(sources, None)
    if source is None or source.offset < 0:
        return None
    return SourceView(topic=source.topic, partition=source.partition, offset=source.offset)


def _newest_with_body(records: Iterable[HistoryRecord]) -> Delivery | None:
    deliveries = [record for record in records if isinstance(record, Delivery) and record.body]
    return max(deliveries, key=lambda record: record.planned_at_ms, default=None)


def _attempt_view(step: Step, record: Delivery | Attempt | None) -> AttemptView:
    key, content, _ = step
    attempt = record if isinstance(record, Attempt) else None
    return AttemptView(
        kind="attempt" if key.kind is StepKind.ATTEMPT else "end",
        attempt_number=key.number,
        trigger=TRIGGERS[key.trigger],
        started_at_ms=key.at_ms,
        duration_ms=content.duration_ms,
        status=content.status if content.status >= 0 else None,
        error=content.error or None,
        outcome=content.outcome or None,
        reason=content.reason or None,
        due_at_ms=content.due_ms or None,
        error_detail=attempt and attempt.error_detail,
        response_excerpt=attempt and attempt.response_excerpt,
        response_headers=None if attempt is None else dict(attempt.response_headers),
    )


def body_view(records: Iterable[HistoryRecord]) -> BodyView | None:
    """Give the body that was sent last, or None where no record has it."""
    newest = _newest_with_body(records)
    if newest is None:
        return None
    withheld = list(newest.sensitive_fields)
    text = encoded = None
    if not withheld:
        try:
            text = newest.body.decode()
        except UnicodeDecodeError:
            encoded = base64.b64encode(newest.body).decode()
    return BodyView(
        schema_version=newest.schema_version,
        content_type=newest.content_type,
        size=len(newest.body),
        text=text,
        base64=encoded,
        withheld=withheld,
    )
