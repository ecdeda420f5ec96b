"""What a pass of a subscription has left to the cursors of its keys is handed out by whoever reads next."""

from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.cursor import DurableCursor, KeyStrand, Retrying, Strand

NAME, KEY, OTHER_KEY = "ordered", KeyStrand("ordered", b"k"), KeyStrand("ordered", b"o")
OF_KEY = (1, 2, 3)


def write_cursors(reading: PartitionReading, durable: dict[Strand, DurableCursor]) -> None:
    """Write the cursors that are due, and have them acknowledged."""
    for strand, cursor in reading.due_writes():
        if cursor is None:
            del durable[strand]
        else:
            durable[strand] = cursor
            reading.made_durable(strand)


def lagging(durable: dict[Strand, DurableCursor]) -> PartitionReading:
    """Give a reading that has left all of a key to its subscription's cursor; one delivery holds the commit back."""
    reading = PartitionReading(0)
    assert reading.take(0, "slow", has_room=True) is Taken.DIRECT
    first, *late = OF_KEY
    assert reading.take(first, NAME, has_room=False) is Taken.LEFT
    write_cursors(reading, durable)
    for offset in late:
        assert reading.take(offset, NAME, has_room=True) is Taken.LEFT
    return reading


def leave_to_key(reading: PartitionReading) -> None:
    """Have a pass come by: the first of the key is tried and fails, and with all behind it waits for its turn."""
    for offset in OF_KEY:
        assert reading.hand_out(NAME, offset)
        reading.defer(KEY, offset, NAME)
    reading.passed(NAME, 4)


def test_records_that_a_pass_left_to_their_key_are_not_settled() -> None:
    """Another subscription's delivery holds the commit back; beyond it the subscription's cursor came and went."""
    durable: dict[Strand, DurableCursor] = {}
    reading = lagging(durable)
    leave_to_key(reading)
    write_cursors(reading, durable)
    write_cursors(reading, durable)
    commit = reading.commit()
    assert commit is None or commit[0] == 0
    write_cursors(reading, durable)
    assert durable == {KEY: DurableCursor(1)}

    position, settled = commit or (0, "")
    successor = PartitionReading(position, durable, settled)
    assert successor.take(0, "slow", has_room=True) is Taken.DIRECT
    assert [successor.take(offset, NAME, has_room=True) for offset in OF_KEY] == [Taken.DIRECT] * 3


def test_what_was_settled_of_them_since_is_settled() -> None:
    """Their key's turn came before the process ended: nobody gets them again."""
    durable: dict[Strand, DurableCursor] = {}
    reading = lagging(durable)
    leave_to_key(reading)
    write_cursors(reading, durable)
    for offset in OF_KEY:
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
    assert [successor.take(offset, NAME, has_room=True) for offset in OF_KEY] == [Taken.SETTLED] * 3


def test_the_subscription_s_cursor_stays_while_a_commit_calls_them_settled() -> None:
    """Cursors and commits become durable by different ways: whichever is late, a crash loses nothing."""
    durable: dict[Strand, DurableCursor] = {}
    reading = lagging(durable)
    claiming = reading.commit()
    assert claiming is not None
    reading.committed(claiming)
    leave_to_key(reading)
    for _ in range(3):
        write_cursors(reading, durable)
    silent = reading.commit()
    assert silent is not None
    write_cursors(reading, durable)
    assert durable[NAME] == DurableCursor(1)
    successor = PartitionReading(claiming[0], durable, claiming[1])
    assert successor.take(0, "slow", has_room=True) is Taken.DIRECT
    assert [successor.take(offset, NAME, has_room=True) for offset in OF_KEY] == [Taken.LEFT] * 3

    reading.committed(silent)
    write_cursors(reading, durable)
    assert durable == {KEY: DurableCursor(1)}


def test_the_subscription_s_cursor_is_held_before_them_by_what_no_pass_handed_out() -> None:
    """It tells what is settled beyond itself; not what it would have passed, had the main reader's not held it."""
    durable: dict[Strand, DurableCursor] = {}
    reading = PartitionReading(0)
    assert reading.take(0, NAME, has_room=False) is Taken.LEFT
    write_cursors(reading, durable)
    assert reading.hand_out(NAME, 0)
    reading.passed(NAME, 1)
    assert reading.take(1, NAME, has_room=True) is Taken.DIRECT
    for offset in (2, 3, 4):
        assert reading.take(offset, NAME, has_room=False) is Taken.LEFT
        assert reading.hand_out(NAME, offset)
    reading.passed(NAME, 5)
    for offset in (2, 3):
        reading.defer(KEY, offset, NAME)
    reading.settle(NAME, 0, NAME)
    for _ in range(2):
        write_cursors(reading, durable)
        earlier = reading.commit()
        assert earlier is not None
        reading.committed(earlier)
    reading.defer(OTHER_KEY, 1, None, Retrying(7))
    write_cursors(reading, durable)
    commit = reading.commit()
    assert commit is not None

    assert {strand: cursor.offset for strand, cursor in durable.items()} == {NAME: 1, KEY: 2, OTHER_KEY: 1}
    successor = PartitionReading(commit[0], durable, commit[1])
    for offset in range(commit[0], 5):
        successor.take(offset, NAME, has_room=True)
    assert [offset for offset in range(1, 5) if successor.hand_out(NAME, offset)] == [1, 2, 3, 4]


def test_a_failed_record_is_not_left_to_a_cursor_that_is_about_to_move_past_it() -> None:
    """The write that moves the key's cursor on is under way: only the next one stands for the record."""
    reading = PartitionReading(0)
    for offset in (0, 1):
        reading.take(offset, NAME, has_room=True)
    reading.defer(KEY, 0, None)
    reading.due_writes()
    reading.made_durable(KEY)
    assert reading.hand_out(KEY, 0)
    reading.passed(KEY, 2)
    reading.settle(KEY, 0, KEY)
    # Nothing of the key waits: the second is begun. The third has to wait for it.
    assert not reading.must_wait(KEY)
    reading.take(2, NAME, has_room=True)
    reading.defer(KEY, 2, None)
    assert reading.due_writes() == [(KEY, DurableCursor(2))]
    reading.defer(KEY, 1, None)
    commit = reading.commit()
    assert commit is not None
    assert commit[0] == 1
    assert reading.due_writes() == [(KEY, DurableCursor(1))]
    for _ in range(2):
        reading.made_durable(KEY)
    commit = reading.commit()
    assert commit is not None
    assert commit[0] == 3
