"""What waits, told from commits and cursors: which records are open, and what is counted of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.backlog import Backlog, OpenRecords, Standing
from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.cursor import DurableCursor
from gateway.domain.offsets import describe_settled
from tests.delivery_records import T0, planned

END = 60


def standing(offset: int, *settled: int, due_at_ms: int = 0) -> Standing:
    """A commit or cursor at `offset`, with some settled beyond."""
    still_open = [number for number in range(offset, END) if number not in settled]
    return Standing(offset, describe_settled(offset, still_open, max(settled, default=-1)), due_at_ms)


def open_offsets(records: OpenRecords, key: bytes | None = None) -> list[int]:
    """The open ones of a partition with 60 records, if all were of this key."""
    return [offset for offset in range(records.lowest, END) if records.due_at_ms(offset, key) is not None]


def test_without_a_cursor_the_commit_tells() -> None:
    """Everything from it on, but for what is settled beyond."""
    assert open_offsets(OpenRecords(standing(50), None, {})) == list(range(50, 60))
    assert open_offsets(OpenRecords(standing(50, 51, 52, 58), None, {})) == [50, 53, 54, 55, 56, 57, 59]


def test_from_the_cursor_on_the_cursor_tells() -> None:
    """The commit calls settled what was left in the log; between the two is what the main reader handed out."""
    records = OpenRecords(standing(40, *range(41, 60)), standing(20, 21, 23), {})
    assert records.lowest == 20
    assert open_offsets(records) == [20, 22, *range(24, 60)]
    ahead = OpenRecords(standing(40, 41), standing(45), {})
    assert open_offsets(ahead) == [40, 42, 43, 44, *range(45, 60)]


def test_a_keys_cursor_tells_of_that_key_alone() -> None:
    """Until the commit, or the subscription's cursor, takes over."""
    records = OpenRecords(standing(50), None, {b"k": standing(10, 12, due_at_ms=T0)})
    assert open_offsets(records, b"other") == open_offsets(records, None) == list(range(50, 60))
    assert open_offsets(records, b"k") == [10, 11, *range(13, 60)]
    assert (records.due_at_ms(10, b"k"), records.due_at_ms(11, b"k")) == (T0, 0)
    both = OpenRecords(standing(50), standing(30, 31), {b"k": standing(10, 12)})
    assert open_offsets(both, b"k") == [10, 11, *range(13, 31), *range(32, 60)]


def test_a_key_that_fails_where_the_commit_stands_is_due_later() -> None:
    """Its cursor says when, though the commit has not passed it."""
    records = OpenRecords(standing(50), None, {b"k": standing(50, due_at_ms=T0)})
    assert [records.due_at_ms(offset, b"k") for offset in (49, 50, 51)] == [None, T0, 0]


@given(st.integers(0, END), st.sets(st.integers(0, END - 1)), st.integers(0, END), st.sets(st.integers(0, END - 1)))
def test_open_is_what_nobody_settled(commit: int, by_main: set[int], cursor: int, by_passes: set[int]) -> None:
    """Held to the plain rule for one subscription."""
    by_main = {offset for offset in by_main if offset > commit}
    by_passes = {offset for offset in by_passes if offset > cursor}
    records = OpenRecords(standing(commit, *by_main), standing(cursor, *by_passes), {})

    for offset in range(END):
        expected = offset not in by_passes if offset >= cursor else offset >= commit and offset not in by_main
        assert (records.due_at_ms(offset, None) is not None) is expected


def test_waiting_and_retrying_are_told_apart() -> None:
    """By the time, wherever it is told: the delivery's own, or that of the cursor of its key."""
    backlog = Backlog()
    for delivery, due_at_ms in (
        (planned(at_ms=T0 - 500), 0),
        (planned(at_ms=T0 - 900), 0),
        (replace(planned(at_ms=T0 - 5000), due_at_ms=T0 + 60), 0),
        (replace(planned(at_ms=T0 - 5000), not_before_ms=T0 + 50), 0),
        (planned(at_ms=T0 - 5000), T0 + 70),
    ):
        backlog.add(delivery, T0, due_at_ms=due_at_ms)
    assert backlog == Backlog(2, T0 - 900, 3, T0 + 50)


