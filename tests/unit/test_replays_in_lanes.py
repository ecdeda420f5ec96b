"""Replays go after everything else of their subscription, and have a share of the process only."""

from dataclasses import replace

import pytest

from gateway.domain.catch_up import PartitionReading
from gateway.domain.subscription import DeliveryOrder, Subscription
from gateway.domain.topics import ATTEMPTS, DELIVERIES, PRIORITY_DELIVERIES, REPLAY_DELIVERIES
from gateway.egress.lane import MAX_REPLAYS_WAITING, Lane
from gateway.egress.replay_share import MAX_REPLAYS_IN_FLIGHT, MAX_REPLAYS_PER_S, ReplayShare
from gateway.egress.turns import Turn, turn_of
from gateway.telemetry.clock import now_ms
from gateway.wire.records import attempt_codec
from tests.delivery_records import planned
from tests.egress_in_memory import queued, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, stays

REPLAYS = (REPLAY_DELIVERIES, 0)
PLENTY = 10**9
SINGLE = replace(subscription("sub_1"), max_in_flight=1)
WIDE = replace(subscription("sub_1"), max_in_flight=4)


def replay(world: World, subscription_id: str, count: int) -> list[str]:
    """Bring replays to a subscription; gives the ids of their events."""
    names = [f"{subscription_id}:r{number}" for number in range(count)]
    for name in names:
        planned_again = planned(name, subscription_id, at_ms=now_ms()).replayed(now_ms(), "rpl_1")
        world.bring(planned_again, REPLAYS)
    return names


@pytest.mark.parametrize(
    ("topic", "turn"),
    [
        (PRIORITY_DELIVERIES, Turn.URGENT),
        (DELIVERIES, Turn.NORMAL),
        ("deliveries.retry.5m", Turn.NORMAL),
        (REPLAY_DELIVERIES, Turn.REPLAY),
    ],
)
def test_the_topic_tells_the_turn(topic: str, turn: Turn) -> None:
    """A retry's is that of all others, whatever began it."""
    assert turn_of((topic, 3)) is turn


def test_a_lane_takes_replays_only_while_nothing_else_waits() -> None:
    """A bounded number, in half of its bytes; and they are taken last."""
    live, replays, lane = PartitionReading(0), PartitionReading(0), Lane("sub_1", in_flight=1)
    for offset in range(MAX_REPLAYS_WAITING):
        assert lane.has_room(1, PLENTY, Turn.REPLAY)
        lane.push(queued(replays, offset, partition=REPLAYS))
    assert not lane.has_room(1, PLENTY, Turn.REPLAY)
    assert lane.has_room(1, PLENTY)
    lane.push(queued(live, 0))
    assert lane.pop().origin.partition[0] == DELIVERIES
    assert lane.pop().origin.offset == 0
    assert lane.has_room(1, PLENTY, Turn.REPLAY)
    lane.push(queued(live, 1))
    assert not lane.has_room(1, PLENTY, Turn.REPLAY)
    assert not Lane("sub_1", in_flight=1, size_bytes=251).has_room(1, 500, Turn.REPLAY)


@in_virtual_time
async def test_what_is_live_goes_first() -> None:
    """Whatever of a replay waits, and whichever came first; of each, the order is kept."""
    async with running(SINGLE) as world:
        world.assign(partition=REPLAYS)
        world.endpoints.gate.clear()
        replayed = replay(world, "sub_1", 4 * MAX_REPLAYS_WAITING)
        await settle_down()
        world.publish("sub_1", 20)
        world.endpoints.gate.set()
        await comes_true(lambda: len(world.endpoints.begun) == len(replayed) + 20)
        assert world.endpoints.begun[0] == replayed[0]
        assert world.endpoints.begun[1:21] == [f"sub_1:{number}" for number in range(20)]
        assert world.endpoints.begun[21:] == replayed[1:]
        await world.commit_all()
        assert world.committed[REPLAYS][0] == len(replayed)
        assert not world.cursors(REPLAYS)


@in_virtual_time
async def test_replays_leave_half_of_a_lane_free() -> None:
    """So that a live delivery is sent at once, however slow the endpoint is."""
    async with running(WIDE) as world:
        world.assign(partition=REPLAYS)
        world.endpoints.gate.clear()
        replay(world, "sub_1", 10)
        await comes_true(lambda: world.endpoints.in_flight["sub_1"] == 2)
        world.publish("sub_1", 3)
        await settle_down()
        assert world.endpoints.begun == ["sub_1:r0", "sub_1:r1", "sub_1:0", "sub_1:1"]
        world.endpoints.gate.set()
        await comes_true(lambda: len(world.endpoints.begun) == 13)


