"""Lanes are small and keep their order."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.catch_up import PartitionReading
from gateway.domain.topics import DELIVERIES
from gateway.egress.lane import MIN_PREFETCH, Lane
from tests.egress_in_memory import queued

OTHER = (DELIVERIES, 1)
PLENTY = 10**9


def test_a_lane_takes_what_is_sent_and_some_that_waits() -> None:
    """A narrow lane prefetches a fixed number, a wide one as many as it may have in flight."""
    reading = PartitionReading(0)
    for max_in_flight, limit in ((1, 1 + MIN_PREFETCH), (1000, 2000)):
        lane = Lane("sub_1", in_flight=max_in_flight)
        offset = reading.position
        while lane.has_room(max_in_flight, PLENTY):
            lane.push(queued(reading, offset))
            offset += 1
        assert lane.in_flight + len(lane.waiting) == limit


def test_a_lane_of_large_deliveries_is_full_sooner() -> None:
    """Bytes bound a lane as well as numbers."""
    reading, lane = PartitionReading(0), Lane("sub_1")
    for offset in range(4):
        assert lane.has_room(32, 4000)
        lane.push(queued(reading, offset, size_bytes=1000))
    assert not lane.has_room(32, 4000)
    assert not lane.wants_more(32, 4000)
    assert lane.has_room(32, 4001)
    lane.clear()
    assert lane.has_room(32, 4000)
    assert lane.size_bytes == 0


def test_a_catch_up_pass_is_worth_while_for_a_half_empty_lane() -> None:
    """Not for every delivery that leaves: a pass reads a stretch of the log."""
    reading, lane = PartitionReading(0), Lane("sub_1")
    for offset in range(MIN_PREFETCH):
        assert lane.wants_more(1, PLENTY) == (len(lane.waiting) <= MIN_PREFETCH // 2)
        lane.push(queued(reading, offset))


@given(partitions=st.lists(st.booleans(), max_size=30))
def test_what_is_withdrawn_leaves_the_others_in_order(partitions: list[bool]) -> None:
    """A lane gives up what was read from some partitions and keeps the rest, and its byte count."""
    kept, gone = PartitionReading(0), PartitionReading(0)
    lane = Lane("sub_1")
    for offset, is_kept in enumerate(partitions):
        lane.push(queued(kept, offset) if is_kept else queued(gone, offset, partition=OTHER))
    withdrawn = lane.withdraw({OTHER})
    assert [one.origin.offset for one in withdrawn] == [n for n, is_kept in enumerate(partitions) if not is_kept]
    assert [one.origin.offset for one in lane.waiting] == [n for n, is_kept in enumerate(partitions) if is_kept]
    assert lane.size_bytes == 100 * len(lane.waiting)
    assert lane.idle == (not any(partitions))
