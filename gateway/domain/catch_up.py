"""How one partition is read by two readers without skipping or repeating anything: the log is the queue.

The main reader takes every record once, in order. A record whose lane has no room makes its subscription *lagging*:
it gets a cursor, and from there on its records are left in the log, for catch-up passes to hand out when there is
room. The main reader's offset may be committed past such a record once the cursor that stands for it is durable.

Everything here is decisions over offsets: no Kafka, no lanes, no clock. The rules that hold:

    a record is handed out once in the life of a `PartitionReading`, in offset order per subscription;
    a pass never hands out what the main reader has not taken yet, so "caught up" is exact;
    a cursor is the lowest offset of its subscription that is not settled, never the reading position;
    a cursor is dropped only when everything it stood for is settled.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from gateway.domain.offsets import OffsetTracker


class Taken(Enum):
    """What the main reader has to do with a record."""

    DIRECT = "direct"  # hand it to its lane
    LEFT = "left"  # leave it in the log: a cursor stands for it


@dataclass(slots=True)
class Cursor:
    """Where one subscription stands in one partition while it lags.

    Attributes:
        read_from: the next offset that a catch-up pass has to look at.
        handed_out: what passes have handed out.
        caught_up: passes have reached the main reader; what is left is to settle what was handed out.
        durable_at: the offset last acknowledged in the log of cursors, or None.
        written: the offset last written there, or None.
        left: offsets of the main reader that no written cursor stands for yet.
        in_writing: the writes not yet acknowledged, oldest first: the offset, and those of `left` it stands for.
    """

    read_from: int
    handed_out: OffsetTracker = field(default_factory=OffsetTracker)
    caught_up: bool = False
    durable_at: int | None = None
    written: int | None = None
    left: list[int] = field(default_factory=list)
    in_writing: deque[tuple[int, list[int]]] = field(default_factory=deque)

    @property
    def lowest_unsettled(self) -> int:
        """The offset from which a new owner has to read again."""
        lowest = self.handed_out.lowest_open
        return self.read_from if lowest is None else lowest

    @property
    def finished(self) -> bool:
        """Everything the cursor stood for is settled, and the main reader hands out what follows."""
        return self.caught_up and self.handed_out.lowest_open is None and not self.in_writing

    @property
    def needs_writing(self) -> bool:
        """It has moved since it was last written, or stands for more."""
        return bool(self.left) or self.written != self.lowest_unsettled


class PartitionReading:
    """The reading of one partition during one assignment.

    Args:
        position: the committed offset, from which the main reader begins.
        cursors: the durable cursors found for this partition: subscription id -> offset.
    """

    def __init__(self, position: int, cursors: dict[str, int] | None = None) -> None:
        self.main = OffsetTracker()
        self.position = position
        self._cursors: dict[str, Cursor] = {}
        for subscription_id, offset in (cursors or {}).items():
            # A cursor ahead of the commit does not stand for what lies between: it is moved back, and counts as
            # durable for that once it is written again.
            self._cursors[subscription_id] = Cursor(min(offset, position), durable_at=offset, written=offset)

    def take(self, offset: int, subscription_id: str, *, has_room: bool) -> Taken:
        """Take the main reader's next record.

        Args:
            offset: its offset; rising.
            subscription_id: whose it is.
            has_room: whether its lane can take it now.
        """
        self.main.begin(offset)
        self.position = offset + 1
        cursor = self._cursors.get(subscription_id)
        if cursor is not None and not cursor.caught_up:
            self._leave(cursor, offset)
            return Taken.LEFT
        if has_room:
            return Taken.DIRECT
        self._fall_back(subscription_id, offset)
        self._leave(self._cursors[subscription_id], offset)
        return Taken.LEFT

    def give_back(self, subscription_id: str, offset: int, directly_taken: list[int]) -> None:
        """Put records that wait in a lane back into the log: all of a subscription's from `offset` on.

        Args:
            subscription_id: whose they are.
            offset: the lowest of them; nothing of this subscription from there on has been begun.
            directly_taken: those of them that the main reader handed out.
        """
        self._fall_back(subscription_id, offset)
        cursor = self._cursors[subscription_id]
        cursor.handed_out.forget_from(offset)
        for taken in directly_taken:
            self._leave(cursor, taken)

    def _fall_back(self, subscription_id: str, offset: int) -> None:
        cursor = self._cursors.get(subscription_id)
        if cursor is None:
            self._cursors[subscription_id] = Cursor(offset)
            return
        cursor.read_from = offset if cursor.caught_up else min(cursor.read_from, offset)
        cursor.caught_up = False

    def _leave(self, cursor: Cursor, offset: int) -> None:
        if cursor.durable_at is not None and cursor.durable_at <= offset:
            self.main.settle(offset)
        else:
            cursor.left.append(offset)

    def lagging(self) -> Iterator[tuple[str, int]]:
        """Give the subscriptions that a pass has to serve, with the offset each one reads from."""
        return ((name, cursor.read_from) for name, cursor in self._cursors.items() if not cursor.caught_up)

    def is_lagging(self, subscription_id: str) -> bool:
        """Tell whether a subscription's next records are left in the log."""
        cursor = self._cursors.get(subscription_id)
        return cursor is not None and not cursor.caught_up

    def hand_out(self, subscription_id: str, offset: int) -> bool:
        """Take a record from a pass. False: this record is not for a pass (already out, or the main reader's)."""
        cursor = self._cursors.get(subscription_id)
        if cursor is None or cursor.caught_up or offset < cursor.read_from or offset >= self.position:
            return False
        cursor.handed_out.begin(offset)
        cursor.read_from = offset + 1
        return True

    def passed(self, subscription_id: str, end: int) -> None:
        """Note that a pass has looked at everything below `end` and found room for all of a subscription's records."""
        cursor = self._cursors.get(subscription_id)
        if cursor is None or cursor.caught_up:
            return
        cursor.read_from = max(cursor.read_from, min(end, self.position))
        cursor.caught_up = cursor.read_from >= self.position

    def settle_handed_out(self, subscription_id: str, offset: int) -> None:
        """Settle a record that a pass handed out."""
        self._cursors[subscription_id].handed_out.settle(offset)

    def due_writes(self) -> list[tuple[str, int | None]]:
        """Give the cursors to write now; None drops one that is finished.

        Each write of an offset has to be answered by `made_durable`, in the same order per subscription.
        """
        writes: list[tuple[str, int | None]] = []
        for subscription_id, cursor in list(self._cursors.items()):
            if cursor.finished:
                del self._cursors[subscription_id]
                self._settle_left(cursor.left)
                if cursor.written is not None:
                    writes.append((subscription_id, None))
            elif cursor.needs_writing:
                cursor.written = cursor.lowest_unsettled
                cursor.in_writing.append((cursor.written, cursor.left))
                cursor.left = []
                writes.append((subscription_id, cursor.written))
        return writes

    def made_durable(self, subscription_id: str) -> None:
        """Note that a subscription's oldest unanswered write is acknowledged: the main commit may pass its records."""
        cursor = self._cursors[subscription_id]
        cursor.durable_at, stands_for = cursor.in_writing.popleft()
        self._settle_left(stands_for)

    def _settle_left(self, offsets: list[int]) -> None:
        for offset in offsets:
            self.main.settle(offset)
