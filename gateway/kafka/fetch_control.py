"""Which of the owned partitions the main reader fetches at present; for the reader's thread alone, but for `is_held`.

A retry partition whose head is not due is paused and its position put back, so that waiting costs no memory. One that
was read to its end rests: each request lists every partition that is not paused, and the broker looks at each of
them. Under pressure nothing is fetched.

When a record is due is for the wall clock to say; a rest is measured, so that a clock that is set back does not make
it longer.
"""

from collections.abc import Collection, Mapping, Sequence

from confluent_kafka import Consumer, Message, TopicPartition

from gateway.kafka.due_times import split_due
from gateway.kafka.partitioning import Partition
from gateway.telemetry.clock import monotonic_ms, now_ms

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
        self._due_at_ms: dict[Partition, float] = {}
        self._rested_at_ms: dict[Partition, float] = {}
        self._at_end: list[Partition] = []
        self._blocked = False

    @property
    def poll_s(self) -> float:
        """How long the reader may wait for records before something is to be resumed, seconds."""
        if self._blocked:
            return _POLL_S
        waits_ms = [_POLL_S * 1000]
        if self._due_at_ms:
            waits_ms.append(min(self._due_at_ms.values()) - now_ms())
        if self._rested_at_ms:
            waits_ms.append(min(self._rested_at_ms.values()) - monotonic_ms())
        return max(min(waits_ms) / 1000, 0.001)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Fetch these, and no others."""
        self._due_at_ms.clear()
        self._rested_at_ms.clear()
        self._blocked = False
        # One that was paused when it went, and comes back to this process, would stay paused for ever.
        self._consumer.resume(list(partitions))

    def forget(self, partitions: Collection[Partition]) -> None:
        """These partitions are not owned any more."""
        for partition in partitions:
            self._due_at_ms.pop(partition, None)
            self._rested_at_ms.pop(partition, None)

    def hold_back(self, batch: Sequence[Message], owned: Collection[Partition]) -> list[Message]:
        """Give what is due; put back, and pause, each partition from its first record that is not."""
        due, waits = split_due(batch, now_ms())
        for partition, head in waits.items():
            if partition not in owned:
                continue  # given up while the batch was read: there is nothing to pause, and nothing is taken
            self._due_at_ms[partition] = head.due_at_ms
            self._rested_at_ms.pop(partition, None)
            position = TopicPartition(*partition, head.offset)
            self._consumer.pause([position])
            self._consumer.seek(position)
        return due

    @property
    def blocked(self) -> bool:
        """Whether nothing is fetched at present. On any thread."""
        return self._blocked

    def at_end(self, partition: Partition, owned: Collection[Partition]) -> None:
        """A partition was read to its end."""
        rest_ms = self._rests_ms.get(partition[0])
        if rest_ms is not None and partition in owned and not self.is_held(partition):
            self._rested_at_ms[partition] = monotonic_ms() + rest_ms
            self._at_end.append(partition)

    def apply(self, *, blocked: bool) -> None:
        """Let rest what is at its end, resume what is due or rested; stop or go on altogether."""
        if self._at_end:
            # All at once: each call waits for the client's own thread, and nothing else of the process runs meanwhile.
            resting = [TopicPartition(*partition) for partition in self._at_end if partition in self._rested_at_ms]
            self._at_end.clear()
            self._consumer.pause(resting)
        if blocked != self._blocked:
            self._blocked = blocked
            free = [tp for tp in self._consumer.assignment() if not self.is_held((tp.topic, tp.partition))]
            (self._consumer.pause if blocked else self._consumer.resume)(free)
        if blocked:
            return
        ready = [*_take_until(self._due_at_ms, now_ms()), *_take_until(self._rested_at_ms, monotonic_ms())]
        if ready:
            self._consumer.resume([TopicPartition(*partition) for partition in ready])

    def is_held(self, partition: Partition) -> bool:
        """Tell whether a partition is not fetched since its head is not due, or since it rests. On any thread."""
        return partition in self._due_at_ms or partition in self._rested_at_ms


def _take_until(times_ms: dict[Partition, float], now_ms: float) -> list[Partition]:
    ready = [partition for partition, at_ms in times_ms.items() if at_ms <= now_ms]
    for partition in ready:
        del times_ms[partition]
    return ready
