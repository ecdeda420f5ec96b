"""How one partition is read by two readers without skipping or repeating anything: the log is the queue.

The main reader takes every record once, in order. A record whose lane has no room makes its subscription *lagging*:
it gets a cursor, and from there on its records are left in the log, for catch-up passes to hand out when there is
room. The main reader's offset may be committed past such a record once the cursor that stands for it is durable.

In an ordered subscription a delivery that has to wait for an earlier one of its key is *deferred*: left to a cursor
of that key alone, so that the other keys go on. A failed one is retried in its place, its attempts in the cursor.

Everything here is decisions over offsets: no Kafka, no lanes, no clock. The rules that hold:

    a record is handed out once in the life of a `PartitionReading`, in offset order per strand, unless it is given
    back before it was begun, or deferred to be tried again;
    a pass never hands out what the main reader has not taken, nor what was not deferred to its key when it began;
    a cursor is the lowest offset of its strand that is not settled, never the reading position;
    a cursor is dropped only when everything it stood for is settled.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import chain

from gateway.domain.claims import Claims
from gateway.domain.cursor import Cursor, DurableCursor, KeyStrand, Retrying, Strand, all_resumed, subscription_of
from gateway.domain.offsets import OffsetTracker, describe_settled
from gateway.domain.said import Said, Unsaid


class Taken(Enum):
    """What the main reader has to do with a record."""

    DIRECT = "direct"  # hand it to its lane
    LEFT = "left"  # leave it in the log: a cursor stands for it
    SETTLED = "settled"  # nothing: an earlier owner had settled it


class PartitionReading:
    """The reading of one partition during one assignment.

    Args:
        position: the committed offset, from which the main reader begins.
        cursors: the durable cursors found for this partition.
        settled: what the commit said of the offsets beyond it.
    """

    def __init__(self, position: int, cursors: Mapping[Strand, DurableCursor] | None = None, settled: str = "") -> None:
        self.main = OffsetTracker()
        self._begun_at = self.position = position
        found = cursors or {}
        self._claims = Claims(position, settled, found)
        self._said = Said((position, settled))
        self._cursors = all_resumed(position, found)
        self._keys = Counter(strand.subscription_id for strand in found if not isinstance(strand, str))

    def keys_with_cursors(self, subscription_id: str) -> int:
        """Count the keys of a subscription that have cursors."""
        return self._keys[subscription_id]

    def take(self, offset: int, subscription_id: str, *, has_room: bool) -> Taken:
        """Take the main reader's next record.

        Args:
            offset: its offset; rising.
            subscription_id: whose it is.
            has_room: whether its lane can take it now.
        """
        self.position = offset + 1
        if self._claims.settled(subscription_id, offset):
            self.main.pass_over(offset)
            self._end_retry(offset)
            return Taken.SETTLED
        cursor = self._cursors.get(subscription_id)
        if cursor is not None and cursor.stands_for_next(offset):
            cursor.waiting += 1
            self.main.pass_over(offset)
            return Taken.LEFT
        self.main.begin(offset)
        if cursor is None:
            if has_room:
                return Taken.DIRECT
            cursor = self._fall_back(subscription_id, offset)
        elif cursor.caught_up or offset < cursor.read_from:
            # Before the cursor of an earlier owner lies what that one was still working on.
            if has_room:
                if offset >= cursor.floor:
                    cursor.direct.begin(offset)
                return Taken.DIRECT
            self._fall_back(subscription_id, offset)
        cursor.waiting += 1
        self._leave(subscription_id, cursor, offset, None)
        return Taken.LEFT

    def give_back(self, strand: Strand, items: Sequence[tuple[int, Strand | None]]) -> None:
        """Put the records of a strand that wait in a lane back into the log.

        Args:
            strand: whose they are.
            items: offset, rising, and by which strand's cursor it was handed out, None for the main reader. Nothing
                of this strand from the first of them on has been begun.
        """
        first = items[0][0]
        cursor = self._fall_back(strand, first)
        cursor.handed_out.forget_from(first)
        cursor.direct.forget_from(first)
        cursor.waiting += len(items)
        for offset, via in items:
            if via is None:
                self._leave(strand, cursor, offset, None)

    def defer(self, strand: KeyStrand, offset: int, via: Strand | None, retrying: Retrying | None = None) -> None:
        """Leave a record to the cursor of its key.

        Nothing of the key from `offset` on may be begun, other than this record, nor wait.

        Args:
            strand: the key.
            offset: the record.
            via: by which strand's cursor it was handed out, None for the main reader.
            retrying: how it stands where it was tried and failed.
        """
        cursor = self._fall_back(strand, offset)
        cursor.end = max(cursor.end or 0, offset + 1)
        cursor.handed_out.forget_from(offset)
        if via != strand:
            self._leave(strand, cursor, offset, via)
        if retrying is not None:
            cursor.retrying = (offset, retrying)

    def must_wait(self, strand: KeyStrand) -> bool:
        """Tell whether a record of this key has to wait for what the key's cursor stands for."""
        cursor = self._cursors.get(strand)
        return cursor is not None and cursor.busy

    def retrying(self, strand: Strand) -> tuple[int, Retrying] | None:
        """Give the delivery of a key that is retried in place: its offset, and how it stands."""
        cursor = self._cursors.get(strand)
        return None if cursor is None else cursor.retrying

    def _fall_back(self, strand: Strand, offset: int) -> Cursor:
        cursor = self._cursors.get(strand)
        if cursor is None:
            self._keys[subscription_of(strand)] += not isinstance(strand, str)
            return self._cursors.setdefault(strand, Cursor(offset))
        cursor.read_from = offset if cursor.caught_up else min(cursor.read_from, offset)
        cursor.caught_up = False
        return cursor

    def _leave(self, strand: Strand, cursor: Cursor, offset: int, via: Strand | None) -> None:
        if cursor.stands_for(offset):
            self._stand_for(strand, offset, via)
        else:
            cursor.left.append((offset, via))

    def next_of(self, strand: Strand) -> int | None:
        """Give the offset that a pass for a strand reads from; None where it does not lag."""
        cursor = self._cursors.get(strand)
        return None if cursor is None or cursor.caught_up else cursor.read_from

    def waiting(self, subscription_id: str) -> int:
        """Tell how many records of a subscription were seen to be left in the log, and not handed out since."""
        cursor = self._cursors.get(subscription_id)
        return 0 if cursor is None else cursor.waiting

    def hand_out(self, strand: Strand, offset: int) -> bool:
        """Take a record from a pass. False: it is not for this pass (out already, not the strand's, or settled)."""
        cursor = self._cursors.get(strand)
        if cursor is None or cursor.caught_up or not cursor.read_from <= offset < self._end(cursor):
            return False
        cursor.handed_out.begin(offset)
        cursor.read_from = offset + 1
        cursor.waiting = max(cursor.waiting - 1, 0)
        if self._claims.settled(strand, offset):
            cursor.handed_out.settle(offset)
            return False
        return True

    def end_of(self, strand: Strand) -> int:
        """Give where a strand's records end: a pass that begins now knows of no others, and passes none."""
        return self._end(cursor) if (cursor := self._cursors.get(strand)) else self.position

    def passed(self, strand: Strand, end: int) -> None:
        """Note that a pass found room for all of a strand's records below `end`; see `end_of`."""
        cursor = self._cursors.get(strand)
        if cursor is not None and not cursor.caught_up:
            cursor.passed(min(end, self._end(cursor)), self._end(cursor))

    def _end(self, cursor: Cursor) -> int:
        return self.position if cursor.end is None else cursor.end

    def settle(self, strand: Strand, offset: int, via: Strand | None) -> None:
        """Settle a record.

        Args:
            strand: whose it is.
            offset: the record.
            via: by which strand's cursor it was handed out, None for the main reader.
        """
        for tracker in self._trackers_of(strand, offset, via):
            tracker.settle(offset)
        self._end_retry(offset, via)
        if via is not None and not isinstance(strand, str):
            self.main.settled_elsewhere(offset)
            if (subscription := self._cursors.get(strand.subscription_id)) is not None:
                subscription.settled_elsewhere(offset)

    def _end_retry(self, offset: int, via: Strand | None = None) -> None:
        """Forget a retry that this owner, or an earlier one, was to make: the record is settled, whoever did that."""
        for strand in (via, self._claims.retried_at(offset)):
            if strand is not None and (cursor := self._cursors.get(strand)) is not None:
                cursor.end_retry(offset)

    def _stand_for(self, strand: Strand, offset: int, via: Strand | None) -> None:
        """Let whoever handed a record out pass it: a durable cursor stands for it.

        What is left to a key's cursor is not called settled beyond the position: the main reader of a new owner
        knows no keys, and has to take it once more for it to be deferred again. Its subscription's cursor stays
        before it until no commit calls it settled.
        """
        if isinstance(strand, str):
            for tracker in self._trackers_of(strand, offset, via):
                tracker.settle(offset)
            return
        if via is None and self.main.is_open(offset):
            self.main.settle_elsewhere(offset)
        elif via is None or via not in self._cursors or not self._cursors[via].is_unsettled(offset):
            return  # settled since
        elif offset >= self._begun_at:
            # The main reader has passed it for its subscription's cursor.
            self.main.left_elsewhere(offset)
        self._said.unsay(strand.subscription_id, offset)

    def _let_pass(self, unsaid: Iterable[Unsaid]) -> None:
        """Let cursors of subscriptions pass what is left to keys, now that no commit calls it settled."""
        for subscription_id, offset in unsaid:
            if (cursor := self._cursors.get(subscription_id)) is not None:
                cursor.settle_elsewhere(offset)

    def _trackers_of(self, strand: Strand, offset: int, via: Strand | None) -> Iterator[OffsetTracker]:
        """Give where a record that was handed out is kept account of."""
        if via is not None:
            yield self._cursors[via].handed_out
            return
        yield self.main
        subscription = self._cursors.get(subscription_of(strand))
        if subscription is not None and subscription.direct.is_open(offset):
            yield subscription.direct

    def commit(self) -> tuple[int, str] | None:
        """Give the offset that may be committed and what is settled beyond it, or None while that is nothing."""
        position = self.main.lowest_open if self.main.position is None else self.main.position
        if position is None:
            return None
        # What the main reader has not reached again is as the earlier owner told.
        still_open = chain(self.main.not_settled(position), self._claims.open_from(self.position))
        settled = describe_settled(position, still_open, max(self.main.highest_settled, self._claims.highest))
        if not settled and self.main.position is None and not self._said.newest[1]:
            self._let_pass(self._said.made(self._said.newest))
            return None
        self._claims.offered((position, settled), self.position)
        self._let_pass(self._said.made((position, settled)))
        return position, settled

    def committed(self, commit: tuple[int, str]) -> None:
        """Note that a commit is durable."""
        self._claims.committed(commit)
        self._let_pass(self._said.durable(commit))

    def due_writes(self) -> list[tuple[Strand, DurableCursor | None]]:
        """Give the cursors to write now; None drops one that is finished.

        Each write of an offset has to be answered by `made_durable`, in the same order per strand.
        """
        writes: list[tuple[Strand, DurableCursor | None]] = []
        for strand, cursor in list(self._cursors.items()):
            if cursor.finished and not self._claims.need(strand):
                self._settle_left(strand, cursor.left)
                del self._cursors[strand]
                self._keys[subscription_of(strand)] -= not isinstance(strand, str)
                if cursor.written is not None:
                    writes.append((strand, None))
                continue
            durable = cursor.to_write()
            if cursor.left or durable != cursor.written:
                cursor.written = durable
                cursor.in_writing.append((durable.offset, cursor.left))
                cursor.left = []
                writes.append((strand, durable))
        return writes

    def made_durable(self, strand: Strand) -> None:
        """Note that a strand's oldest unanswered write is acknowledged: the commit may pass the records it is for."""
        cursor = self._cursors[strand]
        cursor.durable_at, stands_for = cursor.in_writing.popleft()
        self._settle_left(strand, stands_for)

    def _settle_left(self, strand: Strand, left: list[tuple[int, Strand | None]]) -> None:
        for offset, via in left:
            self._stand_for(strand, offset, via)
