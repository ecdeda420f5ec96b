"""An egress proxy that gives no tunnels: nothing is lost, used up or blamed on an endpoint, and little is tried."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from structlog.testing import capture_logs

from gateway.domain.outcome import Answered, ErrorCode, Failed
from gateway.domain.retry import QUICK_POLICY
from gateway.domain.subscription import DeliveryOrder, Subscription
from gateway.telemetry.clock import now_ms
from gateway.wire.records import delivery_codec
from tests.delivery_records import planned
from tests.egress_in_memory import settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, stays

HOUR_S = 3600.0
TIER = "deliveries.retry.1s"
QUICK = replace(subscription("sub_1"), max_in_flight=4, retry_policy=QUICK_POLICY)
ORDERED = replace(QUICK, order=DeliveryOrder.KEY)
NO_PROXY = Failed(ErrorCode.PROXY, "the proxy can't be reached")
UNREACHED = Failed(ErrorCode.NETWORK, "no connection through the proxy, which works for others")
DOWN = Answered(503)
OK = Answered(200)


async def read_tier(world: World) -> None:
    """Read the shortest retry topic as the main reader does: each record when it is due."""
    read = 0
    while True:
        await asyncio.sleep(0.5)
        written = world.producer.produced[read:]
        read += len(written)
        for record in (record for group in written for record in group if record.topic == TIER):
            delivery = delivery_codec().decode(record.value)
            await asyncio.sleep(max(delivery.due_at_ms - now_ms(), 0) / 1000)
            world.bring(delivery, (TIER, 0))


@asynccontextmanager
async def behind_a_proxy(*subscriptions: Subscription, max_age_ms: int = 6 * 86_400_000) -> AsyncIterator[World]:
    """Run egress with a proxy that gives no tunnels."""
    async with running(*subscriptions, max_age_ms=max_age_ms) as world:
        world.assign(partition=(TIER, 0))
        world.endpoints.result = NO_PROXY
        tier = asyncio.ensure_future(read_tier(world))
        yield world
        tier.cancel()


@in_virtual_time
async def test_an_outage_costs_no_delivery_and_no_attempt() -> None:
    """Whatever the policy: with the proxy back all are delivered, at their first attempt."""
    async with behind_a_proxy(QUICK) as world:
        world.publish("sub_1", 300)
        await stays(lambda: not world.letters(), for_s=5 * HOUR_S)
        assert (world.events.attempts, world.events.circuits) == ([], [])
        assert world.pool.lanes.why_barred("sub_1") == "the egress proxy gives no tunnel"
        tried = len(world.endpoints.begun)
        assert tried < 4 + 8 + 5 * 60, "one a minute"
        assert world.outcomes() == {"put_off": tried}
        world.endpoints.result = OK
        await comes_true(lambda: len(world.events.attempts) == 300, within_s=120)
        assert world.pool.lanes.why_barred("sub_1") is None
        assert set(world.sent_to("sub_1")) == set(range(300))
        assert set(world.endpoints.numbers) == {1}
        assert world.outcomes() == {"put_off": tried, "delivered": 300}
        await world.commit_all()
        assert world.cursors() == {}


@in_virtual_time
async def test_an_outage_is_told_once_for_each_lane() -> None:
    """With what is wrong with the proxy; the tries that follow are no news."""
    with capture_logs() as logs:
        async with behind_a_proxy(QUICK) as world:
            world.publish("sub_1", 30)
            await stays(lambda: not world.letters(), for_s=HOUR_S)
    told = [log for log in logs if log["event"] == "egress.proxy_failed"]
    assert [(log["log_level"], log["error"]) for log in told] == [("warning", NO_PROXY.detail)]


@in_virtual_time
async def test_the_order_of_keys_outlives_an_outage() -> None:
    """Those of a key wait in their place, behind the one that was tried."""
    async with behind_a_proxy(ORDERED) as world:
        for number in range(20):
            for key in ("a", "b"):
                world.bring(replace(planned(f"{key}{number}", at_ms=now_ms()), event_key=key.encode()))
        await stays(lambda: not world.letters(), for_s=HOUR_S)
        blocked = len(world.endpoints.begun)
        world.endpoints.result = OK
        await comes_true(lambda: len(world.events.attempts) == 40, within_s=120)
        sent = world.endpoints.begun[blocked:]
        for key in ("a", "b"):
            assert [name for name in sent if name[0] == key] == [f"{key}{number}" for number in range(20)]
        assert set(world.endpoints.numbers) == {1}


@in_virtual_time
async def test_what_was_used_up_before_stays_used_up() -> None:
    """The proxy neither adds to the attempts that the endpoint failed nor takes from them."""
    async with behind_a_proxy(QUICK) as world:
        world.endpoints.answers["sub_1:0"] = [DOWN, NO_PROXY, NO_PROXY, OK]
        world.publish("sub_1", 1)
        await comes_true(lambda: len(world.endpoints.begun) == 4)
        assert world.tries_of("sub_1:0") == [1, 2, 2, 2]


@in_virtual_time
async def test_the_longest_wait_is_the_greatest_age() -> None:
    """An outage of days ends as any other wait: before the topic's retention takes what waits."""
    async with behind_a_proxy(QUICK, max_age_ms=int(10 * HOUR_S * 1000)) as world:
        world.publish("sub_1", 20)
        await stays(lambda: not world.letters(), for_s=10 * HOUR_S - 1)
        await comes_true(lambda: len(world.letters()) == 20, within_s=200)
        assert {reason for _, reason in world.letters()} == {"max_age"}


@in_virtual_time
async def test_a_dead_endpoint_is_given_time_while_nobody_can_ask_it() -> None:
    """What waits behind an open circuit does not end by the proxy's fault, and ends by the endpoint's after it."""
    async with behind_a_proxy(replace(QUICK, max_in_flight=1)) as world:
        world.endpoints.result = DOWN
        world.publish("sub_1", 30)
        await settle_down()
        assert len(world.events.circuits) == 1
        world.endpoints.result = NO_PROXY
        await comes_true(lambda: world.outcomes()["put_off"] > 0)
        known = len(world.letters())
        await stays(lambda: len(world.letters()) == known, for_s=HOUR_S)
        world.endpoints.result = DOWN
        await comes_true(lambda: len(world.letters()) >= 19, within_s=HOUR_S)
        assert {reason for _, reason in world.letters()} <= {"circuit_open", "attempts_exhausted"}


@in_virtual_time
async def test_a_dead_endpoint_opens_its_circuit_though_the_proxy_is_doubted_between() -> None:
    """What is charged adds up; what is not charged neither counts nor begins the count anew."""
    async with behind_a_proxy(QUICK) as world:
        for number in range(100):
            world.endpoints.answers[f"sub_1:{number}"] = [NO_PROXY, UNREACHED, UNREACHED, UNREACHED, UNREACHED]
        world.publish("sub_1", 100)
        await comes_true(lambda: world.events.circuits != [], within_s=120)
        assert world.outcomes()["put_off"] > 1
        assert world.outcomes()["retry_scheduled"] >= 10


@in_virtual_time
async def test_nobody_else_is_held() -> None:
    """A proxy that forbids one destination bars its lane only."""
    other = replace(QUICK, subscription_id="sub_2")
    async with behind_a_proxy(QUICK, other) as world:
        world.endpoints.result = OK
        world.endpoints.answers["sub_1:0"] = [NO_PROXY] * 100
        world.publish("sub_1", 1)
        await settle_down()
        world.publish("sub_2", 50)
        await comes_true(lambda: len(world.sent_to("sub_2")) == 50, within_s=1)
