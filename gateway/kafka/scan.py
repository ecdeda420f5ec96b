"""A look into topics: every record of a span of time, up to the ends as they were at the beginning. Reads only.

Nothing is committed and no group is joined, so a scan disturbs nobody. It is bounded: where more than `max_records`
lie in the span, only its newest part is read; past the deadline, reading stops. The report says so either way: a
scan never passes off a part as the whole. What retention removes before the scan comes to it is told, too.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from gateway.domain.errors import UnavailableError
from gateway.kafka.access import is_denied
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import gateway_error, translated_errors
from gateway.kafka.offset_lookup import OffsetLookup
from gateway.kafka.partitioning import Partition, place_of

_BATCH_RECORDS = 1000
_BATCH_TIMEOUT_S = 0.02
_STALL_TIMEOUT_S = 10.0
_PREFETCH_KBYTES = 16_384


@dataclass(frozen=True, slots=True)
class ScanBounds:
    """How much a scan may read, and for how long."""

    max_records: int = 2_000_000
    deadline_s: float = 120.0


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as it lies in its topic; a header without a value has an empty one."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan has really looked at.

    Attributes:
        since_ms: the beginning of the span that was read, milliseconds since the epoch; 0 for everything there is.
        records: how many records were read.
        narrowed: the span asked for held too many records; only its newest part, from `since_ms` on, was read.
        out_of_time: the deadline came first; what was read is an unknown part of the span.
    """

    since_ms: int
    records: int
    narrowed: bool
    out_of_time: bool

    @property
    def complete(self) -> bool:
        """Everything in the span asked for was read."""
        return not (self.narrowed or self.out_of_time)


def no_progress(read: int, total: int) -> None:
    """Tell nobody how far a scan is."""


Gone = Callable[[Partition, range], None]
"""Told of a partition and of those of its offsets that Kafka keeps no longer; they are passed over."""


def _no_matter(_: Partition, __: range) -> None:
    """Tell nobody what is gone."""


class TopicScan:
    """Reads spans of topics.

    Args:
        config: how to reach the cluster.
        bounds: how much one `run` may read.
        progress: called after each batch with the records read and the records there are to read.
    """

    def __init__(
        self,
        config: KafkaConfig,
        bounds: ScanBounds | None = None,
        progress: Callable[[int, int], None] = no_progress,
    ) -> None:
        self._config = config
        self._bounds = bounds or ScanBounds()
        self._progress = progress

    def run(self, topics: Mapping[str, bytes | None], since_ms: int, visit: Callable[[RawRecord], None]) -> ScanReport:
        """Hand every record of a span to `visit`; the order is kept within a partition only.

        Args:
            topics: what to read: topic -> the key whose partition is wanted, or None for all of its partitions.
            since_ms: the beginning of the span, milliseconds since the epoch; 0 for everything there is.
            visit: called with each record.

        Raises:
            UnavailableError: no broker answers, or a topic is missing.
        """
        deadline = time.monotonic() + self._bounds.deadline_s
        lookup = OffsetLookup(self._config)
        partitions = lookup.partitions(topics)
        span = lookup.newest_span(partitions, since_ms, self._bounds.max_records)
        read, out_of_time = self._read(span.ranges, visit, _no_matter, deadline)
        return ScanReport(span.since_ms, read, span.since_ms > since_ms, out_of_time)

    def read(
        self, ranges: Mapping[Partition, range], visit: Callable[[RawRecord], None], gone: Gone = _no_matter
    ) -> ScanReport:
        """Hand every record of some stretches to `visit`; where that is too much, the oldest part of each.

        Args:
            ranges: the offsets to read of each partition.
            visit: called with each record; the order is kept within a partition only.
            gone: called with what is passed over.

        Raises:
            UnavailableError: no broker answers.
        """
        deadline = time.monotonic() + self._bounds.deadline_s
        total = sum(len(offsets) for offsets in ranges.values())
        share = min(1.0, self._bounds.max_records / total) if total else 1.0
        allowed = {at: offsets[: math.ceil(len(offsets) * share)] for at, offsets in ranges.items()}
        read, out_of_time = self._read(allowed, visit, gone, deadline)
        return ScanReport(0, read, narrowed=share < 1, out_of_time=out_of_time)

    def _read(
        self, ranges: Mapping[Partition, range], visit: Callable[[RawRecord], None], gone: Gone, deadline: float
    ) -> tuple[int, bool]:
        total = sum(len(offsets) for offsets in ranges.values())
        reading = _Reading({at: offsets for at, offsets in ranges.items() if offsets})
        consumer = self._open_consumer(ranges)
        try:
            while reading.left:
                now = time.monotonic()
                if now > deadline:
                    return reading.read, True
                if reading.is_denied or now - reading.progressed_at > _STALL_TIMEOUT_S:
                    raise self._stalled(reading.last_error)
                finished = reading.take(consumer.consume(_BATCH_RECORDS, _BATCH_TIMEOUT_S), visit)
                if finished:
                    consumer.incremental_unassign([TopicPartition(*at) for at in finished])
                for at in reading.take_out_of_range():
                    gone(at, self._pass_over(consumer, reading, at))
                self._progress(reading.read, total)
        finally:
            consumer.close()
        return reading.read, False

    def _pass_over(self, consumer: Consumer, reading: "_Reading", at: Partition) -> range:
        """Go on with what a partition keeps; gives the offsets that it keeps no longer."""
        kept = OffsetLookup(self._config).kept([at])[at]
        position, end = reading.left[at].start, reading.left[at].stop
        # One that ends before the position is another one of its name: nothing in it is what was asked for.
        begin = end if kept.stop < position else min(max(position, kept.start), end)
        consumer.incremental_unassign([TopicPartition(*at)])
        if begin < end:
            reading.left[at] = range(begin, end)
            consumer.incremental_assign([TopicPartition(*at, begin)])
        else:
            del reading.left[at]
        return range(position, begin)

    def _open_consumer(self, ranges: Mapping[Partition, range]) -> Consumer:
        overrides = {
            "enable.partition.eof": True,
            "queued.max.messages.kbytes": _PREFETCH_KBYTES,
            # An offset that is gone is an error, rather than another record.
            "auto.offset.reset": "error",
        }
        consumer = Consumer(self._config.reader(**overrides, **QUIET))
        with translated_errors(self._config):
            consumer.assign([TopicPartition(*at, offsets.start) for at, offsets in ranges.items() if offsets])
        return consumer

    def _stalled(self, last_error: KafkaError | None) -> Exception:
        if last_error is not None:
            return gateway_error(last_error, self._config)
        return UnavailableError(
            f"Kafka at {self._config.bootstrap_servers} gave no record for {_STALL_TIMEOUT_S:.0f} s",
            hint="is a broker down? every partition needs a leader",
        )


