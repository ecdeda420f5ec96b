"""What a cursor that an earlier owner left says of records, when its successor has to fall back before it."""

import pytest

from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.cursor import DurableCursor
from gateway.domain.offsets import describe_settled


@pytest.mark.parametrize("settled", [describe_settled(5, (), -1), describe_settled(5, (5,), 6)])
def test_nothing_before_a_found_cursor_is_called_settled(settled: str) -> None:
    """What its owner was still working on finds no room with the next one, which ends, too."""
    reading = PartitionReading(0, {"hanging": DurableCursor(5, settled)})
    assert [reading.take(offset, "hanging", has_room=offset < 2) for offset in range(5)] == [
        *[Taken.DIRECT] * 2,
        *[Taken.LEFT] * 3,
    ]
    [(_, cursor)] = reading.due_writes()
    assert cursor is not None
    assert cursor.offset == 2

    successor = PartitionReading(0, {"hanging": cursor})
    assert [successor.take(offset, "hanging", has_room=True) for offset in range(5)] == [
        *[Taken.DIRECT] * 2,
        *[Taken.LEFT] * 3,
    ]
    assert [successor.hand_out("hanging", offset) for offset in range(2, 5)] == [True] * 3
