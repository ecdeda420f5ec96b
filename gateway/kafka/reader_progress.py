"""What is seen of the main reader from outside: whether it reads what is there, and whether its group gives it a part.

Told by the reader's thread; asked on any.
"""

from gateway.domain.progress import Progress
from gateway.kafka.fetch_control import FetchControl
from gateway.kafka.partitioning import Offsets, Partition


class ReaderProgress:
    """The steps of the reader.

    Args:
        fetching: knows what is held back on purpose.
    """

    def __init__(self, fetching: FetchControl) -> None:
        self._fetching = fetching
        self._owned: frozenset[Partition] | None = None
        self._ends: dict[Partition, int] = {}
        self._steps = self._rebalances = 0

    def read(self, records: int) -> None:
        """So many records were read."""
        self._steps += records

    def at_end(self, partition: Partition, offset: int) -> None:
        """A partition was read to this offset: what lies before it and was not handed out are no records."""
        self._steps += 1
        self._ends[partition] = offset

    def assigned(self, partitions: frozenset[Partition]) -> None:
        """The group gave the reader these partitions; it may have none for it."""
        self._rebalances += 1
        self._ends = {}
        self._owned = partitions

    def given_up(self) -> None:
        """The group is about to give partitions anew."""
        self._rebalances += 1
        self._owned = None

    def membership(self, _: Offsets) -> Progress:
        """Tell whether the reader waits for the group."""
        return Progress(self._owned is None, self._rebalances)

    def reading(self, reached: Offsets, ends: Offsets) -> Progress:
        """Tell whether it reads what is there, as far as nothing holds it back.

        Args:
            reached: the next offset of each partition whose records were taken.
            ends: the offset that the next record of each partition will have.
        """
        behind = [
            partition
            for partition in self._owned or ()
            if ends.get(partition, 0) > max(reached.get(partition, 0), self._ends.get(partition, 0))
        ]
        held = self._fetching.blocked or all(self._fetching.is_held(partition) for partition in behind)
        return Progress(not held, self._steps)
