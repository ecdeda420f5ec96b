"""What is settled beyond the committed offset goes to Kafka with the commit, and is not sent again after a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest

from gateway.domain.offsets import MAX_SETTLED_CHARS, SettledBefore, describe_settled
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.delivery_consumer import DeliveryConsumer
from gateway.kafka.group_offsets import committed_offsets
from gateway.kafka.offset_client import CommittedOffset
from gateway.kafka.producer import OutRecord
from gateway.telemetry.clock import now_ms
from gateway.wire.records import delivery_codec
from tests.delivery_records import planned
from tests.egress_world import World, running
from tests.subscriptions import subscription

ONE = replace(subscription("sub_1"), max_in_flight=500)
COMMITS_S = 0.05


class Deployment:
    """One delivery topic, and the group that reads it."""

    def __init__(self, kafka: KafkaConfig, topic: str) -> None:
        self.kafka = kafka
        self.topic = topic
        self.group_id = f"tests-{uuid4().hex[:12]}"

    async def write(self, count: int, first: int = 0) -> None:
        """Append deliveries; each event's id is its offset."""
        records = [
            OutRecord(self.topic, b"sub_1", delivery_codec().encode(planned(f"{offset}", at_ms=now_ms())), 0)
            for offset in range(first, first + count)
        ]
        await asyncio.to_thread(ConfirmedWriter(self.kafka).write, records)

    async def committed(self) -> tuple[int, str]:
        """Ask Kafka for the commit."""
        at = (self.topic, 0)
        found = await asyncio.to_thread(committed_offsets, self.kafka, self.group_id, [at])
        commit = found.get(at, CommittedOffset(-1))
        return commit.offset, commit.metadata

    async def until_committed(self, satisfying: Callable[[int, SettledBefore], bool]) -> str:
        """Wait for a commit; gives what it says of the offsets beyond."""
        async with asyncio.timeout(20):
            while True:
                offset, settled = await self.committed()
                if satisfying(offset, SettledBefore(offset, settled)):
                    return settled
                await asyncio.sleep(COMMITS_S)

    @asynccontextmanager
    async def life(self, *hanging: int) -> AsyncIterator[World]:
        """Run egress over real Kafka, with an endpoint that never answers some deliveries; it stops in good order."""
        async with running(ONE) as world:
            world.endpoints.hanging = {f"{offset}" for offset in hanging}
            consumer = self.consumer(world)
            consumer.start()
            committing = asyncio.ensure_future(self._commit(world, consumer))
            try:
                await asyncio.wait_for(consumer.first_assignment.wait(), 20)
                yield world
            finally:
                committing.cancel()
                await asyncio.wait_for(consumer.stop(), 20)
            assert not consumer.failure.done()

    def consumer(self, world: World) -> DeliveryConsumer:
        """Make the main reader of a life."""
        return DeliveryConsumer(
            self.kafka,
            self.group_id,
            (self.topic,),
            {},
            world.intake,
            revoke_timeout_s=10.0,
            beat=lambda: None,
            recall=lambda _: None,
        )

    async def _commit(self, world: World, consumer: DeliveryConsumer) -> None:
        while True:
            await asyncio.sleep(COMMITS_S)
            due = world.intake.due_commits()
            if due:
                consumer.request_commit(due)


@pytest.fixture
def deployment(kafka: KafkaConfig, topics: TopicLayout, new_topic: Callable[..., str]) -> Deployment:  # noqa: ARG001 - the cursors' topic has to be there
    """Give a topic of its own."""
    return Deployment(kafka, new_topic())


async def test_what_is_settled_beyond_is_not_sent_again(deployment: Deployment) -> None:
    """One hanging delivery holds the offset back; the next owner sends it, and none of those behind it."""
    await deployment.write(300)
    async with deployment.life(3, 100) as world:
        settled = await deployment.until_committed(lambda offset, beyond: offset == 3 and 299 in beyond)
        beyond = SettledBefore(3, settled)
        assert {offset for offset in range(300) if offset not in beyond} == {0, 1, 2, 3, 100}
        assert len(world.endpoints.begun) == 300
    async with deployment.life() as world:
        await deployment.until_committed(lambda offset, _: offset == 300)
        assert world.endpoints.begun == ["3", "100"]
    assert await deployment.committed() == (300, "")


async def test_new_ones_are_read_behind_what_was_settled(deployment: Deployment) -> None:
    """What the commit says ends where it ends."""
    await deployment.write(10)
    async with deployment.life(0) as world:
        await deployment.until_committed(lambda _, beyond: 9 in beyond)
    await deployment.write(5, first=10)
    async with deployment.life(0) as world:
        await deployment.until_committed(lambda _, beyond: 14 in beyond)
        assert len(world.endpoints.begun) == 1 + 5
    async with deployment.life() as world:
        await deployment.until_committed(lambda offset, _: offset == 15)
        assert world.endpoints.begun == ["0"]


async def test_kafka_takes_the_longest_text_there_is(deployment: Deployment) -> None:
    """Its bound on a commit's metadata is the one that the text is cut to."""
    longest = describe_settled(0, range(0, 10**6, 2), 10**6)
    assert MAX_SETTLED_CHARS - 4 < len(longest) <= MAX_SETTLED_CHARS
    async with running(ONE) as world:
        consumer = deployment.consumer(world)
        consumer.start()
        await asyncio.wait_for(consumer.first_assignment.wait(), 20)
        consumer.request_commit({(deployment.topic, 0): (0, longest)})
        async with asyncio.timeout(20):
            while await deployment.committed() != (0, longest):  # noqa: ASYNC110 - Kafka announces no commit
                await asyncio.sleep(COMMITS_S)
        await asyncio.wait_for(consumer.stop(), 20)
