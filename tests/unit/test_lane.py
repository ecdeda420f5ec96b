"""Lanes are small and keep their order."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.catch_up import PartitionReading
from gateway.domain.cursor import KeyStrand
from gateway.domain.outcome import Answered, classify
from gateway.domain.topics import DELIVERIES, PRIORITY_DELIVERIES
from gateway.egress.lane import MIN_PREFETCH, Lane, QueuedDelivery
from gateway.egress.turns import Turn
from tests.egress_in_memory import queued

OTHER = (DELIVERIES, 1)
URGENT = (PRIORITY_DELIVERIES, 0)
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


def test_urgent_ones_have_room_of_their_own() -> None:
    """In a lane full of others, but within its bytes; and they are taken first, in their order."""
    reading, urgent, lane = PartitionReading(0), PartitionReading(0), Lane("sub_1", in_flight=1)
    for offset in range(MIN_PREFETCH):
        lane.push(queued(reading, offset))
    assert not lane.has_room(1, PLENTY)
    for offset in range(MIN_PREFETCH):
        assert lane.has_room(1, PLENTY, Turn.URGENT)
        lane.push(queued(urgent, offset, partition=URGENT))
    assert not lane.has_room(1, PLENTY, Turn.URGENT)
    assert not Lane("sub_1", in_flight=1, size_bytes=500).has_room(1, 500, Turn.URGENT)
    popped = [lane.pop().origin for _ in range(2 * MIN_PREFETCH)]
    assert [origin.partition for origin in popped[:MIN_PREFETCH]] == [URGENT] * MIN_PREFETCH
    assert [origin.offset for origin in popped] == [*range(MIN_PREFETCH), *range(MIN_PREFETCH)]


def test_a_barred_lane_has_no_room_and_a_probing_one_for_one() -> None:
    """Whatever allowance there is."""
    lane = Lane("sub_1")
    assert not lane.has_room(0, PLENTY, Turn.URGENT)
    assert not lane.wants_more(0, PLENTY)
    for _ in range(10):
        lane.gate.end(lane.gate.begin(0), classify(Answered(503)), 0)
    assert lane.gate.is_open
    assert lane.has_room(1, PLENTY)
    assert lane.wants_more(1, PLENTY)
    lane.push(queued(PartitionReading(0), 0))
    assert not lane.has_room(1, PLENTY)
    assert not lane.wants_more(1, PLENTY)


def test_keys_take_turns_in_their_order() -> None:
    """One of a key at a time; the next when the one before is over."""
    lane, reading = Lane("sub_1"), PartitionReading(0)
    x, y = KeyStrand("sub_1", b"x"), KeyStrand("sub_1", b"y")
    for offset, strand in enumerate((x, x, y, x)):
        one = queued(reading, offset)
        lane.push(QueuedDelivery(one.delivery, replace(one.origin, strand=strand)))
    begun = []
    for _ in range(2):
        popped = lane.pop_of_key()
        assert popped is not None
        assert isinstance(popped.origin.strand, KeyStrand)
        lane.line_of(popped.origin.strand.event_key).busy = True
        begun.append(popped.origin.offset)
    assert begun == [0, 2]
    assert lane.pop_of_key() is None
    lane.free_key(b"y")
    assert lane.pop_of_key() is None
    lane.free_key(b"x")
    popped = lane.pop_of_key()
    assert popped is not None
    assert popped.origin.offset == 1
    assert lane.held == 1
    assert [later.origin.offset for later in lane.take_back(x, reading)] == [3]
