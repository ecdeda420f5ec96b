"""What is counted of deliveries and lanes, over everything but Kafka and HTTP."""

from collections import Counter
from dataclasses import replace

from gateway.domain.outcome import Answered, ErrorCode, Failed, Outcome, Reason
from gateway.domain.retry import QUICK_POLICY
from gateway.domain.subscription import SubscriptionState
from gateway.domain.topics import retry_topic
from gateway.egress.lane import LaneState
from gateway.telemetry.clock import now_ms
from gateway.telemetry.distribution import Distribution
from tests.delivery_records import planned
from tests.egress_in_memory import settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription

ONE = replace(subscription("sub_1"), retry_policy=QUICK_POLICY)
RETRIES = (retry_topic(QUICK_POLICY.tiers[0]), 0)


def counted(distribution: Distribution) -> float:
    """Give how many values were counted."""
    return list(distribution.buckets())[-1][1]


def busy_states(world: World) -> dict[LaneState, int]:
    """Give how many lanes are in which state, without those that none is in."""
    return {state: count for state, count in world.pool.lanes.states().items() if count}


async def test_a_delivered_attempt_is_counted_with_its_time_and_age() -> None:
    """Once as an attempt, once as a delivery."""
    async with running(ONE) as world:
        world.publish("sub_1", 3)
        await settle_down()
        tally = world.pool.tally
        assert tally.attempts() == {(Outcome.DELIVERED, Reason.NONE): 3}
        assert tally.ends() == {("delivered", Reason.NONE): 3}
        durations = tally.durations()[Outcome.DELIVERED,]
        assert (counted(durations), round(durations.total, 3)) == (3, 0.06)
        assert counted(tally.age) == 3


async def test_the_age_of_a_delivery_counts_from_when_it_was_wanted() -> None:
    """Not from when it was planned, where its producer asked for a later time."""
    async with running(ONE) as world:
        present_ms = now_ms()
        delivery = replace(planned("evt", "sub_1", at_ms=present_ms - 3_600_000), not_before_ms=present_ms - 2_000)
        world.bring(delivery)
        await settle_down()
        assert 2 <= world.pool.tally.age.total < 60


async def test_what_fails_is_counted_by_its_reason() -> None:
    """Retried, it has not ended; given up, it has."""
    async with running(ONE) as world:
        world.endpoints.answers = {
            "sub_1:0": [Answered(500)],
            "sub_1:1": [Failed(ErrorCode.ADDRESS_REFUSED)],
        }
        world.publish("sub_1", 2)
        await settle_down()
        tally = world.pool.tally
        assert tally.attempts() == {
            (Outcome.DELIVERED, Reason.NONE): 0,
            (Outcome.RETRYABLE, Reason.HTTP_STATUS): 1,
            (Outcome.REJECTED, Reason.ADDRESS_REFUSED): 1,
        }
        assert tally.ends() == {
            ("delivered", Reason.NONE): 0,
            ("dead_lettered", Reason.ADDRESS_REFUSED): 1,
        }
        assert {outcome: counted(each) for (outcome,), each in tally.durations().items()} == {
            Outcome.DELIVERED: 0,
            Outcome.RETRYABLE: 1,
            Outcome.REJECTED: 1,
        }


async def test_what_ends_without_an_attempt_is_counted() -> None:
    """A disabled subscription's become dead letters, a deleted one's are discarded."""
    async with running(replace(ONE, state=SubscriptionState.DISABLED)) as world:
        world.publish("sub_1", 2)
        world.publish("sub_deleted", 1)
        await settle_down()
        assert world.pool.tally.ends() == {
            ("delivered", Reason.NONE): 0,
            ("dead_lettered", Reason.DISABLED): 2,
            ("discarded", Reason.SUBSCRIPTION_DELETED): 1,
        }


async def test_the_lateness_of_retries_is_counted_by_topic() -> None:
    """Of those that come from a tier, and of no others."""
    async with running(ONE) as world:
        world.assign(partition=RETRIES)
        world.publish("sub_1", 1)
        world.bring(replace(planned("late", "sub_1", at_ms=now_ms()), due_at_ms=now_ms() - 3_000), RETRIES)
        await settle_down()
        ((topic,), lateness), *others = world.pool.tally.lateness().items()
        assert (topic, others) == (RETRIES[0], [])
        assert counted(lateness) == 1
        assert 3 <= lateness.total < 60


async def test_lanes_are_counted_by_what_they_do() -> None:
    """One that sends, one whose endpoint fails, and one that was asked to wait."""
    names = ("sub_busy", "sub_failing", "sub_held")
    async with running(*(replace(ONE, subscription_id=name) for name in names)) as world:
        assert busy_states(world) == {}
        world.endpoints.hanging = {"sub_busy:0"}
        world.publish("sub_busy", 1)
        world.endpoints.result = Failed(ErrorCode.CONNECTION_REFUSED)
        for _ in range(20):
            world.publish("sub_failing", 1)
            await settle_down()
        world.endpoints.result = Answered(429, retry_after_s=600)
        world.publish("sub_held", 1)
        await settle_down()
        assert busy_states(world) == Counter([LaneState.BUSY, LaneState.CIRCUIT_OPEN, LaneState.HELD_BACK])
        assert world.pool.lanes.in_flight() == 1
        assert world.ledger.taken_bytes > 0
