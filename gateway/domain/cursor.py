"""Where a lagging subscription, or one key of an ordered one, stands in one partition: a cursor.

A cursor stands for records that are left in the log. It is the lowest offset of its strand that is not settled,
never the reading position, together with what is settled beyond it.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from typing import NamedTuple

from gateway.domain.delivery import AttemptSummary
from gateway.domain.offsets import OffsetTracker, SettledBefore, describe_settled


class KeyStrand(NamedTuple):
    """The deliveries of one event key of one ordered subscription."""

    subscription_id: str
    event_key: bytes


# What keeps its order: a subscription's deliveries (its id), or those of one key of it.
Strand = str | KeyStrand

_NOTHING = SettledBefore(0, "")


def subscription_of(strand: Strand) -> str:
    """Give the id of the subscription that a strand is of."""
    return strand if isinstance(strand, str) else strand.subscription_id


@dataclass(frozen=True, slots=True)
class Retrying:
    """A delivery that is tried again in its place in the log, because later ones of its key wait behind it.

    Attributes:
        due_at_ms: not before.
        attempts: what was tried so far.
    """

    due_at_ms: int
    attempts: tuple[AttemptSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class DurableCursor:
    """What of a cursor outlives the process.

    Attributes:
        offset: the lowest one that is not settled.
        settled: which offsets beyond are, see `describe_settled`.
        retrying: how the delivery at `offset` stands, where it is retried in place.
    """

    offset: int
    settled: str = ""
    retrying: Retrying | None = None


@dataclass(slots=True)
class Cursor:
    """A cursor in its owner's memory.

    Attributes:
        read_from: the next offset that a catch-up pass has to look at.
        end: where its records end, or None where they end at the main reader.
        handed_out: what passes have handed out.
        floor: the offset that an earlier owner left it at, or 0.
        direct: what the main reader has handed out of this strand since the cursor exists, from the floor on.
        caught_up: passes have reached the end; what is left is to settle what was handed out.
        retrying: the delivery that is retried in place, with its offset.
        durable_at: the offset last acknowledged in the log of cursors, or None.
        written: what was last written there, or None.
        left: offsets that no written cursor stands for yet, each with the strand whose cursor had handed it out
            (None: the main reader).
        in_writing: the writes not yet acknowledged, oldest first, each with those of `left` it stands for.
        waiting: how many records it is known to stand for that are not handed out.
        before: what an earlier owner told of the offsets that passes have yet to come to.
    """

    read_from: int
    end: int | None = None
    floor: int = 0
    handed_out: OffsetTracker = field(default_factory=OffsetTracker)
    direct: OffsetTracker = field(default_factory=OffsetTracker)
    caught_up: bool = False
    retrying: tuple[int, Retrying] | None = None
    durable_at: int | None = None
    written: DurableCursor | None = None
    left: list[tuple[int, Strand | None]] = field(default_factory=list)
    in_writing: deque[tuple[int, list[tuple[int, Strand | None]]]] = field(default_factory=deque)
    waiting: int = 0
    before: SettledBefore = _NOTHING

    @property
    def lowest_unsettled(self) -> int:
        """The offset from which a new owner has to read again."""
        handed_out, direct = self.handed_out.lowest_open, self.direct.lowest_open
        lowest = self.read_from if handed_out is None else handed_out
        return lowest if direct is None else min(lowest, direct)

    def to_write(self) -> DurableCursor:
        """Give what a new owner has to know."""
        offset = self.lowest_unsettled
        highest = max(self.handed_out.highest_settled, self.direct.highest_settled, self.before.end - 1)
        retrying = self.retrying[1] if self.retrying is not None and self.retrying[0] == offset else None
        return DurableCursor(offset, describe_settled(offset, self._open_from(offset), highest), retrying)

    def _open_from(self, start: int) -> Iterator[int]:
        untold = self.before.others_from(self.read_from)
        unsettled = merge(self.handed_out.not_settled(start), self.direct.not_settled(start), untold)
        return (offset for offset in unsettled if offset >= start)

    def is_unsettled(self, offset: int) -> bool:
        """Tell whether a record that was handed out is neither settled nor left to another cursor."""
        return self.handed_out.is_open(offset) or self.direct.is_open(offset)

    def settle_elsewhere(self, offset: int) -> None:
        """Pass a record that was left to another cursor, if it is not settled since."""
        for tracker in (self.handed_out, self.direct):
            if tracker.is_open(offset):
                tracker.settle_elsewhere(offset)

    def settled_elsewhere(self, offset: int) -> None:
        """Note that a record which was left to another cursor is settled."""
        self.handed_out.settled_elsewhere(offset)
        self.direct.settled_elsewhere(offset)

    def stands_for_next(self, offset: int) -> bool:
        """Tell whether the strand lags, and what is durable stands for a record that comes after all others."""
        durable_at = self.durable_at
        return not self.caught_up and self.read_from <= offset and durable_at is not None and durable_at <= offset

    def stands_for(self, offset: int) -> bool:
        """Tell whether what is durable, and will be, stands for a record that is left in the log."""
        durable = self.durable_at is not None and self.durable_at <= offset
        return durable and all(at <= offset for at, _ in self.in_writing)

    def passed(self, read_from: int, end: int) -> None:
        """Note that a pass found room for all of the strand's records.

        Args:
            read_from: it has looked at everything below.
            end: where the strand's records end at present.
        """
        self.read_from = max(self.read_from, read_from)
        self.caught_up = self.read_from >= end
        if self.caught_up:
            self.waiting = 0
        if self.retrying is not None and self.retrying[0] < self.read_from:
            offset, _ = self.retrying
            if not self.handed_out.is_open(offset):
                self.retrying = None  # the log does not hold the record any more

    def end_retry(self, offset: int) -> None:
        """Note that a record is settled: it is not retried any more."""
        if self.retrying is not None and self.retrying[0] == offset:
            self.retrying = None

    @property
    def busy(self) -> bool:
        """A later record of the strand has to wait for what the cursor stands for."""
        return not self.caught_up or self.handed_out.lowest_open is not None or self.retrying is not None

    @property
    def finished(self) -> bool:
        """Everything the cursor stood for is settled, and whoever comes next is not its to hand out."""
        return not self.busy and not self.in_writing


def all_resumed(position: int, found: Mapping[Strand, DurableCursor]) -> dict[Strand, Cursor]:
    """Give the cursors that an earlier owner left.

    Args:
        position: the committed offset.
        found: the cursors as they were found.
    """

    def end_of(strand: Strand) -> int | None:
        # From a key's end on the main reader, or its subscription's passes, come by again.
        if isinstance(strand, str):
            return None
        subscription = found.get(strand.subscription_id)
        return position if subscription is None else min(position, subscription.offset)

    return {strand: resumed(durable, end_of(strand)) for strand, durable in found.items()}


def resumed(durable: DurableCursor, end: int | None) -> Cursor:
    """Give the cursor that an earlier owner left.

    Args:
        durable: as it was found.
        end: where its records end, or None where they end at the main reader.
    """
    retrying = None if durable.retrying is None else (durable.offset, durable.retrying)
    return Cursor(
        durable.offset,
        end,
        durable.offset,
        caught_up=end is not None and durable.offset >= end,
        retrying=retrying,
        durable_at=durable.offset,
        written=durable,
        before=SettledBefore(durable.offset, durable.settled),
    )
