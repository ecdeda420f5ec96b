"""Test events: what is planned of one, for whom, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from gateway.admin.test_events import ID_PREFIX, plan_test
from gateway.domain.delivery import DEFAULT_MAX_BODY_BYTES, Delivery, Priority, delivery_id_of
from gateway.domain.errors import ConflictError, GatewayError, InvalidInputError, NotFoundError
from gateway.domain.subscription import ContentMode, DeliveryOrder, Subscription, SubscriptionState
from tests.subscriptions import CATALOG, subscription

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SHOP = subscription("shop", tenant="acme", event_types=("order.*",))


def plan(to: Subscription, **asked: Any) -> Delivery:
    """Plan a test."""
    return plan_test(CATALOG, to, NOW, max_body_bytes=DEFAULT_MAX_BODY_BYTES, **asked)


def test_a_test_is_one_delivery_as_the_stream_plans_it() -> None:
    """With an id of its own that says what it is; it overtakes what waits, and was read nowhere."""
    one, other = plan(SHOP), plan(SHOP)
    assert one.event_id.startswith(ID_PREFIX)
    assert one.event_id != other.event_id
    assert one.delivery_id == delivery_id_of(one.event_id, "shop")
    assert (one.subscription_id, one.tenant, one.trigger) == ("shop", "acme", "test")
    assert (one.event_type, one.priority, one.source.offset) == ("order.cancelled", Priority.HIGH, -1)
    body = orjson.loads(one.body)
    assert (body["id"], body["type"]) == (one.event_id, "order.cancelled")


def test_it_has_the_form_that_the_subscription_asks_for() -> None:
    """The filter is not asked; a place in an order it has not."""
    wanting = replace(SHOP, content_mode=ContentMode.CLOUDEVENTS, order=DeliveryOrder.KEY, filter="1 / 0 == 1")
    test = plan(wanting)
    assert test.content_type.startswith("application/cloudevents+json")
    assert (test.priority, test.event_key) == (Priority.HIGH, None)


def test_data_may_be_given() -> None:
    """Of any type that the subscription gets."""
    data = orjson.loads(plan(SHOP, event_type="order.paid").body)["data"]
    again = orjson.loads(plan(SHOP, event_type="order.paid", data=data).body)["data"]
    assert again == data


@pytest.mark.parametrize(
    ("to", "asked", "error", "says"),
    [
        (replace(SHOP, state=SubscriptionState.PAUSED), {}, ConflictError, "is paused"),
        (replace(SHOP, state=SubscriptionState.DISABLED), {}, ConflictError, "is disabled"),
        (SHOP, {"event_type": "invoice.issued"}, InvalidInputError, "does not get invoice.issued"),
        (SHOP, {"event_type": "order.unheard"}, NotFoundError, "order.unheard"),
        (SHOP, {"event_type": "order.paid", "version": 99}, NotFoundError, "99"),
        (SHOP, {"event_type": "order.paid", "data": {"nope": 1}}, InvalidInputError, ""),
        (replace(SHOP, event_types=("nothing.*",)), {}, InvalidInputError, "does not get any event type"),
        (replace(SHOP, transform="{'a': 1 / 0}"), {}, InvalidInputError, "no body to send"),
    ],
)
def test_what_can_not_be_sent_is_refused(
    to: Subscription, asked: dict[str, Any], error: type[GatewayError], says: str
) -> None:
    """Before anything is written."""
    with pytest.raises(error) as refused:
        plan(to, **asked)
    assert says in refused.value.message
