"""What a reading commits, life after life, while its first record stays open: nothing that was settled is forgotten."""

from gateway.domain.catch_up import PartitionReading, Taken


def read(reading: PartitionReading, offsets: range) -> list[int]:
    """Have records read with room for all; gives those that are handed out."""
    return [offset for offset in offsets if reading.take(offset, "s", has_room=True) is Taken.DIRECT]


def settle(reading: PartitionReading, offsets: range) -> None:
    """Settle what the main reader has handed out."""
    for offset in offsets:
        reading.settle("s", offset, None)


def test_nothing_read_and_nothing_settled_is_nothing_to_commit() -> None:
    """A commit that says no more than the one before is not made."""
    reading = PartitionReading(7)
    assert reading.commit() is None
    read(reading, range(7, 9))
    assert reading.commit() is None


def test_what_is_settled_beyond_the_first_record_of_a_life_is_committed() -> None:
    """A new owner whose very first record hangs tells the next one what it has settled behind it."""
    reading = PartitionReading(7)
    read(reading, range(7, 20))
    settle(reading, range(8, 15))
    commit = reading.commit()
    assert commit is not None
    assert commit[0] == 7
    assert read(PartitionReading(*commit[:1], {}, commit[1]), range(7, 20)) == [7, *range(15, 20)]


def test_what_was_not_read_again_stays_settled() -> None:
    """A life that ends while it still reads what its predecessor had settled commits that, too."""
    first = PartitionReading(0)
    read(first, range(100))
    settle(first, range(10, 60))
    settle(first, range(70, 100))
    offset, text = first.commit() or (0, "")

    second = PartitionReading(offset, {}, text)
    read(second, range(30))
    settle(second, range(5))
    offset, text = second.commit() or (0, "")

    assert offset == 5
    assert read(PartitionReading(offset, {}, text), range(5, 100)) == [*range(5, 10), *range(60, 70)]
