"""Which of the owned partitions the main reader fetches at present; for the reader's thread alone.

A retry partition whose head is not due is paused and its position put back, so that waiting costs no memory. One that
was read to its end rests: each request lists every partition that is not paused, and the broker looks at each of
them. Under pressure nothing is fetched.
"""

from collections.abc import Collection, Mapping, Sequence

from confluent_kafka import Consumer, Message, TopicPartition

from gateway.kafka.due_times import split_due
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import now_ms

_POLL_S = 0.05


class FetchControl:
    """Pauses and resumes.

    Args:
        consumer: the main reader's.
        rests_ms: how long a topic's partitions rest once they are read to their end, milliseconds. What is written
            there meanwhile must not be due earlier.
    """

    def __init__(self, consumer: Consumer, rests_ms: Mapping[str, int]) -> None:
        self._consumer = consumer
        self._rests_ms = rests_ms
        self._until_ms: dict[Partition, int] = {}
        self._blocked = False

    @property
    def poll_s(self) -> float:
        """How long the reader may wait for records before something is to be resumed, seconds."""
        if not self._until_ms or self._blocked:
            return _POLL_S
        return min(_POLL_S, max((min(self._until_ms.values()) - now_ms()) / 1000, 0.001))

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Fetch these, and no others."""
        self._until_ms.clear()
        self._blocked = False
        # One that was paused when it went, and comes back to this process, would stay paused for ever.
        self._consumer.resume(list(partitions))

    def forget(self, partitions: Collection[Partition]) -> None:
        """These partitions are not owned any more."""
        for partition in partitions:
            self._until_ms.pop(partition, None)

    def hold_back(self, batch: Sequence[Message], owned: Collection[Partition]) -> list[Message]:
        """Give what is due; put back, and pause, each partition from its first record that is not."""
        due, waits = split_due(batch, now_ms())
        for partition, head in waits.items():
            if partition not in owned:
                continue  # given up while the batch was read: there is nothing to pause, and nothing is taken
            self._until_ms[partition] = head.due_at_ms
            position = TopicPartition(*partition, head.offset)
            self._consumer.pause([position])
            self._consumer.seek(position)
        return due

    def at_end(self, partition: Partition, owned: Collection[Partition]) -> None:
        """A partition was read to its end."""
        rest_ms = self._rests_ms.get(partition[0])
        if rest_ms is not None and partition in owned and partition not in self._until_ms:
            self._until_ms[partition] = now_ms() + rest_ms
            self._consumer.pause([TopicPartition(*partition)])

    def apply(self, *, blocked: bool) -> None:
        """Resume what is due, or rested; stop or go on altogether."""
        if blocked != self._blocked:
            self._blocked = blocked
            free = [tp for tp in self._consumer.assignment() if (tp.topic, tp.partition) not in self._until_ms]
            (self._consumer.pause if blocked else self._consumer.resume)(free)
        if not self._until_ms or blocked:
            return
        present_ms = now_ms()
        ready = [partition for partition, until_ms in self._until_ms.items() if until_ms <= present_ms]
        if ready:
            for partition in ready:
                del self._until_ms[partition]
            self._consumer.resume([TopicPartition(*partition) for partition in ready])
