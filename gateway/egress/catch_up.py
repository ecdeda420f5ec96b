"""Catch-up passes: the second reader serves lagging subscriptions whose lanes have room, from the log.

One pass at a time. A pass begins at the lowest cursor of those subscriptions in one partition and ends when their
lanes are full or the main reader's position is reached.
"""

import asyncio
from typing import Protocol

from confluent_kafka import Message

from gateway.domain.catch_up import PartitionReading
from gateway.egress.lane_pool import LanePool
from gateway.egress.ledger import Ledger
from gateway.kafka.catch_up_reader import Stretch
from gateway.kafka.partitioning import Partition


class Enqueue(Protocol):
    """Hands a record to its lane."""

    def __call__(self, message: Message, reading: PartitionReading, partition: Partition, *, direct: bool) -> None:
        """Hand it over; `direct` where the main reader read it."""


class StretchReader(Protocol):
    """Reads the log again."""

    async def read(self, partition: Partition, start: int, end: int, keys: frozenset[bytes]) -> Stretch:
        """Read from `start` towards `end`, and keep the records with these keys."""


class CatchUp:
    """Runs passes whenever there is room.

    Args:
        readings: the partitions that this process owns; shared with the intake, changed by it.
        reader: reads stretches of the log.
        pool: the lanes.
        ledger: tells when the process has taken enough.
        enqueue: hands a record to its lane.
    """

    def __init__(
        self,
        readings: dict[Partition, PartitionReading],
        reader: StretchReader,
        pool: LanePool,
        ledger: Ledger,
        enqueue: Enqueue,
    ) -> None:
        self._readings = readings
        self._reader = reader
        self._pool = pool
        self._ledger = ledger
        self._enqueue = enqueue
        self._room = asyncio.Event()

    def wake(self) -> None:
        """Some lane has room, or a subscription began to lag."""
        self._room.set()

    async def run(self) -> None:
        """Make passes, for ever."""
        while True:
            await self._room.wait()
            self._room.clear()
            for partition in list(self._readings):
                await self._serve(partition)

    async def _serve(self, partition: Partition) -> None:
        reading = self._readings.get(partition)
        if reading is None or self._ledger.exhausted:
            return
        wanted = {name: start for name, start in reading.lagging() if self._pool.wants_more(name)}
        if not wanted:
            return
        start = min(wanted.values())
        stretch = await self._reader.read(
            partition, start, reading.position, frozenset(name.encode() for name in wanted)
        )
        # The partition may have been given up, and even come back, meanwhile.
        if self._readings.get(partition) is not reading:
            return
        for name in self._hand_out(stretch.records, reading, partition, set(wanted)):
            reading.passed(name, stretch.end)
        self._room.set()

    def _hand_out(
        self, records: list[Message], reading: PartitionReading, partition: Partition, wanted: set[str]
    ) -> set[str]:
        """Hand records to their lanes; gives the subscriptions that had room for all of theirs."""
        for message in records:
            name = (message.key() or b"").decode()
            if name not in wanted:
                continue
            if self._ledger.exhausted or not self._pool.has_room(name):
                wanted.discard(name)
            elif reading.hand_out(name, message.offset() or 0):
                self._enqueue(message, reading, partition, direct=False)
        return wanted
