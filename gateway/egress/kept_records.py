"""Records that a catch-up pass has read and could not hand out: kept, within a bound, for when there is room."""

from collections import deque
from dataclasses import dataclass, field

from confluent_kafka import Message

from gateway.domain.cursor import Strand
from gateway.kafka.partitioning import Partition

# Of all strands; those beyond are read again.
MAX_KEPT_BYTES = 16_777_216
# What a record takes in memory beside its key and value.
_OVERHEAD_BYTES = 1024


@dataclass(slots=True)
class Kept:
    """What was read of a strand and not handed out.

    Attributes:
        read_from: where the strand's cursor stood: anywhere else, they are not its next ones.
        end: everything below is looked at. Where the strand's records ended when the pass began: what was left to it
            since then may lie among those that were looked at before, when it was not the strand's.
        records: in order.
        cut: those from the end on are to be read again.
    """

    read_from: int
    end: int
    records: deque[Message] = field(default_factory=deque)
    cut: bool = False

    @property
    def begun(self) -> bool:
        """Something is kept, or has to be read again: what follows can't be handed out."""
        return bool(self.records) or self.cut


class KeptRecords:
    """The records of all strands.

    Attributes:
        size_bytes: what they take.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Partition, Strand], Kept] = {}
        self.size_bytes = 0

    def of(self, partition: Partition, strand: Strand) -> Kept | None:
        """Give what is kept of a strand."""
        return self._kept.get((partition, strand))

    def put(self, partition: Partition, strand: Strand, kept: Kept) -> None:
        """Keep what a pass could not hand out, instead of what was kept before."""
        self.drop(partition, strand)
        self._kept[partition, strand] = kept

    def add(self, kept: Kept, message: Message) -> None:
        """Keep one more record; one that exceeds the bound, and all that follow, are to be read again."""
        if kept.cut:
            return
        if self.size_bytes < MAX_KEPT_BYTES:
            kept.records.append(message)
            self.size_bytes += _size_bytes(message)
        else:
            kept.end, kept.cut = message.offset() or 0, True

    def take(self, kept: Kept) -> Message:
        """Take the first record."""
        message = kept.records.popleft()
        self.size_bytes -= _size_bytes(message)
        return message

    def drop(self, partition: Partition, strand: Strand) -> None:
        """Keep nothing of a strand any more."""
        kept = self._kept.pop((partition, strand), None)
        if kept is not None:
            self.discard(kept)

    def discard(self, kept: Kept) -> None:
        """Count what was added to it no more."""
        self.size_bytes -= sum(map(_size_bytes, kept.records))


def _size_bytes(message: Message) -> int:
    return len(message) + _OVERHEAD_BYTES
