"""Which offset of a partition may be committed, and which offsets beyond it are settled already.

A record is *settled* when everything it caused is acknowledged by Kafka. The tracker takes offsets in the order in
which they are read and settles them in any order; the commit position is the highest offset below which everything
is settled. That is the at-least-once promise, in one place.

What is settled beyond the position goes along with the commit as a short text, so that a new owner repeats only
what was really under way. The text gives runs of open and settled offsets in turn, beginning at the position, as
varints in base64 behind a version mark; where it would grow too long it ends early, and a little more is repeated.
"""

import base64
import binascii
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from heapq import merge

from gateway.domain.varints import decode_varints, encode_varint

# Kafka's default bound on a commit's metadata (offset.metadata.max.bytes) is 4096 bytes.
MAX_SETTLED_CHARS = 4096
_VERSION = "1"
_MAX_RUN_BYTES = (MAX_SETTLED_CHARS - len(_VERSION)) // 4 * 3


class OffsetTracker:
    """The offsets read from one partition that are not settled; memory grows with these alone.

    Offsets may have gaps (compaction, transaction markers, other subscriptions' records); only those handed to
    `begin` count.
    """

    __slots__ = ("_elsewhere", "_highest_settled", "_last", "_open", "_position")

    def __init__(self) -> None:
        # Not a dict: its first key is found in constant time only where nothing was taken from its front.
        self._open: OrderedDict[int, None] = OrderedDict()
        self._last = -1
        self._highest_settled = -1
        self._position: int | None = None
        self._elsewhere: set[int] = set()

    def begin(self, offset: int) -> None:
        """Take an offset into account. Offsets begin in rising order; ValueError where they don't."""
        if offset <= self._last:
            raise ValueError(f"offset {offset} does not follow {self._last}")
        self._open[offset] = None
        self._last = offset

    def pass_over(self, offset: int) -> None:
        """Begin and settle an offset at once."""
        if offset <= self._last:
            raise ValueError(f"offset {offset} does not follow {self._last}")
        self._last = self._highest_settled = offset
        if not self._open:
            self._position = offset + 1

    def settle(self, offset: int) -> None:
        """Mark an offset as settled; a second time changes nothing.

        An offset that did not begin is a ValueError: remembered, it would count as settled before it was worked on.
        """
        if offset > self._last:
            raise ValueError(f"offset {offset} has not begun")
        if offset not in self._open:
            return
        was_lowest = offset == self.lowest_open
        del self._open[offset]
        self._highest_settled = max(self._highest_settled, offset)
        if was_lowest:
            lowest = self.lowest_open
            self._position = self._last + 1 if lowest is None else lowest

    def settle_elsewhere(self, offset: int) -> None:
        """Let the position pass an offset for which something else stands, without calling it settled beyond."""
        self.settle(offset)
        self.left_elsewhere(offset)

    def left_elsewhere(self, offset: int) -> None:
        """Note that an offset which was passed is not settled in truth: something else stands for it by now."""
        self._elsewhere.add(offset)

    def settled_elsewhere(self, offset: int) -> None:
        """Note that an offset for which something else may stand is settled in truth."""
        self._elsewhere.discard(offset)
        if offset in self._open:
            self.settle(offset)

    def forget_from(self, offset: int) -> None:
        """Drop every offset from `offset` on, as if it had never begun."""
        while self._open and next(reversed(self._open)) >= offset:
            self._open.popitem()
        self._last = min(self._last, offset - 1)
        self._highest_settled = min(self._highest_settled, offset - 1)

    def is_open(self, offset: int) -> bool:
        """Tell whether an offset is begun and not settled."""
        return offset in self._open

    def not_settled(self, start: int) -> Iterator[int]:
        """Give the offsets that are begun and not settled in truth, rising.

        Args:
            start: where the text begins that they are for: not this tracker's position, since another one may hold the
                text before it. Of what something else stands for, nothing below is told, now or later.
        """
        if not self._elsewhere:
            return iter(self._open)
        self._elsewhere = {offset for offset in self._elsewhere if offset >= start}
        return merge(self._open, sorted(self._elsewhere))

    @property
    def position(self) -> int | None:
        """The offset to commit (the next one to read), or None while nothing is settled contiguously."""
        return self._position

    @property
    def lowest_open(self) -> int | None:
        """The lowest offset that is begun and not settled, or None when all are settled."""
        return next(iter(self._open), None)

    @property
    def highest_settled(self) -> int:
        """The highest offset that is settled, or -1."""
        return self._highest_settled


def describe_settled(start: int, still_open: Iterable[int], highest_settled: int) -> str:
    """Say which offsets from `start` on are settled, in at most MAX_SETTLED_CHARS characters.

    Args:
        start: the offset that the text is kept with.
        still_open: the offsets from there on that are not settled, rising.
        highest_settled: all others up to this one are settled, or nobody's.
    """
    runs = bytearray()
    for pair in _runs(start, still_open, highest_settled):
        if len(runs) + len(pair) > _MAX_RUN_BYTES:
            break
        runs += pair
    return _VERSION + base64.b64encode(runs).decode() if runs else ""


def _runs(start: int, still_open: Iterable[int], highest_settled: int) -> Iterator[bytes]:
    """Give pairs of an open run and the settled run behind it."""
    open_from = open_to = start
    for offset in still_open:
        if offset > highest_settled:
            break
        if offset > open_to:
            yield encode_varint(open_to - open_from) + encode_varint(offset - open_to)
            open_from = offset
        open_to = offset + 1
    if highest_settled >= open_to:
        yield encode_varint(open_to - open_from) + encode_varint(highest_settled + 1 - open_to)


class SettledBefore:
    """The offsets that an earlier owner had settled beyond the one it left off at.

    Args:
        start: the offset that the text was kept with.
        text: what `describe_settled` wrote. One that can't be read says nothing: more is repeated, nothing lost.

    Attributes:
        end: nothing is told of this offset and those behind it. If nothing is told at all it is the start, before which
            nothing counts as settled: a cursor may fall back there.
    """

    __slots__ = ("_after", "_first", "end")

    def __init__(self, start: int, text: str) -> None:
        ranges = _settled_ranges(start, text)
        self._first = [first for first, _ in ranges]
        self._after = [after for _, after in ranges]
        self.end = self._after[-1] if ranges else start

    def __contains__(self, offset: int) -> bool:
        at = bisect_right(self._first, offset) - 1
        return at >= 0 and offset < self._after[at]

    def others_from(self, start: int) -> Iterator[int]:
        """Give the offsets from `start` on that are not, up to the end, rising; those before the first told are not."""
        at = start
        for first, after in zip(self._first, self._after, strict=True):
            yield from range(at, first)
            at = max(at, after)
        yield from range(at, self.end)


def _settled_ranges(start: int, text: str) -> tuple[tuple[int, int], ...]:
    if not text.startswith(_VERSION):
        return ()
    try:
        runs = list(decode_varints(base64.b64decode(text[len(_VERSION) :], validate=True)))
    except (binascii.Error, ValueError):
        return ()
    ranges: list[tuple[int, int]] = []
    at = start
    for open_run, settled_run in zip(runs[::2], runs[1::2], strict=False):
        at += open_run
        ranges.append((at, at + settled_run))
        at += settled_run
    return tuple(ranges)
