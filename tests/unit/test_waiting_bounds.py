"""How long deliveries wait: behind an open circuit, in a paused, limited, held or full lane; then they end, and why."""

from dataclasses import replace

from gateway.domain.outcome import Answered
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import QUICK_POLICY, STANDARD_POLICY
from gateway.domain.subscription import SubscriptionState
from gateway.domain.topics import PRIORITY_DELIVERIES, REJECTED
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, stays, turns_in

HOUR_S = 3600
SINGLE = replace(subscription("sub_1"), max_in_flight=1, retry_policy=STANDARD_POLICY)
QUICK = replace(SINGLE, retry_policy=QUICK_POLICY)
PAUSED = replace(SINGLE, state=SubscriptionState.PAUSED)
DOWN = Answered(503)


def names(first: int, end: int) -> list[str]:
    return [f"sub_1:{number}" for number in range(first, end)]


async def everything_committed(world: World, end: int) -> None:
    """Check that nothing is left in the log."""
    await world.commit_all()
    assert (world.committed[PARTITION], world.cursors()) == ((end, ""), {})


@in_virtual_time
async def test_behind_an_open_circuit_it_is_the_span_of_the_retries() -> None:
    """A dead endpoint's deliveries end when they would have anyway, as dead letters that say so."""
    async with running(QUICK) as world:
        world.endpoints.result = DOWN
        world.publish("sub_1", 30)
        await stays(lambda: world.letters() == [], for_s=59)
        await comes_true(lambda: len(world.letters()) + len(world.endpoints.begun) == 30, within_s=3)
        assert {reason for _, reason in world.letters()} == {"circuit_open"}
        assert [name for name, _ in world.letters()] == names(30 - len(world.letters()), 30)
        assert world.events.letters == world.letters()
        await everything_committed(world, 30)


@in_virtual_time
async def test_what_came_later_ends_later() -> None:
    """Each as old as the bound allows, in order; what is young enough is sent when the endpoint is back."""
    async with running(QUICK) as world:
        world.endpoints.result = DOWN
        world.publish("sub_1", 10)
        for _ in range(8):
            await stays(lambda: True, for_s=15)
            world.publish("sub_1", 1)
        world.endpoints.result = Answered(200)
        await comes_true(lambda: names(17, 18)[0] in world.endpoints.begun, within_s=100)
        await everything_committed(world, 18)
        ended, sent = [name for name, _ in world.letters()], world.endpoints.begun[10:]
        assert ended
        assert ended == sorted(ended)
        assert sent == sorted(sent)
        assert sorted(ended + sent) == names(10, 18)


@in_virtual_time
async def test_a_paused_one_waits_for_days() -> None:
    """Until its age says that retention would take it next; the rest goes on waiting."""
    async with running(PAUSED, max_age_ms=1000 * HOUR_S) as world:
        world.publish("sub_1", 3)
        await stays(lambda: True, for_s=HOUR_S / 2)
        world.publish("sub_1", 2)
        await stays(lambda: world.letters() == [], for_s=HOUR_S / 2 - 1)
        await comes_true(lambda: len(world.letters()) == 3, within_s=3)
        assert world.letters() == [(name, "max_age") for name in names(0, 3)]
        await stays(lambda: len(world.letters()) == 3, for_s=HOUR_S / 2 - 10)
        world.change(SINGLE)
        await settle_down()
        assert world.sent_to("sub_1") == [3, 4]
        await everything_committed(world, 5)


@in_virtual_time
async def test_what_is_waited_for_costs_next_to_nothing() -> None:
    """A paused subscription is looked at when its oldest delivery may be too old, and not over and over."""
    async with running(PAUSED, max_age_ms=1000 * HOUR_S) as world:
        world.publish("sub_1", 1000)
        assert await turns_in(HOUR_S - 10) < 50
        assert len(world.log.reads) <= 2
        await comes_true(lambda: len(world.letters()) == 1000)
        assert len(world.log.reads) <= 6


@in_virtual_time
async def test_an_urgent_one_is_bound_alike() -> None:
    """Its topic is kept no longer."""
    async with running(PAUSED, max_age_ms=1000 * HOUR_S) as world:
        partition = (PRIORITY_DELIVERIES, 0)
        world.assign(partition=partition)
        world.publish("sub_1", 2, partition)
        await comes_true(lambda: len(world.letters()) == 2, within_s=HOUR_S + 3)
        assert world.letters() == [(name, "max_age") for name in names(0, 2)]


