"""What a pass of a subscription has left to the cursors of its keys is handed out by whoever reads next."""

from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.cursor import DurableCursor, KeyStrand, Strand

NAME, KEY = "ordered", KeyStrand("ordered", b"k")
LATE = (2, 3)


def write_cursors(reading: PartitionReading, durable: dict[Strand, DurableCursor]) -> None:
    """Write the cursors that are due, and have them acknowledged."""
    for strand, cursor in reading.due_writes():
        if cursor is None:
            del durable[strand]
        else:
            durable[strand] = cursor
            reading.made_durable(strand)


def test_records_that_a_pass_left_to_their_key_are_not_settled() -> None:
    """Another subscription's delivery holds the commit back; beyond it the subscription's cursor came and went."""
    durable: dict[Strand, DurableCursor] = {}
    reading = PartitionReading(0)
    assert reading.take(0, "slow", has_room=True) is Taken.DIRECT
    assert reading.take(1, NAME, has_room=False) is Taken.LEFT
    write_cursors(reading, durable)
    for offset in LATE:
        assert reading.take(offset, NAME, has_room=True) is Taken.LEFT
    # The first of the key is tried and fails: it and all behind it wait for their turn.
    for offset in (1, *LATE):
        assert reading.hand_out(NAME, offset)
        reading.defer(KEY, offset, NAME)
    reading.passed(NAME, 4)
    write_cursors(reading, durable)
    write_cursors(reading, durable)
    assert durable == {KEY: DurableCursor(1)}
    commit = reading.commit()
    assert commit is None or commit[0] == 0

    position, settled = commit or (0, "")
    successor = PartitionReading(position, durable, settled)
    assert successor.take(0, "slow", has_room=True) is Taken.DIRECT
    assert [successor.take(offset, NAME, has_room=True) for offset in (1, *LATE)] == [Taken.DIRECT] * 3


def test_what_was_settled_of_them_since_is_settled() -> None:
    """Their key's turn came before the process ended: nobody gets them again."""
    durable: dict[Strand, DurableCursor] = {}
    reading = PartitionReading(0)
    reading.take(0, "slow", has_room=True)
    reading.take(1, NAME, has_room=False)
    write_cursors(reading, durable)
    for offset in LATE:
        reading.take(offset, NAME, has_room=True)
    for offset in (1, *LATE):
        reading.hand_out(NAME, offset)
        reading.defer(KEY, offset, NAME)
    reading.passed(NAME, 4)
    write_cursors(reading, durable)
    for offset in (1, *LATE):
        assert reading.hand_out(KEY, offset)
        reading.settle(KEY, offset, KEY)
    reading.passed(KEY, 4)
    write_cursors(reading, durable)
    write_cursors(reading, durable)
    assert durable == {}
    commit = reading.commit()
    assert commit is not None
    successor = PartitionReading(commit[0], durable, commit[1])
    assert successor.take(0, "slow", has_room=True) is Taken.DIRECT
    assert [successor.take(offset, NAME, has_room=True) for offset in (1, *LATE)] == [Taken.SETTLED] * 3
