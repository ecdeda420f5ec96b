"""Catch-up passes: the second reader serves lagging strands whose lanes have room, from the log.

One pass at a time. A pass begins at the lowest cursor of those strands in one partition and ends when their lanes
are full or the main reader's position is reached. What a pass has read and could not hand out is kept, within a
bound, for the moment there is room. A strand that is not served is looked at when its oldest delivery may have
become too old to wait.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from confluent_kafka import Message

from gateway.domain.catch_up import PartitionReading
from gateway.domain.cursor import Strand, subscription_of
from gateway.egress.intake import Intake
from gateway.egress.kept_records import Kept, KeptRecords
from gateway.egress.lane_pool import LanePool
from gateway.egress.ledger import Ledger
from gateway.egress.looks import Looks
from gateway.egress.turns import Turn, turn_of
from gateway.kafka.catch_up_reader import Stretch
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import now_ms

FIRST_LOOK_MS = 1_000
LOOK_AGAIN_MS = 60_000
_LONGEST_PAUSE_MS = 6 * 3_600_000
# After so many records of a stretch whatever else waits has its turn: thousands of them at once would be felt by
# every endpoint.
_SLICE = 200


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
        intake: hands a record to its lane.
    """

    def __init__(
        self,
        readings: dict[Partition, PartitionReading],
        reader: StretchReader,
        pool: LanePool,
        ledger: Ledger,
        intake: Intake,
    ) -> None:
        self._readings = readings
        self._reader = reader
        self._pool = pool
        self._ledger = ledger
        self._intake = intake
        self._lagging: dict[str, dict[tuple[Partition, Strand], None]] = {}
        self._due: dict[Partition, dict[Strand, None]] = {}
        self._kept = KeptRecords()
        self._looks = Looks()
        self._wanted = asyncio.Event()
        self._passes = 0
        self._served_at: dict[Partition, int] = {}

    def lags(self, partition: Partition, strand: Strand) -> None:
        """Records of a strand are left in the log."""
        reading = self._readings.get(partition)
        if reading is None:
            return
        self._wanted.set()  # what is to be looked at next may be this
        if self._waits_for_retry(partition, reading, strand):
            return
        name = subscription_of(strand)
        self._lagging.setdefault(name, {})[partition, strand] = None
        self._looks.at(now_ms() + FIRST_LOOK_MS, partition, strand)
        if self._pool.wants_more(name, turn_of(partition)):
            self._want(partition, strand)

    def wake(self, subscription_id: str) -> None:
        """A lane has room, or its deliveries have to be looked at anew."""
        for partition, strand in self._lagging.get(subscription_id, ()):
            self._want(partition, strand)

    def wake_all(self) -> None:
        """The process has room again."""
        for name in self._lagging:
            self.wake(name)

    def lagging(self) -> Iterable[str]:
        """Give the ids of the subscriptions of which something live is left in the log."""
        return (name for name, left in self._lagging.items() if any(turn_of(at) is not Turn.REPLAY for at, _ in left))

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Drop what is known of partitions that were given up."""
        gone = set(partitions)
        for partition in gone:
            self._due.pop(partition, None)
            self._served_at.pop(partition, None)
        for lagging in list(self._lagging.values()):
            for partition, strand in list(lagging):
                if partition in gone:
                    self._set_aside(partition, strand)

    def _want(self, partition: Partition, strand: Strand) -> None:
        self._due.setdefault(partition, {})[strand] = None
        self._wanted.set()

    async def run(self) -> None:
        """Make passes, for ever."""
        while True:
            try:
                async with asyncio.timeout(self._looks.next_in_s(now_ms())):
                    await self._wanted.wait()
            except TimeoutError:
                pass  # something is to be looked at
            self._wanted.clear()
            for partition, strand in self._looks.due(now_ms()):
                await self._look(partition, strand)
            due, self._due = self._due, {}
            for partition in self._in_turn(due):
                reading = self._readings.get(partition)
                if reading is not None:
                    await self._serve(partition, reading, due[partition])

    def _in_turn(self, due: Iterable[Partition]) -> list[Partition]:
        """Order partitions that compete for the same lanes: by their turn, then the one served longest ago first."""
        return sorted(due, key=lambda partition: (turn_of(partition), self._served_at.get(partition, 0)))

    async def _serve(self, partition: Partition, reading: PartitionReading, strands: Iterable[Strand]) -> None:
        wanted: dict[Strand, int] = {}
        for strand in strands:
            if self._ledger.exhausted:
                return
            start = self._next_of(partition, reading, strand)
            if start is None or self._waits_for_retry(partition, reading, strand):
                continue
            if not self._may_have(partition, strand):
                self._looks.at(now_ms() + FIRST_LOOK_MS, partition, strand)
            elif self._hand_out_kept(partition, reading, strand):
                wanted[strand] = reading.next_of(strand) or start
        if wanted:
            self._passes += 1
            self._served_at[partition] = self._passes
            await self._pass(partition, reading, wanted)

    def _next_of(self, partition: Partition, reading: PartitionReading, strand: Strand) -> int | None:
        start = reading.next_of(strand)
        if start is None:
            self._set_aside(partition, strand)
        return start

    def _waits_for_retry(self, partition: Partition, reading: PartitionReading, strand: Strand) -> bool:
        """Tell whether the first delivery of a key is to be tried again later: nothing of the key is served before."""
        retrying = reading.retrying(strand)
        if retrying is None or retrying[1].due_at_ms <= now_ms():
            return False
        self._set_aside(partition, strand)
        self._looks.move(retrying[1].due_at_ms, partition, strand)
        return True

    def _set_aside(self, partition: Partition, strand: Strand) -> None:
        name = subscription_of(strand)
        lagging = self._lagging.get(name, {})
        lagging.pop((partition, strand), None)
        if not lagging:
            self._lagging.pop(name, None)
        self._looks.cancel(partition, strand)
        self._kept.drop(partition, strand)

    def _may_have(self, partition: Partition, strand: Strand) -> bool:
        if turn_of(partition) is Turn.URGENT or not isinstance(strand, str):
            return self._has_room(partition, strand)
        return self._pool.wants_more(strand, turn_of(partition))

    def _has_room(self, partition: Partition, strand: Strand) -> bool:
        return self._pool.has_room(strand, turn_of(partition))

    async def _pass(self, partition: Partition, reading: PartitionReading, wanted: dict[Strand, int]) -> None:
        keys = frozenset(subscription_of(strand).encode() for strand in wanted)
        stretch = await self._reader.read(partition, min(wanted.values()), reading.position, keys)
        # The partition may have been given up, and even come back, meanwhile.
        if self._readings.get(partition) is not reading:
            return
        serving = {strand: Kept(start, min(stretch.end, reading.end_of(strand))) for strand, start in wanted.items()}
        if not await self._offer_all(stretch.records, partition, reading, serving):
            for kept in serving.values():
                self._kept.discard(kept)
            return
        for strand, kept in serving.items():
            if reading.next_of(strand) == kept.read_from:
                if kept.begun:
                    self._kept.put(partition, strand, kept)
                    continue
                reading.passed(strand, kept.end)
            else:
                self._kept.discard(kept)
            if self._next_of(partition, reading, strand) is not None:
                self._want(partition, strand)

    async def _offer_all(
        self, records: Iterable[Message], partition: Partition, reading: PartitionReading, serving: dict[Strand, Kept]
    ) -> bool:
        """Offer each record to the strands it may belong to; False where the partition was given up meanwhile."""
        with_keys = _with_keys(serving)
        for number, message in enumerate(records, start=1):
            for strand in self._intake.strands_of(message, serving.keys(), with_keys):
                self._offer(message, partition, reading, strand, serving[strand])
            if number % _SLICE == 0:
                await asyncio.sleep(0)
                if self._readings.get(partition) is not reading:
                    return False
        return True

    def _offer(
        self, message: Message, partition: Partition, reading: PartitionReading, strand: Strand, kept: Kept
    ) -> None:
        """Hand a record to its lane, or keep it where its lane is full."""
        if (message.offset() or 0) >= kept.end or reading.next_of(strand) != kept.read_from:
            return  # not this pass's; or something of it was left to the log again, and has to come before
        if kept.begun or self._ledger.exhausted or not self._has_room(partition, strand):
            self._kept.add(kept, message)
        else:
            self._hand_out(message, partition, reading, strand, kept)

    def _hand_out(
        self, message: Message, partition: Partition, reading: PartitionReading, strand: Strand, kept: Kept
    ) -> None:
        taken = reading.hand_out(strand, message.offset() or 0)
        # Before the lane has it: the lane may leave it, or another of the strand, to the log again.
        kept.read_from = reading.next_of(strand) or kept.read_from
        if taken:
            self._intake.enqueue(message, reading, partition, strand, via=strand)

    def _hand_out_kept(self, partition: Partition, reading: PartitionReading, strand: Strand) -> bool:
        """Hand out what is kept of a strand; True if more has to be read for it."""
        kept = self._kept.of(partition, strand)
        if kept is None:
            return True
        while reading.next_of(strand) == kept.read_from:
            if not kept.records:
                reading.passed(strand, kept.end)
                break
            if self._ledger.exhausted or not self._has_room(partition, strand):
                return False
            self._hand_out(self._kept.take(kept), partition, reading, strand, kept)
        self._kept.drop(partition, strand)
        if self._next_of(partition, reading, strand) is None or self._waits_for_retry(partition, reading, strand):
            return False
        return self._may_have(partition, strand)

    async def _look(self, partition: Partition, strand: Strand) -> None:
        """See whether a strand is served, and end what of it has become too old to wait."""
        reading = self._readings.get(partition)
        start = None if reading is None else self._next_of(partition, reading, strand)
        if reading is None or start is None or self._waits_for_retry(partition, reading, strand):
            return
        self._lagging.setdefault(subscription_of(strand), {})[partition, strand] = None
        self._looks.at(now_ms() + LOOK_AGAIN_MS, partition, strand)
        if self._may_have(partition, strand):
            self._want(partition, strand)
            return
        if self._pool.holds_any(subscription_of(strand)):
            return  # what waits in the lane is older
        key = subscription_of(strand).encode()
        stretch = await self._reader.read(partition, start, reading.position, frozenset((key,)))
        if self._readings.get(partition) is not reading or reading.next_of(strand) != start:
            return
        for message in stretch.records:
            for found in self._intake.strands_of(message, (strand,), _with_keys((strand,))):
                wait_ms = self._intake.end_if_too_old(message, reading, partition, found)
                if wait_ms is not None:
                    self._looks.move(now_ms() + min(wait_ms + 1, _LONGEST_PAUSE_MS), partition, strand)
                    return
        reading.passed(strand, stretch.end)
        if self._next_of(partition, reading, strand) is not None:
            self._looks.move(now_ms() + 1, partition, strand)


def _with_keys(strands: Iterable[Strand]) -> frozenset[str]:
    return frozenset(strand.subscription_id for strand in strands if not isinstance(strand, str))
