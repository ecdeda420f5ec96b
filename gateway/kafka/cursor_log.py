"""The durable cursors of lagging subscriptions: compacted topic `gateway.cursors`.

The record of a cursor in partition p of a delivery topic lies in partition p of this one, so that it moves with the
partition it belongs to.
"""

import time
from collections.abc import Iterable

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from gateway.domain.cursor import DurableCursor, KeyStrand, Retrying, Strand, subscription_of
from gateway.domain.topics import CURSORS
from gateway.kafka.access import denial, is_denied
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.partitioning import Partition
from gateway.kafka.producer import OutRecord
from gateway.wire.errors import UndecodableError
from gateway.wire.records import CursorRecord, cursor_codec

Cursors = dict[Partition, dict[Strand, DurableCursor]]

_READ_TIMEOUT_S = 30.0
_BATCH = 1000
_log = structlog.get_logger()


def cursor_record(strand: Strand, partition: Partition, cursor: DurableCursor | None) -> OutRecord:
    """Give the record that writes a cursor, or that drops it where it is None."""
    topic, number = partition
    subscription_id = subscription_of(strand)
    event_key = None if isinstance(strand, str) else strand.event_key
    key = f"{subscription_id}|{topic}".encode()
    if event_key is not None:
        key += b"|" + event_key
    if cursor is None:
        return OutRecord(CURSORS, key, None, number)
    retrying = cursor.retrying or Retrying(0)
    record = CursorRecord(
        subscription_id,
        topic,
        number,
        cursor.offset,
        event_key,
        retrying.due_at_ms,
        retrying.attempts,
        cursor.settled,
    )
    return OutRecord(CURSORS, key, cursor_codec().encode(record), number)


def cursor_of(record: CursorRecord) -> tuple[Strand, DurableCursor]:
    """Give what a record of the topic stands for."""
    strand: Strand = record.subscription_id
    if record.event_key is not None:
        strand = KeyStrand(record.subscription_id, record.event_key)
    retrying = Retrying(record.due_at_ms, record.attempts) if record.due_at_ms or record.attempts else None
    return strand, DurableCursor(record.offset, record.settled, retrying)


def read_cursors(config: KafkaConfig, partitions: Iterable[int]) -> Cursors:
    """Read the cursors of some partitions to the end.

    Raises:
        TimeoutError: Kafka did not answer in time.
        AccessRefusedError: an access rule is missing.
    """
    consumer = Consumer(config.reader(**{"enable.partition.eof": True}, **QUIET))
    # By partition, too: a subscription whose records were written to two of them has a cursor in each.
    newest: dict[tuple[int | None, bytes], CursorRecord | None] = {}
    try:
        left = set(partitions)
        consumer.assign([TopicPartition(CURSORS, partition, OFFSET_BEGINNING) for partition in left])
        give_up_at = time.monotonic() + _READ_TIMEOUT_S
        while left:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{CURSORS} could not be read within {_READ_TIMEOUT_S:.0f} s")
            for message in consumer.consume(_BATCH, 0.1):
                error = message.error()
                if error is not None:
                    if error.code() == KafkaError._PARTITION_EOF:
                        left.discard(message.partition())
                    elif is_denied(error):
                        raise denial(error, config, CURSORS)
                    continue
                _keep(newest, message)
    finally:
        consumer.close()
    cursors: Cursors = {}
    for record in newest.values():
        if record is not None:
            strand, cursor = cursor_of(record)
            cursors.setdefault((record.topic, record.partition), {})[strand] = cursor
    return cursors


def _keep(newest: dict[tuple[int | None, bytes], CursorRecord | None], message: Message) -> None:
    key, value = message.key(), message.value()
    if key is None:
        return
    try:
        newest[message.partition(), key] = None if value is None else cursor_codec().decode(value)
    except UndecodableError as error:
        _log.warning("cursors.undecodable", key=repr(key), error=error.message)