class _Reading:
    """How far a scan is: the partitions still open, with what is left to read of each."""

    def __init__(self, left: dict[Partition, range]) -> None:
        self.left = left
        self.read = 0
        self.progressed_at = time.monotonic()
        self.last_error: KafkaError | None = None
        self._out_of_range: list[Partition] = []

    @property
    def is_denied(self) -> bool:
        """Whether an access rule is missing, so that waiting does not help."""
        return self.last_error is not None and is_denied(self.last_error)

    def take(self, messages: list[Message], visit: Callable[[RawRecord], None]) -> list[Partition]:
        """Visit a batch's records; give the partitions that it finished."""
        finished = []
        for message in messages:
            error = message.error()
            if error is not None and error.code() == KafkaError._AUTO_OFFSET_RESET:
                self._out_of_range.append(place_of(message))
                continue
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                self.last_error = error
                continue
            record = raw_record(message)
            at = (record.topic, record.partition)
            if at not in self.left:
                continue
            end = self.left[at].stop
            if error is None and record.offset < end:
                self.read += 1
                visit(record)
                self.left[at] = range(record.offset + 1, end)
            # The record before the end may be missing (compaction, transaction markers): then the end of the
            # partition tells.
            if error is not None or record.offset + 1 >= end:
                del self.left[at]
                finished.append(at)
            # After the visit, which may take its time.
            self.progressed_at = time.monotonic()
        return finished

    def take_out_of_range(self) -> list[Partition]:
        """Give the open partitions of which the next offset is not kept any more, each once."""
        found = [at for at in dict.fromkeys(self._out_of_range) if at in self.left]
        self._out_of_range.clear()
        return found


def raw_record(message: Message) -> RawRecord:
    """Give what a record, or an end of partition, is and where it lies."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    if topic is None or partition is None or offset is None:
        raise ValueError("a record or an end of partition came without its position")
    # The type says what may be produced; what is read are pairs.
    pairs = cast("Sequence[tuple[str, bytes | None]]", message.headers() or ())
    headers = tuple((name, value or b"") for name, value in pairs)
    return RawRecord(topic, partition, offset, message.timestamp()[1], message.key(), message.value(), headers)
