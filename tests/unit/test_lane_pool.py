"""The lanes at send time: limits, states, order, and what becomes of deliveries whose partition goes away."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from gateway.domain.catch_up import PartitionReading
from gateway.domain.outcome import Answered
from gateway.domain.retry import QUICK_POLICY
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.domain.tiers import DEFAULT_TIERS
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS, DELIVERIES, PRIORITY_DELIVERIES
from gateway.egress.lane_pool import LanePool
from gateway.egress.ledger import Ledger
from gateway.telemetry.clock import now_ms
from gateway.wire.records import attempt_codec, delivery_codec
from tests.delivery_records import planned
from tests.egress_in_memory import (
    PARTITION,
    MemoryBacklog,
    MemoryEndpoints,
    MemoryEvents,
    MemoryProducer,
    MemoryTable,
    queued,
    settle_down,
    until,
)
from tests.subscriptions import subscription

OTHER = (DELIVERIES, 1)
MAX_AGE_MS = 6 * 86_400_000
ONE = replace(subscription("sub_1"), max_in_flight=3, retry_policy=QUICK_POLICY)
TWO = replace(subscription("sub_2"), max_in_flight=5)
PAUSED = replace(ONE, state=SubscriptionState.PAUSED)
DISABLED = replace(ONE, state=SubscriptionState.DISABLED)


@dataclass
class World:
    """A pool and everything around it."""

    table: MemoryTable
    endpoints: MemoryEndpoints
    producer: MemoryProducer
    ledger: Ledger
    pool: LanePool
    events: MemoryEvents
    backlog: MemoryBacklog
    pressure: list[bool]
    reading: PartitionReading = field(default_factory=lambda: PartitionReading(0))

    def put(self, *offsets: int, subscription_id: str = "sub_1") -> None:
        for offset in offsets:
            self.pool.put(queued(self.reading, offset, subscription_id))

    def change(self, changed: Subscription) -> None:
        self.table.index.put(changed)
        self.pool.subscription_changed(changed.subscription_id)

    async def over(self) -> None:
        await asyncio.wait_for(self.ledger.all_over([PARTITION, OTHER]), 5)

    def reasons(self, topic: str) -> list[str | None]:
        codec = attempt_codec() if topic == ATTEMPTS else delivery_codec()
        return [codec.decode(record.value).reason for record in self.producer.to(topic)]


def make(*subscriptions: Subscription, budget_bytes: int = 1_000_000) -> World:
    table, endpoints, producer = MemoryTable(*subscriptions), MemoryEndpoints(), MemoryProducer()
    pressure: list[bool] = []
    ledger = Ledger(producer, pressure.append, budget_bytes)
    events, backlog = MemoryEvents(), MemoryBacklog()
    pool = LanePool(table, endpoints, ledger, DEFAULT_TIERS, events, lambda: backlog, MAX_AGE_MS)
    return World(table, endpoints, producer, ledger, pool, events, backlog, pressure)


async def test_deliveries_are_sent_in_order_and_settled() -> None:
    """The commit position follows when Kafka has their attempt records."""
    world = make(ONE)
    world.put(0, 1, 2, 3, 4, 5)
    await world.over()
    assert world.endpoints.begun == [f"evt-{offset}" for offset in range(6)]
    assert world.reading.main.position == 6
    assert len(world.producer.to(ATTEMPTS)) == 6


async def test_max_in_flight_is_never_exceeded() -> None:
    """Each lane has its own limit, and a full one does not hold up another."""
    world = make(ONE, TWO)
    world.endpoints.gate.clear()
    world.put(*range(20))
    world.put(*range(20, 40), subscription_id="sub_2")
    await settle_down()
    assert dict(world.endpoints.in_flight) == {"sub_1": 3, "sub_2": 5}
    world.endpoints.gate.set()
    await world.over()
    assert dict(world.endpoints.most_in_flight) == {"sub_1": 3, "sub_2": 5}
    assert world.reading.main.position == 40


async def test_a_raised_limit_holds_at_once() -> None:
    """Limits are looked up when a delivery is about to be sent."""
    world = make(ONE)
    world.endpoints.gate.clear()
    world.put(*range(10))
    world.change(replace(ONE, max_in_flight=7))
    await settle_down()
    assert world.endpoints.in_flight["sub_1"] == 7
    world.endpoints.gate.set()
    await world.over()


async def test_the_subscription_is_looked_up_at_send_time() -> None:
    """What waits when the URL changes goes to the new one."""
    world = make(replace(ONE, max_in_flight=1))
    world.endpoints.gate.clear()
    world.put(0, 1)
    await settle_down()
    moved = replace(ONE, max_in_flight=1, url="https://example.com/moved")
    world.change(moved)
    world.endpoints.gate.set()
    await world.over()
    assert world.endpoints.used == moved


async def test_a_lane_has_room_until_it_is_full() -> None:
    """Then its next records stay in the log; a subscription without a lane always has room."""
    world = make(ONE)
    world.endpoints.gate.clear()
    offset = 0
    while world.pool.has_room("sub_1"):
        world.put(offset)
        offset += 1
        assert offset < 1000
    assert not world.pool.wants_more("sub_1")
    assert world.pool.has_room("sub_2")
    world.backlog.woken.clear()
    world.endpoints.gate.set()
    await world.over()
    assert set(world.backlog.woken) == {"sub_1"}, "a lane that has room again has to say so"
    assert world.pool.wants_more("sub_1")


async def test_a_pause_gives_back_what_waits() -> None:
    """What is being sent is finished; the rest goes back to the log and is handed out again after the resume."""
    world = make(ONE)
    world.endpoints.gate.clear()
    world.put(*range(8))
    world.change(PAUSED)
    await settle_down()
    assert not world.pool.has_room("sub_1")
    assert not world.pool.wants_more("sub_1")
    assert world.reading.next_of("sub_1") == 3
    assert world.backlog.lagging == [(PARTITION, "sub_1")]
    world.endpoints.gate.set()
    await world.over()
    assert world.endpoints.begun == ["evt-0", "evt-1", "evt-2"]
    assert world.reading.main.position == 3
    world.backlog.woken.clear()
    world.change(ONE)
    assert world.backlog.woken == ["sub_1"], "a resume asks for a catch-up pass"
    assert world.pool.wants_more("sub_1")


async def test_what_a_pause_gives_back_no_longer_counts() -> None:
    """A paused subscription's deliveries do not use up the memory of the process."""
    world = make(replace(ONE, max_in_flight=1), budget_bytes=500)
    world.endpoints.gate.clear()
    world.put(*range(6))
    assert world.pressure == [True]
    world.change(replace(PAUSED, max_in_flight=1))
    assert world.pressure == [True, False]
    world.endpoints.gate.set()
    await world.over()


