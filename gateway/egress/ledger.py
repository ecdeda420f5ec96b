"""What this process has taken from Kafka and not yet settled: counted in bytes, and per partition.

The bytes bound memory: over the budget the main reader is blocked. The counts tell a revocation when everything
that was begun is settled.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from gateway.egress.lane import Origin
from gateway.kafka.partitioning import Partition
from gateway.kafka.producer import OutRecord, RecordProducer

DEFAULT_BUDGET_BYTES = 67_108_864
# Of what is free: with one busy lane it may take 4 MiB, with hundreds of them each one less, and there is always
# room for another (dynamic thresholds, as switches share their buffers).
LANE_SHARE = 16


class Ledger:
    """Counts what was taken, begun and settled.

    Args:
        producer: produces what a settlement needs.
        on_pressure: called with True when the budget is used up, with False when half of it is free again.
        budget_bytes: how many bytes may be taken and not settled.
    """

    def __init__(
        self,
        producer: RecordProducer,
        on_pressure: Callable[[bool], None],
        budget_bytes: int = DEFAULT_BUDGET_BYTES,
    ) -> None:
        self._producer = producer
        self._on_pressure = on_pressure
        self._budget_bytes = budget_bytes
        self._taken_bytes = 0
        self._begun: Counter[Partition] = Counter()
        self._moved = asyncio.Event()
        self.exhausted = False

    def take(self, origin: Origin) -> None:
        """Something was handed to a lane."""
        self._taken_bytes += origin.size_bytes
        if not self.exhausted and self._taken_bytes >= self._budget_bytes:
            self.exhausted = True
            self._on_pressure(True)  # noqa: FBT003 - the one argument there is

    def release(self, origin: Origin) -> None:
        """It is settled, went back to the log, or was given up."""
        self._taken_bytes -= origin.size_bytes
        if self.exhausted and self._taken_bytes <= self._budget_bytes // 2:
            self.exhausted = False
            self._on_pressure(False)  # noqa: FBT003 - the one argument there is

    def begin(self, origin: Origin) -> None:
        """Work on it has begun: a revocation waits for it."""
        self._begun[origin.partition] += 1

    @property
    def taken_bytes(self) -> int:
        """How much was taken and is not settled."""
        return self._taken_bytes

    @property
    def lane_allowance_bytes(self) -> int:
        """How much one lane may have taken at present."""
        return (self._budget_bytes - self._taken_bytes) // LANE_SHARE

    def settle(self, origin: Origin, records: Sequence[OutRecord], settled: Callable[[], None] | None = None) -> None:
        """Produce what it caused; once that is acknowledged it is settled.

        Args:
            origin: the record it came from.
            records: what it caused.
            settled: called instead of settling the record, where that is left to a cursor.
        """

        def acknowledged() -> None:
            (settled or origin.settle)()
            self.abandon(origin)

        self._producer.produce(records, acknowledged)

    def abandon(self, origin: Origin) -> None:
        """Work on it is over, settled or not."""
        self._begun[origin.partition] -= 1
        self.release(origin)
        self._moved.set()

    async def all_over(self, partitions: Collection[Partition]) -> None:
        """Wait until no work that was begun for these partitions is left."""
        while any(self._begun[partition] for partition in partitions):
            self._moved.clear()
            await self._moved.wait()
