"""What the index keeps of a delivery's records: small steps without bodies, and what they say together.

The same steps in any order, and any of them repeated, merge to the same: so it does not matter how the partitions of
different topics were read, or what is read again. What they say of the state is decided as for `gateway deliveries`,
by `gateway.domain.folding`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from gateway.domain.delivery import PURGED, TEST_TRIGGER, Attempt, Delivery
from gateway.domain.folding import (
    REPLAY_TRIGGER,
    Claim,
    HistoryRecord,
    due_of_delivery,
    round_of_attempt,
    round_of_delivery,
    step_of,
    step_of_delivery,
)
from gateway.domain.history import DeliveryState
from gateway.domain.topics import DEAD_LETTERS


class StepKind(IntEnum):
    """What a step is."""

    BEGUN = 1
    ATTEMPT = 2
    END = 3
    DEAD_LETTER = 4


class StepTrigger(IntEnum):
    """What began the round of a delivery that a step belongs to."""

    EVENT = 0
    REPLAY = 1
    TEST = 2


_TRIGGERS = {REPLAY_TRIGGER: StepTrigger.REPLAY, TEST_TRIGGER: StepTrigger.TEST}


class Place(NamedTuple):
    """Where a record lies in Kafka."""

    topic: str
    partition: int
    offset: int


class StepKey(NamedTuple):
    """What tells the steps of one delivery apart.

    Attributes:
        at_ms: when it happened: a round's beginning, an attempt's, or the giving up; milliseconds since the epoch.
        kind: what it is.
        number: the attempts behind it, and of an attempt its own number.
        trigger: what began its round.
    """

    at_ms: int
    kind: StepKind
    number: int
    trigger: StepTrigger


class StepContent(NamedTuple):
    """What a step says; of two steps with one key the greater one is kept.

    Attributes:
        outcome: an attempt's; empty where only a later record's summary of the attempt was read.
        due_ms: when the delivery is due after it; 0 for at once, or never.
        reason: why, or empty.
        duration_ms: how long an attempt took.
        status: the HTTP status, or -1 where there was no answer.
        error: an ErrorCode's value, or empty.
        round_ms: when the round of a delivery record was planned; 0 of an attempt.
        stage: how far the delivery is by it, see `gateway.domain.folding`.
    """

    outcome: str
    due_ms: int
    reason: str
    duration_ms: int
    status: int
    error: str
    round_ms: int
    stage: int


class Step(NamedTuple):
    """One step; `place` is where its record lies, or None where only a summary of it was read."""

    key: StepKey
    content: StepContent
    place: Place | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a delivery's steps say together; the fields mean what they mean in `DeliveryHistory`.

    Attributes:
        at_ms: the time by which it is listed: when it was planned, else the earliest that is known of it.
        attempts: how many attempts were made.
        last_status: the last attempt's HTTP status, or None.
        last_error: the last attempt's error, or None.
    """

    at_ms: int
    state: DeliveryState
    reason: str | None
    due_at_ms: int | None
    planned_at_ms: int | None
    replayed_at_ms: int | None
    dead_lettered_at_ms: int | None
    changed_at_ms: int
    attempts: int
    last_status: int | None
    last_error: str | None


def steps_of(record: HistoryRecord, place: Place) -> Iterator[Step]:
    """Give the steps that one record tells of.

    Args:
        record: a delivery from the topics where deliveries begin or from the dead-letter topic, or an attempt.
        place: where it lies.
    """
    if isinstance(record, Attempt):
        yield _step_of_attempt(record, place)
    else:
        yield _step_of_delivery(record, place)
        yield from _steps_of_summaries(record)


def _trigger_of(record: HistoryRecord) -> StepTrigger:
    return _TRIGGERS.get(record.trigger, StepTrigger.EVENT)


def _step_of_attempt(attempt: Attempt, place: Place) -> Step:
    kind = StepKind.ATTEMPT if attempt.was_made else StepKind.END
    return Step(
        StepKey(attempt.started_at_ms, kind, attempt.attempt_number, _trigger_of(attempt)),
        StepContent(
            outcome=attempt.outcome,
            due_ms=attempt.due_at_ms or 0,
            reason=attempt.reason or "",
            duration_ms=attempt.duration_ms,
            status=-1 if attempt.status is None else attempt.status,
            error=attempt.error or "",
            round_ms=0,
            stage=step_of(attempt.outcome),
        ),
        place,
    )