@in_virtual_time
async def test_replays_have_a_share_of_the_process() -> None:
    """Lanes that wait for it take turns; live deliveries know of no such bound."""
    names = [f"sub_{number}" for number in range(MAX_REPLAYS_IN_FLIGHT)]
    async with running(*(replace(WIDE, subscription_id=name) for name in names)) as world:
        world.assign(partition=REPLAYS)
        world.endpoints.gate.clear()
        replayed = [event for name in names for event in replay(world, name, 5)]
        await comes_true(lambda: world.endpoints.in_flight.total() == MAX_REPLAYS_IN_FLIGHT)
        await stays(lambda: world.endpoints.in_flight.total() == MAX_REPLAYS_IN_FLIGHT, for_s=1)
        for name in names:
            world.publish(name, 1)
        await settle_down()
        assert world.endpoints.in_flight.total() == 2 * MAX_REPLAYS_IN_FLIGHT
        world.endpoints.gate.set()
        await comes_true(lambda: len(world.endpoints.begun) == len(replayed) + len(names))
        assert {event for event in world.endpoints.begun if ":r" in event} == set(replayed)


@in_virtual_time
async def test_replays_begin_apart_from_each_other() -> None:
    """A batch that was read is no burst: live deliveries find the event loop free in between."""
    async with running(replace(WIDE, max_in_flight=1000)) as world:
        world.assign(partition=REPLAYS)
        replayed = replay(world, "sub_1", MAX_REPLAYS_WAITING)
        await settle_down()
        assert len(world.endpoints.begun) <= 2
        await stays(lambda: len(world.endpoints.begun) <= 2 + MAX_REPLAYS_PER_S / 10, for_s=0.1)
        await comes_true(lambda: world.endpoints.begun == replayed)


@in_virtual_time
async def test_a_lane_that_waits_for_the_share_is_not_passed_over() -> None:
    """The one whose replay ended asks again behind it."""
    first, second = Lane("sub_1", width=4), Lane("sub_2", width=4)
    turns: list[str] = []

    def take(name: str) -> None:
        turns.append(name)
        if name == "sub_2":
            assert share.may_begin(second)
            share.begun(second)

    share = ReplayShare(take, limit=1)
    assert share.may_begin(first)
    share.begun(first)
    assert not share.may_begin(second)
    share.over(first)
    assert not share.may_begin(first)
    share.take_turns()
    assert turns == ["sub_2"]


@in_virtual_time
async def test_an_ordered_subscription_keeps_the_order_of_a_replayed_key() -> None:
    """Its key's deliveries come one by one, in the order in which they were published."""
    async with running(replace(WIDE, order=DeliveryOrder.KEY)) as world:
        world.assign(partition=REPLAYS)
        replayed = replay(world, "sub_1", 100)
        await comes_true(lambda: len(world.endpoints.begun) == 100)
        assert world.endpoints.begun == replayed
        assert world.endpoints.most_in_flight["sub_1"] == 1


@pytest.mark.parametrize("ordered", [DeliveryOrder.NONE, DeliveryOrder.KEY])
@in_virtual_time
async def test_a_new_owner_loses_no_replay(ordered: DeliveryOrder) -> None:
    """Those that waited in the log behind a cursor, or in the lane, are sent by the next one."""
    subscribed: Subscription = replace(SINGLE, order=ordered)
    async with running(subscribed) as world:
        world.assign(partition=REPLAYS)
        world.endpoints.gate.clear()
        replayed = replay(world, "sub_1", 2 * MAX_REPLAYS_WAITING)
        await world.commit_all()
        await world.restart(partition=REPLAYS)
        world.endpoints.gate.set()
        await comes_true(lambda: set(world.endpoints.begun) == set(replayed))


@in_virtual_time
async def test_an_attempt_says_which_replay_it_belongs_to() -> None:
    """Beside its trigger; and a replay is no duplicate of what was delivered, nor of another replay."""
    async with running(WIDE) as world:
        world.assign(partition=REPLAYS)
        replay(world, "sub_1", 1)
        replay(world, "sub_1", 1)
        await comes_true(lambda: len(world.producer.to(ATTEMPTS)) == 2)
        attempts = [attempt_codec().decode(record.value) for record in world.producer.to(ATTEMPTS)]
        assert [(one.trigger, one.replay_id) for one in attempts] == [("replay", "rpl_1")] * 2
