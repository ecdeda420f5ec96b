"""The commit position: never past anything that is not settled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.offsets import MAX_SETTLED_CHARS, OffsetTracker, SettledBefore, describe_settled

offsets = st.sets(st.integers(0, 500), min_size=1, max_size=60).map(sorted)


@given(data=st.data(), begun=offsets)
def test_any_order_of_settling(data: st.DataObject, begun: list[int]) -> None:
    """However records begin and settle, the position follows the simple model: nothing unsettled lies below it."""
    tracker = OffsetTracker()
    to_begin, unsettled, settled = list(begun), list[int](), set[int]()
    while to_begin or unsettled:
        if to_begin and (not unsettled or data.draw(st.booleans())):
            tracker.begin(to_begin[0])
            unsettled.append(to_begin.pop(0))
        else:
            offset = unsettled.pop(data.draw(st.integers(0, len(unsettled) - 1)))
            tracker.settle(offset)
            settled.add(offset)
        _check(tracker, unsettled, settled)
        _check_described(tracker, unsettled, settled)
    assert tracker.position == begun[-1] + 1
    assert list(tracker.not_settled(0)) == []


def _check(tracker: OffsetTracker, unsettled: list[int], settled: set[int]) -> None:
    below = [offset for offset in settled if not unsettled or offset < unsettled[0]]
    # Up to the next open one: what lies between was never taken into account, and never will be.
    next_open = unsettled[0] if unsettled else max(settled, default=-1) + 1
    assert tracker.position is None if not below else max(below) < (tracker.position or 0) <= next_open
    assert tracker.lowest_open == (unsettled[0] if unsettled else None)
    assert list(tracker.not_settled(0)) == unsettled


def _check_described(tracker: OffsetTracker, unsettled: list[int], settled: set[int]) -> None:
    start = tracker.position or 0
    before = SettledBefore(start, describe_settled(start, tracker.not_settled(0), tracker.highest_settled))
    said = {offset for offset in range(600) if offset in before}
    assert said >= {offset for offset in settled if offset >= start}
    assert said.isdisjoint(unsettled)
    assert all(offset <= tracker.highest_settled for offset in said)


def test_gaps_do_not_hold_the_position_back() -> None:
    """Compacted offsets and transaction markers between records are passed over."""
    tracker = OffsetTracker()
    for offset in (3, 7, 20):
        tracker.begin(offset)
    tracker.settle(3)
    assert tracker.position == 7
    tracker.settle(20)
    assert tracker.position == 7
    tracker.settle(7)
    assert tracker.position == 21


def test_settling_twice_changes_nothing() -> None:
    """A second settlement neither moves the position nor is remembered."""
    tracker = OffsetTracker()
    tracker.begin(1)
    tracker.begin(2)
    for _ in range(2):
        tracker.settle(1)
    assert (tracker.position, list(tracker.not_settled(0))) == (2, [2])
    tracker.settle(2)
    tracker.settle(1)
    assert (tracker.position, list(tracker.not_settled(0))) == (3, [])


def test_passing_over_is_beginning_and_settling() -> None:
    """What is left to a cursor that is durable already costs no bookkeeping, and moves the position all the same."""
    tracker = OffsetTracker()
    tracker.pass_over(3)
    assert (tracker.position, tracker.highest_settled) == (4, 3)
    tracker.begin(5)
    tracker.pass_over(6)
    assert (tracker.position, list(tracker.not_settled(0))) == (4, [5])
    with pytest.raises(ValueError, match="does not follow"):
        tracker.pass_over(6)
    tracker.settle(5)
    assert tracker.position == 7


def test_what_has_not_begun_cannot_be_settled() -> None:
    """Settling ahead would later commit a record that nobody worked on."""
    tracker = OffsetTracker()
    with pytest.raises(ValueError, match="not begun"):
        tracker.settle(0)
    tracker.begin(4)
    with pytest.raises(ValueError, match="not begun"):
        tracker.settle(5)


@pytest.mark.parametrize("settled", [False, True])
def test_offsets_begin_in_rising_order(settled: bool) -> None:  # noqa: FBT001 - parametrized
    """A rewound reader is noticed, also when nothing is open."""
    tracker = OffsetTracker()
    tracker.begin(5)
    if settled:
        tracker.settle(5)
    for offset in (5, 4):
        with pytest.raises(ValueError, match="does not follow"):
            tracker.begin(offset)


def test_forgotten_offsets_begin_again() -> None:
    """Offsets given back to the log can be taken once more, settled or not."""
    tracker = OffsetTracker()
    for offset in (1, 2, 3):
        tracker.begin(offset)
    tracker.settle(3)
    tracker.forget_from(2)
    assert (tracker.position, list(tracker.not_settled(0)), tracker.lowest_open) == (None, [1], 1)
    tracker.begin(2)
    tracker.begin(3)
    tracker.settle(1)
    tracker.settle(2)
    assert tracker.position == 3


@given(start=st.integers(0, 10**12), gaps=st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_what_is_settled_beyond_is_read_back(start: int, gaps: list[int]) -> None:
    """Runs of any length, from any start, come back as they were."""
    still_open = [start]
    for gap in gaps:
        still_open.append(still_open[-1] + gap)
    highest = still_open[-1] - 1
    before = SettledBefore(start, describe_settled(start, still_open, highest))
    for begin in (max(start - 5, 0), start, (start + highest) // 2):
        assert list(before.others_from(begin)) == [each for each in range(begin, before.end) if each not in before]
    assert {offset for offset in range(start - 5, highest + 5) if offset in before} == set(
        range(start, highest + 1)
    ) - set(still_open)


def test_a_description_is_cut_to_its_bound_and_stays_true() -> None:
    """Thousands of runs don't fit the commit's metadata: the last ones are left out, what is said still holds."""
    still_open = range(0, 100_000, 2)
    text = describe_settled(0, still_open, 99_999)
    assert MAX_SETTLED_CHARS - 8 < len(text) <= MAX_SETTLED_CHARS
    before = SettledBefore(0, text)
    said = [offset for offset in range(100_000) if offset in before]
    assert said == list(range(1, said[-1] + 1, 2))
    assert len(said) > 1000


@pytest.mark.parametrize("text", ["", "2AAAA", "1?", "1gA==", "metadata of somebody else"])
def test_an_unreadable_description_says_nothing(text: str) -> None:
    """What another version or another program wrote costs repeats, never a loss."""
    before = SettledBefore(7, text)
    assert not any(offset in before for offset in range(100))
    assert list(before.others_from(4)) == [4, 5, 6]


def test_a_long_settled_run_costs_nothing_to_pass_on() -> None:
    """Each commit of a new owner repeats what it has not reached again: a billion settled ones are one run."""
    before = SettledBefore(0, describe_settled(0, [0], 10**9))
    assert list(before.others_from(0)) == [0]
