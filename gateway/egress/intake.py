"""Step ④: takes what the main reader gives, into lanes or left in the log, and says what may be committed.

A record's offset is settled only when everything it caused is acknowledged by Kafka, and only settled offsets are
committed. What is left in the log may be passed by the commit once the cursor that stands for it is durable.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from confluent_kafka import Message

from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.delivery import Delivery, RejectedEvent
from gateway.domain.event import SourcePosition
from gateway.domain.outcome import Reason
from gateway.domain.topics import REJECTED
from gateway.egress.lane import Origin, QueuedDelivery
from gateway.egress.lane_pool import LanePool
from gateway.egress.ledger import Ledger, RecordProducer
from gateway.kafka.cursor_log import cursor_record
from gateway.kafka.delivery_consumer import AssignedPartition
from gateway.kafka.partitioning import Partition
from gateway.kafka.producer import OutRecord
from gateway.telemetry.clock import now_ms
from gateway.wire.errors import UndecodableError
from gateway.wire.records import delivery_codec, rejected_codec

# What a delivery takes in memory beside its bytes in the log.
_OVERHEAD_BYTES = 2048
_log = structlog.get_logger()


class Intake:
    """The listener of the main reader.

    Args:
        readings: the partitions owned, shared with the catch-up passes.
        pool: the lanes.
        ledger: counts and settles.
        producer: writes cursors.
        drain_s: how long work under way may go on when its partition is given up, seconds.
        confirm_s: how long Kafka may take after that to acknowledge what it was sent, and the last cursors, seconds.
        on_lag: called when a partition may have something to catch up.
    """

    def __init__(
        self,
        readings: dict[Partition, PartitionReading],
        pool: LanePool,
        ledger: Ledger,
        producer: RecordProducer,
        *,
        drain_s: float,
        confirm_s: float,
        on_lag: Callable[[], None],
    ) -> None:
        self._readings = readings
        self._pool = pool
        self._ledger = ledger
        self._producer = producer
        self._drain_s = drain_s
        self._confirm_s = confirm_s
        self._on_lag = on_lag
        self._codec = delivery_codec()
        self._committed: dict[Partition, int] = {}

    def assigned(self, partitions: Sequence[AssignedPartition]) -> None:
        """Begin the readings of these partitions, with the cursors that were found."""
        for assigned in partitions:
            self._readings[assigned.partition] = PartitionReading(assigned.position, assigned.cursors)
        _log.info("egress.assigned", partitions=len(partitions), lagging=sum(len(a.cursors) for a in partitions))
        self._on_lag()

    def records(self, batch: Sequence[Message]) -> None:
        """Take a batch: each record goes to its lane, or is left in the log."""
        for message in batch:
            partition = (message.topic() or "", message.partition() or 0)
            reading = self._readings.get(partition)
            if reading is None:
                continue  # given up since it was read
            name = (message.key() or b"").decode("utf-8", "replace")
            taken = reading.take(message.offset() or 0, name, has_room=self._pool.has_room(name))
            if taken is Taken.DIRECT:
                self.enqueue(message, reading, partition, direct=True)
            else:
                self._on_lag()

    def enqueue(self, message: Message, reading: PartitionReading, partition: Partition, *, direct: bool) -> None:
        """Hand a record to its lane; one that is no delivery goes to `events.rejected`."""
        name = (message.key() or b"").decode("utf-8", "replace")
        origin = Origin(reading, partition, message.offset() or 0, name, direct, len(message) + _OVERHEAD_BYTES)
        try:
            delivery = self._decode(message, name)
        except UndecodableError as error:
            self._reject(message, origin, error)
        else:
            self._pool.put(QueuedDelivery(delivery, origin))

    def _decode(self, message: Message, name: str) -> Delivery:
        delivery = self._codec.decode(message.value())
        if delivery.subscription_id != name:
            raise UndecodableError("not_avro", "the record's key is not the delivery's subscription id")
        return delivery

    def _reject(self, message: Message, origin: Origin, error: UndecodableError) -> None:
        _log.error("egress.undecodable", partition=origin.partition, offset=origin.offset, error=error.message)
        rejected = RejectedEvent(
            source=SourcePosition(*origin.partition, origin.offset),
            source_key=message.key(),
            source_value=message.value(),
            headers=(),
            reason=Reason.UNDECODABLE.value,
            detail=error.message,
            rejected_at_ms=now_ms(),
        ).keepable()
        self._ledger.take(origin)
        self._ledger.begin(origin)
        self._ledger.settle(origin, [OutRecord(REJECTED, rejected.source_key, rejected_codec().encode(rejected))])

    def due_commits(self) -> dict[Partition, int]:
        """Write the cursors that moved, and give the offsets that may be committed and were not yet."""
        for partition, reading in self._readings.items():
            self._write_cursors(partition, reading)
        due = {
            partition: position
            for partition, reading in self._readings.items()
            if (position := reading.main.position) is not None and self._committed.get(partition) != position
        }
        self._committed.update(due)
        return due

    def _write_cursors(self, partition: Partition, reading: PartitionReading) -> list[asyncio.Future[None]]:
        written: list[asyncio.Future[None]] = []
        for name, offset in reading.due_writes():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            written.append(future)
            record = cursor_record(name, *partition, offset)
            self._producer.produce([record], _cursor_written(reading, name, future, dropped=offset is None))
        return written

    async def revoked(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """Give partitions up: finish what is under way within the drain time, and give the offsets to commit."""
        readings = {partition: self._readings.pop(partition) for partition in partitions if partition in self._readings}
        self._pool.withdraw(readings)
        await self._drain(readings)
        written = [
            future for partition, reading in readings.items() for future in self._write_cursors(partition, reading)
        ]
        if written:
            await asyncio.wait(written, timeout=self._confirm_s)
        for partition in readings:
            self._committed.pop(partition, None)
        return {
            partition: position
            for partition, reading in readings.items()
            if (position := reading.main.position) is not None
        }

    async def _drain(self, readings: dict[Partition, PartitionReading]) -> None:
        try:
            async with asyncio.timeout(self._drain_s):
                await self._ledger.all_over(readings)
        except TimeoutError:
            broken_off = self._pool.cancel(readings)
            _log.warning("egress.drain_incomplete", broken_off=broken_off, after_s=self._drain_s)
            try:
                async with asyncio.timeout(self._confirm_s):
                    await self._ledger.all_over(readings)
            except TimeoutError:
                _log.warning("egress.unconfirmed_at_drain", hint="Kafka did not acknowledge in time; will be repeated")

    def lost(self, partitions: Sequence[Partition]) -> None:
        """Forget partitions that belong to somebody else already: nothing is committed."""
        gone = [partition for partition in partitions if self._readings.pop(partition, None) is not None]
        for partition in gone:
            self._committed.pop(partition, None)
        self._pool.withdraw(gone)
        self._pool.cancel(gone)


def _cursor_written(
    reading: PartitionReading, name: str, future: asyncio.Future[None], *, dropped: bool
) -> Callable[[], None]:
    def acknowledged() -> None:
        if not dropped:
            reading.made_durable(name)
        if not future.done():
            future.set_result(None)

    return acknowledged
