"""Step ③: one event and the subscriptions that want it become delivery commands."""

from collections.abc import Iterable

from gateway.domain.delivery import Delivery, delivery_id_of
from gateway.domain.event import Event
from gateway.domain.subscription import Subscription


def plan_deliveries(
    event: Event, body: bytes, content_type: str, subscriptions: Iterable[Subscription], *, now_ms: int
) -> list[Delivery]:
    """Make one delivery per subscription, all with the same rendered body.

    Args:
        event: the decoded event.
        body: what is sent, rendered once for this event and version.
        content_type: the body's media type.
        subscriptions: those that match.
        now_ms: the present, milliseconds since the epoch.
    """
    return [
        Delivery(
            delivery_id=delivery_id_of(event.event_id, subscription.subscription_id),
            subscription_id=subscription.subscription_id,
            tenant=event.tenant,
            event_id=event.event_id,
            event_type=event.event_type,
            schema_version=event.schema_version,
            event_key=event.key,
            source=event.position,
            traceparent=event.traceparent,
            content_type=content_type,
            body=body,
            planned_at_ms=now_ms,
        )
        for subscription in subscriptions
    ]
