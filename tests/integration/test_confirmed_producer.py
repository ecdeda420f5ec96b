"""The shared producer: whoever produced learns when Kafka has everything; nothing is dropped, nothing goes unseen."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from gateway.domain.errors import GatewayError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.producer import ConfirmedProducer, OutRecord, ProduceRefusedError
from tests.egress_in_memory import MemoryProducer

Produce = Callable[..., ConfirmedProducer]


@pytest.fixture
async def producing(kafka: KafkaConfig) -> AsyncIterator[Produce]:
    """Make producers, with some properties of their own; they are stopped at the end."""
    made: list[ConfirmedProducer] = []

    def make(**overrides: Any) -> ConfirmedProducer:
        made.append(ConfirmedProducer(kafka, asyncio.get_running_loop(), **overrides))
        made[-1].start()
        return made[-1]

    yield make
    for producer in made:
        await producer.stop(5)
        assert producer.failure.cancel() or producer.failure.exception()


def read_all(kafka: KafkaConfig, topic: str, count: int) -> list[Message]:
    """Read the one partition of a topic from its beginning."""
    consumer = Consumer(kafka.consumer("tests-read-all"))
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    read: list[Message] = []
    try:
        while len(read) < count:
            messages = consumer.consume(count - len(read), 10)
            assert messages
            read += messages
    finally:
        consumer.close()
    return read


def records(topic: str, *values: str) -> list[OutRecord]:
    return [OutRecord(topic, b"key", value.encode()) for value in values]


class ProducerContract:
    """What every producer promises to those who settle. A subclass gives the fixture `producer`."""

    async def test_groups_are_confirmed_in_order_and_later(
        self, producer: ConfirmedProducer | MemoryProducer, new_topic: Callable[..., str]
    ) -> None:
        """Each group once, on the event loop's thread, never before `produce` has returned."""
        topic = new_topic()
        confirmed: list[int] = []
        threads: set[int] = set()
        over = asyncio.Event()

        def done(number: int) -> None:
            confirmed.append(number)
            threads.add(threading.get_ident())
            if number == 99:
                over.set()

        for number in range(100):
            producer.produce(records(topic, *["v"] * (number % 3 + 1)), partial(done, number))
        assert confirmed == []
        await asyncio.wait_for(over.wait(), 10)
        assert confirmed == list(range(100))
        assert threads == {threading.get_ident()}


class TestMemoryProducer(ProducerContract):
    """The double."""

    @pytest.fixture
    def producer(self) -> MemoryProducer:
        return MemoryProducer()


class TestConfirmedProducer(ProducerContract):
    """The real one."""

    @pytest.fixture
    async def producer(self, producing: Produce) -> ConfirmedProducer:
        return producing()


async def produced(producer: ConfirmedProducer, *out: OutRecord) -> None:
    """Produce one group and wait until it is confirmed."""
    confirmed = asyncio.Event()
    producer.produce(out, confirmed.set)
    await asyncio.wait_for(confirmed.wait(), 10)


async def test_what_is_confirmed_is_in_kafka(
    kafka: KafkaConfig, producing: Produce, new_topic: Callable[..., str]
) -> None:
    """Key, value, partition, headers and tombstones arrive as they were given."""
    topic = new_topic()
    await produced(
        producing(),
        OutRecord(topic, b"k", b"v", 0, [("due_at_ms", b"17")]),
        OutRecord(topic, b"k", None, 0),
        OutRecord(topic, None, b"", 0),
    )
    read = await asyncio.to_thread(read_all, kafka, topic, 3)
    assert [(message.key(), message.value(), message.headers()) for message in read] == [
        (b"k", b"v", [("due_at_ms", b"17")]),
        (b"k", None, None),
        (None, b"", None),
    ]


async def test_a_full_queue_drops_nothing_and_keeps_the_order(
    kafka: KafkaConfig, producing: Produce, new_topic: Callable[..., str]
) -> None:
    """What does not fit the client's queue waits, also through a stop right away."""
    topic = new_topic()
    producer = producing(**{"queue.buffering.max.messages": 10})
    confirmed: list[int] = []
    for number in range(2000):
        producer.produce(records(topic, str(number)), partial(confirmed.append, number))
    assert await producer.stop(20) == 0
    assert confirmed == list(range(2000))
    read = await asyncio.to_thread(read_all, kafka, topic, 2000)
    assert [message.value() for message in read] == [str(number).encode() for number in range(2000)]


async def test_a_group_with_a_refused_record_is_never_confirmed(
    producing: Produce, new_topic: Callable[..., str]
) -> None:
    """Too large for the broker: the producer fails, which ends the process, rather than go on without it."""
    topic = new_topic(max_message_bytes="1000")
    producer = producing(**{"compression.type": "none"})
    confirmed: list[str] = []
    producer.produce(records(topic, "small", "x" * 5000), lambda: confirmed.append("both"))
    with pytest.raises(ProduceRefusedError, match=topic):
        await asyncio.wait_for(producer.failure, 10)
    assert confirmed == []


async def test_what_the_client_refuses_fails_the_producer_too(
    producing: Produce, new_topic: Callable[..., str]
) -> None:
    """Too large for the client: told in the same way, not by an exception in whoever produces."""
    topic = new_topic()
    producer = producing()
    confirmed: list[str] = []
    producer.produce(records(topic, "small", "x" * 2_000_000), lambda: confirmed.append("both"))
    with pytest.raises(ProduceRefusedError, match=topic):
        await asyncio.wait_for(producer.failure, 10)
    assert confirmed == []


async def test_a_topic_that_does_not_exist_fails_the_producer(producing: Produce) -> None:
    """Nothing is created by the way, and nothing waits for ever."""
    producer = producing(**{"topic.metadata.propagation.max.ms": 500})
    producer.produce(records("no-such-topic", "v"), lambda: None)
    with pytest.raises(ProduceRefusedError, match="no-such-topic"):
        await asyncio.wait_for(producer.failure, 20)


async def test_a_confirmation_that_fails_is_not_swallowed(producing: Produce, new_topic: Callable[..., str]) -> None:
    """An offset that could not be settled would hold the commit back for ever, unseen."""
    producer = producing()

    def broken() -> None:
        raise ValueError("offset 7 has not begun")

    producer.produce(records(new_topic(), "v"), broken)
    with pytest.raises(GatewayError, match="offset 7 has not begun"):
        await asyncio.wait_for(producer.failure, 10)


async def test_stopping_is_bounded_while_kafka_is_away() -> None:
    """What may be left unconfirmed is counted: it will be repeated."""
    nowhere = KafkaConfig("127.0.0.1:1", client_id="tests")
    producer = ConfirmedProducer(nowhere, asyncio.get_running_loop(), **{"queue.buffering.max.messages": 2})
    producer.start()
    for _ in range(5):
        producer.produce(records("any", "v"), lambda: None)
    began = asyncio.get_running_loop().time()
    assert await producer.stop(0.5) >= 5
    assert asyncio.get_running_loop().time() - began < 20
    assert not producer.failure.done()
