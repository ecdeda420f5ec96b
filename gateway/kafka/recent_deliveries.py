"""What was written to the delivery topics shortly before the committed position, read again when partitions come.

The new owner of a partition learns from the log which deliveries its predecessor had, so that a duplicate of one of
them is still known (`gateway.domain.duplicates`). Only ids are read, from the records' first bytes. It never stands in
the way of delivery: it is bounded in records and seconds, and where it can't be done, duplicates may pass.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.partitioning import Partition, place_of
from gateway.telemetry.clock import now_ms
from gateway.wire.delivery_head import read_delivery_id

MAX_S = 10.0
_BATCH = 500
_BATCH_TIMEOUT_S = 0.02
_PREFETCH_KBYTES = 16_384
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RecentDelivery:
    """A record of a delivery topic, as far as it is needed.

    Attributes:
        partition: topic and number.
        offset: its offset.
        delivery_id: whose record it is.
        written_at_ms: its timestamp, milliseconds since the epoch.
    """

    partition: Partition
    offset: int
    delivery_id: str
    written_at_ms: int


class RecentDeliveries:
    """Reads the window before the positions of partitions.

    Args:
        config: how to reach Kafka.
        topics: where deliveries begin; partitions of others are passed over.
        window_ms: how far before the next record of a partition to begin, milliseconds; 0 reads nothing.
        max_records: how many records to read at most, the newest ones.
        max_s: how long it may take, seconds.
    """

    def __init__(
        self, config: KafkaConfig, topics: Collection[str], window_ms: int, max_records: int, max_s: float = MAX_S
    ) -> None:
        self._config = config
        self._topics = frozenset(topics)
        self._window_ms = window_ms
        self._max_records = max_records
        self._max_s = max_s

    def read(self, positions: Mapping[Partition, int]) -> Iterator[Sequence[RecentDelivery]]:
        """Give the records of the window, in offset order per partition; blocking. Raises nothing of Kafka's.

        Args:
            positions: the offset from which each partition is going to be read.
        """
        ends = {at: position for at, position in positions.items() if position > 0 and at[0] in self._topics}
        if not ends or not self._window_ms:
            return
        give_up_at = time.monotonic() + self._max_s
        consumer = Consumer(
            self._config.reader(
                **{"enable.partition.eof": True, "queued.max.messages.kbytes": _PREFETCH_KBYTES},
                **QUIET,
            )
        )
        try:
            starts = self._starts(consumer, ends, give_up_at)
            yield from _read(consumer, starts, ends, give_up_at)
        except (KafkaException, TimeoutError) as error:
            _log.warning("egress.recent_deliveries_unknown", error=str(error), hint="duplicates of them may pass")
        finally:
            consumer.close()

    def _starts(self, consumer: Consumer, ends: Mapping[Partition, int], give_up_at: float) -> dict[Partition, int]:
        """Give the offset at which each partition's window begins, for those that have something in it."""
        times = _next_times(consumer, ends, give_up_at)
        wanted = [TopicPartition(*at, max(time_ms - self._window_ms, 0)) for at, time_ms in times.items()]
        found = consumer.offsets_for_times(wanted, timeout=max(give_up_at - time.monotonic(), 0.1))
        most = max(self._max_records // len(ends), 1)
        starts = {(tp.topic, tp.partition): tp.offset for tp in found if tp.error is None and tp.offset >= 0}
        return {at: max(start, ends[at] - most) for at, start in starts.items() if start < ends[at]}


def _next_times(consumer: Consumer, ends: Mapping[Partition, int], give_up_at: float) -> dict[Partition, int]:
    """Give the timestamp of the next record of each partition; the present where there is none yet."""
    times: dict[Partition, int] = {}
    consumer.assign([TopicPartition(*at, position) for at, position in ends.items()])
    while len(times) < len(ends):
        for message in _consume(consumer, give_up_at):
            at = place_of(message)
            if at in times:
                continue
            times[at] = now_ms() if message.error() else message.timestamp()[1]
            consumer.incremental_unassign([TopicPartition(*at)])
    return times


def _read(
    consumer: Consumer, starts: Mapping[Partition, int], ends: Mapping[Partition, int], give_up_at: float
) -> Iterator[Sequence[RecentDelivery]]:
    consumer.assign([TopicPartition(*at, start) for at, start in starts.items()])
    left = set(starts)
    while left:
        batch: list[RecentDelivery] = []
        for message in _consume(consumer, give_up_at):
            at, offset = place_of(message), message.offset() or 0
            if message.error() is None and offset < ends[at]:
                delivery_id = read_delivery_id(message.value())
                if delivery_id is not None:
                    batch.append(RecentDelivery(at, offset, delivery_id, message.timestamp()[1]))
                offset += 1
            if offset >= ends[at] and at in left:
                left.discard(at)
                consumer.incremental_unassign([TopicPartition(*at)])
        yield batch


def _consume(consumer: Consumer, give_up_at: float) -> list[Message]:
    """Give records and ends of partitions, some time before the deadline.

    Raises:
        TimeoutError: the deadline has passed.
        KafkaException: Kafka reports an error that does not go away by itself.
    """
    if time.monotonic() > give_up_at:
        raise TimeoutError("Kafka did not give them in time")
    messages: list[Message] = []
    for message in consumer.consume(_BATCH, _BATCH_TIMEOUT_S):
        error = message.error()
        if error is None or error.code() == KafkaError._PARTITION_EOF:
            messages.append(message)
        elif error.fatal() or not error.retriable():
            raise KafkaException(error)
    return messages
