"""The second reader: reads a stretch of one partition again, and keeps the records of the subscriptions asked for.

It belongs to no group and commits nothing. One stretch at a time, in a thread of its own; the event loop pulls.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.partitioning import Partition

_BATCH = 2000
_MAX_SCANNED = 20_000
_MAX_KEPT_BYTES = 4_194_304
_MAX_S = 0.5
_MAX_FRUITLESS = 20  # 10 s of reading in which nothing came
_STALL_TIMEOUT_S = 30.0
# The client reads ahead of what it is asked for, and drops it at the next seek: little, so that neither memory nor the
# broker's work is wasted.
_READING: dict[str, Any] = {
    "enable.partition.eof": True,
    "queued.max.messages.kbytes": 4096,
    "queued.min.messages": _BATCH,
    "fetch.message.max.bytes": 1_048_576,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one read gave.

    Attributes:
        records: the records with a key that was asked for, in offset order.
        end: everything below this offset was looked at.
    """

    records: list[Message]
    end: int


class CatchUpReader:
    """Reads stretches of partitions.

    Args:
        config: how to reach Kafka.
    """

    def __init__(self, config: KafkaConfig) -> None:
        # Quiet, because a client that is not used between passes keeps its log lines until it is.
        self._properties = config.reader(**_READING, **QUIET)
        self._consumer = Consumer(self._properties)
        self._fruitless = 0
        self._at: tuple[Partition, int] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="catch-up")

    async def read(self, partition: Partition, start: int, end: int, keys: frozenset[bytes]) -> Stretch:
        """Read from `start` towards `end`, for at most half a second or a few megabytes of wanted records.

        Args:
            partition: topic and number.
            start: the first offset to look at.
            end: the offset to stop before.
            keys: the record keys that are wanted.

        Raises:
            TimeoutError: the thread hangs; it bounds itself far below this.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_STALL_TIMEOUT_S):
            return await loop.run_in_executor(self._thread, self._read, partition, start, end, keys)

    async def close(self) -> None:
        """Stop the thread."""
        await asyncio.to_thread(self._thread.shutdown)
        self._consumer.close()

    def _read(self, partition: Partition, start: int, end: int, keys: frozenset[bytes]) -> Stretch:
        if self._at != (partition, start):
            self._consumer.assign([TopicPartition(*partition, start)])
        kept: list[Message] = []
        kept_bytes = scanned = 0
        position = start
        give_up_at = time.monotonic() + _MAX_S
        while position < end and scanned < _MAX_SCANNED and kept_bytes < _MAX_KEPT_BYTES:
            batch = self._consumer.consume(min(_BATCH, end - position), 0.01)
            for message in batch:
                position = self._look_at(message, position)
                if message.error() is None and message.key() in keys and (message.offset() or 0) < end:
                    kept.append(message)
                    kept_bytes += len(message)
            scanned += len(batch)
            if time.monotonic() > give_up_at:
                break
        self._at = (partition, position)
        self._fruitless = 0 if position > start or start >= end else self._fruitless + 1
        if self._fruitless == _MAX_FRUITLESS:
            self._connect_anew()
        return Stretch(kept, min(position, end))

    def _connect_anew(self) -> None:
        # It may be silent for good (docs/decisions/0047). Nobody else judges it, since it often has nothing to do.
        self._consumer.close()
        self._consumer = Consumer(self._properties)
        self._fruitless, self._at = 0, None

    @staticmethod
    def _look_at(message: Message, position: int) -> int:
        error = message.error()
        if error is None:
            return (message.offset() or 0) + 1
        if error.code() == KafkaError._PARTITION_EOF:
            # The mark may be older than `end`; one at or past it means that the rest was deleted by retention.
            return max(position, message.offset() or 0)
        if error.retriable() or not error.fatal():
            return position
        raise KafkaException(error)
