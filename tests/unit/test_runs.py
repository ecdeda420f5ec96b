"""Runs hold every record once, in order, and no more than they may."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import chain, pairwise
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from gateway.stream.runs import MAX_BYTES, MAX_EVENTS, ReadsRuns, run_in, runs_of


def record(offset: int, size_bytes: int = 1, partition: int = 0) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        "events.order", partition, offset, 0, 0, None, bytes(size_bytes), None, 0, size_bytes, headers=()
    )


@given(st.lists(st.sampled_from([0, 1, 300, 1000, MAX_BYTES // 2, MAX_BYTES, MAX_BYTES + 1]), max_size=200))
def test_a_run_is_bounded_and_nothing_is_missing(sizes: list[int]) -> None:
    """By number and by bytes; what is larger than that by itself is alone."""
    records = [record(offset, size) for offset, size in enumerate(sizes)]
    runs = list(runs_of(records))
    assert list(chain.from_iterable(runs)) == records
    for run in runs:
        assert len(run) <= MAX_EVENTS
        assert len(run) == 1 or sum(len(each.value or b"") for each in run) <= MAX_BYTES
    for run, following in pairwise(runs):
        whole = sum(len(each.value or b"") for each in (*run, following[0]))
        assert len(run) == MAX_EVENTS or whole > MAX_BYTES, "the next one would have fitted"


_SCHEDULING: Any = DefaultSchedulingStrategy


class FaustConsumer:
    """What a Faust consumer has that runs depend on."""

    should_stop = False

    def __init__(self, *reads: dict[int, list[ConsumerRecord[bytes, bytes]]]) -> None:
        self._reads: Iterator[dict[TP, Any]] = iter(
            {TP("events.order", number): records for number, records in read.items()} for read in reads
        )
        self.app = self
        self.scheduler = _SCHEDULING()
        self.consumer_generation_id = 1
        self.flow_active = True
        self.sought = 0
        self._acked: dict[int, list[int]] = defaultdict(list)
        self._acked_index: dict[int, set[int]] = defaultdict(set)

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[int]]:  # noqa: ARG002, ASYNC109
        return next(self._reads), set()

    async def perform_seek(self) -> None:
        self.sought += 1
        if self.sought > 1:
            raise RuntimeError("no partitions")

    @staticmethod
    def _to_message(partition: Any, last: ConsumerRecord[bytes, bytes]) -> Any:
        return Message(partition, last.offset)

    def ack(self, partition: int, offset: int) -> None:
        """Acknowledge a run, as Faust notes it."""
        self._acked[partition].append(offset)
        self._acked_index[partition].add(offset)


class Message:
    """A message of Faust's."""

    def __init__(self, partition: TP, offset: int) -> None:
        self.partition = partition
        self.offset = offset


class Reader(ReadsRuns, FaustConsumer):
    """A consumer that gives runs."""


async def read(reader: Any) -> list[tuple[int, list[int]]]:
    """Read once: partition numbers, and the offsets of their runs."""
    given: AsyncIterator[tuple[Any, Any]] = reader.getmany(timeout=1.0)
    return [(partition[1], [each.offset for each in run_in(message)]) async for partition, message in given]


async def test_partitions_take_turns_and_a_paused_one_is_not_passed_over() -> None:
    """What was read is handed over, whatever happens to its partition meanwhile."""
    many, few = [record(offset) for offset in range(MAX_EVENTS + 2)], [record(7, partition=1)]
    reader = Reader({0: many, 1: few})
    first, second = list(range(MAX_EVENTS)), [MAX_EVENTS, MAX_EVENTS + 1]
    assert await read(reader) == [(0, first), (1, [7]), (0, second)]


async def test_a_rebalance_ends_a_reading() -> None:
    """What was read before it is somebody else's, or is read again."""
    reader = Reader({0: [record(0)], 1: [record(0, partition=1)]})
    given = reader.getmany(timeout=1.0)
    await anext(given)
    reader.consumer_generation_id = 2
    with pytest.raises(StopAsyncIteration):
        await anext(given)


async def test_what_is_read_while_nothing_flows_is_read_again() -> None:
    """As in Faust; and that it can't be sought yet ends nothing."""
    reader = Reader({0: [record(0)]}, {0: [record(0)]})
    reader.flow_active = False
    assert (await read(reader), await read(reader), reader.sought) == ([], [], 2)


def test_the_offset_to_commit_is_behind_the_last_run_that_was_acknowledged() -> None:
    """Whatever lies between runs, as after a transaction; and it is given once."""
    reader: Any = Reader()
    assert reader._new_offset(0) is None
    for last in (63, 64, 900):
        reader.ack(0, last)
    assert (reader._new_offset(0), reader._new_offset(0), reader._new_offset(1)) == (901, None, None)
