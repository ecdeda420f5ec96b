"""What lanes do when an endpoint is in trouble, busy, limited or gone: circuit, hold, rate limit, priority."""

from dataclasses import replace

import pytest

from gateway.domain.circuit import CircuitState
from gateway.domain.delivery import Priority
from gateway.domain.outcome import Answered, ErrorCode, Failed
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import STANDARD_POLICY
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.domain.topics import PRIORITY_DELIVERIES
from gateway.egress.lane import MIN_PREFETCH
from gateway.egress.turns import Turn
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, stays, turns_in

URGENT = (PRIORITY_DELIVERIES, 0)
RETRIES = ("deliveries.retry.5s", 0)
ONE = replace(subscription("sub_1"), max_in_flight=4, retry_policy=STANDARD_POLICY)
TWO = replace(subscription("sub_2"), max_in_flight=4)
SINGLE = replace(ONE, max_in_flight=1)
DOWN = Answered(503)


def urge(world: World, *names: str) -> None:
    """Bring urgent deliveries to sub_1."""
    for name in names:
        world.bring(replace(planned(name, at_ms=now_ms()), priority=Priority.HIGH), URGENT)


def paused(subscription: Subscription) -> Subscription:
    return replace(subscription, state=SubscriptionState.PAUSED)


async def broken(world: World, count: int = 30) -> None:
    """Publish to sub_1 while its endpoint is down, until its circuit opens."""
    world.endpoints.result = DOWN
    world.publish("sub_1", count)
    await settle_down()
    ((name, change),) = world.events.circuits
    assert (name, change.state) == ("sub_1", CircuitState.OPEN)


# --- circuit ---


@in_virtual_time
async def test_failures_in_a_row_bar_the_lane() -> None:
    """What waits goes back to the log and burns no attempt; the neighbour is sent to as before."""
    async with running(SINGLE, TWO) as world:
        await broken(world)
        ((_, change),) = world.events.circuits
        assert (change.failures, change.probe_in_ms) == (10, 5000)
        assert world.sent_to("sub_1") == list(range(10))
        assert not world.pool.has_room("sub_1")
        assert not world.pool.holds_any("sub_1")
        assert world.readings[PARTITION].next_of("sub_1") == 10
        world.endpoints.result = Answered(200)
        world.publish("sub_2", 3)
        await stays(lambda: len(world.sent_to("sub_1")) == 10, for_s=4.9)
        assert len(world.sent_to("sub_2")) == 3
        await world.commit_all()
        assert world.committed == {PARTITION: (33, "")}, "the commit passes what waits behind a cursor"


@in_virtual_time
async def test_one_probe_after_each_pause() -> None:
    """Each that fails doubles the pause; whatever waits, one is sent."""
    async with running(ONE) as world:
        await broken(world)
        sent = len(world.endpoints.begun)
        probes: list[int] = []
        while len(probes) < 4:
            before_ms = now_ms()
            await comes_true(lambda: len(world.endpoints.begun) > sent + len(probes), within_s=100)
            await settle_down()
            probes.append(now_ms() - before_ms)
            assert len(world.endpoints.begun) == sent + len(probes)
        assert [round(pause_ms, -2) for pause_ms in probes] == [5000, 10_000, 20_000, 40_000]
        assert len(world.events.circuits) == 1, "a probe that fails is no news"


@in_virtual_time
async def test_half_open_takes_exactly_one() -> None:
    """While the probe is under way nothing else of the lane is: not new ones, nor urgent ones, nor retries."""
    async with running(ONE) as world:
        world.assign(partition=URGENT)
        world.assign(partition=RETRIES)
        await broken(world)
        sent = len(world.endpoints.begun)
        world.endpoints.gate.clear()
        await comes_true(lambda: len(world.endpoints.begun) == sent + 1)
        world.publish("sub_1", 5)
        world.publish("sub_1", 5, RETRIES)
        urge(world, "u1", "u2")
        await stays(lambda: len(world.endpoints.begun) == sent + 1, for_s=60)
        assert world.endpoints.in_flight["sub_1"] == 1


