"""All lanes of this process: decides at send time what becomes of a delivery, and keeps each lane busy.

Url, secrets, limits and state are looked up when a delivery is about to be sent, so a rotation, a pause or a delete
holds for deliveries that are already under way. A lane that is barred (paused, held back, circuit open) gives what
waits back to the log; what is too old to wait on is ended.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable

from gateway.domain.cursor import KeyStrand, Retrying, Strand, subscription_of
from gateway.domain.delivery import Delivery
from gateway.domain.gate import Gate
from gateway.domain.outcome import Reason
from gateway.domain.subscription import DEFAULT_MAX_IN_FLIGHT, DeliveryOrder, Subscription, SubscriptionState
from gateway.domain.tiers import Tier
from gateway.domain.waiting import Waiting, may_wait, waiting_since_ms
from gateway.egress.attempt import Attempter
from gateway.egress.dispatch import Dispatcher, EndpointEvents
from gateway.egress.lane import MAX_KEYS, Lane, QueuedDelivery
from gateway.egress.lane_ports import Backlog, Subscriptions
from gateway.egress.ledger import Ledger
from gateway.egress.open_lanes import OpenLanes
from gateway.egress.replay_share import ReplayShare
from gateway.egress.turns import Turn
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import monotonic_ms, now_ms

# So long, at most, a lane does without other keys once too many of its keys wait.
_CROWDED_MS = 1_000


class LanePool:
    """The lanes.

    Args:
        subscriptions: the live table.
        attempter: makes attempts.
        ledger: counts and settles.
        tiers: the deployment's retry tiers.
        events: told of the endpoints.
        backlog: serves what is left in the log.
        max_age_ms: how old a delivery may get before it is given up, milliseconds.
    """

    def __init__(  # noqa: PLR0917 - see the docstring
        self,
        subscriptions: Subscriptions,
        attempter: Attempter,
        ledger: Ledger,
        tiers: tuple[Tier, ...],
        events: EndpointEvents,
        backlog: Callable[[], Backlog],
        max_age_ms: int,
    ) -> None:
        self._subscriptions = subscriptions
        self._ledger = ledger
        self._events = events
        self._backlog = backlog
        self._max_age_ms = max_age_ms
        self.lanes = OpenLanes()
        self._loop = asyncio.get_running_loop()
        self._replays = ReplayShare(self._replays_turn)
        self._dispatcher = Dispatcher(
            attempter, ledger, events, tiers, self._over, lambda *left: backlog().lags(*left), self._replays
        )
        self.failure = self._dispatcher.failure
        self.tally = self._dispatcher.tally

    def has_room(self, strand: Strand, turn: Turn = Turn.NORMAL) -> bool:
        """Tell whether a strand's next delivery can be taken now. A paused subscription's lane has no room."""
        subscription_id = subscription_of(strand)
        subscription = self._subscriptions.index.get(subscription_id)
        if self._is_barred(subscription):
            return False
        lane = self.lanes.get(subscription_id)
        if lane is None:
            return True
        if lane.crowded if isinstance(strand, str) else not lane.has_room_for_key(strand.event_key):
            return False
        return lane.has_room(lane.width, self._ledger.lane_allowance_bytes, turn)

    def wants_more(self, subscription_id: str, turn: Turn = Turn.NORMAL) -> bool:
        """Tell whether a catch-up pass for a subscription is worth while now."""
        subscription = self._subscriptions.index.get(subscription_id)
        if self._is_barred(subscription):
            return False
        lane = self.lanes.get(subscription_id)
        return lane is None or (
            not lane.crowded and lane.wants_more(lane.width, self._ledger.lane_allowance_bytes, turn)
        )

    def _is_barred(self, subscription: Subscription | None) -> bool:
        return subscription is not None and (
            subscription.state is SubscriptionState.PAUSED or self._events.is_held(subscription.subscription_id)
        )

    def put(self, queued: QueuedDelivery) -> None:
        """Queue a delivery in its lane and start what can be started."""
        self._ledger.take(queued.origin)
        lane = self.lanes.of(subscription_of(queued.origin.strand))
        lane.push(queued)
        # All that may be under way is: the next one that ends asks again.
        if lane.in_flight < lane.width or lane.width <= 1:
            self._pump(lane)

    def may_wait(self, delivery: Delivery) -> Waiting:
        """Say how long a delivery may go on waiting in the log."""
        subscription = self._subscriptions.index.get(delivery.subscription_id)
        lane = self.lanes.get(delivery.subscription_id)
        open_circuit = None
        # A held lane makes no probes: that its circuit is open still says nothing of the endpoint.
        if subscription is not None and lane is not None and lane.gate.is_open and not lane.gate.lacks_proxy:
            open_circuit = None if self._is_barred(subscription) else subscription.retry_policy
        return may_wait(delivery, open_circuit, max_age_ms=self._max_age_ms, now_ms=now_ms())

    def end(self, queued: QueuedDelivery, reason: Reason) -> None:
        """Give a delivery up that was never put into its lane."""
        self._ledger.take(queued.origin)
        self._dispatcher.end(queued, reason)

    def holds_any(self, subscription_id: str) -> bool:
        """Tell whether deliveries of a subscription wait in its lane."""
        lane = self.lanes.get(subscription_id)
        return lane is not None and lane.held > 0

    def subscription_changed(self, subscription_id: str) -> None:
        """Apply a change at once: a pause gives back what waits, a resume asks for it."""
        lane = self.lanes.get(subscription_id)
        if lane is not None:
            self._pump(lane)
        self._backlog().wake(subscription_id)

    def withdraw(self, partitions: Collection[Partition]) -> None:
        """Drop what waits and was read from these partitions; their next owner reads it again."""
        for lane in self.lanes:
            for queued in lane.withdraw(partitions):
                self._ledger.release(queued.origin)
            self.lanes.drop_if_idle(lane)

    def sweep(self) -> None:
        """Drop lanes that are idle and have nothing to remember any more; some of them, to be called now and then."""
        self.lanes.sweep()

    def cancel(self, partitions: Collection[Partition]) -> int:
        """Break off what is under way for these partitions, unsettled. Gives how many that were."""
        return self._dispatcher.cancel(partitions)

    def _over(self, lane: Lane) -> None:
        self._pump(lane)
        self._replays.take_turns()

    def _replays_turn(self, subscription_id: str) -> None:
        lane = self.lanes.get(subscription_id)
        if lane is not None:
            self._pump(lane)

    def _pump(self, lane: Lane) -> None:
        subscription = self._subscriptions.index.get(lane.subscription_id)
        if subscription is None:
            # What the endpoint did keeps no delivery from its end, nor one to whoever has the id next from its try.
            lane.gate = Gate()
            self._resolve(lane)
        elif subscription.state is SubscriptionState.DISABLED:
            for queued in lane.take_out(lane.may_end()):
                self._dispatcher.end(queued, Reason.DISABLED)
        elif self._is_barred(subscription):
            self._give_back(lane.clear())
        else:
            self._start_some(lane, subscription)
        lane.width = _width(lane, subscription)
        if lane.wants_more(lane.width, self._ledger.lane_allowance_bytes):
            self._backlog().wake(lane.subscription_id)
        self.lanes.drop_if_idle(lane)

    def _start_some(self, lane: Lane, subscription: Subscription) -> None:
        gate, present_ms = lane.gate, monotonic_ms()
        gate.set_rate_limit(subscription.rate_limit, present_ms)
        ordered = subscription.order is DeliveryOrder.KEY
        while lane.in_flight < gate.width(present_ms, subscription.max_in_flight) and lane.held:
            wait_ms = gate.wait_ms(present_ms)
            if wait_ms > 0:
                self._wake_in(lane, wait_ms)
                return
            queued = self._next(lane, ordered=ordered)
            if queued is None:
                return
            if self._is_not_to_be_sent(lane, queued):
                lane.size_bytes -= queued.origin.size_bytes
                continue
            in_order = ordered or not isinstance(queued.origin.strand, str)
            self._dispatcher.start(lane, queued, subscription, in_order=in_order)
        barred_ms = gate.barred_for_ms(present_ms)
        if barred_ms > 0:
            self._give_back(lane.clear())
            self._wake_in(lane, barred_ms)
            self._backlog().wake(lane.subscription_id)

    def _is_not_to_be_sent(self, lane: Lane, queued: QueuedDelivery) -> bool:
        """End a delivery that is too old, and leave one that is wanted later; False where it is to be sent."""
        delivery, strand = queued.delivery, queued.origin.strand
        key = None if isinstance(strand, str) else strand.event_key
        if now_ms() - waiting_since_ms(delivery) > self._max_age_ms:
            self._dispatcher.end(queued, Reason.MAX_AGE)
            if key is not None:
                lane.free_key(key)
            return True
        if delivery.not_before_ms == 0:
            return False
        if key is None:
            return self._dispatcher.put_off(queued)
        if delivery.not_before_ms <= now_ms():
            return False
        self._dispatcher.leave(lane, queued, key, Retrying(delivery.not_before_ms, delivery.attempts))
        self._ledger.release(queued.origin)
        return True

    def _next(self, lane: Lane, *, ordered: bool) -> QueuedDelivery | None:
        """Take the next delivery that may be begun; those that wait for another of their key are left to its cursor."""
        queued = lane.pop_of_key()
        while queued is None and (head := lane.head) is not None:
            if head.origin.is_replay and not self._replays.may_begin(lane):
                return None
            key = head.delivery.event_key if ordered else None
            if key is None:
                return lane.pop()
            strand = KeyStrand(lane.subscription_id, key)
            behind_another = key in lane.keys or head.origin.reading.must_wait(strand)
            if not behind_another and head.origin.reading.keys_with_cursors(lane.subscription_id) >= MAX_KEYS:
                self._crowd(lane)
                return None
            if not behind_another and head.delivery.not_before_ms <= now_ms():
                return lane.pop()
            retrying = None if behind_another else Retrying(head.delivery.not_before_ms)
            self._defer(lane, lane.pop(), strand, retrying)
        return queued

    def _crowd(self, lane: Lane) -> None:
        """Begin no other keys for a while: what waits goes back to the log, and leaves its room to those begun."""
        lane.crowded = True
        self._give_back(lane.take_out(each for each in lane.all_waiting() if isinstance(each.origin.strand, str)))
        self._wake_in(lane, _CROWDED_MS)

    def _defer(self, lane: Lane, queued: QueuedDelivery, strand: KeyStrand, retrying: Retrying | None) -> None:
        origin = queued.origin
        lane.size_bytes -= origin.size_bytes
        origin.reading.defer(strand, origin.offset, origin.via, retrying)
        self._ledger.release(origin)
        self._backlog().lags(origin.partition, strand)

    def _wake_in(self, lane: Lane, wait_ms: float) -> None:
        at_s = self._loop.time() + wait_ms / 1000
        if lane.timer is not None:
            if lane.wakes_at_s <= at_s:
                return
            lane.timer.cancel()
        lane.timer, lane.wakes_at_s = self._loop.call_at(at_s, self._woken, lane), at_s

    def _woken(self, lane: Lane) -> None:
        lane.timer = None
        lane.crowded = False
        self._pump(lane)

    def _resolve(self, lane: Lane) -> None:
        """Find out whether an unknown subscription was deleted, or is so new that the table has not seen it."""
        if lane.resolving or not lane.may_end():
            return
        lane.resolving = True
        self._loop.create_task(self._refresh(lane)).add_done_callback(self._check)

    async def _refresh(self, lane: Lane) -> None:
        in_question = lane.may_end()
        await self._subscriptions.refresh()
        lane.resolving = False
        if self._subscriptions.index.get(lane.subscription_id) is None:
            for queued in lane.take_out(in_question):
                self._dispatcher.end(queued, Reason.SUBSCRIPTION_DELETED)
        self._pump(lane)

    def _check(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._dispatcher.fail(error)

    def _give_back(self, withdrawn: Iterable[QueuedDelivery]) -> None:
        by_strand: dict[tuple[Partition, Strand], list[QueuedDelivery]] = {}
        for queued in withdrawn:
            by_strand.setdefault((queued.origin.partition, queued.origin.strand), []).append(queued)
            self._ledger.release(queued.origin)
        for (partition, strand), group in by_strand.items():
            group[0].origin.reading.give_back(strand, [(each.origin.offset, each.origin.via) for each in group])
            self._backlog().lags(partition, strand)


def _width(lane: Lane, subscription: Subscription | None) -> int:
    if subscription is not None and subscription.state is SubscriptionState.DISABLED:
        return DEFAULT_MAX_IN_FLIGHT  # nothing is sent: no gate keeps a delivery from its end
    most = DEFAULT_MAX_IN_FLIGHT if subscription is None else subscription.max_in_flight
    return lane.gate.width(monotonic_ms(), most)
