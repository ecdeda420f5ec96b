"""The commit position: never past anything that is not settled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.offsets import OffsetTracker

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
    assert tracker.position == begun[-1] + 1
    assert tracker.in_flight == 0


def _check(tracker: OffsetTracker, unsettled: list[int], settled: set[int]) -> None:
    below = [offset for offset in settled if not unsettled or offset < unsettled[0]]
    assert tracker.position == (max(below) + 1 if below else None)
    assert tracker.lowest_open == (unsettled[0] if unsettled else None)
    assert tracker.in_flight == len(unsettled) + len(settled) - len(below)


def test_gaps_do_not_hold_the_position_back() -> None:
    """Compacted offsets and transaction markers between records are passed over."""
    tracker = OffsetTracker()
    for offset in (3, 7, 20):
        tracker.begin(offset)
    tracker.settle(3)
    assert tracker.position == 4
    tracker.settle(20)
    assert tracker.position == 4
    tracker.settle(7)
    assert tracker.position == 21


def test_settling_twice_changes_nothing() -> None:
    """A second settlement neither moves the position nor is remembered."""
    tracker = OffsetTracker()
    tracker.begin(1)
    tracker.begin(2)
    for _ in range(2):
        tracker.settle(1)
    assert (tracker.position, tracker.in_flight) == (2, 1)
    tracker.settle(2)
    tracker.settle(1)
    assert (tracker.position, tracker.in_flight) == (3, 0)


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
    assert (tracker.position, tracker.in_flight, tracker.lowest_open) == (None, 1, 1)
    tracker.begin(2)
    tracker.begin(3)
    tracker.settle(1)
    tracker.settle(2)
    assert tracker.position == 3