@pytest.mark.parametrize("code", [ErrorCode.ADDRESS_REFUSED, ErrorCode.CONFIGURATION])
@in_virtual_time
async def test_what_the_gateway_refuses_itself_is_no_word_of_the_endpoint(code: ErrorCode) -> None:
    """It opens no circuit and closes none, it is no part of failing, and a probe that came to it is made anew."""
    async with running(SINGLE) as world:
        world.endpoints.result = Failed(code)
        world.publish("sub_1", 20)
        await comes_true(lambda: len(world.letters()) == 20)
        assert (world.events.attempts, world.events.circuits) == ([], [])
        await broken(world)
        known = len(world.events.attempts)
        world.endpoints.result = Failed(code)
        await comes_true(lambda: len(world.letters()) > 20)
        assert [change.state for _, change in world.events.circuits] == [CircuitState.OPEN]
        assert len(world.events.attempts) == known


@in_virtual_time
async def test_a_probe_that_succeeds_brings_everything_in_order() -> None:
    """Also what was published meanwhile, once each."""
    async with running(SINGLE) as world:
        await broken(world)
        await comes_true(lambda: len(world.sent_to("sub_1")) == 11)
        world.publish("sub_1", 500)
        world.endpoints.result = Answered(200)
        await comes_true(lambda: len(world.sent_to("sub_1")) == 530)
        assert world.sent_to("sub_1") == list(range(530))
        assert [change.state for _, change in world.events.circuits] == [CircuitState.OPEN, CircuitState.CLOSED]
        await world.commit_all()
        assert (world.committed, world.cursors()) == ({PARTITION: (530, "")}, {})


@pytest.mark.parametrize("state", [None, SubscriptionState.DISABLED], ids=["deleted", "disabled"])
@pytest.mark.parametrize("when", ["while it is open", "before it opens", "while it is probed"])
@in_virtual_time
async def test_an_open_circuit_keeps_no_delivery_from_its_end(state: SubscriptionState | None, when: str) -> None:
    """Once nothing is sent to the endpoint any more, what it did to earlier ones bars nothing."""
    several = replace(ONE, max_in_flight=16)
    async with running(several) as world:
        world.assign(partition=RETRIES)
        if when != "before it opens":
            await broken(world)
        if when != "while it is open":
            sent = len(world.endpoints.begun)
            world.endpoints.result = DOWN
            world.endpoints.gate.clear()
            world.publish("sub_1", 12)
            await comes_true(lambda: len(world.endpoints.begun) > sent, within_s=10)
        if state is None:
            world.delete("sub_1")
        else:
            world.change(replace(several, state=state))
        world.endpoints.gate.set()
        await settle_down()
        world.publish("sub_1", 5, RETRIES)
        outcome = "discarded" if state is None else "dead_lettered"
        left = sum(len(records) for records in world.log.partitions.values()) - len(set(world.endpoints.begun))
        await comes_true(lambda: world.outcomes()[outcome] == left, within_s=1)


@in_virtual_time
async def test_a_barred_lane_rests() -> None:
    """Between probes nothing is tried, asked for or read again and again."""
    async with running(ONE) as world:
        await broken(world)
        sent = len(world.endpoints.begun)
        await comes_true(lambda: len(world.endpoints.begun) == sent + 3, within_s=200)
        reads = len(world.log.reads)
        assert await turns_in(39) < 20
        assert len(world.log.reads) <= reads + 1
        assert len(world.endpoints.begun) == sent + 3


@in_virtual_time
async def test_what_is_under_way_when_it_opens_ends_as_any_other() -> None:
    """Their answers are taken, and open nothing twice."""
    async with running(replace(ONE, max_in_flight=32)) as world:
        world.endpoints.gate.clear()
        world.publish("sub_1", 40)
        await settle_down()
        world.endpoints.result = DOWN
        world.endpoints.gate.set()
        await settle_down()
        assert len(world.endpoints.begun) == 32
        assert len(world.events.circuits) == 1
        assert world.outcomes() == {"retry_scheduled": 32}


