"""The records of a delivery, from whichever topics they were read, folded into its history.

The records may come in any order and more than once (a crash repeats them), and some may be missing: the same set of
records gives the same history. A delivery lives in *rounds*: the one its event began, and one for each replay. The
newest round says what the delivery's state is; within a round, the furthest step does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from gateway.domain.delivery import PURGED, Attempt, AttemptSummary, Delivery
from gateway.domain.history import DeliveryHistory, DeliveryState, GivenUp, PastAttempt

REPLAY_TRIGGER = "replay"
_EVENT_ROUND = 0
# A replay round is numbered by its time; one whose beginning was not found still follows the event's round.
_UNDATED_REPLAY_ROUND = 1

HistoryRecord = Delivery | Attempt

# An endpoint that took the delivery once has it, whatever a repeat after a crash came to: delivered is the last step.
_STATES = tuple(DeliveryState)
_STEPS = {state: step for step, state in enumerate(_STATES)}
_OUTCOME_STATES = {
    "retry_scheduled": DeliveryState.RETRY_SCHEDULED,
    "discarded": DeliveryState.DISCARDED,
    "dead_lettered": DeliveryState.DEAD_LETTERED,
    "delivered": DeliveryState.DELIVERED,
}


class Claim(NamedTuple):
    """What one record says of the state. Orders by how much it counts; the greatest claim is the state.

    Attributes:
        round_started: which round it speaks of, see `round_of_delivery` and `round_of_attempt`.
        step: how far the delivery has come, see `step_of`.
        attempt_number: the attempts behind it.
        due_at_ms: when it is due; 0 for at once, or never.
        from_dead_letter: a dead letter says so, and knows the reason.
        reason: why, or empty.
    """

    round_started: int
    step: int
    attempt_number: int
    due_at_ms: int
    from_dead_letter: bool
    reason: str

    @property
    def state(self) -> DeliveryState:
        """The state that is claimed."""
        return _STATES[self.step]


def step_of(outcome: str) -> int:
    """Give how far an attempt's outcome brings a delivery.

    An outcome that only a newer gateway knows leaves the state to the other records.
    """
    return _STEPS[_OUTCOME_STATES.get(outcome, DeliveryState.PENDING)]


def step_of_delivery(delivery: Delivery) -> int:
    """Give how far a delivery record says that the delivery has come."""
    if delivery.dead_lettered_at_ms is not None:
        return _STEPS[DeliveryState.DEAD_LETTERED]
    if delivery.reason == PURGED:
        return _STEPS[DeliveryState.DISCARDED]
    return _STEPS[DeliveryState.RETRY_SCHEDULED if delivery.attempts else DeliveryState.PENDING]


def due_of_delivery(delivery: Delivery) -> int:
    """Give when a delivery record says that it is sent, milliseconds since the epoch; 0 for at once, or never.

    On its way through the tiers it is due again and again; what people want to know is when it is sent.
    """
    if delivery.dead_lettered_at_ms is not None or delivery.attempts:
        return delivery.due_at_ms
    return max(delivery.due_at_ms, delivery.not_before_ms)


def round_of_delivery(trigger: str, planned_at_ms: int) -> int:
    """Give the round that a delivery record belongs to."""
    return planned_at_ms if trigger == REPLAY_TRIGGER else _EVENT_ROUND


def round_of_attempt(trigger: str, started_at_ms: int, replays: Sequence[int]) -> int:
    """Give the round that an attempt belongs to.

    Attempts carry no round: theirs is the newest replay before them, or the first where clocks disagree.

    Args:
        trigger: what began its round.
        started_at_ms: when it was begun.
        replays: when the delivery's replays were begun, in order.
    """
    if trigger != REPLAY_TRIGGER:
        return _EVENT_ROUND
    if not replays:
        return _UNDATED_REPLAY_ROUND
    return max((replay for replay in replays if replay <= started_at_ms), default=replays[0])


def fold_history(records: Iterable[HistoryRecord]) -> DeliveryHistory:
    """Fold the records of one delivery, at least one, into its history.

    A Delivery with `dead_lettered_at_ms` is a dead letter; one with attempts behind it waits in a retry tier; any
    other begins a round (or waits for its first attempt, where it is due later).
    """
    known = set(records)
    deliveries = [record for record in known if isinstance(record, Delivery)]
    attempts = [record for record in known if isinstance(record, Attempt)]
    replays = sorted({delivery.planned_at_ms for delivery in deliveries if _is_replay(delivery)})
    claims = [_claim_of_delivery(delivery) for delivery in deliveries]
    claims += [_claim_of_attempt(attempt, replays) for attempt in attempts]
    newest = max(claims)
    state = newest.state
    past = _past_attempts(deliveries, attempts)
    some = next(iter(known))
    return DeliveryHistory(
        delivery_id=some.delivery_id,
        event_id=some.event_id,
        event_type=some.event_type,
        subscription_id=some.subscription_id,
        tenant=some.tenant,
        state=state,
        reason=None if state is DeliveryState.DELIVERED else newest.reason or _last_failure(past),
        due_at_ms=newest.due_at_ms or None,
        planned_at_ms=min((one.planned_at_ms for one in deliveries if one.trigger != REPLAY_TRIGGER), default=None),
        replayed_at_ms=replays[-1] if replays else None,
        dead_letter=_newest_dead_letter(deliveries),
        changed_at_ms=max(_time_of(record) for record in known),
        attempts=past,
    )


def _is_replay(delivery: Delivery) -> bool:
    return delivery.trigger == REPLAY_TRIGGER and delivery.reason != PURGED


class HistoryBook:
    """Collects the records of many deliveries. Keeps everything but the bodies: the caller bounds how much it adds."""

    def __init__(self) -> None:
        self._records: dict[str, set[HistoryRecord]] = {}

    def add(self, record: HistoryRecord) -> None:
        """Take one record into account."""
        kept = replace(record, body=b"") if isinstance(record, Delivery) else record
        self._records.setdefault(record.delivery_id, set()).add(kept)

    def histories(self) -> list[DeliveryHistory]:
        """Fold what was collected; the delivery that changed last comes first."""
        folded = (fold_history(records) for records in self._records.values())
        return sorted(folded, key=lambda history: (-history.changed_at_ms, history.delivery_id))


def _claim_of_delivery(delivery: Delivery) -> Claim:
    return Claim(
        round_started=round_of_delivery(delivery.trigger, delivery.planned_at_ms),
        step=step_of_delivery(delivery),
        attempt_number=len(delivery.attempts),
        due_at_ms=due_of_delivery(delivery),
        from_dead_letter=delivery.dead_lettered_at_ms is not None,
        reason=delivery.reason or "",
    )


def _claim_of_attempt(attempt: Attempt, replays: list[int]) -> Claim:
    return Claim(
        round_started=round_of_attempt(attempt.trigger, attempt.started_at_ms, replays),
        step=step_of(attempt.outcome),
        attempt_number=attempt.attempt_number,
        due_at_ms=attempt.due_at_ms or 0,
        from_dead_letter=False,
        reason=attempt.reason or "",
    )


def _past_attempts(deliveries: list[Delivery], attempts: list[Attempt]) -> tuple[PastAttempt, ...]:
    """Every attempt once: from its record where that was found, else from a delivery's summary of it."""
    past = {_from_record(attempt) for attempt in attempts if attempt.was_made}
    recorded = {(one.trigger, one.attempt_number, one.started_at_ms) for one in past}
    for delivery in deliveries:
        for summary in delivery.attempts:
            if (delivery.trigger, summary.attempt_number, summary.started_at_ms) not in recorded:
                past.add(_from_summary(delivery.trigger, summary))
    return tuple(sorted(past, key=lambda one: (one.started_at_ms, one.attempt_number, repr(one))))


