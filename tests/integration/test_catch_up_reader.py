"""Reading a stretch of a partition again: one contract for the log in memory and for Kafka."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from random import Random
from typing import Protocol

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from gateway.kafka.catch_up_reader import CatchUpReader, Stretch
from gateway.kafka.config import KafkaConfig
from gateway.kafka.partitioning import Partition
from tests.egress_in_memory import PARTITION, MemoryLog

A, B = b"sub_a", b"sub_b"


class Log(Protocol):
    """A partition that is written, and read again."""

    partition: Partition

    async def write(self, *keys: bytes, partition: int | None = None, size: int = 1) -> None:
        """Append one record for each key; its value is its number, as wide as `size`."""

    async def read(self, start: int, end: int, *keys: bytes, partition: int | None = None) -> Stretch:
        """Read one stretch."""


class InMemory:
    """The double."""

    partition = PARTITION

    def __init__(self) -> None:
        self._log = MemoryLog()

    async def write(self, *keys: bytes, partition: int | None = None, size: int = 1) -> None:
        """See Log."""
        for key in keys:
            self._log.append(key, b"x" * size, (self.partition[0], partition or 0))

    async def read(self, start: int, end: int, *keys: bytes, partition: int | None = None) -> Stretch:
        """See Log."""
        return await self._log.read((self.partition[0], partition or 0), start, end, frozenset(keys))


class OnKafka:
    """The real one."""

    def __init__(self, kafka: KafkaConfig, topic: str) -> None:
        self._producer = Producer(kafka.producer())
        self.partition = (topic, 0)
        self.reader = CatchUpReader(kafka)

    async def write(self, *keys: bytes, partition: int | None = None, size: int = 1) -> None:
        """See Log."""
        for key in keys:
            self._producer.produce(self.partition[0], b"x" * size, key, partition or 0)
            self._producer.poll(0)
        assert await asyncio.to_thread(self._producer.flush, 20) == 0

    async def read(self, start: int, end: int, *keys: bytes, partition: int | None = None) -> Stretch:
        """See Log."""
        return await self.reader.read((self.partition[0], partition or 0), start, end, frozenset(keys))


async def read_through(log: Log, start: int, end: int, *keys: bytes) -> list[int]:
    """Read stretch after stretch, as passes do; give the offsets found."""
    found: list[int] = []
    async with asyncio.timeout(30):
        while start < end:
            stretch = await log.read(start, end, *keys)
            assert start <= stretch.end <= end
            found += offsets(stretch)
            start = stretch.end
    return found


def offsets(stretch: Stretch) -> list[int]:
    return [message.offset() or 0 for message in stretch.records]


class ReaderContract:
    """What both promise. A subclass gives the fixture `log`."""

    async def test_the_wanted_records_come_in_order(self, log: Log) -> None:
        """Only those with a key that was asked for; everything below the end was looked at."""
        await log.write(A, B, A, A, b"other", B)
        assert await read_through(log, 0, 6, A, B) == [0, 1, 2, 3, 5]
        assert await read_through(log, 0, 6, B) == [1, 5]
        assert await read_through(log, 0, 6, b"nobody") == []

    async def test_nothing_outside_the_stretch_is_given(self, log: Log) -> None:
        """Neither before the start nor from the end on: the end is the main reader's position."""
        await log.write(*[A] * 10)
        assert await read_through(log, 3, 7, A) == [3, 4, 5, 6]
        assert await read_through(log, 7, 10, A) == [7, 8, 9]

    async def test_what_was_written_since_the_last_read_is_found(self, log: Log) -> None:
        """The end of the log that an earlier read met is no end any more."""
        end = 0
        for _ in range(5):
            await log.write(A, A, A)
            assert await read_through(log, end, end + 3, A) == [end, end + 1, end + 2]
            end += 3

    async def test_reading_jumps_at_will(self, log: Log) -> None:
        """Back, ahead and to the same place again: nothing of an earlier read is left over."""
        await log.write(*[A, B] * 30)
        rng = Random(7)  # noqa: S311 - decides nothing secret
        for _ in range(40):
            start = rng.randrange(60)
            end = rng.randrange(start, 61)
            assert await read_through(log, start, end, A) == [n for n in range(start, end) if n % 2 == 0]

    async def test_partitions_do_not_mix(self, log: Log) -> None:
        """A mark of one partition's end says nothing of another's."""
        await log.write(*[A] * 3, partition=0)
        await log.write(*[B] * 50, partition=1)
        for _ in range(10):
            first = await log.read(0, 3, A, B, partition=0)
            second = await log.read(0, 50, A, B, partition=1)
            assert {message.key() for message in first.records} <= {A}
            assert {message.key() for message in second.records} <= {B}
            assert offsets(second) == list(range(second.end))
            assert offsets(first) == list(range(first.end))


