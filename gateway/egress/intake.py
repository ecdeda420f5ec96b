"""Step ④: takes what the main reader gives, into lanes or left in the log, and says what may be committed.

A record's offset is settled only when everything it caused is acknowledged by Kafka, and only settled offsets are
committed. What is left in the log may be passed by the commit once the cursor that stands for it is durable.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import structlog
from confluent_kafka import Message

from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.cursor import KeyStrand, Strand
from gateway.domain.delivery import Delivery, RejectedEvent
from gateway.domain.event import SourcePosition
from gateway.domain.outcome import Reason, reason_without_body
from gateway.domain.topics import REJECTED
from gateway.egress.duplicates import DuplicateGuard
from gateway.egress.lane import Origin, QueuedDelivery
from gateway.egress.lane_pool import LanePool
from gateway.egress.lane_ports import Backlog
from gateway.egress.ledger import Ledger
from gateway.egress.turns import turn_of
from gateway.kafka.cursor_log import cursor_record
from gateway.kafka.delivery_consumer import AssignedPartition
from gateway.kafka.partitioning import Partition, place_of
from gateway.kafka.pending_commits import Commit
from gateway.kafka.producer import OutRecord, RecordProducer
from gateway.telemetry.clock import now_ms
from gateway.wire.errors import UndecodableError
from gateway.wire.records import delivery_codec
from gateway.wire.rejected_record import rejected_codec

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
        backlog: serves what is left in the log.
        duplicates: keeps duplicates from the lanes.
        on_given_up: called when partitions were given up or lost, and again when what was under way for them is over.

    Attributes:
        rejected: how many records went to `events.rejected`.
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
        backlog: Callable[[], Backlog],
        duplicates: DuplicateGuard,
        on_given_up: Callable[[], None],
    ) -> None:
        self._readings = readings
        self._pool = pool
        self._ledger = ledger
        self._producer = producer
        self._drain_s = drain_s
        self._confirm_s = confirm_s
        self._backlog = backlog
        self._duplicates = duplicates
        self._on_given_up = on_given_up
        self._codec = delivery_codec()
        self._committed: dict[Partition, Commit] = {}
        self.rejected = 0

    def assigned(self, partitions: Sequence[AssignedPartition]) -> None:
        """Begin the readings of these partitions, with the cursors that were found."""
        for assigned in partitions:
            self._readings[assigned.partition] = PartitionReading(assigned.position, assigned.cursors, assigned.settled)
        for assigned in partitions:
            for strand in assigned.cursors:
                self._backlog().lags(assigned.partition, strand)
        _log.info("egress.assigned", partitions=len(partitions), lagging=sum(len(a.cursors) for a in partitions))

    def records(self, batch: Sequence[Message]) -> None:
        """Take a batch: each record goes to its lane, or is left in the log."""
        for message in batch:
            partition = place_of(message)
            reading = self._readings.get(partition)
            if reading is None:
                continue  # given up since it was read
            name = _subscription_of(message)
            lagged = reading.next_of(name) is not None
            has_room = not lagged and self._pool.has_room(name, turn_of(partition))
            taken = reading.take(message.offset() or 0, name, has_room=has_room)
            if taken is Taken.DIRECT:
                self.enqueue(message, reading, partition, name, via=None)
            elif taken is Taken.LEFT and not lagged:
                self._backlog().lags(partition, name)
            elif taken is Taken.SETTLED:
                self._duplicates.note_settled(message, partition)

    def enqueue(
        self, message: Message, reading: PartitionReading, partition: Partition, strand: Strand, *, via: Strand | None
    ) -> None:
        """Hand a record to its lane.

        A duplicate is settled, a delivery without a body becomes a dead letter, what is no delivery goes to
        `events.rejected`.

        Args:
            message: the record.
            reading: which handed it out.
            partition: topic and number it was read from.
            strand: what it was handed out for.
            via: the strand whose cursor handed it out, None for the main reader.
        """
        origin = Origin(reading, partition, message.offset() or 0, strand, via, len(message) + _OVERHEAD_BYTES)
        try:
            delivery = self._decode(message)
        except UndecodableError as error:
            self._reject(message, origin, error)
            return
        if self._duplicates.suppresses(message, partition, delivery):
            origin.settle()
        elif delivery.reason is not None:
            self._pool.end(QueuedDelivery(delivery, origin), reason_without_body(delivery.reason))
        else:
            if via is None and delivery.due_at_ms:
                self._pool.tally.retry_read(partition[0], late_ms=now_ms() - delivery.due_at_ms)
            self._pool.put(QueuedDelivery(_resumed(delivery, origin), origin))

    def strands_of(self, message: Message, wanted: Collection[Strand], with_keys: Collection[str]) -> Iterator[Strand]:
        """Give those of the wanted strands that a record may belong to: its subscription, or the key of it.

        Args:
            message: the record.
            wanted: the strands.
            with_keys: the subscriptions of which keys are among them.
        """
        name = _subscription_of(message)
        if name in wanted:
            yield name
        if name in with_keys:
            with contextlib.suppress(UndecodableError):
                key = self._decode(message).event_key
                if key is not None and (strand := KeyStrand(name, key)) in wanted:
                    yield strand

    def end_if_too_old(
        self, message: Message, reading: PartitionReading, partition: Partition, strand: Strand
    ) -> int | None:
        """Give up a record that has waited in the log for too long; gives how long it may wait otherwise, in ms."""
        offset = message.offset() or 0
        origin = Origin(reading, partition, offset, strand, strand, len(message) + _OVERHEAD_BYTES)
        try:
            delivery = self._decode(message)
        except UndecodableError as error:
            if reading.hand_out(strand, offset):
                self._reject(message, origin, error)
            return None
        waiting = self._pool.may_wait(delivery)
        if waiting.left_ms > 0:
            return waiting.left_ms
        if reading.hand_out(strand, offset):
            reason = waiting.reason if delivery.reason is None else reason_without_body(delivery.reason)
            self._pool.end(QueuedDelivery(_resumed(delivery, origin), origin), reason)
        return None

    def _decode(self, message: Message) -> Delivery:
        delivery = self._codec.decode(message.value())
        if delivery.subscription_id != _subscription_of(message):
            raise UndecodableError("not_avro", "the record's key is not the delivery's subscription id")
        return delivery

    def _reject(self, message: Message, origin: Origin, error: UndecodableError) -> None:
        self.rejected += 1
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

    def due_commits(self) -> dict[Partition, Commit]:
        """Write the cursors that moved, and give what may be committed and was not yet."""
        for partition, reading in self._readings.items():
            self._write_cursors(partition, reading)
        due = {
            partition: commit
            for partition, reading in self._readings.items()
            if (commit := reading.commit()) is not None and self._committed.get(partition) != commit
        }
        self._committed.update(due)
        return due

    def committed(self, commits: Mapping[Partition, Commit]) -> None:
        """Note that commits are durable; those of partitions that were given up since concern nobody."""
        for partition, commit in commits.items():
            reading = self._readings.get(partition)
            if reading is not None:
                reading.committed(commit)

    def _write_cursors(self, partition: Partition, reading: PartitionReading) -> list[asyncio.Future[None]]:
        written: list[asyncio.Future[None]] = []
        for strand, cursor in reading.due_writes():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            written.append(future)
            record = cursor_record(strand, partition, cursor)
            self._producer.produce([record], _cursor_written(reading, strand, future, dropped=cursor is None))
        return written

    async def revoked(self, partitions: Sequence[Partition]) -> dict[Partition, Commit]:
        """Give partitions up: finish what is under way within the drain time, and give the offsets to commit."""
        readings = {partition: self._readings.pop(partition) for partition in partitions if partition in self._readings}
        self._forget(readings)
        await self._drain(readings)
        self._on_given_up()
        written = [
            future for partition, reading in readings.items() for future in self._write_cursors(partition, reading)
        ]
        if written:
            await asyncio.wait(written, timeout=self._confirm_s)
        for partition in readings:
            self._committed.pop(partition, None)
        return {
            partition: commit for partition, reading in readings.items() if (commit := reading.commit()) is not None
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
        self._forget(gone)
        self._pool.cancel(gone)

    def _forget(self, partitions: Collection[Partition]) -> None:
        self._pool.withdraw(partitions)
        self._backlog().forget(partitions)
        self._duplicates.forget(partitions)
        self._on_given_up()


def _cursor_written(
    reading: PartitionReading, strand: Strand, future: asyncio.Future[None], *, dropped: bool
) -> Callable[[], None]:
    def acknowledged() -> None:
        if not dropped:
            reading.made_durable(strand)
        if not future.done():
            future.set_result(None)

    return acknowledged


def _subscription_of(message: Message) -> str:
    return (message.key() or b"").decode("utf-8", "replace")


def _resumed(delivery: Delivery, origin: Origin) -> Delivery:
    """Give a delivery with the attempts that the cursor of its key has of it."""
    retrying = origin.reading.retrying(origin.strand)
    if retrying is None or retrying[0] != origin.offset or not retrying[1].attempts:
        return delivery
    return replace(delivery, attempts=retrying[1].attempts)