# --- hold ---


@pytest.mark.parametrize("status", [429, 503])
@in_virtual_time
async def test_a_retry_after_holds_the_whole_lane(status: int) -> None:
    """Nothing is sent before the time the endpoint asked for, and everything at it; nobody else waits."""
    async with running(SINGLE, TWO) as world:
        world.endpoints.answers["sub_1:0"] = [Answered(status, retry_after_s=90.0)]
        world.publish("sub_1", 20)
        await settle_down()
        world.publish("sub_2", 2)
        await stays(lambda: world.sent_to("sub_1") == [0], for_s=89.9)
        assert len(world.sent_to("sub_2")) == 2
        await comes_true(lambda: world.sent_to("sub_1") == list(range(20)), within_s=0.2)
        assert world.events.circuits == []


@in_virtual_time
async def test_an_endpoint_that_is_gone_is_held_at_once() -> None:
    """Until the table says that the subscription is disabled: then what waited ends so."""
    async with running(SINGLE) as world:
        world.endpoints.answers["sub_1:0"] = [Answered(410)]
        world.publish("sub_1", 5)
        await stays(lambda: world.sent_to("sub_1") == [0], for_s=30)
        assert world.events.gone_for_good == [SINGLE]
        world.publish("sub_1", 1)
        world.events.held.clear()
        world.change(replace(SINGLE, state=SubscriptionState.DISABLED))
        await comes_true(lambda: len(world.letters()) == 6)
        assert world.letters() == [("sub_1:0", "gone"), *((f"sub_1:{number}", "disabled") for number in range(1, 6))]
        assert world.sent_to("sub_1") == [0]


# --- locked ---


@in_virtual_time
async def test_a_locked_subscription_waits_and_loses_nothing() -> None:
    """Its deliveries, also those that are retried, stay in the log, unsent and unended; then they come, in order."""
    async with running(SINGLE, TWO) as world:
        world.events.held.add("sub_1")
        world.assign(partition=RETRIES)
        world.publish("sub_1", 20)
        world.publish("sub_1", 5, RETRIES)
        world.publish("sub_2", 3)
        await stays(lambda: world.letters() == [] and world.sent_to("sub_1") == [], for_s=3600)
        assert len(world.sent_to("sub_2")) == 3
        await world.restart()
        world.events.held.clear()
        world.change(SINGLE)
        await comes_true(lambda: len(world.sent_to("sub_1")) == 25)
        assert world.sent_to("sub_1").count(0) == 2, "one of each partition"
        assert world.letters() == []


@in_virtual_time
async def test_a_lock_takes_back_what_waits_in_the_lane() -> None:
    """What is under way may end; what follows is not begun."""
    async with running(SINGLE) as world:
        world.endpoints.gate.clear()
        world.publish("sub_1", 10)
        await settle_down()
        world.events.held.add("sub_1")
        world.change(replace(SINGLE, revision=2))
        world.endpoints.gate.set()
        await stays(lambda: world.sent_to("sub_1") == [0], for_s=600)
        assert not world.pool.holds_any("sub_1")
        world.events.held.clear()
        world.change(replace(SINGLE, revision=3))
        await comes_true(lambda: world.sent_to("sub_1") == list(range(10)))


# --- rate limit ---


@in_virtual_time
async def test_a_rate_limit_is_kept_and_used_up() -> None:
    """The burst at once, then one at each token; no attempt early, and none late."""
    async with running(replace(ONE, rate_limit=RateLimit(10, 5))) as world:
        world.publish("sub_1", 1000)
        await settle_down()
        assert len(world.endpoints.begun) == 5
        await stays(lambda: len(world.endpoints.begun) <= 5 + 10 * 20, for_s=20)
        assert len(world.endpoints.begun) >= 4 + 10 * 20
        await comes_true(lambda: len(world.endpoints.begun) == 1000, within_s=85)
        assert world.sent_to("sub_1") == list(range(1000))