@in_virtual_time
async def test_in_a_limited_lane_the_oldest_end_first() -> None:
    """What can't be sent in time is not sent at all, and the rest keeps the limit."""
    async with running(replace(SINGLE, rate_limit=RateLimit(1, 1)), max_age_ms=100_000) as world:
        world.publish("sub_1", 1000)
        await comes_true(lambda: len(world.endpoints.begun) + len(world.letters()) == 1000, within_s=110)
        assert world.sent_to("sub_1") == list(range(len(world.endpoints.begun)))
        assert 99 <= len(world.endpoints.begun) <= 102
        assert {reason for _, reason in world.letters()} == {"max_age"}
        await everything_committed(world, 1000)


@in_virtual_time
async def test_in_a_full_lane_it_is_the_greatest_age() -> None:
    """Behind an endpoint that hangs, both what is in the lane and what is in the log ends."""
    async with running(SINGLE, max_age_ms=100_000) as world:
        world.endpoints.gate.clear()
        world.publish("sub_1", 1000)
        await stays(lambda: world.letters() == [], for_s=110)
        world.endpoints.gate.set()
        await comes_true(lambda: len(world.letters()) == 999, within_s=3)
        assert world.sent_to("sub_1") == [0]
        await everything_committed(world, 1000)


@in_virtual_time
async def test_a_hold_is_bound_by_the_greatest_age() -> None:
    """An endpoint that asks for a day when there are hours."""
    async with running(SINGLE, max_age_ms=1000 * HOUR_S) as world:
        world.endpoints.answers["sub_1:0"] = [Answered(429, retry_after_s=24.0 * HOUR_S)]
        world.publish("sub_1", 5)
        await comes_true(lambda: len(world.letters()) == 4, within_s=HOUR_S + 3)
        assert {reason for _, reason in world.letters()} == {"max_age"}
        assert world.sent_to("sub_1") == [0]


@in_virtual_time
async def test_the_age_of_a_deferred_one_counts_from_its_time() -> None:
    """Its producer had it wait: that is not its endpoint's fault."""
    async with running(PAUSED, max_age_ms=1000 * HOUR_S) as world:
        wanted_ms = now_ms() + 1000 * HOUR_S
        world.bring(replace(planned("later", "sub_1", at_ms=now_ms()), not_before_ms=wanted_ms))
        await stays(lambda: world.letters() == [], for_s=2 * HOUR_S - 1)
        await comes_true(lambda: world.letters() == [("later", "max_age")], within_s=3)


@in_virtual_time
async def test_a_record_that_is_no_delivery_is_not_passed_over() -> None:
    """Among those that are too old it is kept as any other that can't be read."""
    async with running(PAUSED, max_age_ms=100_000) as world:
        world.intake.records([world.log.append(b"sub_1", b"no avro")])
        world.publish("sub_1", 2)
        await comes_true(lambda: len(world.letters()) == 2, within_s=HOUR_S)
        await settle_down()
        assert len(world.producer.to(REJECTED)) == 1
        await everything_committed(world, 3)


@in_virtual_time
async def test_may_wait_knows_the_circuit() -> None:
    """Closed, the greatest age; open, the shorter of it and the span of the retries."""
    async with running(QUICK) as world:
        delivery = planned("any", at_ms=now_ms())
        assert world.pool.may_wait(delivery).reason.value == "max_age"
        world.endpoints.result = DOWN
        world.publish("sub_1", 11)
        await settle_down()
        waiting = world.pool.may_wait(delivery)
        assert (waiting.left_ms, waiting.reason.value) == (QUICK_POLICY.open_circuit_wait_ms, "circuit_open")
        world.events.held.add("sub_1")
        assert world.pool.may_wait(delivery).reason.value == "max_age", "it is not for the endpoint that it waits"
        deleted = replace(delivery, subscription_id="sub_9")
        assert world.pool.may_wait(deleted).reason.value == "max_age"


@in_virtual_time
async def test_too_old_and_then_back() -> None:
    """An open circuit, days later: nothing that is too old is sent when the endpoint answers again."""
    async with running(SINGLE, max_age_ms=1000 * HOUR_S) as world:
        world.endpoints.result = DOWN
        world.publish("sub_1", 30)
        await stays(lambda: True, for_s=HOUR_S - 400)
        world.endpoints.result = Answered(200)
        await comes_true(lambda: len(set(world.endpoints.begun)) + len(world.letters()) == 30, within_s=2 * HOUR_S)
        assert not set(world.endpoints.begun) & {name for name, _ in world.letters()}
        await everything_committed(world, 30)
