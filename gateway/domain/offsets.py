"""Which offset of a partition may be committed.

A record is *settled* when everything it caused is acknowledged by Kafka. The tracker takes offsets in the order in
which they are read and settles them in any order; the commit position is the highest offset below which everything
is settled. That is the at-least-once promise, in one place.
"""

from collections import deque


class OffsetTracker:
    """The offsets read from one partition, and which of them are settled.

    Offsets may have gaps (compaction, transaction markers, other subscriptions' records); only those handed to
    `begin` count.
    """

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._settled: set[int] = set()
        self._position: int | None = None

    def begin(self, offset: int) -> None:
        """Take an offset into account. Offsets begin in rising order; ValueError where they don't."""
        least = self._open[-1] + 1 if self._open else self._position
        if least is not None and offset < least:
            raise ValueError(f"offset {offset} does not follow {least - 1}")
        self._open.append(offset)

    def settle(self, offset: int) -> None:
        """Mark an offset as settled; a second time changes nothing.

        An offset that did not begin is a ValueError: remembered, it would count as settled before it was worked on.
        """
        if self._position is not None and offset < self._position:
            return
        if not self._open or offset > self._open[-1]:
            raise ValueError(f"offset {offset} has not begun")
        self._settled.add(offset)
        self._advance()

    def forget_from(self, offset: int) -> None:
        """Drop every offset from `offset` on, as if it had never begun."""
        while self._open and self._open[-1] >= offset:
            self._settled.discard(self._open.pop())

    def _advance(self) -> None:
        while self._open and self._open[0] in self._settled:
            done = self._open.popleft()
            self._settled.remove(done)
            self._position = done + 1

    @property
    def position(self) -> int | None:
        """The offset to commit (the next one to read), or None while nothing is settled contiguously."""
        return self._position

    @property
    def lowest_open(self) -> int | None:
        """The lowest offset that is begun and not settled, or None when all are settled."""
        return self._open[0] if self._open else None

    @property
    def in_flight(self) -> int:
        """How many offsets begun are not yet behind the commit position."""
        return len(self._open)
