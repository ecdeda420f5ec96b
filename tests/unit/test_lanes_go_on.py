"""Whatever happened before: once nothing holds a lane, everything of it comes to its end soon, by itself."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import pytest

from gateway.domain.delivery import Priority
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import QUICK_POLICY, STANDARD_POLICY
from gateway.domain.subscription import DeliveryOrder, Subscription, SubscriptionState
from gateway.domain.topics import ATTEMPTS, DELIVERIES, PRIORITY_DELIVERIES, REPLAY_DELIVERIES
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import monotonic_ms, now_ms
from gateway.wire.records import attempt_codec
from tests.delivery_records import planned
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import have_early_timers, in_virtual_time

PARTITIONS = ((DELIVERIES, 0), ("deliveries.retry.5s", 0), (PRIORITY_DELIVERIES, 0), (REPLAY_DELIVERIES, 0))
OK = Answered(200)
RESULTS: tuple[SendResult, ...] = (
    OK,
    OK,
    Answered(503),
    Answered(503),
    Answered(503),
    Answered(429, retry_after_s=20.0),
    Answered(410),
    Failed(ErrorCode.PROXY),
    Failed(ErrorCode.ADDRESS_REFUSED),
)
LIMITS = (None, None, RateLimit(5, 1), RateLimit(300, 60))
# The longest that a key's delivery waits to be tried again, and time for what is behind it.
SOON_S = 45.0
# So long at most, at once, Kafka acknowledges nothing.
_LONGEST_LAG_S = 5.0


@dataclass
class Course:
    """One course of events."""

    world: World
    chance: Random
    known: list[Subscription]

    def publish(self) -> None:
        """Publish some events to one subscription, also where there is none any more."""
        name = self.chance.choice(self.known).subscription_id
        partition = self.chance.choice(PARTITIONS)
        priority = Priority.HIGH if partition[0] == PRIORITY_DELIVERIES else Priority.NORMAL
        for _ in range(self.chance.choice([1, 3, 12, 60])):
            number = len(self.world.log.partitions.get(partition, []))
            made = planned(f"{partition[0]}:{number}", name, at_ms=now_ms())
            key = self.chance.choice("abcd").encode()
            self.world.bring(replace(made, event_key=key, priority=priority), partition)

    def answer(self) -> None:
        """From now on endpoints answer otherwise, or not at all."""
        self.world.endpoints.result = self.chance.choice(RESULTS)
        if self.chance.random() < 0.2:
            self.world.endpoints.gate.clear()
        else:
            self.world.endpoints.gate.set()

    def change(self) -> None:
        """An operator changes, pauses, disables, deletes or makes a subscription."""
        one = self.chance.choice(self.known)
        if self.chance.random() < 0.4:
            self.world.delete(one.subscription_id)
            return
        self.world.change(
            replace(
                one,
                state=self.chance.choice([SubscriptionState.ACTIVE, *SubscriptionState]),
                max_in_flight=self.chance.choice([1, 2, 16]),
                rate_limit=self.chance.choice(LIMITS),
            )
        )

    def disable(self) -> None:
        """What is being disabled, is."""
        for name in sorted(self.world.events.held):
            self.world.events.held.discard(name)
            if (held := self.world.table.index.get(name)) is not None:
                self.world.change(replace(held, state=SubscriptionState.DISABLED))

    async def restart(self) -> None:
        """A partition changes its owner, and comes back; or all do, with a process that is killed."""
        if self.chance.random() < 0.5:
            await self.world.kill(self.chance, *PARTITIONS)
            return
        clean = self.chance.random() < 0.5
        if clean:
            self.world.producer.acknowledge_all()
        await self.world.restart(clean=clean, partition=self.chance.choice(PARTITIONS))

    def lag(self) -> None:
        """Kafka acknowledges nothing for a while."""
        self.world.producer.acknowledges = False

    async def run(self, steps: int) -> None:
        """Have one thing happen after the other."""
        world = self.world
        does: list[Callable[[], object]] = [*[self.publish] * 4, *[self.answer] * 2, *[self.change] * 2, self.disable]
        does += [world.commit, world.commit, world.pool.sweep, self.lag, world.producer.acknowledge_all]
        for _ in range(steps):
            if self.chance.random() < 0.04:
                await self.restart()
            else:
                self.chance.choice(does)()
            pause_s = self.chance.choice([0, 0, 0.001, 0.02, 0.5, 4.9, 70])
            if pause_s > _LONGEST_LAG_S:
                world.producer.acknowledge_all()
            await asyncio.sleep(pause_s)

    def free(self) -> None:
        """Nothing holds anything any more: endpoints accept, and nothing is paused, limited or being disabled."""
        self.world.producer.acknowledge_all()
        self.world.endpoints.result = OK
        self.world.endpoints.gate.set()
        self.disable()
        for one in self.known:
            last = self.world.table.index.get(one.subscription_id)
            if last is not None and (last.state is SubscriptionState.PAUSED or last.rate_limit is not None):
                active = SubscriptionState.ACTIVE if last.state is SubscriptionState.PAUSED else last.state
                self.world.change(replace(last, state=active, rate_limit=None))

    def barred_s(self) -> float:
        """How long the last lane is barred."""
        return max((lane.gate.barred_for_ms(monotonic_ms()) for lane in self.world.pool.lanes), default=0.0) / 1000


def left(world: World) -> dict[Partition, int]:
    """Give how many records of each partition are not settled."""
    return {
        partition: count
        for partition, records in world.log.partitions.items()
        if (count := len(records) - world.committed.get(partition, (0, ""))[0])
    }


def never_told(world: World) -> set[str]:
    """Give the events of which no attempt record tells."""
    told = {attempt_codec().decode(record.value).event_id for record in world.producer.to(ATTEMPTS)}
    return {
        f"{at[0]}:{number}" for at, records in world.log.partitions.items() for number in range(len(records))
    } - told


@pytest.mark.parametrize("seed", range(120))
@in_virtual_time
async def test_everything_comes_to_its_end(seed: int) -> None:
    """Nothing waits for a later look, or for something to happen that need not."""
    have_early_timers()
    chance = Random(seed)  # noqa: S311 - made-up data
    random.seed(seed)  # retries draw their jitter
    plain = replace(subscription("sub_1"), retry_policy=STANDARD_POLICY)
    ordered = replace(subscription("sub_2"), retry_policy=QUICK_POLICY, order=DeliveryOrder.KEY)
    known = [plain, ordered, replace(subscription("sub_3"), retry_policy=QUICK_POLICY, max_in_flight=1)]
    async with running(*known, budget_bytes=chance.choice([60_000, 10**9])) as world:
        for partition in PARTITIONS[1:]:
            world.assign(partition=partition)
        course = Course(world, chance, known)
        await course.run(chance.choice([10, 40, 120]))
        course.free()
        await asyncio.sleep(course.barred_s() + SOON_S)
        await world.commit_all()
        assert left(world) == {}
        assert never_told(world) == set()
        assert world.cursors() == {}
        assert [lane for lane in world.pool.lanes if lane.keys or lane.size_bytes or not lane.idle] == []
