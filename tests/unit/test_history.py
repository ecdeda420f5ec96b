"""Folding a delivery's records into its history."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.folding import HistoryBook, HistoryRecord, fold_history
from gateway.domain.history import DeliveryState, GivenUp
from tests.delivery_records import T0, attempt_of, dead, parked, planned

PLANNED = planned()
LATER = replace(PLANNED, not_before_ms=T0 + 8000)
FIRST = attempt_of(PLANNED, 1, "retry_scheduled", at_ms=T0 + 10, due_at_ms=T0 + 1000)
PARKED = parked(PLANNED, (FIRST,), T0 + 1000)
REPARKED = replace(PARKED, due_at_ms=T0 + 9000)
SECOND_OK = attempt_of(PLANNED, 2, "delivered", at_ms=T0 + 1010, status=200)
SECOND_LAST = attempt_of(PLANNED, 2, "dead_lettered", at_ms=T0 + 1010)
LETTER = dead(PLANNED, (FIRST, SECOND_LAST), at_ms=T0 + 1030)
REPLAY = LETTER.replayed(T0 + 50_000)
REPLAY_OK = attempt_of(REPLAY, 1, "delivered", at_ms=T0 + 50_010, status=204)
REPLAY_LETTER = dead(REPLAY, (), at_ms=T0 + 50_020)
PURGE = LETTER.purged(T0 + 55_000)
SECOND_REPLAY = REPLAY_LETTER.replayed(T0 + 60_000)
DELETED = replace(
    attempt_of(PLANNED, 0, "discarded", at_ms=T0 + 5, status=None), reason="subscription_deleted", duration_ms=0
)


@pytest.mark.parametrize(
    ("records", "state", "due_at_ms", "reason", "attempts"),
    [
        ([PLANNED], DeliveryState.PENDING, None, None, 0),
        ([PLANNED, replace(PLANNED, due_at_ms=T0 + 5000)], DeliveryState.PENDING, T0 + 5000, None, 0),
        ([LATER], DeliveryState.PENDING, T0 + 8000, None, 0),
        ([LATER, replace(LATER, due_at_ms=T0 + 5000)], DeliveryState.PENDING, T0 + 8000, None, 0),
        ([LATER, FIRST], DeliveryState.RETRY_SCHEDULED, T0 + 1000, "http_status", 1),
        ([PLANNED, FIRST], DeliveryState.RETRY_SCHEDULED, T0 + 1000, "http_status", 1),
        ([PARKED], DeliveryState.RETRY_SCHEDULED, T0 + 1000, None, 1),
        ([PLANNED, FIRST, PARKED, REPARKED], DeliveryState.RETRY_SCHEDULED, T0 + 9000, "http_status", 1),
        ([PLANNED, FIRST, PARKED, SECOND_OK], DeliveryState.DELIVERED, None, None, 2),
        ([PLANNED, FIRST, PARKED, SECOND_LAST, LETTER], DeliveryState.DEAD_LETTERED, None, "attempts_exhausted", 2),
        ([LETTER], DeliveryState.DEAD_LETTERED, None, "attempts_exhausted", 2),
        ([PLANNED, DELETED], DeliveryState.DISCARDED, None, "subscription_deleted", 0),
        ([LETTER, REPLAY], DeliveryState.PENDING, None, None, 2),
        ([LETTER, REPLAY, replace(REPLAY, body=b"")], DeliveryState.PENDING, None, None, 2),
        ([LETTER, PURGE], DeliveryState.DISCARDED, None, "purged", 2),
        ([LETTER, PURGE, SECOND_REPLAY], DeliveryState.PENDING, None, None, 2),
        ([LETTER, REPLAY, REPLAY_OK], DeliveryState.DELIVERED, None, None, 3),
        ([LETTER, REPLAY_OK], DeliveryState.DELIVERED, None, None, 3),
        ([LETTER, REPLAY, REPLAY_LETTER], DeliveryState.DEAD_LETTERED, None, "attempts_exhausted", 2),
        ([LETTER, REPLAY, REPLAY_LETTER, SECOND_REPLAY], DeliveryState.PENDING, None, None, 2),
    ],
)
def test_the_newest_round_and_its_furthest_step_are_the_state(
    records: list[HistoryRecord], state: DeliveryState, due_at_ms: int | None, reason: str | None, attempts: int
) -> None:
    """Each situation a delivery can be in is told from its records."""
    history = fold_history(records)
    assert (history.state, history.due_at_ms, history.reason) == (state, due_at_ms, reason)
    assert len(history.attempts) == attempts


def test_a_delivery_planned_again_after_a_crash_is_one_delivery() -> None:
    """The repeat has the same id and another time: one history, planned when it was planned first."""
    history = fold_history([planned(at_ms=T0 + 400), PLANNED, SECOND_OK])
    assert (history.state, history.planned_at_ms) == (DeliveryState.DELIVERED, T0)


def test_delivered_once_stays_delivered_whatever_a_repeat_comes_to() -> None:
    """A crash before the commit repeats an attempt; that it fails then takes nothing from the receiver."""
    repeat = attempt_of(PLANNED, 2, "dead_lettered", at_ms=T0 + 4000)
    history = fold_history([PLANNED, FIRST, SECOND_OK, repeat, dead(PLANNED, (FIRST, repeat), at_ms=T0 + 4020)])
    assert history.state is DeliveryState.DELIVERED
    assert [attempt.started_at_ms for attempt in history.attempts] == [T0 + 10, T0 + 1010, T0 + 4000]


def test_a_late_repeat_of_an_old_dead_letter_does_not_end_the_replay() -> None:
    """Rounds count, not the order or the time of the records."""
    late = dead(PLANNED, (FIRST,), at_ms=T0 + 70_000)
    history = fold_history([LETTER, REPLAY, late])
    assert history.state is DeliveryState.PENDING
    assert history.dead_letter == GivenUp(T0 + 70_000, "attempts_exhausted")
    assert history.replayed_at_ms == T0 + 50_000


def test_a_purge_is_no_replay() -> None:
    """Nothing was sent again; what the letter said is still known."""
    history = fold_history([LETTER, PURGE])
    assert (history.replayed_at_ms, history.changed_at_ms) == (None, T0 + 55_000)
    assert history.dead_letter == GivenUp(T0 + 1030, "attempts_exhausted")


def test_an_attempt_dated_before_its_replay_still_belongs_to_it() -> None:
    """The egress worker's clock may be behind the operator's."""
    early = attempt_of(REPLAY, 1, "delivered", at_ms=T0 + 49_000, status=200)
    assert fold_history([LETTER, REPLAY, early]).state is DeliveryState.DELIVERED


def test_an_attempt_is_told_with_its_record_rather_than_its_summary() -> None:
    """A dead letter's summaries fill in only for the attempt records that are gone."""
    known = replace(SECOND_LAST, error_detail="boom")
    first, second = fold_history([LETTER, known]).attempts
    assert (first.outcome, first.max_attempts, first.status) == (None, None, 500)
    assert (second.outcome, second.max_attempts, second.error_detail) == ("dead_lettered", 4, "boom")


ALL: list[HistoryRecord] = [
    PLANNED, planned(at_ms=T0 + 400), FIRST, PARKED, REPARKED, SECOND_OK, SECOND_LAST, LETTER, DELETED,
    REPLAY, REPLAY_OK, REPLAY_LETTER, SECOND_REPLAY, PURGE,
]  # fmt: skip


@given(st.lists(st.sampled_from(ALL), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_change_the_history(records: list[HistoryRecord], random: Random) -> None:
    """The same set of records gives the same history."""
    shuffled = records + random.choices(records, k=5)
    random.shuffle(shuffled)
    assert fold_history(shuffled) == fold_history(records)


def test_a_book_keeps_deliveries_apart_and_puts_the_newest_change_first() -> None:
    """Bodies are dropped, which makes a record and its bodiless note one."""
    other = planned("evt-2", at_ms=T0 + 100_000)
    book = HistoryBook()
    for record in (PLANNED, other, FIRST, REPLAY, replace(REPLAY, body=b"")):
        book.add(record)
    newest, oldest = book.histories()
    assert (newest.event_id, oldest.event_id) == ("evt-2", "evt-1")
    assert oldest.state is DeliveryState.PENDING
