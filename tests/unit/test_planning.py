"""One event and its subscriptions become deliveries."""

from dataclasses import replace

from gateway.domain.delivery import Priority, delivery_id_of
from gateway.domain.event import Event, SourcePosition
from gateway.domain.options import NO_OPTIONS, DeliveryOptions
from gateway.domain.planning import DeliveryPlan, PlannedContent, plan_deliveries
from gateway.domain.subscription import DeliveryOrder, Subscription

# Of the span in which it is planned, and not the event's own.
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
EVENT = Event(
    event_id="evt_1",
    event_type="order.created",
    schema_version=2,
    time_ms=500,
    source="/shop",
    subject=None,
    tenant="acme",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    key=b"order-7",
    position=SourcePosition("events.order", 3, 41),
)


def subscription(subscription_id: str) -> Subscription:
    """Make a subscription that matters by its id only."""
    return Subscription(
        subscription_id=subscription_id,
        tenant="acme",
        url="https://example.com/hooks",
        event_types=("*",),
        secrets=(),
        created_at_ms=0,
        updated_at_ms=0,
    )


BODY = b'{"id":"evt_1"}'
CONTENT = PlannedContent(1, "application/json", BODY, (("webhook-event-type", "order.created"),))


def plan(*subscriptions: Subscription, options: DeliveryOptions = NO_OPTIONS) -> list[DeliveryPlan]:
    return plan_deliveries(EVENT, options, CONTENT, subscriptions, traceparent=TRACEPARENT, now_ms=900)


def test_one_delivery_per_subscription() -> None:
    """Each subscription gets the event once, first attempt at once, all with the very same body."""
    (planned,) = plan(subscription("a"), subscription("b"))
    assert planned.subscription_ids == ("a", "b")
    delivery = planned.first
    assert (delivery.delivery_id, delivery.subscription_id) == (delivery_id_of("evt_1", "a"), "a")
    assert delivery.body is BODY
    assert (delivery.event_id, delivery.event_type, delivery.schema_version) == ("evt_1", "order.created", 1)
    assert (delivery.content_type, delivery.content_headers) == (CONTENT.content_type, CONTENT.headers)
    assert delivery.reason is None
    assert (delivery.tenant, delivery.event_key, delivery.source) == ("acme", b"order-7", EVENT.position)
    assert delivery.traceparent == TRACEPARENT
    assert (delivery.planned_at_ms, delivery.due_at_ms, delivery.attempts) == (900, 0, ())
    assert (delivery.not_before_ms, delivery.priority) == (0, Priority.NORMAL)
    assert delivery.trigger == "event"


def test_an_event_that_nobody_wants_has_no_delivery() -> None:
    """No subscription, no delivery."""
    assert plan() == []


def test_what_the_producer_asked_for_goes_along() -> None:
    """The delivery itself says when it may be sent, and whether it is urgent."""
    (planned,) = plan(subscription("a"), options=DeliveryOptions(5000, Priority.HIGH))
    assert (planned.first.not_before_ms, planned.first.priority) == (5000, Priority.HIGH)


def test_nothing_is_urgent_to_a_subscription_that_keeps_order() -> None:
    """An urgent event must not overtake the earlier ones of its key; to all others it is urgent."""
    ordered = [replace(subscription(name), order=DeliveryOrder.KEY) for name in ("a", "c")]
    free = subscription("b")
    urgent = DeliveryOptions(0, Priority.HIGH)
    high, normal = plan(ordered[0], free, ordered[1], options=urgent)
    assert (high.first.priority, high.subscription_ids) == (Priority.HIGH, ("b",))
    assert high.first.delivery_id == delivery_id_of("evt_1", "b")
    assert (normal.first.priority, normal.subscription_ids) == (Priority.NORMAL, ("a", "c"))
    assert normal.first.delivery_id == delivery_id_of("evt_1", "a")
    assert [each.first.priority for each in plan(*ordered, options=urgent)] == [Priority.NORMAL]
    assert [each.subscription_ids for each in plan(*ordered, free)] == [("a", "c", "b")]
