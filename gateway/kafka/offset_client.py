"""Asks the brokers for offsets: where partitions end, where a time begins in them, how far a group has come.

Reads only. Underneath is a consumer that is assigned nothing: it joins no group and commits nothing. An admin client
would ask the same, but its answers that come late, or over a connection that breaks, write into freed memory and end
the process (docs/decisions/0038-no-admin-client-outlives-its-question.md).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition

from gateway.kafka.config import QUIET, READER_GROUP_ID, KafkaConfig
from gateway.kafka.partitioning import Partition

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CommittedOffset:
    """One commit.

    Attributes:
        offset: the next offset to read.
        metadata: what the committer wrote with it.
    """

    offset: int
    metadata: str = ""


class OffsetClient:
    """One connection for questions; its methods block for `timeout_s` at most, and raise a KafkaException if they fail.

    Args:
        config: how to reach Kafka.
        group_id: the group whose commits are asked for.
        timeout_s: how long one question waits for its answer, seconds.
    """

    def __init__(self, config: KafkaConfig, group_id: str = READER_GROUP_ID, *, timeout_s: float) -> None:
        self._properties = config.consumer(group_id, **QUIET)
        self._timeout_s = timeout_s
        self._connected: Consumer | None = None

    def partition_counts(self) -> dict[str, int]:
        """Give how many partitions each topic has that the user may see; learns their leaders anew."""
        return {name: len(whole) for name, whole in self.wholeness().items()}

    def wholeness(self) -> dict[str, list[bool]]:
        """Tell of each partition of each topic that the user may see whether it has a leader, and each replica in sync.

        Learns the leaders anew.
        """
        topics = self._ask(lambda consumer: consumer.list_topics(timeout=self._timeout_s)).topics
        return {
            name: [at.leader >= 0 and len(at.isrs) >= len(at.replicas) for at in topic.partitions.values()]
            for name, topic in topics.items()
            if topic.error is None
        }

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Give the offset that each partition's next record will have; where a transaction is open, that of its first.

        In the protocol the end is a time that can be asked for (ListOffsets, timestamp -1).
        """
        return self.first_since(partitions, OFFSET_END)

    def beginnings(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Give the offset of each partition's first record; asked for as `ends` is (ListOffsets, timestamp -2)."""
        return self.first_since(partitions, OFFSET_BEGINNING)

    def first_since(self, partitions: Collection[Partition], since_ms: int) -> dict[Partition, int]:
        """Give the offset of each partition's first record of a time or later; below zero: none is that young.

        Args:
            partitions: which ones.
            since_ms: the time, milliseconds since the epoch.
        """
        if not partitions:
            return {}
        asked = [TopicPartition(*at, since_ms) for at in partitions]
        answers = self._ask(lambda consumer: _checked(consumer.offsets_for_times(asked, timeout=self._timeout_s)))
        return {(answer.topic, answer.partition): answer.offset for answer in answers}

    def committed(self, partitions: Collection[Partition]) -> dict[Partition, CommittedOffset]:
        """Give the group's commits; partitions without one are left out."""
        asked = [TopicPartition(*at) for at in partitions]
        answers = self._ask(lambda consumer: _checked(consumer.committed(asked, timeout=self._timeout_s)))
        return {
            (answer.topic, answer.partition): CommittedOffset(answer.offset, answer.metadata or "")
            for answer in answers
            if answer.offset >= 0
        }

    def close(self) -> None:
        """Ask no more, or over a new connection."""
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    def _ask(self, question: Callable[[Consumer], T]) -> T:
        if self._connected is None:
            self._connected = Consumer(self._properties)
        try:
            return question(self._connected)
        except KafkaException:
            # It may be silent for good (docs/decisions/0047), and is judged by nobody.
            self.close()
            raise


def _checked(answers: list[TopicPartition]) -> list[TopicPartition]:
    for answer in answers:
        if answer.error is not None:
            raise KafkaException(answer.error)
    return answers
