"""Which deliveries are duplicates: the same event, published or planned again within a window.

It is a rule over the log, so that it holds across crashes: a record is a duplicate if an earlier offset of its
partition holds the same delivery id and was written within the window of it. The earlier one was or will be delivered,
for it is in the log and nothing else settles it; unless it is a duplicate itself, of one that was. So a chain of
repeats, each within the window of the one before, comes to one delivery.

Judged is what is handed to a lane. A record that is handed out again (its lane was paused meanwhile) has the offset
that is remembered, and is no duplicate of itself. What is remembered is bounded by time and by number, the oldest is
forgotten first; what is forgotten passes, so that a bound costs a repeat and never a delivery.
"""

from collections import deque
from collections.abc import Collection

# Of one process, about 140 bytes each.
MAX_REMEMBERED = 300_000
# The oldest are forgotten a slice at a time.
_SLICES = 4
_TIME_BITS = 44
_TIME_MASK = (1 << _TIME_BITS) - 1

PartitionId = tuple[str, int]


class _Slice:
    """What was remembered in one stretch of time: partition -> delivery id as a number -> where and when."""

    __slots__ = ("begun_at_ms", "by_partition", "size")

    def __init__(self, begun_at_ms: int) -> None:
        self.begun_at_ms = begun_at_ms
        self.by_partition: dict[PartitionId, dict[int, int]] = {}
        self.size = 0


class DuplicateFilter:
    """Remembers the deliveries of a process's partitions.

    Args:
        window_ms: how far apart two records may be to be duplicates, milliseconds; 0 for no duplicates at all.
        max_remembered: how many deliveries are remembered at most; at least 4.
    """

    def __init__(self, window_ms: int, max_remembered: int = MAX_REMEMBERED) -> None:
        self._window_ms = window_ms
        self._slice_ms = max(window_ms // _SLICES, 1)
        self._slice_size = max_remembered // _SLICES
        self._slices: deque[_Slice] = deque()

    def __len__(self) -> int:
        return sum(part.size for part in self._slices)

    def judge(self, partition: PartitionId, offset: int, delivery_id: str, written_at_ms: int, *, now_ms: int) -> bool:
        """Tell whether a record is a duplicate, and remember it.

        Args:
            partition: where it was read.
            offset: where it was read; those of a delivery rise, but for what is handed out again.
            delivery_id: a UUID; anything else is never a duplicate.
            written_at_ms: the record's timestamp, milliseconds since the epoch.
            now_ms: the present; after the window from now it is forgotten.
        """
        number = _number_of(delivery_id)
        if not self._window_ms or number is None:
            return False
        written_at_ms = min(max(written_at_ms, 0), _TIME_MASK)
        known = self._find(partition, number)
        if known is None:
            self._remember(partition, number, offset, written_at_ms, now_ms)
            return False
        first, last_at_ms = known >> _TIME_BITS, known & _TIME_MASK
        apart_ms = written_at_ms - last_at_ms
        related = abs(apart_ms) <= self._window_ms
        if offset > first:
            head, at_ms = (first, max(written_at_ms, last_at_ms)) if related else (offset, written_at_ms)
            self._remember(partition, number, head, at_ms, now_ms)
            return related
        if offset < first and related:
            self._remember(partition, number, offset, last_at_ms, now_ms)
        return False

    def forget(self, partitions: Collection[PartitionId]) -> None:
        """Forget partitions that belong to somebody else now."""
        for part in self._slices:
            for partition in partitions:
                part.size -= len(part.by_partition.pop(partition, ()))

    def _find(self, partition: PartitionId, number: int) -> int | None:
        for part in reversed(self._slices):
            known = part.by_partition.get(partition)
            if known is not None and number in known:
                return known[number]
        return None

    def _remember(self, partition: PartitionId, number: int, first: int, last_at_ms: int, now_ms: int) -> None:
        newest = self._slice_for(now_ms)
        known = newest.by_partition.setdefault(partition, {})
        newest.size += number not in known
        # One number for both: a tuple would take twice the memory.
        known[number] = first << _TIME_BITS | last_at_ms

    def _slice_for(self, now_ms: int) -> _Slice:
        slices = self._slices
        if not slices or slices[-1].size >= self._slice_size or now_ms - slices[-1].begun_at_ms >= self._slice_ms:
            slices.append(_Slice(now_ms))
            # Room for a whole slice; and what was remembered more than a window ago is over.
            while len(self) > self._slice_size * (_SLICES - 1) or self._is_over(now_ms):
                slices.popleft()
        return slices[-1]

    def _is_over(self, now_ms: int) -> bool:
        # What a slice holds was remembered before the next one began.
        return len(self._slices) > 1 and now_ms - self._slices[1].begun_at_ms > self._window_ms


def _number_of(delivery_id: str) -> int | None:
    try:
        return int(delivery_id.replace("-", ""), 16)
    except ValueError:
        return None
