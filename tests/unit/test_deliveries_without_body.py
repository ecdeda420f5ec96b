"""A delivery that was planned without a body, and says why: it is never sent, and becomes a dead letter at once."""

from dataclasses import replace

import pytest

from gateway.domain.delivery import Delivery
from gateway.domain.subscription import DeliveryOrder, Subscription, SubscriptionState
from gateway.domain.topics import DELIVERIES, PRIORITY_DELIVERIES
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION
from tests.egress_world import running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, stays

PLAIN = subscription("sub_1")
ORDERED = replace(PLAIN, order=DeliveryOrder.KEY)
PAUSED = replace(PLAIN, state=SubscriptionState.PAUSED)


def without_body(event_id: str, reason: str = "transform_failed") -> Delivery:
    return replace(planned(event_id, at_ms=now_ms()), body=b"", reason=reason)


@pytest.mark.parametrize("present", [PLAIN, ORDERED])
@pytest.mark.parametrize("topic", [DELIVERIES, PRIORITY_DELIVERIES])
@in_virtual_time
async def test_it_ends_beside_those_that_are_sent(present: Subscription, topic: str) -> None:
    """With the record of an end without an attempt; the endpoint hears nothing of it."""
    partition = (topic, 0)
    async with running(present) as world:
        if partition != PARTITION:
            world.assign(partition=partition)
        world.bring(planned("sub_1:0", at_ms=now_ms()), partition)
        world.bring(without_body("sub_1:1", "too_large"), partition)
        world.bring(without_body("sub_1:2"), partition)
        world.bring(planned("sub_1:3", at_ms=now_ms()), partition)
        await comes_true(lambda: len(world.endpoints.begun) == 2, within_s=1)
        assert sorted(world.sent_to("sub_1")) == [0, 3]
        assert world.letters() == [("sub_1:1", "too_large"), ("sub_1:2", "transform_failed")]
        assert world.events.letters == world.letters()
        await world.commit_all()
        assert world.outcomes() == {"delivered": 2, "dead_lettered": 2}
        assert world.committed[partition] == (4, "")


@in_virtual_time
async def test_one_that_waits_with_its_lane_keeps_its_own_reason() -> None:
    """Else it would look as if a replay could send it."""
    async with running(PAUSED, max_age_ms=100_000) as world:
        world.bring(without_body("sub_1:0"))
        await stays(lambda: world.letters() == [], for_s=90)
        await comes_true(lambda: world.letters() == [("sub_1:0", "transform_failed")], within_s=700)


@in_virtual_time
async def test_a_reason_of_a_newer_gateway_is_a_reason_too() -> None:
    """Whatever it is, there is nothing to send."""
    async with running(PLAIN) as world:
        world.bring(without_body("sub_1:0", "reason_of_2031"))
        await comes_true(lambda: world.letters() == [("sub_1:0", "undecodable")], within_s=1)
        assert world.endpoints.begun == []