def _step_of_delivery(delivery: Delivery, place: Place) -> Step:
    given_up_ms = delivery.dead_lettered_at_ms
    kind = StepKind.BEGUN if given_up_ms is None else StepKind.DEAD_LETTER
    at_ms = delivery.planned_at_ms if given_up_ms is None else given_up_ms
    return Step(
        StepKey(at_ms, kind, len(delivery.attempts), _trigger_of(delivery)),
        StepContent(
            outcome="",
            due_ms=due_of_delivery(delivery),
            reason=delivery.reason or "",
            duration_ms=0,
            status=-1,
            error="",
            round_ms=delivery.planned_at_ms,
            stage=step_of_delivery(delivery),
        ),
        place,
    )


def _steps_of_summaries(delivery: Delivery) -> Iterator[Step]:
    """Attempts whose own records Kafka keeps no longer are known by the dead letter's summary of them."""
    for one in delivery.attempts:
        yield Step(
            StepKey(one.started_at_ms, StepKind.ATTEMPT, one.attempt_number, _trigger_of(delivery)),
            StepContent(
                outcome="",
                due_ms=0,
                reason="",
                duration_ms=one.duration_ms,
                status=-1 if one.status is None else one.status,
                error=one.error or "",
                round_ms=0,
                stage=0,
            ),
            None,
        )


def merge(known: dict[StepKey, Step], steps: Iterable[Step]) -> list[Step]:
    """Add steps to those that are known of the same delivery.

    Args:
        known: is changed.
        steps: what was read.

    Returns:
        the attempts of which the own record was not known before.
    """
    recorded = []
    for step in steps:
        before = known.get(step.key)
        if step.key.kind is StepKind.ATTEMPT and step.content.outcome and not (before and before.content.outcome):
            recorded.append(step)
        known[step.key] = step if before is None else _merged(before, step)
    return recorded


def _merged(one: Step, other: Step) -> Step:
    places = [place for place in (one.place, other.place) if place is not None]
    # The note that a replay leaves among the dead letters says the same as the delivery, but has no body.
    place = min(places, key=lambda found: (found.topic == DEAD_LETTERS, found), default=None)
    return Step(one.key, max(one.content, other.content), place)


def stand(steps: Mapping[StepKey, Step]) -> Standing:
    """Say what the steps of one delivery, at least one, come to."""
    replays = sorted({step.content.round_ms for step in steps.values() if _is_replay(step)})
    newest = max(_claim(key, step.content, replays) for key, step in steps.items() if _claims(key, step.content))
    attempts = sorted(step for key, step in steps.items() if key.kind is StepKind.ATTEMPT)
    last = attempts[-1].content if attempts else None
    failure = next((one.content.reason for one in reversed(attempts) if one.content.reason), None)
    state = newest.state
    return Standing(
        at_ms=min(min(key.at_ms, step.content.round_ms or key.at_ms) for key, step in steps.items()),
        state=state,
        reason=None if state is DeliveryState.DELIVERED else newest.reason or failure,
        due_at_ms=newest.due_at_ms or None,
        planned_at_ms=min(
            (
                step.content.round_ms
                for key, step in steps.items()
                if key.trigger is not StepTrigger.REPLAY and step.content.round_ms
            ),
            default=None,
        ),
        replayed_at_ms=replays[-1] if replays else None,
        dead_lettered_at_ms=max((key.at_ms for key in steps if key.kind is StepKind.DEAD_LETTER), default=None),
        changed_at_ms=max(
            max(key.at_ms + step.content.duration_ms, step.content.round_ms) for key, step in steps.items()
        ),
        attempts=len(attempts),
        last_status=last.status if last and last.status >= 0 else None,
        last_error=last.error or None if last else None,
    )


_OF_ATTEMPTS = frozenset({StepKind.ATTEMPT, StepKind.END})


def _is_replay(step: Step) -> bool:
    """Whether a step speaks of a replay's beginning, rather than of a purge, which is noted in the same way."""
    return (
        step.key.trigger is StepTrigger.REPLAY and step.key.kind not in _OF_ATTEMPTS and step.content.reason != PURGED
    )


def _claims(key: StepKey, content: StepContent) -> bool:
    """Whether a step speaks of the state: a summary does not, the record that it came with does."""
    return key.kind is not StepKind.ATTEMPT or content.outcome != ""


def _claim(key: StepKey, content: StepContent, replays: list[int]) -> Claim:
    trigger = REPLAY_TRIGGER if key.trigger is StepTrigger.REPLAY else ""
    of_attempt = key.kind in _OF_ATTEMPTS
    return Claim(
        round_started=round_of_attempt(trigger, key.at_ms, replays)
        if of_attempt
        else round_of_delivery(trigger, content.round_ms),
        step=content.stage,
        attempt_number=key.number,
        due_at_ms=content.due_ms,
        from_dead_letter=key.kind is StepKind.DEAD_LETTER,
        reason=content.reason,
    )
