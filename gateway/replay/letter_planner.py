"""What a replay of dead letters makes of their topic: those that waited and were chosen when it began, as they are.

One that is resumed chooses anew: what an earlier run has begun again waits no more, and is not sent twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.domain.delivery import Delivery
from gateway.domain.errors import GatewayError
from gateway.domain.history import DeliveryHistory
from gateway.domain.replay import PassedOver, Tally, Wanted
from gateway.domain.topics import DEAD_LETTERS, REPLAY_DELIVERIES
from gateway.kafka.producer import OutRecord
from gateway.kafka.scan import RawRecord
from gateway.replay.dead_letters import LetterFilter, LetterList
from gateway.replay.event_planner import PlannedReplay
from gateway.wire.errors import UndecodableError
from gateway.wire.records import delivery_codec


class LetterPlanner:
    """Plans replays of dead letters.

    Args:
        replay_id: of which replay.
        letters: which ones.
        tally: counts.
    """

    def __init__(self, replay_id: str, letters: Iterable[DeliveryHistory], tally: Tally) -> None:
        self._replay_id = replay_id
        self._given_up_at = {one.delivery_id: one.dead_letter.at_ms for one in letters if one.dead_letter is not None}
        self.tally = tally

    def plan(self, raw: RawRecord, *, now_ms: int) -> Iterator[PlannedReplay]:
        """Give the delivery that a record of the dead-letter topic begins again, if it is a chosen letter's newest."""
        try:
            letter = delivery_codec().decode(raw.value)
        except UndecodableError:
            self.tally.passed[PassedOver.UNDECODABLE] += 1
            return
        given_up_at = letter.dead_lettered_at_ms
        if given_up_at is None or self._given_up_at.get(letter.delivery_id) != given_up_at:
            return
        # A crash may have written it twice.
        del self._given_up_at[letter.delivery_id]
        self.tally.deliveries += 1
        self.tally.by_subscription[letter.subscription_id] += 1
        # A clock that is behind must not date it before the letter.
        begun = letter.replayed(max(now_ms, given_up_at), self._replay_id)
        yield PlannedReplay(_record(REPLAY_DELIVERIES, begun), _record(DEAD_LETTERS, replace(begun, body=b"")))


def complete_letters(found: LetterList) -> list[DeliveryHistory]:
    """Give the dead letters that were found, if they are all there are.

    Raises:
        GatewayError: there are too many to know of each whether it waits.
    """
    if not found.report.scan.complete:
        raise GatewayError(
            "there are too many dead letters to know of each whether it waits",
            hint="choose one subscription, or a later beginning",
        )
    return found.letters


def letter_filter(wanted: Wanted) -> LetterFilter:
    """Give what is to be read to know which dead letters wait."""
    (subscription_id,) = wanted.subscription_ids if len(wanted.subscription_ids) == 1 else (None,)
    return LetterFilter(subscription_id=subscription_id, since_ms=wanted.since_ms)


def _record(topic: str, delivery: Delivery) -> OutRecord:
    return OutRecord(topic, delivery.subscription_id.encode(), delivery_codec().encode(delivery))
