"""Duplicates are what the log says they are, whatever is handed out again, and no delivery is lost to the rule."""

import random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import delivery_id_of
from gateway.domain.duplicates import DuplicateFilter

WINDOW_MS = 1000
PARTITION = ("deliveries", 3)
OTHER = ("deliveries.priority", 3)

# The log of a partition: which delivery each record is of, and how long after the record before it was written.
logs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 700)), max_size=40)


def id_of(number: int) -> str:
    return str(UUID(int=number))


def times_of(log: list[tuple[int, int]]) -> list[int]:
    times = [5000]
    for _, gap_ms in log:
        times.append(times[-1] + gap_ms)
    return times[1:]


def duplicates_by_the_rule(log: list[tuple[int, int]]) -> list[bool]:
    """The rule as it is written, over the whole log."""
    times = times_of(log)
    return [
        any(log[earlier][0] == name and times[at] - times[earlier] <= WINDOW_MS for earlier in range(at))
        for at, (name, _) in enumerate(log)
    ]


def judge(filtering: DuplicateFilter, log: list[tuple[int, int]], offset: int) -> bool:
    at_ms = times_of(log)[offset]
    return filtering.judge(PARTITION, offset, id_of(log[offset][0]), at_ms, now_ms=at_ms)


@given(log=logs)
def test_a_duplicate_is_one_that_has_an_earlier_offset_within_the_window(log: list[tuple[int, int]]) -> None:
    """Read from the beginning, the filter and the rule agree on every record."""
    filtering = DuplicateFilter(WINDOW_MS)
    assert [judge(filtering, log, offset) for offset in range(len(log))] == duplicates_by_the_rule(log)


@given(log=logs, max_remembered=st.integers(4, 12), seed=st.integers(0, 2**32))
def test_whatever_is_handed_out_again_something_of_each_delivery_gets_through(
    log: list[tuple[int, int]], max_remembered: int, seed: int
) -> None:
    """Pauses, crashes and rebalances at any point: a record is suppressed only after an earlier one that was not."""
    # Not drawn step by step: how many steps there are depends on how often it goes back.
    chance = random.Random(seed)  # noqa: S311 - a course of events, guards nothing
    filtering = DuplicateFilter(WINDOW_MS, max_remembered=max_remembered)
    let_through: set[int] = set()
    position = 0
    while position < len(log):
        if judge(filtering, log, position):
            assert any(log[earlier][0] == log[position][0] for earlier in let_through if earlier < position)
        else:
            let_through.add(position)
        position += 1
        if chance.randrange(6) == 0:
            position = chance.randint(max(position - 5, 0), position)
        if chance.randrange(10) == 0:
            filtering.forget([PARTITION])


def test_the_same_record_handed_out_again_is_no_duplicate_of_itself() -> None:
    """A lane that was paused gives its deliveries back to the log; they come again, and their repeats too."""
    filtering = DuplicateFilter(WINDOW_MS)
    for _ in range(3):
        assert not filtering.judge(PARTITION, 7, id_of(1), 5000, now_ms=5000)
        assert filtering.judge(PARTITION, 9, id_of(1), 5100, now_ms=5100)


def test_partitions_know_nothing_of_each_other() -> None:
    """The rule is over one partition's log: an event published again with another priority is delivered again."""
    filtering = DuplicateFilter(WINDOW_MS)
    assert not filtering.judge(PARTITION, 1, id_of(1), 5000, now_ms=5000)
    assert not filtering.judge(OTHER, 2, id_of(1), 5000, now_ms=5000)
    filtering.forget([PARTITION])
    assert not filtering.judge(PARTITION, 3, id_of(1), 5000, now_ms=5000)
    assert filtering.judge(OTHER, 4, id_of(1), 5000, now_ms=5000)


def test_no_window_means_no_duplicates() -> None:
    """Turned off, nothing is remembered either."""
    filtering = DuplicateFilter(0)
    assert not any(filtering.judge(PARTITION, offset, id_of(1), 5000, now_ms=5000) for offset in range(3))
    assert len(filtering) == 0


def test_an_id_that_is_no_uuid_is_never_a_duplicate() -> None:
    """Only the gateway's own ids name a delivery."""
    filtering = DuplicateFilter(WINDOW_MS)
    assert not any(filtering.judge(PARTITION, offset, "mine", 5000, now_ms=5000) for offset in range(3))


@given(count=st.integers(1, 300), step_ms=st.integers(0, 50))
def test_what_is_remembered_is_bounded_and_the_newest_is_kept(count: int, step_ms: int) -> None:
    """By number and by time: the oldest go first, and what was remembered last is always known."""
    filtering = DuplicateFilter(WINDOW_MS, max_remembered=40)
    for offset in range(count):
        now_ms = 5000 + offset * step_ms
        delivery_id = delivery_id_of(str(offset), "sub_1")
        assert not filtering.judge(PARTITION, offset, delivery_id, now_ms, now_ms=now_ms)
        assert len(filtering) <= min(40, WINDOW_MS * 3 // 2 // max(step_ms, 1) + 2)
        assert filtering.judge(PARTITION, offset + 1, delivery_id, now_ms, now_ms=now_ms)


def test_a_record_with_an_impossible_time_does_no_harm() -> None:
    """Timestamps are their producers': they may be missing, or of another age."""
    filtering = DuplicateFilter(WINDOW_MS)
    for offset, at_ms in enumerate((-1, 10**18, 5000)):
        assert not filtering.judge(PARTITION, offset, id_of(1), at_ms, now_ms=5000)
    assert filtering.judge(PARTITION, 3, id_of(1), 5001, now_ms=5000)