async def test_a_disabled_subscription_gets_nothing() -> None:
    """Its deliveries end in the dead-letter topic without an attempt."""
    world = make(DISABLED)
    world.put(0, 1)
    await world.over()
    assert world.endpoints.begun == []
    assert world.reasons(DEAD_LETTERS) == ["disabled", "disabled"]
    assert world.reading.main.position == 2


async def test_disabling_ends_what_waits() -> None:
    """Also for deliveries that were under way already."""
    world = make(ONE)
    world.endpoints.gate.clear()
    world.put(*range(5))
    world.change(DISABLED)
    world.endpoints.gate.set()
    await world.over()
    assert len(world.endpoints.begun) == 3
    assert world.reasons(DEAD_LETTERS) == ["disabled", "disabled"]


async def test_a_deleted_subscription_s_deliveries_are_discarded() -> None:
    """Only after the table was asked once more; each one leaves a record that says so."""
    world = make()
    world.put(0, 1, 2)
    assert world.producer.produced == []
    await until(lambda: world.reading.main.position == 3)
    assert world.table.refreshes == 1
    assert world.endpoints.begun == []
    assert world.reasons(ATTEMPTS) == ["subscription_deleted"] * 3
    assert world.producer.to(DEAD_LETTERS) == []


async def test_a_new_subscription_s_deliveries_are_sent() -> None:
    """The stream may know a subscription a moment earlier than egress does: that is no deletion."""
    world = make()

    async def find() -> None:
        world.table.index.put(ONE)

    world.table.refreshing = find
    world.put(0, 1)
    await until(lambda: world.reading.main.position == 2)
    assert world.endpoints.begun == ["evt-0", "evt-1"]
    assert world.reasons(ATTEMPTS) == [None, None]


async def test_what_came_after_the_refresh_began_is_asked_for_again() -> None:
    """A refresh tells of what was in the topic when it began, and so of deliveries that were there then."""
    world = make()
    answers = [asyncio.Event(), asyncio.Event()]

    async def find() -> None:
        await answers[world.table.refreshes - 1].wait()
        if world.table.refreshes == 2:
            world.table.index.put(ONE)

    world.table.refreshing = find
    world.put(0)
    await settle_down()
    world.put(1)
    for answer in answers:
        answer.set()
    await until(lambda: world.reading.main.position == 2)
    assert world.endpoints.begun == ["evt-1"]


