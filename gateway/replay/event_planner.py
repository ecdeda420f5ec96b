"""What a replay makes of one event: the deliveries that the stream would plan of it now, begun as replays.

Who gets it and in which form is told by the stream's own code, for the subscriptions that were chosen and as they are
now. What their producer asked for (later, urgent) is over. What has no body is passed over: its subscription has been
told by a dead letter already.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from gateway.domain.delivery import Delivery, delivery_id_of
from gateway.domain.duplicates import DuplicateFilter
from gateway.domain.options import NO_OPTIONS
from gateway.domain.replay import DeliveryStatus, PassedOver, Tally, Wanted
from gateway.domain.subscription import Subscription
from gateway.domain.topics import DEAD_LETTERS, REPLAY_DELIVERIES
from gateway.kafka.producer import OutRecord
from gateway.kafka.scan import RawRecord
from gateway.replay.delivery_statuses import DeliveryStatuses
from gateway.replay.event_choice import EventChoice
from gateway.shaping.drafts import draft_event
from gateway.shaping.routing import Router
from gateway.wire.delivery_head import DeliveryFanOut
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import DecodedEvent, EventDecoder, EventRecord
from gateway.wire.records import delivery_codec


class PlannedReplay(NamedTuple):
    """One delivery of a replay.

    Attributes:
        record: what begins it.
        note: what is left with its dead letter, once it is begun; None where it is known to have none.
    """

    record: OutRecord
    note: OutRecord | None


class EventPlanner:
    """Plans replays.

    Args:
        replay_id: of which replay.
        wanted: what is to be replayed.
        choice: chooses events.
        decoder: decodes them.
        router: knows who wants one, among the subscriptions that were chosen.
        statuses: what became of deliveries; None where that does not matter.
        window_ms: how far apart two records with one event id may be to be one event, milliseconds.
        tally: counts.
    """

    def __init__(
        self,
        replay_id: str,
        wanted: Wanted,
        choice: EventChoice,
        decoder: EventDecoder,
        router: Router,
        *,
        statuses: DeliveryStatuses | None,
        window_ms: int,
        tally: Tally,
    ) -> None:
        self._replay_id = replay_id
        self._choice = choice
        self._decoder = decoder
        self._router = router
        self._statuses = statuses
        self._wanted_statuses = frozenset(wanted.statuses)
        self._seen = DuplicateFilter(window_ms)
        self.tally = tally

    def plan(self, raw: RawRecord, *, now_ms: int) -> Iterator[PlannedReplay]:
        """Give the deliveries of one event record, counting them and what is passed over.

        Args:
            raw: a record of an event topic.
            now_ms: the present, milliseconds since the epoch.

        Raises:
            RegistryUnavailableError: the schema registry can't be asked just now.
        """
        record = EventRecord(raw.topic, raw.partition, raw.offset, raw.timestamp_ms, raw.key, raw.value, raw.headers)
        try:
            decoded = self._decoder.decode(record)
        except UndecodableError:
            self._pass(PassedOver.UNDECODABLE)
            return
        refusal = self._choice.refuses(decoded)
        if refusal is not None:
            self._pass(refusal)
            return
        yield from self._deliveries(decoded, raw, now_ms)

    def _deliveries(self, decoded: DecodedEvent, raw: RawRecord, now_ms: int) -> Iterator[PlannedReplay]:
        drafted = draft_event(self._router, replace(decoded, options=NO_OPTIONS), now_ms=now_ms)
        if drafted.refusal is not None:
            self._pass(PassedOver.REFUSED)
            return
        wanted = False
        for draft in drafted.drafts:
            wanted = True
            if draft.failure is not None:
                self._pass(PassedOver.NO_BODY, sum(len(plan.subscription_ids) for plan, _ in draft.plans))
                continue
            for plan, _ in draft.plans:
                first = plan.first.replayed(now_ms, self._replay_id)
                fan_out = DeliveryFanOut(first)
                for subscription_id in plan.subscription_ids:
                    yield from self._delivery(first, fan_out, subscription_id, raw)
        if not wanted:
            self._pass(PassedOver.NOT_WANTED)

    def _delivery(
        self, first: Delivery, fan_out: DeliveryFanOut, subscription_id: str, raw: RawRecord
    ) -> Iterator[PlannedReplay]:
        delivery_id = delivery_id_of(first.event_id, subscription_id)
        status = DeliveryStatus.NONE if self._statuses is None else self._statuses.of(delivery_id)
        if self._statuses is not None and status not in self._wanted_statuses:
            self._pass(PassedOver.STATUS)
            return
        at, written_ms = (raw.topic, raw.partition), raw.timestamp_ms
        if self._seen.judge(at, raw.offset, delivery_id, written_ms, now_ms=written_ms):
            self._pass(PassedOver.DUPLICATE)
            return
        self.tally.deliveries += 1
        self.tally.by_subscription[subscription_id] += 1
        key = subscription_id.encode()
        record = OutRecord(REPLAY_DELIVERIES, key, fan_out.encode(delivery_id, key))
        note = None
        if status is DeliveryStatus.FAILED:
            noted = replace(first, delivery_id=delivery_id, subscription_id=subscription_id, body=b"")
            note = OutRecord(DEAD_LETTERS, key, delivery_codec().encode(noted))
        yield PlannedReplay(record, note)

    def _pass(self, reason: PassedOver, count: int = 1) -> None:
        self.tally.passed[reason] += count


def note_no_failure(_subscription: Subscription, _event_id: str, _reason: str) -> None:
    """Tell nobody that a subscription's filter failed: the stream has told of the event already."""
