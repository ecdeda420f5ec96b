"""One kind of the gateway's records in its topic, listed for a span of time and followed, oldest first.

Reading joins no group and commits nothing. Memory is bounded by how many records a listing keeps.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from gateway.kafka.config import KafkaConfig
from gateway.kafka.delivery_log import LogReport
from gateway.kafka.scan import RawRecord, ScanBounds, TopicScan, no_progress
from gateway.kafka.topic_tail import TopicTail
from gateway.wire.errors import UndecodableError
from gateway.wire.record_codec import RecordCodec

R = TypeVar("R")
_BOUNDS = ScanBounds(max_records=2_000_000, deadline_s=60)


@dataclass(frozen=True, slots=True)
class RecordKind(Generic[R]):
    """What is known of one kind of record.

    Attributes:
        topic: where it lies.
        codec: reads it.
        at_ms: gives its time, milliseconds since the epoch.
    """

    topic: str
    codec: RecordCodec[R]
    at_ms: Callable[[R], int]


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """What a listing found.

    Attributes:
        records: oldest first.
        omitted: how many older ones are left out.
        report: what was really looked at.
    """

    records: list[R]
    omitted: int
    report: LogReport


class RecordLog(Generic[R]):
    """Lists records.

    Args:
        config: how to reach Kafka.
        kind: of what.
        progress: called with the records read and the records there are to read.
    """

    def __init__(
        self, config: KafkaConfig, kind: RecordKind[R], progress: Callable[[int, int], None] = no_progress
    ) -> None:
        self._kind = kind
        self._scan = TopicScan(config, _BOUNDS, progress)

    def find(
        self,
        admits: Callable[[R], bool],
        *,
        since_ms: int,
        limit: int,
        key: bytes | None = None,
        before: dict[int, int] | None = None,
    ) -> Found[R]:
        """Find the wanted records of a span of time.

        Args:
            admits: tells which are wanted.
            since_ms: the beginning of the span, milliseconds since the epoch.
            limit: how many are kept: the newest.
            key: only the partition of this key is read; None for all of them.
            before: for each partition the offset to stop before: where a tail begins.

        Raises:
            UnavailableError: no broker answers, or the topic is missing.
        """
        newest = _Newest[R](limit)
        undecodable = 0

        def take(record: RawRecord) -> None:
            nonlocal undecodable
            # A partition that was added since is the tail's from its beginning.
            if before is not None and record.offset >= before.get(record.partition, 0):
                return
            try:
                found = self._kind.codec.decode(record.value)
            except UndecodableError:
                undecodable += 1
                return
            if admits(found):
                newest.add(self._kind.at_ms(found), found)

        scan = self._scan.run({self._kind.topic: key}, since_ms, take)
        return Found(newest.in_order(), newest.omitted, LogReport(scan, undecodable))


class RecordTail(Generic[R]):
    """The wanted records written after it was opened. Blocking, for one thread.

    Args:
        config: how to reach Kafka.
        kind: of what.
        admits: tells which are wanted; None for all.
        begin_at: the offset to begin at in each partition; None for its end.

    Attributes:
        starts: the first offset of each partition that it reads.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
    """

    def __init__(
        self,
        config: KafkaConfig,
        kind: RecordKind[R],
        admits: Callable[[R], bool] | None = None,
        begin_at: Mapping[int, int] | None = None,
    ) -> None:
        self._kind = kind
        self._admits = admits
        self._tail = TopicTail(config, kind.topic, begin_at)
        self.starts = self._tail.starts

    @property
    def is_cut_off(self) -> bool:
        """Whether no broker answers; what comes meanwhile is read later."""
        return self._tail.is_cut_off

    def read(self, timeout_s: float) -> list[R]:
        """Give the next records: at once when there are any, else after `timeout_s` seconds at most."""
        records: list[R] = []
        for raw in self._tail.read(timeout_s):
            try:
                record = self._kind.codec.decode(raw.value)
            except UndecodableError:
                continue  # of a newer gateway, or none at all; a listing says how many there are
            if self._admits is None or self._admits(record):
                records.append(record)
        return sorted(records, key=self._kind.at_ms)

    def close(self) -> None:
        """Let go of the broker."""
        self._tail.close()


class _Newest(Generic[R]):
    """The newest of any number of records; of the same time, those that came last."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._numbers = count()
        self._heap: list[tuple[int, int, R]] = []
        self.omitted = 0

    def add(self, at_ms: int, record: R) -> None:
        entry = at_ms, next(self._numbers), record
        if len(self._heap) < self._limit:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)
            self.omitted += 1

    def in_order(self) -> list[R]:
        return [record for _, _, record in sorted(self._heap, key=lambda entry: entry[:2])]
