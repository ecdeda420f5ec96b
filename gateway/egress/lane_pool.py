"""All lanes of this process: decides at send time what becomes of a delivery, and keeps each lane busy.

Url, secrets, limits and state are looked up when a delivery is about to be sent, so a rotation, a pause or a delete
holds for deliveries that are already under way.
"""

import asyncio
import random
from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol

import structlog

from gateway.domain.matching import SubscriptionIndex
from gateway.domain.outcome import Reason
from gateway.domain.subscription import DEFAULT_MAX_IN_FLIGHT, Subscription, SubscriptionState
from gateway.domain.tiers import Tier
from gateway.egress.attempt import Attempter
from gateway.egress.lane import Lane, QueuedDelivery
from gateway.egress.ledger import Ledger
from gateway.egress.settlement import settle_attempt, settle_without_attempt
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import now_ms

_log = structlog.get_logger()


class Subscriptions(Protocol):
    """The live table of subscriptions."""

    index: SubscriptionIndex

    async def refresh(self) -> None:
        """Wait until the table holds everything that was in the topic when this was called."""


class LanePool:
    """The lanes.

    Args:
        subscriptions: the live table.
        attempter: makes attempts.
        ledger: counts and settles.
        tiers: the deployment's retry tiers.
        on_gone: called with the id of a subscription whose endpoint answered 410.
        on_room: called when a lane could take more.
    """

    def __init__(
        self,
        subscriptions: Subscriptions,
        attempter: Attempter,
        ledger: Ledger,
        tiers: tuple[Tier, ...],
        *,
        on_gone: Callable[[Subscription], None],
        on_room: Callable[[], None],
    ) -> None:
        self._subscriptions = subscriptions
        self._attempter = attempter
        self._ledger = ledger
        self._tiers = tiers
        self._on_gone = on_gone
        self._on_room = on_room
        self._lanes: dict[str, Lane] = {}
        self._under_way: dict[asyncio.Task[None], Partition] = {}
        self._loop = asyncio.get_running_loop()
        self.failure: asyncio.Future[None] = self._loop.create_future()

    def has_room(self, subscription_id: str) -> bool:
        """Tell whether a subscription's next delivery can be taken now. A paused one has no room."""
        subscription = self._subscriptions.index.get(subscription_id)
        if subscription is not None and subscription.state is SubscriptionState.PAUSED:
            return False
        lane = self._lanes.get(subscription_id)
        return lane is None or lane.has_room(_max_in_flight(subscription))

    def wants_more(self, subscription_id: str) -> bool:
        """Tell whether a catch-up pass for a subscription is worth while now."""
        subscription = self._subscriptions.index.get(subscription_id)
        if subscription is not None and subscription.state is SubscriptionState.PAUSED:
            return False
        lane = self._lanes.get(subscription_id)
        return lane is None or lane.wants_more(_max_in_flight(subscription))

    def put(self, queued: QueuedDelivery) -> None:
        """Queue a delivery in its lane and start what can be started."""
        subscription_id = queued.origin.subscription_id
        lane = self._lanes.get(subscription_id)
        if lane is None:
            lane = self._lanes[subscription_id] = Lane(subscription_id)
        self._ledger.take(queued.origin)
        lane.push(queued)
        self._pump(lane)

    def subscription_changed(self, subscription_id: str) -> None:
        """Apply a change at once: a pause gives back what waits, a resume asks for it."""
        lane = self._lanes.get(subscription_id)
        if lane is not None:
            self._pump(lane)
        self._on_room()

    def withdraw(self, partitions: Collection[Partition]) -> None:
        """Drop what waits and was read from these partitions; their next owner reads it again."""
        for lane in list(self._lanes.values()):
            for queued in lane.withdraw(partitions):
                self._ledger.release(queued.origin)
            self._drop_if_idle(lane)

    def cancel(self, partitions: Collection[Partition]) -> int:
        """Break off what is under way for these partitions, unsettled. Gives how many that were."""
        broken_off = [task for task, partition in self._under_way.items() if partition in partitions]
        for task in broken_off:
            task.cancel()
        return len(broken_off)

    def _pump(self, lane: Lane) -> None:
        subscription = self._subscriptions.index.get(lane.subscription_id)
        if subscription is None:
            self._resolve(lane)
        elif subscription.state is SubscriptionState.PAUSED:
            self._give_back(lane)
        elif subscription.state is SubscriptionState.DISABLED:
            for queued in lane.clear():
                self._end(queued, Reason.DISABLED)
        else:
            while lane.waiting and lane.in_flight < subscription.max_in_flight:
                self._start(lane, subscription)
        if lane.wants_more(_max_in_flight(subscription)):
            self._on_room()
        self._drop_if_idle(lane)

    def _drop_if_idle(self, lane: Lane) -> None:
        if lane.idle:
            self._lanes.pop(lane.subscription_id, None)

    def _start(self, lane: Lane, subscription: Subscription) -> None:
        queued = lane.pop()
        lane.in_flight += 1
        self._ledger.begin(queued.origin)
        task = self._loop.create_task(self._deliver(queued, subscription))
        self._under_way[task] = queued.origin.partition
        # Not in the task itself: one that is cancelled before its first step runs nothing of its own.
        task.add_done_callback(partial(self._over, lane, queued))

    async def _deliver(self, queued: QueuedDelivery, subscription: Subscription) -> None:
        completed = await self._attempter.attempt(queued.delivery, subscription)
        settlement = settle_attempt(
            queued.delivery,
            subscription,
            completed,
            self._tiers,
            queued.origin.partition[1],
            now_ms=now_ms(),
            jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
        )
        if settlement.disables:
            self._on_gone(subscription)
        self._ledger.settle(queued.origin, settlement.records)

    def _over(self, lane: Lane, queued: QueuedDelivery, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if task.cancelled() or task.exception() is not None:
            self._ledger.abandon(queued.origin)
        self._check(task)
        lane.in_flight -= 1
        self._pump(lane)

    def _resolve(self, lane: Lane) -> None:
        """Find out whether an unknown subscription was deleted, or is so new that the table has not seen it."""
        if not lane.waiting or lane.resolving:
            return
        lane.resolving = True
        found = self._loop.create_task(self._refresh(lane))
        found.add_done_callback(self._check)

    async def _refresh(self, lane: Lane) -> None:
        in_question = len(lane.waiting)
        await self._subscriptions.refresh()
        lane.resolving = False
        if self._subscriptions.index.get(lane.subscription_id) is None:
            for _ in range(min(in_question, len(lane.waiting))):
                self._end(lane.pop(), Reason.SUBSCRIPTION_DELETED)
        self._pump(lane)

    def _end(self, queued: QueuedDelivery, reason: Reason) -> None:
        self._ledger.begin(queued.origin)
        partition = queued.origin.partition[1]
        settlement = settle_without_attempt(queued.delivery, reason, partition, now_ms=now_ms())
        self._ledger.settle(queued.origin, settlement.records)

    def _give_back(self, lane: Lane) -> None:
        by_partition: dict[Partition, list[QueuedDelivery]] = {}
        for queued in lane.clear():
            by_partition.setdefault(queued.origin.partition, []).append(queued)
            self._ledger.release(queued.origin)
        for group in by_partition.values():
            first = group[0].origin
            direct = [queued.origin.offset for queued in group if queued.origin.direct]
            first.reading.give_back(lane.subscription_id, first.offset, direct)

    def _check(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self.failure.done():
            # A fault of ours, not of an endpoint: end the process with the delivery unsettled rather than lose it.
            self.failure.set_exception(error)


def _max_in_flight(subscription: Subscription | None) -> int:
    return DEFAULT_MAX_IN_FLIGHT if subscription is None else subscription.max_in_flight