@pytest.mark.parametrize("due_at_ms", [T0 - 1, T0])
def test_a_retry_that_is_due_waits(due_at_ms: int) -> None:
    """Since its event was planned; a delivery for later, since it might have been sent."""
    retry, later = Backlog(), Backlog()
    retry.add(replace(planned(at_ms=T0 - 100), due_at_ms=due_at_ms), T0)
    later.add(replace(planned(at_ms=T0 - 100), not_before_ms=due_at_ms), T0)
    assert (retry.waiting, retry.oldest_waiting_at_ms) == (1, T0 - 100)
    assert (later.waiting, later.oldest_waiting_at_ms) == (1, due_at_ms)


class Worker:
    """A reading of one partition as egress does it, with what is settled in truth."""

    def __init__(self) -> None:
        self.reading = PartitionReading(0)
        self.owners: list[str] = []
        self.unsettled: set[int] = set()
        self.out: list[tuple[str, int, str | None]] = []
        self.cursors: dict[str, DurableCursor] = {}

    def take(self, name: str, *, has_room: bool) -> None:
        """Read the next record, which is this subscription's."""
        offset = len(self.owners)
        self.owners.append(name)
        self.unsettled.add(offset)
        if self.reading.take(offset, name, has_room=has_room) is Taken.DIRECT:
            self.out.append((name, offset, None))

    def catch_up(self, name: str, count: int) -> None:
        """Hand out some of what was left in the log."""
        start = self.reading.next_of(name)
        if start is None:
            return
        mine = [offset for offset in range(start, len(self.owners)) if self.owners[offset] == name]
        for offset in mine[:count]:
            if self.reading.hand_out(name, offset):
                self.out.append((name, offset, name))
        if count >= len(mine):
            self.reading.passed(name, len(self.owners))

    def settle(self, which: int) -> None:
        """Settle one of those that are out."""
        if self.out:
            name, offset, via = self.out.pop(which % len(self.out))
            self.reading.settle(name, offset, via)
            self.unsettled.discard(offset)

    def write(self) -> None:
        """Make every cursor durable."""
        for strand, durable in self.reading.due_writes():
            assert isinstance(strand, str)
            if durable is None:
                self.cursors.pop(strand)
            else:
                self.cursors[strand] = durable
                self.reading.made_durable(strand)

    def told(self, name: str) -> OpenRecords:
        """Give what commit and cursors tell from outside."""
        commit = self.reading.commit() or (0, "")
        cursor = self.cursors.get(name)
        return OpenRecords(Standing(*commit), None if cursor is None else Standing(cursor.offset, cursor.settled), {})


steps = st.one_of(
    st.tuples(st.just("take"), st.sampled_from("ab"), st.booleans()),
    st.tuples(st.just("catch_up"), st.sampled_from("ab"), st.integers(1, 5)),
    st.tuples(st.just("settle"), st.just(""), st.integers(0, 30)),
    st.tuples(st.just("write"), st.just(""), st.just(0)),
)


@given(st.lists(steps, max_size=80))
def test_what_is_told_is_what_egress_has_not_settled(taken: list[tuple[str, str, int]]) -> None:
    """Whatever was read, left, caught up with and settled: nothing is missed, and nothing is counted that is done."""
    worker = Worker()
    for step, name, argument in taken:
        match step:
            case "take":
                worker.take(name, has_room=bool(argument))
            case "catch_up":
                worker.catch_up(name, argument)
            case "settle":
                worker.settle(argument)
            case _:
                worker.write()
    worker.write()

    for name in "ab":
        records = worker.told(name)
        mine = [offset for offset, owner in enumerate(worker.owners) if owner == name]
        open_offsets = {offset for offset in mine if records.due_at_ms(offset, None) is not None}
        assert open_offsets == worker.unsettled & set(mine)
