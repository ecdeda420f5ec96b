"""Replays: what may be asked for, how far one is, which run goes on, and how fast it may be."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import SourcePosition
from gateway.domain.replay import (
    DeliveryStatus,
    PassedOver,
    Replay,
    ReplayState,
    Stretch,
    Tally,
    Wanted,
    pace,
    parse_offsets,
    status_after,
    tally_of,
)
from gateway.kafka.replay_table import ReplayIndex

STRETCHES = (Stretch("events.order", 0, 10, 10, 20), Stretch("events.order", 1, 5, 5, 9))
REPLAY = Replay("rpl_1", ReplayState.RUNNING, 1, "ann", 1000, 1000, Wanted(), 500.0, STRETCHES)


def test_a_checkpoint_says_what_is_done() -> None:
    """By partition; a partition that was not reached stands where it stood, and none goes back."""
    tally = Tally(7, Counter({PassedOver.TYPE: 2}))
    advanced = REPLAY.advanced({("events.order", 0): 14}, tally, 2000)
    assert [one.left for one in advanced.stretches] == [range(14, 20), range(5, 9)]
    assert (advanced.events_read, advanced.events_total, advanced.deliveries) == (4, 14, 7)
    assert advanced.advanced({("events.order", 0): 12}, tally, 3000).stretches == advanced.stretches


def test_a_resumed_replay_counts_on() -> None:
    """From its record, in which a newer gateway may have reasons that are not known here."""
    done = replace(REPLAY, deliveries=7, passed=(("made up later", 3), ("type", 2)))
    tally = tally_of(done)
    assert (tally.deliveries, tally.passed) == (7, Counter({PassedOver.TYPE: 2}))


def test_a_finished_replay_has_come_to_its_ends() -> None:
    """Also where they hold no records: an end may be what a transaction left."""
    assert REPLAY.ended(ReplayState.FINISHED, 2000).events_read == 14
    assert REPLAY.ended(ReplayState.STOPPED, 2000).events_read == 0


def test_the_newest_run_goes_on() -> None:
    """An earlier one gives way, and is not heard any more; who cancels ends the present one."""
    resumed = REPLAY.resumed(2000)
    assert REPLAY.gives_way_to(resumed)
    assert not resumed.gives_way_to(REPLAY)
    assert not resumed.gives_way_to(resumed)
    cancelled = resumed.ended(ReplayState.CANCELLED, 3000)
    assert resumed.gives_way_to(cancelled)
    assert not cancelled.resumed(4000).gives_way_to(cancelled)
    assert [state.value for state in ReplayState if replace(REPLAY, state=state).is_over] == ["finished", "cancelled"]


def test_a_table_of_replays_is_not_turned_back_by_a_run_that_has_to_end() -> None:
    """It writes one more checkpoint before it learns that it was cancelled, or goes on elsewhere; its end counts."""
    index = ReplayIndex()
    cancelled = REPLAY.ended(ReplayState.CANCELLED, 2000)
    for written in (REPLAY, cancelled, replace(REPLAY, deliveries=9)):
        index.put(written)
    assert index.get("rpl_1") == cancelled
    ended = replace(cancelled, deliveries=9)
    index.put(ended)
    assert index.get("rpl_1") == ended
    resumed = REPLAY.resumed(3000)
    for written in (resumed, REPLAY):
        index.put(written)
    assert index.newest_first() == [resumed]
    index.remove("rpl_1")
    assert len(index) == 0


@pytest.mark.parametrize(
    ("state", "rate_per_s", "silent_ms", "is_silent"),
    [
        (ReplayState.RUNNING, 500.0, 30_000, False),
        (ReplayState.RUNNING, 500.0, 30_100, True),
        (ReplayState.RUNNING, None, 30_001, True),
        # One in two minutes: it says nothing in between.
        (ReplayState.RUNNING, 1 / 120, 150_000, False),
        (ReplayState.RUNNING, 1 / 120, 151_000, True),
        (ReplayState.STOPPED, 500.0, 10**9, False),
        (ReplayState.FINISHED, 500.0, 10**9, False),
    ],
)
def test_a_replay_that_says_nothing_for_long_has_lost_its_process(
    *, state: ReplayState, rate_per_s: float | None, silent_ms: int, is_silent: bool
) -> None:
    """It says each second how far it is, or after the pause that its rate asks for."""
    replay = replace(REPLAY, state=state, rate_per_s=rate_per_s)
    assert replay.is_silent(replay.updated_at_ms + silent_ms) is is_silent


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((), DeliveryStatus.NONE),
        (("retry_scheduled",), DeliveryStatus.RETRYING),
        (("put_off", "retry_scheduled"), DeliveryStatus.RETRYING),
        (("made up later",), DeliveryStatus.RETRYING),
        (("retry_scheduled", "dead_lettered"), DeliveryStatus.FAILED),
        (("discarded",), DeliveryStatus.FAILED),
        # A dead letter that was replayed since, or a repeat after a crash.
        (("delivered", "dead_lettered"), DeliveryStatus.DELIVERED),
    ],
)
def test_attempts_tell_what_became_of_a_delivery(outcomes: tuple[str, ...], status: DeliveryStatus) -> None:
    """In any order: an endpoint that took it once has it."""
    assert status_after(outcomes) is status
    assert status_after(reversed(outcomes)) is status


def test_offsets_name_a_partition_and_both_ends() -> None:
    """The last one is part of it."""
    assert parse_offsets("events.order:3:100-200") == (SourcePosition("events.order", 3, 100), 200)
    assert parse_offsets("events.order:0:7-7") == (SourcePosition("events.order", 0, 7), 7)


@pytest.mark.parametrize("text", ["", "events.order:3", "events.order:3:9-8", "deliveries:0:1-2", "events.order:x:1-2"])
def test_other_texts_name_no_offsets(text: str) -> None:
    """With what they have to look like."""
    with pytest.raises(InvalidInputError, match="names no offsets"):
        parse_offsets(text)


@given(
    batches=st.lists(st.tuples(st.integers(1, 50), st.floats(0, 3)), max_size=50),
    rate_per_s=st.floats(1, 1000),
)
def test_a_replay_is_no_faster_than_its_rate(batches: list[tuple[int, float]], rate_per_s: float) -> None:
    """Whatever else takes time in between: lost time is not made up for."""
    now_s, next_at_s, written, began_s = 100.0, 0.0, 0, None
    for count, other_s in batches:
        wait_s, next_at_s = pace(next_at_s, now_s, count, rate_per_s)
        assert wait_s >= 0
        now_s += wait_s
        began_s = now_s if began_s is None else began_s
        assert written <= (now_s - began_s) * rate_per_s + 1e-6
        written += count
        now_s += other_s


def test_without_a_rate_nothing_waits() -> None:
    """Nor later, when there is one."""
    assert pace(50.0, 10.0, 1000, None) == (0.0, 10.0)