async def test_an_urgent_one_that_came_after_the_refresh_began_is_asked_for_again() -> None:
    """Though it stands before those that the refresh tells of."""
    world = make()
    answer = asyncio.Event()

    async def find() -> None:
        await answer.wait()
        if world.table.refreshes == 2:
            world.table.index.put(ONE)

    world.table.refreshing = find
    world.put(0)
    await settle_down()
    urgent = PartitionReading(0)
    delivery = planned("urgent", at_ms=now_ms())
    world.pool.put(queued(urgent, 0, partition=(PRIORITY_DELIVERIES, 0), delivery=delivery))
    answer.set()
    await until(lambda: (world.reading.main.position, urgent.main.position) == (1, 1))
    assert world.endpoints.begun == ["urgent"]
    assert sorted(world.reasons(ATTEMPTS), key=str) == [None, "subscription_deleted"]


async def test_an_endpoint_that_is_gone_is_told() -> None:
    """The delivery goes to the dead letters, and whoever disables subscriptions is called."""
    world = make(ONE)
    world.endpoints.result = Answered(410)
    world.put(0)
    await world.over()
    assert world.events.gone_for_good == [ONE]
    assert world.events.letters == [("evt-0", "gone")]
    assert world.reasons(DEAD_LETTERS) == ["gone"]


async def test_withdrawing_drops_what_waits() -> None:
    """The next owner reads it again; what is being sent may finish and settle."""
    world = make(ONE)
    world.endpoints.gate.clear()
    world.put(*range(6))
    world.pool.withdraw([PARTITION])
    world.endpoints.gate.set()
    await world.over()
    assert world.endpoints.begun == ["evt-0", "evt-1", "evt-2"]
    assert world.reading.main.position == 3


async def test_withdrawing_leaves_other_partitions_alone() -> None:
    """A subscription has deliveries in several topics; they do not all move at once."""
    world = make(replace(ONE, max_in_flight=1))
    world.endpoints.gate.clear()
    world.put(0, 1)
    elsewhere = PartitionReading(0)
    world.pool.put(queued(elsewhere, 0, partition=OTHER))
    world.pool.withdraw([PARTITION])
    world.endpoints.gate.set()
    await world.over()
    assert (world.reading.main.position, elsewhere.main.position) == (1, 1)


async def test_what_is_broken_off_is_not_settled() -> None:
    """An attempt that outlives the drain is repeated by the next owner."""
    world = make(ONE)
    world.endpoints.gate.clear()
    world.put(0, 1)
    await settle_down()
    assert world.pool.cancel([PARTITION]) == 2
    await world.over()
    assert world.reading.main.position is None
    assert world.producer.produced == []
    assert not world.pool.failure.done()


async def test_what_is_broken_off_before_it_began_leaves_no_trace() -> None:
    """A partition may be lost in the very moment in which its deliveries were started."""
    world = make(replace(ONE, max_in_flight=1), budget_bytes=150)
    world.put(0, 1)
    assert world.pressure == [True]
    world.pool.withdraw([PARTITION])
    world.pool.cancel([PARTITION])
    await world.over()
    assert world.endpoints.begun == []
    assert world.pressure == [True, False]
    world.pool.put(queued(PartitionReading(0), 0))
    await world.over()
    assert world.endpoints.begun == ["evt-0"], "the lane counts nothing as being sent that is not"


async def test_a_fault_of_ours_ends_the_process() -> None:
    """The delivery stays unsettled: it is repeated rather than lost."""
    world = make(ONE)
    world.endpoints.result = RuntimeError("a bug")
    world.put(0)
    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(world.pool.failure, 5)
    assert world.reading.main.position is None
    await world.over()


async def test_many_hanging_lanes_leave_room_for_a_new_one() -> None:
    """Each takes a share of what is free, less the more there are; one delivery a lane has room always."""
    names = [f"sub_{number}" for number in range(60)]
    world = make(*(replace(subscription(name), max_in_flight=2) for name in names), budget_bytes=100_000)
    world.endpoints.gate.clear()
    offset, taken = 0, []
    for name in names:
        before = offset
        while world.pool.has_room(name):
            world.put(offset, subscription_id=name)
            offset += 1
        taken.append(offset - before)
        assert world.pool.has_room("sub_new")
    assert world.pressure == [], "the process takes more"
    assert taken == sorted(taken, reverse=True)
    assert taken[0] * 100 >= 100_000 // 20
    assert taken[-1] >= 1
    world.endpoints.gate.set()
    await world.over()
    assert world.ledger.lane_allowance_bytes == 100_000 // 16
