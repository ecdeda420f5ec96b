"""The wall clock is set while deliveries wait: what goes by time of day follows it, what is measured does not."""

from dataclasses import replace

from gateway.domain.duplicates import DuplicateFilter
from gateway.domain.outcome import Answered
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import policy_of
from gateway.domain.subscription import DeliveryOrder
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, set_wall_clock, stays

HOUR_S = 3600
PATIENT = replace(subscription("sub_1"), order=DeliveryOrder.KEY, retry_policy=policy_of("30m"))
SINGLE = replace(subscription("sub_1"), max_in_flight=1)
LIMITED = replace(subscription("sub_1"), rate_limit=RateLimit(1.0, 1))


async def retried_in_place(world: World) -> None:
    """Have a delivery fail that is tried again in half an hour, in its place."""
    world.endpoints.result = Answered(429)
    world.bring(replace(planned("first", "sub_1", at_ms=now_ms()), event_key=b"k"))
    await comes_true(lambda: world.outcomes() == {"retry_scheduled": 1})
    world.endpoints.result = Answered(200)


@in_virtual_time
async def test_forward_a_retry_in_its_place_is_due() -> None:
    """It is found within five minutes, also where nothing else happens that would have it looked for."""
    async with running(PATIENT) as world:
        await retried_in_place(world)
        set_wall_clock(HOUR_S)
        await comes_true(lambda: world.tries_of("first") == [1, 2], within_s=301)


@in_virtual_time
async def test_back_a_retry_in_its_place_waits_for_the_clock() -> None:
    """It is made when the clock says so, or is right again; a delivery of another key goes at once meanwhile."""
    async with running(PATIENT) as world:
        await retried_in_place(world)
        set_wall_clock(-HOUR_S)
        world.bring(replace(planned("second", "sub_1", at_ms=now_ms()), event_key=b"other"))
        await comes_true(lambda: world.tries_of("second") == [1], within_s=1)
        await stays(lambda: world.tries_of("first") == [1], for_s=HOUR_S)
        set_wall_clock(0)
        await comes_true(lambda: world.tries_of("first") == [1, 2], within_s=301)


@in_virtual_time
async def test_a_circuit_is_probed_when_it_would_have_been() -> None:
    """An hour back: its pauses are measured."""
    async with running(SINGLE) as world:
        world.endpoints.result = Answered(500)
        world.publish("sub_1", 12)
        await comes_true(lambda: len(world.endpoints.begun) == 10)
        await settle_down()
        world.endpoints.result = Answered(200)
        set_wall_clock(-HOUR_S)
        await stays(lambda: len(world.endpoints.begun) == 10, for_s=4.9)
        await comes_true(lambda: len(world.endpoints.begun) == 12, within_s=1)


@in_virtual_time
async def test_a_rate_limit_lets_no_more_through() -> None:
    """Neither an hour forward nor back is time to fill the bucket."""
    async with running(LIMITED) as world:
        world.publish("sub_1", 20)
        for off_s in (HOUR_S, -HOUR_S):
            sent = len(world.endpoints.begun)
            set_wall_clock(off_s)
            await stays(lambda sent=sent: len(world.endpoints.begun) <= sent + 5, for_s=4.9)  # type: ignore[misc]
            assert len(world.endpoints.begun) >= sent + 4


def test_duplicates_are_known_by_the_times_of_their_records() -> None:
    """Back an hour, what came before is still remembered; forward an hour, it is forgotten: a duplicate may pass."""
    window_ms, at_ms = 600_000, 10 * HOUR_S * 1000
    delivery_id, other_id = f"{7:032x}", f"{8:032x}"
    remembering = DuplicateFilter(window_ms)
    remembering.judge(PARTITION, 0, delivery_id, at_ms, now_ms=at_ms)
    assert remembering.judge(PARTITION, 1, delivery_id, at_ms + 1000, now_ms=at_ms - HOUR_S * 1000)
    remembering.judge(PARTITION, 2, other_id, at_ms + 1000, now_ms=at_ms + HOUR_S * 1000)
    remembering.judge(PARTITION, 3, other_id, at_ms + 1000, now_ms=at_ms + 2 * HOUR_S * 1000)
    assert not remembering.judge(PARTITION, 4, delivery_id, at_ms + 2000, now_ms=at_ms + 2 * HOUR_S * 1000)
