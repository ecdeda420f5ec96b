"""What a cursor says of itself: where to read again, what to write, and when it may go."""

import pytest

from gateway.domain.cursor import Cursor, DurableCursor, KeyStrand, Retrying, subscription_of
from gateway.domain.offsets import SettledBefore

RETRYING = Retrying(due_at_ms=7)


def cursor_of(read_from: int, *handed_out: int, direct: tuple[int, ...] = (), settled: tuple[int, ...] = ()) -> Cursor:
    """Give a cursor whose passes and whose main reader have handed out these, of which some are settled."""
    cursor = Cursor(read_from)
    for tracker, offsets in ((cursor.handed_out, handed_out), (cursor.direct, direct)):
        for offset in offsets:
            tracker.begin(offset)
            if offset in settled:
                tracker.settle(offset)
    return cursor


def caught_up(cursor: Cursor, retrying: tuple[int, Retrying] | None = None) -> Cursor:
    """Note that passes have reached the cursor's end, and what is left to be tried again."""
    cursor.caught_up, cursor.retrying = True, retrying
    return cursor


def said_settled(durable: DurableCursor) -> set[int]:
    """Give which offsets a new owner takes for settled."""
    before = SettledBefore(durable.offset, durable.settled)
    return {offset for offset in range(100) if offset in before}


def test_a_strand_is_of_a_subscription() -> None:
    """A subscription's own, or that of one of its keys; the same bytes under another subscription are another key."""
    assert subscription_of("sub_1") == "sub_1"
    assert subscription_of(KeyStrand("sub_1", b"sub_2")) == "sub_1"
    assert KeyStrand("sub_1", b"x") != KeyStrand("sub_2", b"x")


@pytest.mark.parametrize(
    ("cursor", "offset"),
    [
        (cursor_of(5), 5),
        (cursor_of(9, 5, 8), 5),
        (cursor_of(9, 5, 8, settled=(5,)), 8),
        (cursor_of(9, 5, 8, settled=(8,)), 5),
        (cursor_of(9, 5, 8, settled=(5, 8)), 9),
        (cursor_of(9, direct=(3, 4)), 3),  # of its strand, too, is what the main reader handed out since
        (cursor_of(9, 5, direct=(7,)), 5),
    ],
)
def test_a_new_owner_reads_from_the_lowest_that_is_not_settled(cursor: Cursor, offset: int) -> None:
    """Not from where the passes are; from there only when everything they handed out is settled."""
    assert cursor.lowest_unsettled == offset
    assert cursor.to_write().offset == offset


def test_what_is_settled_beyond_is_written_too() -> None:
    """Of the passes and of the main reader: a new owner repeats only what was under way."""
    cursor = cursor_of(20, 5, 7, 9, direct=(20, 21, 23), settled=(7, 20, 23))
    said = said_settled(cursor.to_write())
    assert {7, 20, 23} <= said
    assert said.isdisjoint({5, 9, 21})
    assert max(said) == 23
    assert min(said) > 5
    assert said_settled(cursor_of(9, 5, 7, settled=(7,)).to_write()) >= {7}
    assert said_settled(cursor_of(9, 5, direct=(9,), settled=(9,)).to_write()) >= {9}


def test_what_the_main_reader_handed_out_is_told_with_the_rest() -> None:
    """The cursor knows everything of its strand since it exists, whoever has read it."""
    durable = cursor_of(25, 20, direct=(21, 22), settled=(20, 22)).to_write()
    assert durable.offset == 21
    before = SettledBefore(21, durable.settled)
    assert [offset for offset in range(30) if offset in before] == [22]


def test_a_cursor_with_nothing_settled_beyond_it_is_an_offset() -> None:
    """What is settled below its offset needs no words."""
    assert cursor_of(9, 5, 8, settled=(5,)).to_write() == DurableCursor(8)


def test_a_retry_in_place_is_written_with_the_offset_it_is_at() -> None:
    """While an earlier record is not settled it is left out: that one would seem to be the one retried."""
    cursor = cursor_of(5)
    cursor.retrying = (5, RETRYING)
    assert cursor.to_write() == DurableCursor(5, "", RETRYING)
    behind = cursor_of(8, 5)
    behind.retrying = (8, RETRYING)
    assert behind.to_write() == DurableCursor(5)
    behind.handed_out.settle(5)
    assert behind.to_write() == DurableCursor(8, "", RETRYING)


@pytest.mark.parametrize(
    ("cursor", "busy"),
    [
        (cursor_of(9, 5, settled=(5,)), True),  # more may be in the log
        (caught_up(cursor_of(9, 5)), True),  # one is under way
        (caught_up(cursor_of(9, 5, settled=(5,))), False),
        (caught_up(cursor_of(9, 5, settled=(5,)), retrying=(5, RETRYING)), True),
        (caught_up(cursor_of(9, direct=(9,))), False),  # the main reader's needs no cursor
    ],
)
def test_later_records_wait_for_all_that_a_cursor_stands_for(cursor: Cursor, busy: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """For what is still in the log, for what is under way, and for what is to be tried again; then it is finished."""
    assert cursor.busy is busy
    assert cursor.finished is not busy


def test_a_cursor_with_a_write_under_way_is_not_finished() -> None:
    """Dropped before, what is acknowledged later would have nothing to answer to."""
    cursor = caught_up(cursor_of(9, 5, settled=(5,)))
    cursor.in_writing.append((5, []))
    assert not cursor.finished
