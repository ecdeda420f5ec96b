"""The commits that the main reader has yet to make: asked for on the event loop, committed by the reader's thread.

A commit that failed is tried again, also where nothing new is settled: what is not committed would be repeated after
a crash. It is never put back over a newer one, nor for a partition that was given up. A partition has one commit under
way at most: of two, the older one could become durable last, and what it says would stand for what is.
"""

import threading
from collections.abc import Iterable, Mapping

from confluent_kafka import TopicPartition

from gateway.kafka.partitioning import Partition

RETRY_S = 1.0

# The offset, and what is settled beyond it: the commit's metadata.
Commit = tuple[int, str]


def to_commit(commits: Mapping[Partition, Commit]) -> list[TopicPartition]:
    """Give commits as the client takes them."""
    return [TopicPartition(*partition, offset, settled) for partition, (offset, settled) in commits.items()]


class PendingCommits:
    """One offset a partition; the newest asked for counts. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owned: set[Partition] = set()
        self._offsets: dict[Partition, Commit] = {}
        self._under_way: set[Partition] = set()
        self._not_before_s = 0.0

    def own(self, partitions: Iterable[Partition]) -> None:
        """These partitions, and no others, are owned from now on."""
        with self._lock:
            self._owned = set(partitions)
            self._offsets.clear()
            self._under_way.clear()

    def give_up(self, partitions: Iterable[Partition]) -> None:
        """These partitions are not owned any more: nothing of theirs may be committed late."""
        with self._lock:
            for partition in partitions:
                self._owned.discard(partition)
                self._under_way.discard(partition)
                self._offsets.pop(partition, None)

    def ask(self, offsets: Mapping[Partition, Commit]) -> None:
        """Have these offsets committed soon."""
        with self._lock:
            self._offsets.update({at: offset for at, offset in offsets.items() if at in self._owned})

    def take(self, now_s: float) -> dict[Partition, Commit]:
        """Give what is to be committed now; nothing for a second after a failure.

        Each has to be answered, by `durable` or by `failed`, before the next of its partition is given.

        Args:
            now_s: the present, any monotonic clock.
        """
        with self._lock:
            if now_s < self._not_before_s:
                return {}
            offsets = {at: offset for at, offset in self._offsets.items() if at not in self._under_way}
            for partition in offsets:
                del self._offsets[partition]
            self._under_way.update(offsets)
            return offsets

    def durable(self, partitions: Iterable[Partition]) -> None:
        """Note that what was taken of these partitions is committed, and that those who wait for it know."""
        with self._lock:
            self._under_way.difference_update(partitions)

    def failed(self, offsets: Mapping[Partition, Commit], now_s: float) -> None:
        """Put back what could not be committed."""
        with self._lock:
            self._not_before_s = now_s + RETRY_S
            self._under_way.difference_update(offsets)
            for partition, offset in offsets.items():
                if partition in self._owned:
                    self._offsets.setdefault(partition, offset)