@in_virtual_time
async def test_a_limited_lane_sleeps_between_tokens() -> None:
    """It is woken for each of them, not asked over and over."""
    async with running(replace(ONE, rate_limit=RateLimit(1, 1))) as world:
        world.publish("sub_1", 100)
        await settle_down()
        assert await turns_in(50) < 50 * 20
        assert len(world.endpoints.begun) in {50, 51}


@in_virtual_time
async def test_a_raised_rate_holds_at_once() -> None:
    """A lane that sleeps for a minute does not sleep on when its limit is lifted to ten a second."""
    async with running(replace(ONE, rate_limit=RateLimit(1 / 60, 1))) as world:
        world.publish("sub_1", 20)
        await stays(lambda: len(world.endpoints.begun) == 1, for_s=30)
        world.change(replace(ONE, rate_limit=RateLimit(10, 1)))
        await comes_true(lambda: len(world.endpoints.begun) == 20, within_s=2.1)


# --- priority ---


@in_virtual_time
async def test_an_urgent_delivery_overtakes_what_waits() -> None:
    """Of its own subscription, and not what is being sent; there is room for it in a full lane."""
    async with running(SINGLE) as world:
        world.assign(partition=URGENT)
        world.endpoints.gate.clear()
        world.publish("sub_1", 2 * MIN_PREFETCH)
        await settle_down()
        assert not world.pool.has_room("sub_1")
        assert world.pool.has_room("sub_1", Turn.URGENT)
        urge(world, "u0", "u1")
        world.endpoints.gate.set()
        await comes_true(lambda: len(world.endpoints.begun) == 2 * MIN_PREFETCH + 2)
        assert world.endpoints.begun[:4] == ["sub_1:0", "u0", "u1", "sub_1:1"]
        assert world.sent_to("sub_1") == list(range(2 * MIN_PREFETCH))


@in_virtual_time
async def test_urgent_ones_have_room_as_others_have() -> None:
    """As many as a lane prefetches; what is more stays in the log, in order."""
    async with running(SINGLE) as world:
        world.assign(partition=URGENT)
        world.endpoints.gate.clear()
        names = [f"u{number}" for number in range(2 * MIN_PREFETCH)]
        urge(world, *names)
        assert not world.pool.has_room("sub_1", Turn.URGENT)
        assert world.readings[URGENT].next_of("sub_1") is not None
        world.endpoints.gate.set()
        await comes_true(lambda: len(world.endpoints.begun) == len(names))
        assert world.endpoints.begun == names


@pytest.mark.parametrize("urgent_first", [True, False])
@in_virtual_time
async def test_an_urgent_delivery_overtakes_a_backlog(*, urgent_first: bool) -> None:
    """Also after a pause, when both wait in the log: it is not behind a lane full of others."""
    async with running(SINGLE) as world:
        world.assign(partition=URGENT)
        world.change(paused(SINGLE))
        if urgent_first:
            urge(world, "u0")
        world.publish("sub_1", 4 * MIN_PREFETCH)
        if not urgent_first:
            urge(world, "u0")
        world.change(SINGLE)
        await comes_true(lambda: len(world.endpoints.begun) == 4 * MIN_PREFETCH + 1)
        assert world.endpoints.begun.index("u0") <= 1
        assert world.sent_to("sub_1") == list(range(4 * MIN_PREFETCH))


@in_virtual_time
async def test_a_backlog_does_not_starve_another() -> None:
    """First attempts and retries that both wait in the log take turns."""
    async with running(SINGLE) as world:
        world.assign(partition=RETRIES)
        world.change(paused(SINGLE))
        world.publish("sub_1", 10 * MIN_PREFETCH)
        world.bring(planned("retry", at_ms=now_ms()), RETRIES)
        world.change(SINGLE)
        await comes_true(lambda: "retry" in world.endpoints.begun)
        assert world.endpoints.begun.index("retry") <= 2 * MIN_PREFETCH
