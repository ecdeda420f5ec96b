"""The live table on a real broker: complete when ready, then following every change."""

import asyncio
import time
from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from structlog.testing import capture_logs

from gateway.domain.changes import Delete, Put, revised
from gateway.domain.subscription import Subscription
from gateway.kafka.compacted_log import TopicMissingError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.kafka.subscription_table import SubscriptionTable, read_subscriptions
from gateway.wire.records import subscription_codec
from tests.subscriptions import NOW_MS, subscription

LARGE = 100_000


@pytest.fixture
def topic(new_topic: Callable[..., str]) -> str:
    """A compacted topic of the test's own, with several partitions."""
    return new_topic(partitions=3, cleanup_policy="compact")


def produce(kafka: KafkaConfig, topic: str, *records: tuple[str | bytes, bytes | None]) -> None:
    """Write records as they are."""
    producer = Producer(kafka.producer())
    for key, value in records:
        while True:
            try:
                producer.produce(topic, key=key, value=value)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    assert producer.flush(30) == 0


def encoded(one: Subscription) -> tuple[str, bytes]:
    return one.subscription_id, subscription_codec().encode(one)


async def test_ready_means_complete(kafka: KafkaConfig, topic: str) -> None:
    """Everything that was written before the start is there, from every partition, in its newest state."""
    old = [subscription(f"s{number}") for number in range(50)]
    new = [revised(one, now_ms=NOW_MS, description="new") for one in old[:25]]
    produce(kafka, topic, *map(encoded, old), *map(encoded, new), ("s49", None))

    table = SubscriptionTable(kafka, topic=topic)
    await table.start()
    await asyncio.wait_for(table.ready(), 20)
    await table.stop()

    assert {one.subscription_id: one for one in table.index} == {
        one.subscription_id: one for one in (*new, *old[25:49])
    }
    assert not table.failure.done()


async def test_an_empty_table_is_ready(kafka: KafkaConfig, topic: str) -> None:
    """Nothing to read is complete at once."""
    table = SubscriptionTable(kafka, topic=topic)
    await table.start()
    await asyncio.wait_for(table.ready(), 20)
    await table.stop()

    assert len(table.index) == 0


async def test_changes_and_tombstones_follow(kafka: KafkaConfig, topic: str) -> None:
    """Each later change reaches the index and then the callback, in order; what came before ready does not."""
    first = subscription("s1")
    store = SubscriptionStore(kafka, topic=topic, transactional_id=topic)
    await asyncio.to_thread(store.change, lambda _: (Put(first),))
    table = SubscriptionTable(kafka, topic=topic)
    changes: asyncio.Queue[tuple[str, Subscription | None, Subscription | None]] = asyncio.Queue()
    table.subscribe(lambda key, now: changes.put_nowait((key, now, table.index.get(key))))
    await table.start()
    await asyncio.wait_for(table.ready(), 20)

    second = revised(first, now_ms=NOW_MS, description="second")
    await asyncio.to_thread(store.change, lambda _: (Put(second),))
    assert await asyncio.wait_for(changes.get(), 10) == ("s1", second, second)
    await asyncio.to_thread(store.change, lambda _: (Delete("s1"),))
    assert await asyncio.wait_for(changes.get(), 10) == ("s1", None, None)
    await table.stop()

    assert len(table.index) == 0


async def test_a_record_that_can_not_be_read_is_skipped_and_logged(kafka: KafkaConfig, topic: str) -> None:
    """Garbage, a key that is no text and a record under another's key take nothing away from the rest."""
    good = subscription("good")
    _, other = encoded(subscription("other"))
    produce(kafka, topic, ("bad", b"garbage"), (b"\xff", other), ("good", other), encoded(good))

    with capture_logs() as logs:
        index = await asyncio.to_thread(read_subscriptions, kafka, topic=topic)

    assert list(index) == [good]
    assert [line["event"] for line in logs] == ["subscriptions.record_skipped"] * 3


async def test_a_missing_topic_fails_the_table(kafka: KafkaConfig) -> None:
    """Whoever waits for it learns why, and so does whoever watches it."""
    table = SubscriptionTable(kafka, topic="no-such-topic")
    await table.start()

    with pytest.raises(TopicMissingError):
        await asyncio.wait_for(table.ready(), 20)
    assert isinstance(table.failure.exception(), TopicMissingError)
    await table.stop()


async def test_a_failing_callback_fails_the_table(kafka: KafkaConfig, topic: str) -> None:
    """A change that could not be carried out is not passed over."""

    def refuse(_: str, __: Subscription | None) -> None:
        raise RuntimeError("refused")

    table = SubscriptionTable(kafka, topic=topic)
    table.subscribe(refuse)
    await table.start()
    await asyncio.wait_for(table.ready(), 20)
    await asyncio.to_thread(produce, kafka, topic, encoded(subscription("s1")))

    with pytest.raises(RuntimeError, match="refused"):
        await asyncio.wait_for(table.failure, 10)
    await table.stop()


async def test_the_table_waits_for_a_broker_that_is_away() -> None:
    """No broker is no failure: the table goes on trying, and can still be stopped."""
    table = SubscriptionTable(KafkaConfig("127.0.0.1:1"))
    with capture_logs() as logs:
        await table.start()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(table.ready(), 3)
        await table.stop()

    assert not table.failure.done()
    assert {line["event"] for line in logs} == {"subscriptions.waiting_for_kafka"}


async def test_a_large_table_loads_within_seconds(
    kafka: KafkaConfig, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hundred thousand subscriptions are all there; how long it took is printed, since machines differ."""
    await asyncio.to_thread(produce, kafka, topic, *(encoded(subscription(f"s{number}")) for number in range(LARGE)))
    table = SubscriptionTable(kafka, topic=topic)

    started_s = time.perf_counter()
    await table.start()
    await asyncio.wait_for(table.ready(), 50)
    took_s = time.perf_counter() - started_s
    await table.stop()

    with capsys.disabled():
        print(f"\n{LARGE} subscriptions read in {took_s:.2f} s")  # noqa: T201 - the measurement is the point
    assert len(table.index) == LARGE
