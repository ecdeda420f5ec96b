"""What an earlier owner said is settled beyond its commit and its cursors, and until when that has to be reckoned with.

Its commit calls settled, too, what it had left in the log for a cursor: from a cursor on only the cursor can tell. So
as long as a durable commit says so, that cursor must not be dropped: who comes next would take the commit's word for
it, and nobody would hand the record out.
"""

from collections.abc import Iterator, Mapping

from gateway.domain.cursor import DurableCursor, Strand
from gateway.domain.offsets import SettledBefore


class Claims:
    """The claims of an earlier owner.

    Args:
        position: the committed offset.
        settled: the commit's text.
        cursors: the durable cursors.
    """

    def __init__(self, position: int, settled: str, cursors: Mapping[Strand, DurableCursor]) -> None:
        self._by_commit = SettledBefore(position, settled)
        self._by_cursors = {
            strand: (durable.offset, SettledBefore(durable.offset, durable.settled))
            for strand, durable in cursors.items()
        }
        self._retried = {durable.offset: strand for strand, durable in cursors.items() if durable.retrying is not None}
        self._without: set[tuple[int, str]] = set()
        self._hold = self._by_commit.end > position

    def settled(self, strand: Strand, offset: int) -> bool:
        """Tell whether a record was settled in truth."""
        found = self._by_cursors.get(strand)
        if found is not None and offset >= found[0]:
            return offset in found[1]
        return isinstance(strand, str) and offset in self._by_commit

    def need(self, strand: Strand) -> bool:
        """Tell whether a strand's cursor has to stay for what a durable commit says."""
        return self._hold and strand in self._by_cursors

    def retried_at(self, offset: int) -> Strand | None:
        """Give whose delivery at an offset was to be retried in its place."""
        return self._retried.get(offset)

    @property
    def highest(self) -> int:
        """The highest offset that the commit called settled."""
        return self._by_commit.end - 1

    def open_from(self, start: int) -> Iterator[int]:
        """Give the offsets from `start` on that it did not call settled, up to the highest, rising."""
        return self._by_commit.others_from(start)

    def offered(self, commit: tuple[int, str], position: int) -> None:
        """Note a commit that is to be made.

        Args:
            commit: the offset and its text.
            position: how far this owner's main reader has come: beyond the highest claim, the commit has none of them.
        """
        if self._hold and position > self.highest:
            self._without.add(commit)

    def committed(self, commit: tuple[int, str]) -> None:
        """Note that a commit is durable."""
        if commit in self._without:
            self._hold = False
            self._without.clear()
