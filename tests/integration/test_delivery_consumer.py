"""The main reader against real Kafka: order, due times, commits, pressure, rebalances and its own end."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from gateway.domain.cursor import DurableCursor
from gateway.domain.errors import GatewayError
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.cursor_log import cursor_record
from gateway.kafka.delivery_consumer import AssignedPartition, DeliveryConsumer
from gateway.kafka.due_times import DUE_HEADER
from gateway.kafka.partitioning import Partition, place_of
from gateway.kafka.pending_commits import Commit

AWHILE_S = 50.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Recorder:
    """A listener that keeps what it is told.

    Attributes:
        owned: the partitions owned now, as they were assigned.
        offsets: what was read, per partition.
        early_ms: by how much each record came before its due time; never positive.
        late_ms: by how much it came after.
        given_up: the partitions that were revoked.
        confirmed: the commits that are durable.
        hanging: revocations wait while it is set.
    """

    def __init__(self) -> None:
        self.owned: dict[Partition, AssignedPartition] = {}
        self.offsets: dict[Partition, list[int]] = defaultdict(list)
        self.late_ms: list[int] = []
        self.given_up: list[Partition] = []
        self.committing: dict[Partition, Commit] | None = None
        self.confirmed: list[dict[Partition, Commit]] = []
        self.fails = False
        self.free = asyncio.Event()
        self.free.set()
        self._changed = asyncio.Event()

    def assigned(self, partitions: Sequence[AssignedPartition]) -> None:
        """See DeliveryListener."""
        self.owned.update({assigned.partition: assigned for assigned in partitions})
        self._changed.set()

    def records(self, batch: Sequence[Message]) -> None:
        """See DeliveryListener."""
        if self.fails:
            raise RuntimeError("a bug")
        for message in batch:
            partition = place_of(message)
            self.offsets[partition].append(message.offset() or 0)
            self.late_ms.append(now_ms() - int((message.value() or b"0").decode()))
        self._changed.set()

    async def revoked(self, partitions: Sequence[Partition]) -> dict[Partition, Commit]:
        """See DeliveryListener: commit what was read, unless told otherwise."""
        await self.free.wait()
        self.given_up += partitions
        for partition in partitions:
            del self.owned[partition]
        self._changed.set()
        if self.committing is not None:
            return self.committing
        return {partition: (self.offsets[partition][-1] + 1, "") for partition in partitions if self.offsets[partition]}

    def committed(self, commits: Mapping[Partition, Commit]) -> None:
        """See DeliveryListener."""
        self.confirmed.append(dict(commits))
        self._changed.set()

    def lost(self, partitions: Sequence[Partition]) -> None:
        """See DeliveryListener."""
        for partition in partitions:
            self.owned.pop(partition, None)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition over what was told."""
        async with asyncio.timeout(AWHILE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    @property
    def count(self) -> int:
        """How many records were read."""
        return sum(map(len, self.offsets.values()))


class Group:
    """A consumer group of its own over two co-partitioned topics."""

    def __init__(self, kafka: KafkaConfig, deliveries: str, retries: str) -> None:
        self.kafka = kafka
        self.deliveries = deliveries
        self.retries = retries
        self.group_id = f"tests-{uuid4().hex[:12]}"
        self.beats = 0
        self.recalled: list[dict[Partition, int]] = []
        self._producer = Producer(kafka.producer())
        self._running: list[DeliveryConsumer] = []

    def join(self, listener: Recorder, *, revoke_timeout_s: float = 10.0) -> DeliveryConsumer:
        """Start a member."""
        consumer = DeliveryConsumer(
            self.kafka,
            self.group_id,
            (self.deliveries, self.retries),
            {self.retries: 100},
            listener,
            revoke_timeout_s,
            self._beat,
            lambda positions: self.recalled.append(dict(positions)),
        )
        consumer.start()
        self._running.append(consumer)
        return consumer

    async def leave(self, consumer: DeliveryConsumer) -> None:
        """Stop a member; one that failed has to be told of by its test."""
        self._running.remove(consumer)
        await asyncio.wait_for(consumer.stop(), 20)

    async def close(self) -> None:
        """Stop all members."""
        for consumer in list(self._running):
            await self.leave(consumer)
            assert not consumer.failure.done()

    async def write(self, topic: str, partition: int, *due_at_ms: int) -> None:
        """Append records with these due times, 0 for none; the value is the time from which they may be read."""
        for due in due_at_ms:
            headers: list[tuple[str, str | bytes | None]] = [(DUE_HEADER, str(due).encode())] if due else []
            value = str(due or now_ms()).encode()
            self._producer.produce(topic, value, b"sub_1", partition, headers=headers)
        assert await asyncio.to_thread(self._producer.flush, 10) == 0

    async def committed(self, topic: str, partition: int) -> int:
        """Ask Kafka for the group's committed offset."""

        def ask() -> int:
            consumer = Consumer(self.kafka.consumer(self.group_id))
            try:
                (found,) = consumer.committed([TopicPartition(topic, partition)], timeout=10)
                return found.offset
            finally:
                consumer.close()

        return await asyncio.to_thread(ask)

    def _beat(self) -> None:
        self.beats += 1


@pytest.fixture
async def group(kafka: KafkaConfig, topics: TopicLayout, new_topic: Callable[..., str]) -> AsyncIterator[Group]:
    """Give a group with topics of two partitions."""
    assert topics.delivery_partitions >= 2
    group = Group(kafka, new_topic(partitions=2), new_topic(partitions=2))
    yield group
    await group.close()


async def test_records_are_told_in_order(group: Group) -> None:
    """All partitions of all topics, each from its beginning."""
    await group.write(group.deliveries, 0, *[0] * 700)
    await group.write(group.deliveries, 1, 0)
    await group.write(group.retries, 1, 1, 1)
    told = Recorder()
    consumer = group.join(told)
    await told.until(lambda: told.count == 703)
    assert consumer.first_assignment.is_set()
    assert told.offsets[group.deliveries, 0] == list(range(700))
    assert told.offsets[group.retries, 1] == [0, 1]
    assert {assigned.position for assigned in told.owned.values()} == {0}
    assert len(told.owned) == 4


async def test_what_is_assigned_is_recalled_before(group: Group) -> None:
    """With the positions from which it is going to be read, so that what lies before them can be looked at."""
    await group.write(group.deliveries, 1, 0, 0, 0)
    told = Recorder()
    consumer = group.join(told)
    await told.until(lambda: told.count == 3)
    await group.leave(consumer)
    again = Recorder()
    group.join(again)
    await again.until(lambda: len(again.owned) == 4)
    first, second = group.recalled
    assert first == dict.fromkeys(first, 0)
    assert second == {partition: 3 if partition == (group.deliveries, 1) else 0 for partition in first}


async def test_an_assignment_brings_its_cursors(group: Group) -> None:
    """Those of exactly the partitions assigned, each with its topic's."""
    await asyncio.to_thread(
        ConfirmedWriter(group.kafka).write,
        [
            cursor_record("sub_1", (group.deliveries, 1), DurableCursor(5)),
            cursor_record("sub_2", (group.retries, 0), DurableCursor(7)),
        ],
    )
    told = Recorder()
    group.join(told)
    await told.until(lambda: len(told.owned) == 4)
    cursors = {partition: assigned.cursors for partition, assigned in told.owned.items() if assigned.cursors}
    assert cursors == {
        (group.deliveries, 1): {"sub_1": DurableCursor(5)},
        (group.retries, 0): {"sub_2": DurableCursor(7)},
    }


async def test_what_is_not_due_waits(group: Group) -> None:
    """Nothing is told before its time, nor long after it; each once, in order, whatever lies between."""
    told = Recorder()
    group.join(told)
    await told.until(lambda: len(told.owned) == 4)
    begin = now_ms() + 300
    for partition in (0, 1):
        await group.write(group.retries, partition, *(begin + number * 7 for number in range(200)))
    await told.until(lambda: told.count == 400)
    assert told.offsets[group.retries, 0] == told.offsets[group.retries, 1] == list(range(200))
    assert min(told.late_ms) >= 0
    # A reader that looked only now and then, say once a second, would be this late with most.
    assert sorted(told.late_ms)[200] < 500


async def test_the_head_of_a_partition_holds_what_follows(group: Group) -> None:
    """The order is the log's; other partitions go on."""
    told = Recorder()
    group.join(told)
    await told.until(lambda: len(told.owned) == 4)
    due = now_ms() + 5000
    await group.write(group.retries, 0, due, 1)
    await group.write(group.deliveries, 0, 0)
    await told.until(lambda: told.count == 1)
    assert told.offsets == {(group.deliveries, 0): [0]}
    assert now_ms() < due
    await told.until(lambda: told.count == 3)
    assert told.offsets[group.retries, 0] == [0, 1]
    assert now_ms() >= due


async def test_a_restart_keeps_what_waits(group: Group) -> None:
    """The next owner waits on, for the rest of the time."""
    first, second = Recorder(), Recorder()
    consumer = group.join(first)
    await first.until(lambda: len(first.owned) == 4)
    due = now_ms() + 6000
    await group.write(group.retries, 0, 1, due)
    await first.until(lambda: first.count == 1)
    await group.leave(consumer)
    group.join(second)
    await second.until(lambda: second.count == 1)
    assert second.offsets == {(group.retries, 0): [1]}
    assert min(second.late_ms) >= 0


async def test_stopping_gives_up_and_commits(group: Group) -> None:
    """What the listener says is where the next owner begins."""
    await group.write(group.deliveries, 0, *[0] * 10)
    first, second = Recorder(), Recorder()
    first.committing = {(group.deliveries, 0): (7, "1AgM=")}
    consumer = group.join(first)
    await first.until(lambda: first.count == 10)
    await group.leave(consumer)
    assert sorted(first.given_up) == sorted(
        (topic, partition) for topic in (group.deliveries, group.retries) for partition in (0, 1)
    )
    assert await group.committed(group.deliveries, 0) == 7
    group.join(second)
    await second.until(lambda: second.count == 3)
    owned = second.owned[group.deliveries, 0]
    assert (owned.position, owned.settled) == (7, "1AgM=")
    assert second.offsets == {(group.deliveries, 0): [7, 8, 9]}


async def test_what_is_asked_for_is_committed(group: Group) -> None:
    """While reading goes on, and nothing but that."""
    await group.write(group.deliveries, 0, *[0] * 10)
    told = Recorder()
    told.committing = {}
    consumer = group.join(told)
    await told.until(lambda: told.count == 10)
    asked = {(group.deliveries, 0): (4, "1AgM=")}
    consumer.request_commit(asked)
    await told.until(lambda: told.confirmed == [asked])
    await group.leave(consumer)
    assert await group.committed(group.deliveries, 0) == 4


async def test_a_blocked_reader_takes_nothing_more(group: Group) -> None:
    """Under pressure the records stay in Kafka; afterwards everything comes, and what is not due still waits."""
    told = Recorder()
    consumer = group.join(told)
    await told.until(lambda: len(told.owned) == 4)
    due = now_ms() + 5000
    await group.write(group.retries, 0, due)
    consumer.block(blocked=True)
    await asyncio.sleep(0.3)
    await group.write(group.deliveries, 0, *[0] * 50)
    await asyncio.sleep(0.5)
    assert told.count == 0
    consumer.block(blocked=False)
    await told.until(lambda: told.count == 50)
    assert now_ms() < due
    await told.until(lambda: told.count == 51)
    assert now_ms() >= due


async def test_a_second_member_takes_over_whole_partitions(group: Group) -> None:
    """A subscription has one owner in all its topics, and what is committed is not read again."""
    await group.write(group.deliveries, 0, *[0] * 20)
    await group.write(group.deliveries, 1, *[0] * 20)
    first, second = Recorder(), Recorder()
    group.join(first)
    await first.until(lambda: first.count == 40)
    group.join(second)
    await second.until(lambda: len(second.owned) == 2)
    await first.until(lambda: len(first.owned) == 2)
    for told in (first, second):
        assert len({partition for _, partition in told.owned}) == 1
    assert not set(first.owned) & set(second.owned)
    assert second.owned[next(p for p in second.owned if p[0] == group.deliveries)].position == 20
    await group.write(group.deliveries, 0, 0)
    await group.write(group.deliveries, 1, 0)
    await first.until(lambda: first.count == 41)
    await second.until(lambda: second.count == 1)


async def test_what_waited_when_it_went_is_read_when_it_comes_back(group: Group) -> None:
    """The client keeps a partition paused that it loses and gets again; whoever owns it must not."""
    steady, passing = Recorder(), Recorder()
    staying = group.join(steady)
    await steady.until(lambda: len(steady.owned) == 4)
    due = now_ms() + 10_000
    for partition in (0, 1):
        await group.write(group.retries, partition, due)
    await until_held(staying, 2)
    leaving = group.join(passing)
    await passing.until(lambda: len(passing.owned) == 2)
    await group.leave(leaving)
    await steady.until(lambda: len(steady.owned) == 4 and steady.count == 2)
    assert min(steady.late_ms) >= 0


async def until_seen(condition: Callable[[], bool]) -> None:
    """Wait for what the reader does and tells nobody."""
    async with asyncio.timeout(AWHILE_S):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def until_held(consumer: DeliveryConsumer, partitions: int) -> None:
    """Wait until the reader holds partitions whose heads are not due."""
    await until_seen(lambda: len(consumer._fetching._due_at_ms) >= partitions)


async def test_rebalances_lose_and_disorder_nothing(group: Group) -> None:
    """Members come and go while records wait for their time: every record is read by somebody, in order."""
    begin = now_ms()
    for partition in (0, 1):
        await group.write(group.retries, partition, *(begin + number * 20 for number in range(300)))
    steady = Recorder()
    group.join(steady)
    others: list[Recorder] = []
    for _ in range(3):
        others.append(Recorder())
        passing = group.join(others[-1])
        await others[-1].until(lambda: len(others[-1].owned) == 2)
        await group.leave(passing)
    read: dict[Partition, set[int]] = defaultdict(set)

    def everything() -> bool:
        for told in (steady, *others):
            for partition, offsets in told.offsets.items():
                read[partition].update(offsets)
        return sum(map(len, read.values())) == 600

    await steady.until(everything)
    assert min(steady.late_ms) >= 0
    for told in others:
        assert all(offsets == sorted(set(offsets)) for offsets in told.offsets.values())


async def test_a_listener_that_fails_ends_the_reader(group: Group) -> None:
    """A batch that was not taken must not be passed over."""
    await group.write(group.deliveries, 0, 0)
    told = Recorder()
    told.fails, told.committing = True, {}
    consumer = group.join(told)
    with pytest.raises(GatewayError, match="a bug"):
        await asyncio.wait_for(asyncio.shield(consumer.failure), 20)
    await group.leave(consumer)


async def test_a_revocation_beats_while_it_waits(group: Group) -> None:
    """A drain may take longer than the watchdog is patient."""
    told = Recorder()
    consumer = group.join(told)
    await told.until(lambda: len(told.owned) == 4)
    told.free.clear()
    leaving = asyncio.ensure_future(group.leave(consumer))
    await asyncio.sleep(0.2)
    beats = group.beats
    await asyncio.sleep(2.2)
    assert group.beats > beats
    told.free.set()
    await leaving
    assert not consumer.failure.done()


async def test_a_revocation_is_bounded(group: Group) -> None:
    """A listener that never finishes does not keep the process from ending."""
    told = Recorder()
    consumer = group.join(told, revoke_timeout_s=0.5)
    await told.until(lambda: len(told.owned) == 4)
    told.free.clear()
    await group.leave(consumer)
    with pytest.raises(GatewayError, match="could not be given up"):
        await consumer.failure
    told.free.set()


async def test_what_is_seen_from_outside_tells_a_silent_reader_from_one_that_waits(group: Group) -> None:
    """It owes the records that are there, but none that it holds back, and none while it is told to stop."""
    far = now_ms() + 3_600_000
    await group.write(group.deliveries, 0, 0, 0)
    await group.write(group.retries, 1, far)
    ends = {(group.deliveries, 0): 2, (group.retries, 1): 1}
    told = Recorder()
    consumer = group.join(told)
    assert consumer.progress.membership({}).due
    before = consumer.progress.reading({}, {}).mark
    await told.until(lambda: told.count == 2)
    await until_seen(lambda: not consumer.progress.reading({(group.deliveries, 0): 2}, ends).due)
    assert not consumer.progress.membership({}).due
    read = consumer.progress.reading({(group.deliveries, 0): 2}, ends)
    assert read.mark > before
    more = {**ends, (group.deliveries, 1): 1}
    assert consumer.progress.reading({(group.deliveries, 0): 2}, more).due
    consumer.block(blocked=True)
    await until_seen(lambda: not consumer.progress.reading({(group.deliveries, 0): 2}, more).due)
    await group.leave(consumer)
    assert consumer.progress.membership({}).due
