"""Reads a compacted topic that is a table: every partition from its beginning, to its end, then on.

The reading core of live tables, of one-shot reads and of writers. It uses no consumer group and commits nothing. A
record that can't be read is skipped, logged and counted: one bad record must not take the table away.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from gateway.domain.errors import UnavailableError
from gateway.kafka.access import denial, is_denied
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import gateway_error, is_leader_moving, translated_errors
from gateway.kafka.partitioning import Offsets
from gateway.wire.errors import UndecodableError
from gateway.wire.record_codec import RecordCodec

BATCH_RECORDS = 2_000
METADATA_TIMEOUT_S = 8.0
_NEW_TOPIC_TIMEOUT_S = 3.0
_RETRY_S = 0.1

R = TypeVar("R")
_Row_contra = TypeVar("_Row_contra", contravariant=True)

TableChange = tuple[str, R | None]
"""A record's key, and what it is now: None after a tombstone."""

_log = structlog.get_logger()


class TopicMissingError(UnavailableError):
    """The topic has not been created."""


@dataclass(frozen=True, slots=True)
class TableKind(Generic[R]):
    """What there is to know of a table.

    Attributes:
        name: how its lines in the log begin, like `subscriptions`.
        topic: where it is.
        codec: of its records.
        key_of: gives the key of a record.
    """

    name: str
    topic: str
    codec: RecordCodec[R]
    key_of: Callable[[R], str]


class TableIndex(Protocol[_Row_contra]):
    """What a table is held in."""

    def __len__(self) -> int:
        """Count the records."""

    def put(self, record: _Row_contra, /) -> None:
        """Take a record, instead of the one with its key."""

    def remove(self, key: str, /) -> None:
        """Forget the record with a key, if there is one."""


