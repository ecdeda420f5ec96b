"""Which offset of a partition may be committed.

A record is *settled* when everything it caused is acknowledged by Kafka. The tracker takes offsets in the order in
which they are read and settles them in any order; the commit position is the highest offset below which everything
is settled. That is the at-least-once promise, in one place.
"""

from collections import deque


class OffsetTracker:
    """The offsets of one partition during one assignment.

    Offsets may have gaps (compaction, transaction markers); only those handed to `begin` count.
    """

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._settled: set[int] = set()
        self._position: int | None = None

    def begin(self, offset: int) -> None:
        """Take an offset into account. Offsets begin in rising order."""
        if self._open and offset <= self._open[-1]:
            raise ValueError(f"offset {offset} does not follow {self._open[-1]}")
        self._open.append(offset)

    def settle(self, offset: int) -> None:
        """Mark an offset as settled."""
        self._settled.add(offset)
        while self._open and self._open[0] in self._settled:
            done = self._open.popleft()
            self._settled.remove(done)
            self._position = done + 1

    @property
    def position(self) -> int | None:
        """The offset to commit (the next one to read), or None while nothing is settled contiguously."""
        return self._position

    @property
    def in_flight(self) -> int:
        """How many offsets begun are not yet behind the commit position."""
        return len(self._open)
