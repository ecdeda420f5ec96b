"""Believable records of deliveries and attempts, for every test that needs some."""

from dataclasses import replace

from gateway.domain.delivery import Attempt, AttemptSummary, Delivery, delivery_id_of
from gateway.domain.event import SourcePosition
from gateway.domain.outcome import Reason

T0 = 1_790_000_000_000


def planned(
    event_id: str = "evt-1", subscription_id: str = "sub_1", *, at_ms: int = T0, tenant: str = "default"
) -> Delivery:
    """Give a delivery as the stream plans it."""
    return Delivery(
        delivery_id=delivery_id_of(event_id, subscription_id),
        subscription_id=subscription_id,
        tenant=tenant,
        event_id=event_id,
        event_type="order.created",
        schema_version=2,
        event_key=b"order-1",
        source=SourcePosition("events.order", 0, 7),
        traceparent=None,
        content_type="application/json",
        body=b'{"id":"%b"}' % event_id.encode(),
        planned_at_ms=at_ms,
    )


def attempt_of(
    delivery: Delivery, number: int, outcome: str, *, at_ms: int, status: int | None = 500, due_at_ms: int | None = None
) -> Attempt:
    """Give the record of an attempt that took 20 ms."""
    return Attempt(
        delivery_id=delivery.delivery_id,
        subscription_id=delivery.subscription_id,
        tenant=delivery.tenant,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        attempt_number=number,
        max_attempts=4,
        trigger=delivery.trigger,
        started_at_ms=at_ms,
        duration_ms=20,
        outcome=outcome,
        reason=None if outcome == "delivered" else Reason.HTTP_STATUS.value,
        status=status,
        error=None,
        error_detail=None,
        due_at_ms=due_at_ms,
        response_excerpt="",
    )


def parked(delivery: Delivery, attempts: tuple[Attempt, ...], due_at_ms: int) -> Delivery:
    """Give the delivery as it waits in a retry tier after some attempts."""
    return replace(delivery, attempts=summaries(attempts), due_at_ms=due_at_ms)


def dead(delivery: Delivery, attempts: tuple[Attempt, ...], *, at_ms: int) -> Delivery:
    """Give the delivery as it lies in the dead-letter topic."""
    return delivery.dead_lettered(summaries(attempts), Reason.ATTEMPTS_EXHAUSTED, at_ms)


def summaries(attempts: tuple[Attempt, ...]) -> tuple[AttemptSummary, ...]:
    """Give what a delivery carries along of attempts."""
    return tuple(
        AttemptSummary(one.attempt_number, one.started_at_ms, one.duration_ms, one.status, one.error)
        for one in attempts
    )
