"""When lagging strands that are not served have to be looked at: one time each, the earliest counts."""

import heapq
from collections.abc import Iterator

from gateway.domain.cursor import Strand
from gateway.kafka.partitioning import Partition

# Somebody may set the clock forward meanwhile.
_LONGEST_S = 300.0


class Looks:
    """The times, in milliseconds since the epoch."""

    def __init__(self) -> None:
        self._at_ms: dict[tuple[Partition, Strand], int] = {}
        # Entries that were moved or cancelled stay until they come up; the number breaks ties.
        self._queue: list[tuple[int, int, Partition, Strand]] = []
        self._number = 0

    def at(self, at_ms: int, partition: Partition, strand: Strand) -> None:
        """Look at a strand at `at_ms`, or earlier where that was wanted before."""
        known = self._at_ms.get((partition, strand))
        if known is None or at_ms < known:
            self.move(at_ms, partition, strand)

    def move(self, at_ms: int, partition: Partition, strand: Strand) -> None:
        """Look at a strand at `at_ms`, whatever was wanted before."""
        self._at_ms[partition, strand] = at_ms
        self._number += 1
        heapq.heappush(self._queue, (at_ms, self._number, partition, strand))

    def cancel(self, partition: Partition, strand: Strand) -> None:
        """Don't look at a strand."""
        self._at_ms.pop((partition, strand), None)

    def next_in_s(self, now_ms: int) -> float | None:
        """Give how long until the next look is to be asked for, seconds; None where there is none."""
        return min(max(self._queue[0][0] - now_ms, 1) / 1000, _LONGEST_S) if self._queue else None

    def due(self, now_ms: int) -> Iterator[tuple[Partition, Strand]]:
        """Take the strands whose time has come."""
        while self._queue and self._queue[0][0] <= now_ms:
            at_ms, _, partition, strand = heapq.heappop(self._queue)
            if self._at_ms.get((partition, strand)) == at_ms:
                del self._at_ms[partition, strand]
                yield partition, strand