class CompactedLog(Generic[R]):
    """The topic as a stream of changes. Blocking, for one thread.

    Args:
        config: how to reach Kafka.
        kind: what table it is.
        overrides: properties of the consumer, by librdkafka's names.

    Attributes:
        skipped: how many records could not be read.
        found: whether the record that is looked for was read.
    """

    def __init__(
        self,
        config: KafkaConfig,
        kind: TableKind[R],
        **overrides: Any,  # noqa: ANN401 - of any type
    ) -> None:
        self.skipped = 0
        self._config = config
        self._kind = kind
        self._topic = kind.topic
        self._reached: dict[int, int] = {}
        self._target: dict[int, int] = {}
        self._looked_for: tuple[int, int] | None = None
        self.found = False
        self._consumer = Consumer(config.reader(**QUIET, **{"enable.partition.eof": True, **overrides}))

    def open(self, timeout_s: float = METADATA_TIMEOUT_S) -> None:
        """Begin at the first record of every partition, and aim at the present end.

        Raises:
            TopicMissingError: there is no such topic.
            UnavailableError: Kafka did not answer within `timeout_s` seconds.
            AccessRefusedError: Kafka refuses; trying again does not help.
        """
        self._reached = dict.fromkeys(self.partitions_of(self._topic, timeout_s), 0)
        self.aim(timeout_s)
        self._consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in self._reached])

    def aim(self, timeout_s: float = METADATA_TIMEOUT_S) -> None:
        """Take the present end of every partition as the point from which on `behind` is false.

        Raises:
            UnavailableError: Kafka did not answer within `timeout_s` seconds.
        """
        for number in self._reached:
            self._target[number] = self._end(TopicPartition(self._topic, number), timeout_s)

    def aim_past(self, offsets: dict[int, int]) -> None:
        """Take the points behind one record in each of some partitions as those from which on `behind` is false."""
        self._target = {number: offset + 1 for number, offset in offsets.items()}

    def look_for(self, partition: int, offset: int) -> None:
        """Have `found` tell from now on whether the record at an offset that lies ahead was read: it was committed."""
        self._looked_for, self.found = (partition, offset), False

    @property
    def behind(self) -> bool:
        """Whether records are still to be read that were there at the last `aim`."""
        return any(self._reached[number] < target for number, target in self._target.items())

    @property
    def reached(self) -> Offsets:
        """The next offset to read of each partition, by topic and number."""
        return {(self._topic, number): at for number, at in self._reached.items()}

    def read(self, timeout_s: float) -> list[TableChange[R]]:
        """Give the next changes in order: at once when there are any, else after `timeout_s` seconds at most.

        Raises:
            AccessRefusedError: an access rule is missing.
        """
        messages: list[Message] = self._consumer.consume(1, timeout_s)
        if messages:
            messages += self._consumer.consume(BATCH_RECORDS - 1, 0)
        changes = (self._change(message) for message in messages)
        return [change for change in changes if change is not None]

    def read_to_end(self, index: TableIndex[R], *, stall_timeout_s: float) -> None:
        """Bring an index up to what is in the topic when this is called.

        Args:
            index: is changed.
            stall_timeout_s: how long there may be no progress, in seconds.

        Raises:
            UnavailableError: no progress for that long.
        """
        self.aim(stall_timeout_s)
        self.read_on(index, stall_timeout_s=stall_timeout_s)

    def read_on(self, index: TableIndex[R], *, stall_timeout_s: float) -> None:
        """Bring an index up to the point aimed at; arguments and errors as for `read_to_end`."""
        self.hand_on(partial(apply_changes, index), stall_timeout_s=stall_timeout_s)

    def hand_on(self, take: Callable[[list[TableChange[R]]], None], *, stall_timeout_s: float) -> None:
        """Hand on every change up to the point aimed at.

        Args:
            take: is given the changes, in order.
            stall_timeout_s: how long there may be no progress, in seconds.

        Raises:
            UnavailableError: no progress for that long.
        """
        give_up_at = time.monotonic() + stall_timeout_s
        while self.behind:
            before = dict(self._reached)
            take(self.read(timeout_s=0.1))
            if self._reached != before:
                give_up_at = time.monotonic() + stall_timeout_s
            elif time.monotonic() > give_up_at:
                raise UnavailableError(
                    f"Kafka at {self._config.bootstrap_servers} stopped answering while it was being read"
                )

    def partitions_of(self, topic: str, timeout_s: float) -> list[int]:
        """List the partitions of a topic.

        Raises:
            TopicMissingError: there is no such topic.
            UnavailableError: Kafka did not answer within `timeout_s` seconds.
            AccessRefusedError: Kafka refuses; trying again does not help.
        """
        # A broker learns of a topic a moment after it was created.
        give_up_at = time.monotonic() + min(timeout_s, _NEW_TOPIC_TIMEOUT_S)
        while True:
            with translated_errors(self._config):
                found = self._consumer.list_topics(topic, timeout=timeout_s).topics[topic]
            if found.error is None:
                return list(found.partitions)
            if is_denied(found.error):
                raise denial(found.error, self._config, topic)
            if time.monotonic() > give_up_at:
                raise TopicMissingError(f"there is no topic '{topic}'", hint="run: gateway topics apply")
            time.sleep(_RETRY_S)

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def _end(self, partition: TopicPartition, timeout_s: float) -> int:
        give_up_at = time.monotonic() + timeout_s
        while True:
            try:
                return int(self._consumer.get_watermark_offsets(partition, timeout=timeout_s)[1])
            except KafkaException as error:
                if not is_leader_moving(error):
                    raise gateway_error(error, self._config) from error
                if time.monotonic() > give_up_at:
                    raise UnavailableError(
                        f"Kafka at {self._config.bootstrap_servers} has no leader for topic '{self._topic}'",
                        hint="a broker may be down: try again",
                    ) from error
            time.sleep(_RETRY_S)

    def _change(self, message: Message) -> TableChange[R] | None:
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            if is_denied(error):
                raise denial(error, self._config, self._topic)
            # librdkafka reconnects and goes on by itself.
            _log.warning(f"{self._kind.name}.read_error", error=error.str())
            return None
        if partition is None or offset is None:
            return None
        if error is not None:
            # Control records have offsets too, but are not handed out: only the end tells that they were passed.
            self._reached[partition] = offset
            return None
        self._reached[partition] = offset + 1
        self.found = self.found or (partition, offset) == self._looked_for
        try:
            return self._decode(message.key(), message.value())
        except (UnicodeDecodeError, UndecodableError) as unreadable:
            self.skipped += 1
            _log.warning(
                f"{self._kind.name}.record_skipped", partition=partition, offset=offset, reason=str(unreadable)
            )
            return None

    def _decode(self, key: bytes | None, value: bytes | None) -> TableChange[R]:
        text = (key or b"").decode()
        if value is None:
            return text, None
        record = self._kind.codec.decode(value)
        if self._kind.key_of(record) != text:
            raise UndecodableError("not_avro", "the record's key is not its id")
        return text, record


def apply_changes(index: TableIndex[R], changes: list[TableChange[R]]) -> None:
    """Carry changes out on an index, in order."""
    for key, record in changes:
        if record is None:
            index.remove(key)
        else:
            index.put(record)


def read_table(config: KafkaConfig, kind: TableKind[R], index: TableIndex[R]) -> None:
    """Read a table once into an empty index, blocking, as it is now.

    Raises:
        TopicMissingError: the topic has not been created.
        UnavailableError: Kafka did not answer, or stopped answering, for `METADATA_TIMEOUT_S` seconds.
    """
    log = CompactedLog(config, kind)
    try:
        log.open()
        log.read_to_end(index, stall_timeout_s=METADATA_TIMEOUT_S)
    finally:
        log.close()
