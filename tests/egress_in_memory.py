"""Doubles in memory of what egress works with, and the contracts that they share with the real ones."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from random import Random

from confluent_kafka import Message

from gateway.domain.catch_up import PartitionReading
from gateway.domain.cursor import Strand
from gateway.domain.delivery import AttemptSummary, Delivery
from gateway.domain.gate import CircuitChange
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.outcome import Answered, Failed, SendResult
from gateway.domain.subscription import Subscription
from gateway.domain.topics import DELIVERIES
from gateway.egress.attempt import CompletedAttempt
from gateway.egress.lane import Origin, QueuedDelivery
from gateway.kafka.catch_up_reader import Stretch
from gateway.kafka.partitioning import Partition
from gateway.kafka.producer import OutRecord
from gateway.telemetry.clock import now_ms
from gateway.wire.records import delivery_codec
from tests.delivery_records import T0, planned

PARTITION = (DELIVERIES, 0)


class MemoryProducer:
    """Keeps what is produced; acknowledges groups in order, at once or when told.

    Attributes:
        produced: every group, oldest first.
    """

    def __init__(self, *, acknowledges: bool = True) -> None:
        self.produced: list[list[OutRecord]] = []
        self.acknowledges = acknowledges
        self._unacknowledged: deque[Callable[[], None]] = deque()

    def produce(self, records: Sequence[OutRecord], done: Callable[[], None]) -> None:
        """See RecordProducer."""
        self.produced.append(list(records))
        self._unacknowledged.append(done)
        if self.acknowledges:
            asyncio.get_running_loop().call_soon(self.acknowledge, 1)

    def acknowledge(self, count: int) -> None:
        """Acknowledge the oldest groups."""
        for _ in range(min(count, len(self._unacknowledged))):
            self._unacknowledged.popleft()()

    def acknowledge_all(self) -> None:
        """Acknowledge everything, and what comes from now on."""
        self.acknowledges = True
        self.acknowledge(len(self._unacknowledged))

    def lose(self, chance: Random) -> None:
        """Lose some of the newest groups that are not acknowledged, as a process that is killed does."""
        lost = chance.randrange(len(self._unacknowledged) + 1)
        del self.produced[len(self.produced) - lost :]
        # Whoever waits for them is told, since it is no new process that reads on.
        self.acknowledge_all()

    def to(self, topic: str) -> list[OutRecord]:
        """Give what was produced to a topic."""
        return [record for group in self.produced for record in group if record.topic == topic]


class MemoryLog:
    """Partitions in memory; reads stretches like CatchUpReader, at most `chunk` records at a time.

    Attributes:
        partitions: the records of each.
        reads: from where to where was read.
        meanwhile: what happens while a stretch is read.
    """

    def __init__(self, chunk: int = 1000) -> None:
        self.partitions: dict[Partition, list[Message]] = {}
        self.chunk = chunk
        self.reads: list[tuple[int, int]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def append(self, key: bytes | None, value: bytes, partition: Partition = PARTITION) -> Message:
        """Write a record."""
        log = self.partitions.setdefault(partition, [])
        message = Message(topic=partition[0], partition=partition[1], offset=len(log), key=key, value=value)
        log.append(message)
        return message

    def append_delivery(self, delivery: Delivery, partition: Partition = PARTITION) -> Message:
        """Write a delivery as the stream does."""
        return self.append(delivery.subscription_id.encode(), delivery_codec().encode(delivery), partition)

    async def read(self, partition: Partition, start: int, end: int, keys: frozenset[bytes]) -> Stretch:
        """See StretchReader."""
        await asyncio.sleep(0)
        self.meanwhile()
        self.reads.append((start, end))
        log = self.partitions.get(partition, [])
        stop = min(end, start + self.chunk, len(log))
        return Stretch([message for message in log[start:stop] if message.key() in keys], max(stop, start))


class MemoryTable:
    """A live table in memory; `refreshing` is what a refresh does and waits for.

    Attributes:
        refreshes: how many were asked for.
    """

    def __init__(self, *subscriptions: Subscription) -> None:
        self.index = SubscriptionIndex()
        self.refreshing: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)
        self.refreshes = 0
        for subscription in subscriptions:
            self.index.put(subscription)

    async def refresh(self) -> None:
        """See Subscriptions."""
        self.refreshes += 1
        await self.refreshing()


class MemoryEvents:
    """Keeps what is told of the endpoints.

    Attributes:
        attempts: whose attempts ended, and whether the endpoint took the delivery.
        gone_for_good: the subscriptions whose endpoint answered 410.
        held: the ids of those that are being disabled.
        circuits: whose circuit changed, and how.
        letters: the event ids of what was given up, each with the reason.
    """

    def __init__(self) -> None:
        self.attempts: list[tuple[str, bool]] = []
        self.gone_for_good: list[Subscription] = []
        self.held: set[str] = set()
        self.circuits: list[tuple[str, CircuitChange]] = []
        self.letters: list[tuple[str, str]] = []

    def attempted(self, subscription: Subscription, *, delivered: bool) -> None:
        """See EndpointEvents."""
        self.attempts.append((subscription.subscription_id, delivered))

    def gone(self, subscription: Subscription) -> None:
        """See EndpointEvents: the subscription is held from now on."""
        self.gone_for_good.append(subscription)
        self.held.add(subscription.subscription_id)

    def is_held(self, subscription_id: str) -> bool:
        """See EndpointEvents."""
        return subscription_id in self.held

    def circuit_changed(self, subscription: Subscription, change: CircuitChange) -> None:
        """See EndpointEvents."""
        self.circuits.append((subscription.subscription_id, change))

    def dead_lettered(self, delivery: Delivery, reason: str) -> None:
        """See EndpointEvents."""
        self.letters.append((delivery.event_id, reason))


class MemoryBacklog:
    """Keeps what a lane pool asks of the catch-up passes, and makes none.

    Attributes:
        woken: the subscriptions whose lane has room.
        lagging: the strands of which something was left in the log.
    """

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.lagging: list[tuple[Partition, Strand]] = []

    def wake(self, subscription_id: str) -> None:
        """See Backlog."""
        self.woken.append(subscription_id)

    def lags(self, partition: Partition, strand: Strand) -> None:
        """See Backlog."""
        self.lagging.append((partition, strand))

    def forget(self, partitions: Iterable[Partition]) -> None:
        """See Backlog."""
        gone = set(partitions)
        self.lagging = [each for each in self.lagging if each[0] not in gone]


class MemoryEndpoints:
    """Makes attempts without a network: each waits at the gate, and then comes to `result`.

    Attributes:
        result: what the next attempts come to; an exception is raised.
        answers: what the attempts of single events come to instead, each its next one.
        hanging: the ids of events whose attempts never end by themselves.
        gate: attempts wait here while it is cleared.
        begun: the event ids of the attempts, in the order in which they were begun.
        numbers: the attempt numbers of the same.
        most_in_flight: the most attempts under way at once, by subscription.
        used: the subscription as it was looked up for the newest attempt.
    """

    def __init__(self) -> None:
        self.result: SendResult | Exception = Answered(200)
        self.answers: dict[str, list[SendResult]] = {}
        self.hanging: set[str] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun: list[str] = []
        self.numbers: list[int] = []
        self.in_flight: Counter[str] = Counter()
        self.most_in_flight: Counter[str] = Counter()
        self.used: Subscription | None = None

    async def attempt(self, delivery: Delivery, subscription: Subscription) -> CompletedAttempt:
        """See Attempter."""
        name = subscription.subscription_id
        self.used = subscription
        self.begun.append(delivery.event_id)
        self.numbers.append(delivery.next_attempt_number)
        self.in_flight[name] += 1
        self.most_in_flight[name] = max(self.most_in_flight[name], self.in_flight[name])
        try:
            await self.gate.wait()
            if delivery.event_id in self.hanging:
                await asyncio.Event().wait()
        finally:
            self.in_flight[name] -= 1
        if isinstance(self.result, Exception):
            raise self.result
        answers = self.answers.get(delivery.event_id)
        result = answers.pop(0) if answers else self.result
        return completed(result, number=delivery.next_attempt_number)


def completed(result: SendResult, number: int = 1) -> CompletedAttempt:
    """Give an attempt that took 20 ms and came to `result`."""
    status = result.status if isinstance(result, Answered) else None
    error = result.code.value if isinstance(result, Failed) else None
    return CompletedAttempt(AttemptSummary(number, T0, 20, status, error), result)


def queued(
    reading: PartitionReading,
    offset: int,
    subscription_id: str = "sub_1",
    *,
    partition: Partition = PARTITION,
    size_bytes: int = 100,
    delivery: Delivery | None = None,
) -> QueuedDelivery:
    """Give a delivery that the main reader has just handed out; an event of its own where none is given."""
    reading.take(offset, subscription_id, has_room=True)
    delivery = delivery or planned(f"evt-{offset}", subscription_id, at_ms=now_ms())
    return QueuedDelivery(delivery, Origin(reading, partition, offset, subscription_id, None, size_bytes))


async def until(condition: Callable[[], bool], *, within_s: float = 5) -> None:
    """Let the event loop turn until a condition holds."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - nothing announces these conditions
            await asyncio.sleep(0)


async def settle_down() -> None:
    """Let everything that can happen by itself happen."""
    for _ in range(20):
        await asyncio.sleep(0)
