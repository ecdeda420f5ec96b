"""Steps ⑤ to ⑦ of one delivery: has it sent, notes what that says of the endpoint, and has it settled.

An attempt is under way in a task of its own. One that is broken off leaves its delivery unsettled.
"""

import asyncio
import random
from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol

import structlog

from gateway.domain.cursor import KeyStrand, Retrying
from gateway.domain.deferral import next_hop
from gateway.domain.delivery import Delivery
from gateway.domain.gate import CircuitChange, Epochs
from gateway.domain.outcome import Failed, Outcome, Reason, Verdict
from gateway.domain.subscription import DeliveryOrder, Subscription
from gateway.domain.tiers import Tier
from gateway.egress.attempt import Attempter, CompletedAttempt
from gateway.egress.lane import Lane, QueuedDelivery
from gateway.egress.ledger import Ledger
from gateway.egress.replay_share import ReplayShare
from gateway.egress.settlement import Settlement, is_discarded, put_off, settle_attempt, settle_without_attempt
from gateway.egress.tally import DeliveryTally
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import monotonic_ms, now_ms

_PROXY_HINT = "its deliveries wait, no attempt is used up, and one at a time tries again"
_log = structlog.get_logger()


class EndpointEvents(Protocol):
    """Told what the deliveries say of the endpoints; none of these may block."""

    def attempted(self, subscription: Subscription, *, delivered: bool) -> None:
        """An attempt ended, and the endpoint had a say in how."""

    def gone(self, subscription: Subscription) -> None:
        """The endpoint answered 410."""

    def is_held(self, subscription_id: str) -> bool:
        """Tell whether nothing may be begun: the subscription is being disabled, or its secrets don't open."""

    def circuit_changed(self, subscription: Subscription, change: CircuitChange) -> None:
        """The circuit opened or closed."""

    def dead_lettered(self, delivery: Delivery, reason: str) -> None:
        """A delivery was given up."""