class TestInMemory(ReaderContract):
    """The double."""

    @pytest.fixture
    def log(self) -> InMemory:
        return InMemory()


@pytest.fixture
async def on_kafka(kafka: KafkaConfig, new_topic: Callable[..., str]) -> AsyncIterator[OnKafka]:
    """Give a topic of two partitions."""
    log = OnKafka(kafka, new_topic(partitions=2))
    yield log
    await log.reader.close()


class TestOnKafka(ReaderContract):
    """The real one."""

    @pytest.fixture
    def log(self, on_kafka: OnKafka) -> OnKafka:
        return on_kafka


@pytest.mark.parametrize("kept_from", [40, 100])
async def test_what_retention_has_deleted_is_passed_over(kafka: KafkaConfig, on_kafka: OnKafka, kept_from: int) -> None:
    """A cursor may point to records that are gone, some or all of them: the pass goes on with what there is."""
    await on_kafka.write(*[A] * 100)
    gone = TopicPartition(*on_kafka.partition, kept_from)
    admin = AdminClient(kafka.common())
    for future in admin.delete_records([gone]).values():
        await asyncio.to_thread(future.result, 10)
    assert await read_through(on_kafka, 0, 100, A) == list(range(kept_from, 100))
    assert await read_through(on_kafka, 10, 30, A) == []


async def test_offsets_without_a_record_do_not_hold_a_pass_up(kafka: KafkaConfig, on_kafka: OnKafka) -> None:
    """Transactions leave marks in the log, and what they took back is not read."""
    producer = Producer({**kafka.common(), "transactional.id": on_kafka.partition[0]})
    await asyncio.to_thread(producer.init_transactions, 30)
    for end in (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction):
        producer.begin_transaction()
        producer.produce(on_kafka.partition[0], b"1", A, 0)
        producer.produce(on_kafka.partition[0], b"2", B, 0)
        await asyncio.to_thread(producer.flush, 10)
        await asyncio.to_thread(end, 30)
    # Offsets 0 and 1, a mark at 2; 3 and 4 taken back, a mark at 5; 6 and 7, a mark at 8.
    assert await read_through(on_kafka, 0, 9, A) == [0, 6]
    assert await read_through(on_kafka, 2, 6, A, B) == []


async def test_one_stretch_is_bounded(on_kafka: OnKafka) -> None:
    """However much is asked for: a pass gives other partitions their turn."""
    await on_kafka.write(*[B] * 29_999, A)
    ends = [0]
    while ends[-1] < 30_000:
        stretch = await on_kafka.read(ends[-1], 30_000, A)
        ends.append(stretch.end)
    assert max(end - start for start, end in pairwise(ends)) <= 22_000
    assert await read_through(on_kafka, 0, 30_000, A) == [29_999]


async def test_an_end_that_is_not_there_yet_does_not_block(on_kafka: OnKafka) -> None:
    """Nothing to read is nothing read."""
    await on_kafka.write(A)
    assert await read_through(on_kafka, 0, 1, A) == [0]
    stretch = await asyncio.wait_for(on_kafka.read(1, 10, A), 5)
    assert (offsets(stretch), stretch.end) == ([], 1)