def _from_summary(trigger: str, summary: AttemptSummary) -> PastAttempt:
    return PastAttempt(
        summary.attempt_number,
        None,
        trigger,
        summary.started_at_ms,
        summary.duration_ms,
        summary.status,
        summary.error,
    )


def _from_record(attempt: Attempt) -> PastAttempt:
    return PastAttempt(**{name: getattr(attempt, name) for name in PastAttempt.__slots__})


def _last_failure(past: tuple[PastAttempt, ...]) -> str | None:
    return next((one.reason for one in reversed(past) if one.reason), None)


def _newest_dead_letter(deliveries: list[Delivery]) -> GivenUp | None:
    letters = [
        GivenUp(delivery.dead_lettered_at_ms, delivery.reason or "")
        for delivery in deliveries
        if delivery.dead_lettered_at_ms is not None
    ]
    return max(letters, key=lambda letter: (letter.at_ms, letter.reason), default=None)


def _time_of(record: HistoryRecord) -> int:
    if isinstance(record, Attempt):
        return record.started_at_ms + record.duration_ms
    last_attempt = record.attempts[-1] if record.attempts else None
    ended = last_attempt.started_at_ms + last_attempt.duration_ms if last_attempt else 0
    return max(record.planned_at_ms, record.dead_lettered_at_ms or 0, ended)
