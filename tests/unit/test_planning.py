"""One event and its subscriptions become deliveries."""

from gateway.domain.delivery import delivery_id_of
from gateway.domain.event import Event, SourcePosition
from gateway.domain.planning import plan_deliveries
from gateway.domain.subscription import Subscription

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


def test_one_delivery_per_subscription() -> None:
    """Each subscription gets the event once, first attempt at once, all with the very same body."""
    body = b'{"id":"evt_1"}'
    planned = plan_deliveries(EVENT, body, "application/json", [subscription("a"), subscription("b")], now_ms=900)
    assert [delivery.subscription_id for delivery in planned] == ["a", "b"]
    assert [delivery.delivery_id for delivery in planned] == [
        delivery_id_of("evt_1", "a"),
        delivery_id_of("evt_1", "b"),
    ]
    for delivery in planned:
        assert delivery.body is body
        assert (delivery.event_id, delivery.event_type, delivery.schema_version) == ("evt_1", "order.created", 2)
        assert (delivery.tenant, delivery.event_key, delivery.source) == ("acme", b"order-7", EVENT.position)
        assert delivery.traceparent == EVENT.traceparent
        assert (delivery.planned_at_ms, delivery.due_at_ms, delivery.attempts) == (900, 0, ())
        assert delivery.trigger == "event"


def test_an_event_that_nobody_wants_has_no_delivery() -> None:
    """No subscription, no delivery."""
    assert plan_deliveries(EVENT, b"{}", "application/json", [], now_ms=900) == []
