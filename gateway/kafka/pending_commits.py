"""The commits that the main reader has yet to make: asked for on the event loop, committed by the reader's thread.

A commit that failed is tried again, also where nothing new is settled: what is not committed would be repeated after
a crash. It is never put back over a newer one, nor for a partition that was given up.
"""

import threading
from collections.abc import Iterable, Mapping

from gateway.kafka.partitioning import Partition

RETRY_S = 1.0

# The offset, and what is settled beyond it: the commit's metadata.
Commit = tuple[int, str]


class PendingCommits:
    """One offset a partition; the newest asked for counts. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owned: set[Partition] = set()
        self._offsets: dict[Partition, Commit] = {}
        self._not_before_s = 0.0

    def own(self, partitions: Iterable[Partition]) -> None:
        """These partitions, and no others, are owned from now on."""
        with self._lock:
            self._owned = set(partitions)
            self._offsets.clear()

    def give_up(self, partitions: Iterable[Partition]) -> None:
        """These partitions are not owned any more: nothing of theirs may be committed late."""
        with self._lock:
            for partition in partitions:
                self._owned.discard(partition)
                self._offsets.pop(partition, None)

    def ask(self, offsets: Mapping[Partition, Commit]) -> None:
        """Have these offsets committed soon."""
        with self._lock:
            self._offsets.update({at: offset for at, offset in offsets.items() if at in self._owned})

    def take(self, now_s: float) -> dict[Partition, Commit]:
        """Give what is to be committed now; nothing for a second after a failure.

        Args:
            now_s: the present, any monotonic clock.
        """
        with self._lock:
            if now_s < self._not_before_s:
                return {}
            offsets, self._offsets = self._offsets, {}
            return offsets

    def failed(self, offsets: Mapping[Partition, Commit], now_s: float) -> None:
        """Put back what could not be committed."""
        with self._lock:
            self._not_before_s = now_s + RETRY_S
            for partition, offset in offsets.items():
                if partition in self._owned:
                    self._offsets.setdefault(partition, offset)