class Dispatcher:
    """Has deliveries attempted and settled.

    Args:
        attempter: makes attempts.
        ledger: counts and settles.
        events: told of the endpoints.
        tiers: the deployment's retry tiers.
        on_over: called when an attempt of a lane is over.
        on_deferred: called when a delivery was left to the cursor of its key: its partition and the key.
        replays: counts those that are under way.

    Attributes:
        failure: fails when something of ours does.
        tally: counts what deliveries came to.
    """

    def __init__(  # noqa: PLR0917 - see the docstring
        self,
        attempter: Attempter,
        ledger: Ledger,
        events: EndpointEvents,
        tiers: tuple[Tier, ...],
        on_over: Callable[[Lane], None],
        on_deferred: Callable[[Partition, KeyStrand], None],
        replays: ReplayShare,
    ) -> None:
        self._attempter = attempter
        self._ledger = ledger
        self._events = events
        self._tiers = tiers
        self._on_over = on_over
        self._on_deferred = on_deferred
        self._replays = replays
        self._under_way: dict[asyncio.Task[None], Partition] = {}
        self.tally = DeliveryTally()
        self._loop = asyncio.get_running_loop()
        self.failure: asyncio.Future[None] = self._loop.create_future()

    def start(self, lane: Lane, queued: QueuedDelivery, subscription: Subscription, *, in_order: bool) -> None:
        """Begin an attempt.

        Args:
            lane: which counts it as being sent.
            queued: taken from it.
            subscription: as it is now.
            in_order: later deliveries of its key wait for this one.
        """
        lane.in_flight += 1
        if queued.origin.is_replay:
            self._replays.begun(lane)
        key = queued.delivery.event_key if in_order else None
        if key is not None:
            lane.line_of(key).busy = True
        self._ledger.begin(queued.origin)
        epochs = lane.gate.begin(monotonic_ms())
        task = self._loop.create_task(self._deliver(lane, queued, subscription, epochs, key))
        self._under_way[task] = queued.origin.partition
        # Not in the task itself: one that is cancelled before its first step runs nothing of its own.
        task.add_done_callback(partial(self._over, lane, queued, epochs, key))

    async def _deliver(
        self, lane: Lane, queued: QueuedDelivery, subscription: Subscription, epochs: Epochs, key: bytes | None
    ) -> None:
        completed = await self._attempter.attempt(queued.delivery, subscription)
        present_ms = now_ms()
        settlement = settle_attempt(
            queued.delivery,
            subscription,
            completed,
            self._tiers,
            queued.origin.partition[1],
            in_place=key is not None and subscription.order is DeliveryOrder.KEY,
            now_ms=present_ms,
            jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
        )
        duration_ms = completed.summary.duration_ms
        self.tally.attempted(queued.delivery, settlement, duration_ms=duration_ms, now_ms=present_ms)
        if settlement.verdict.counts:
            self._note(lane, subscription, settlement.verdict, epochs)
        else:
            self._note_blocked(lane, completed, epochs)
        if settlement.dead_letter is not None:
            self._events.dead_lettered(queued.delivery, settlement.dead_letter.value)
        settled = None
        if key is not None:
            settled = partial(self._settled_in_order, lane, queued, key, settlement)
        self._ledger.settle(queued.origin, settlement.records, settled)

    def _note(self, lane: Lane, subscription: Subscription, verdict: Verdict, epochs: Epochs) -> None:
        if not verdict.speaks_of_endpoint:
            lane.gate.abandon(epochs, monotonic_ms())
            return
        change = lane.gate.end(epochs, verdict, monotonic_ms())
        self._events.attempted(subscription, delivered=verdict.outcome is Outcome.DELIVERED)
        if verdict.disables:
            self._events.gone(subscription)
        if change is not None:
            self._events.circuit_changed(subscription, change)

    @staticmethod
    def _note_blocked(lane: Lane, completed: CompletedAttempt, epochs: Epochs) -> None:
        if lane.gate.block(epochs, monotonic_ms()) and isinstance(completed.result, Failed):
            error = completed.result.detail
            _log.warning("egress.proxy_failed", subscription_id=lane.subscription_id, error=error, hint=_PROXY_HINT)

    def _settled_in_order(self, lane: Lane, queued: QueuedDelivery, key: bytes, settlement: Settlement) -> None:
        if settlement.retrying is None:
            queued.origin.settle()
            lane.free_key(key)
        else:
            self.leave(lane, queued, key, settlement.retrying)
        self._on_over(lane)

    def leave(self, lane: Lane, queued: QueuedDelivery, key: bytes, retrying: Retrying) -> None:
        """Leave a delivery to the cursor of its key until it is due, and all of the key that wait behind it."""
        origin = queued.origin
        strand = KeyStrand(origin.subscription_id, key)
        waiting = lane.take_back(strand, origin.reading)
        if waiting:
            origin.reading.give_back(strand, [(later.origin.offset, later.origin.via) for later in waiting])
            for later in waiting:
                self._ledger.release(later.origin)
        origin.reading.defer(strand, origin.offset, origin.via, retrying)
        lane.free_key(key)
        self._on_deferred(origin.partition, strand)

    def _over(
        self, lane: Lane, queued: QueuedDelivery, epochs: Epochs, key: bytes | None, task: asyncio.Task[None]
    ) -> None:
        del self._under_way[task]
        lane.in_flight -= 1
        if queued.origin.is_replay:
            self._replays.over(lane)
        lane.size_bytes -= queued.origin.size_bytes
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            self._ledger.abandon(queued.origin)
            lane.gate.abandon(epochs, monotonic_ms())
            if key is not None:
                lane.free_key(key)
        if error is not None:
            self.fail(error)
        self._on_over(lane)

    def fail(self, error: BaseException) -> None:
        """End the process, for a fault of ours: with the delivery unsettled rather than lost."""
        if not self.failure.done():
            self.failure.set_exception(error)

    def end(self, queued: QueuedDelivery, reason: Reason) -> None:
        """Settle a delivery without an attempt."""
        self._ledger.begin(queued.origin)
        discarded = is_discarded(queued.delivery, reason)
        self.tally.ended(reason, discarded=discarded)
        partition = queued.origin.partition[1]
        if not discarded:
            self._events.dead_lettered(queued.delivery, reason.value)
        self._ledger.settle(queued.origin, settle_without_attempt(queued.delivery, reason, partition, now_ms=now_ms()))

    def put_off(self, queued: QueuedDelivery) -> bool:
        """Have a delivery wait in the retry tiers where its producer wants it later; False where it is time."""
        hop = next_hop(queued.delivery.not_before_ms, now_ms(), self._tiers)
        if hop is None:
            return False
        self._ledger.begin(queued.origin)
        self._ledger.settle(queued.origin, put_off(queued.delivery, hop, queued.origin.partition[1]))
        return True

    def cancel(self, partitions: Collection[Partition]) -> int:
        """Break off what is under way for these partitions, unsettled. Gives how many that were."""
        broken_off = [task for task, partition in self._under_way.items() if partition in partitions]
        for task in broken_off:
            task.cancel()
        return len(broken_off)
