"""The index on a real Kafka: it follows, reads on where it was, and is made anew by itself."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.console.index_database import IndexDatabase
from gateway.console.index_file import FILE_NAME, IndexFile
from gateway.console.index_reader import IndexReader
from gateway.console.indexer import IndexBounds, Indexer, indexed_topics
from gateway.console.search import DeliverySearch, IndexedDelivery, search_deliveries
from gateway.domain.errors import UnavailableError
from gateway.domain.history import DeliveryState
from gateway.domain.topics import DEAD_LETTERS, DELIVERIES, RETRY_PREFIX, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.telemetry.clock import now_ms
from tests.delivery_records import attempt_of, dead, parked, planned
from tests.indexes import IndexPlace
from tests.integration.records_on_kafka import write_records
from tests.postgres import postgres_server

BOUNDS = IndexBounds(86_400_000, 2**40)
AWHILE_S = 60.0

pytestmark = pytest.mark.timeout(180, func_only=True)


@asynccontextmanager
async def indexing(kafka: KafkaConfig, topics: TopicLayout, place: IndexPlace) -> AsyncIterator[Indexer]:
    """Run an indexer until it has caught up, and then on."""
    indexer = Indexer(kafka, indexed_topics(topics), place, BOUNDS, now_ms, lambda: None)
    indexer.start()
    try:
        async with asyncio.timeout(AWHILE_S):
            await indexer.caught_up.wait()
        yield indexer
    finally:
        await indexer.stop()
    assert not indexer.failure.done()


def find(indexer: Indexer, tenant: str) -> list[IndexedDelivery]:
    """Give a tenant's deliveries."""
    assert indexer.store is not None
    reader = indexer.store.connect_reader()
    try:
        return list(search_deliveries(reader, DeliverySearch(tenant=tenant), limit=10).deliveries)
    finally:
        reader.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what the indexer's thread does."""
    async with asyncio.timeout(AWHILE_S):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def until_found(indexer: Indexer, tenant: str, state: DeliveryState) -> IndexedDelivery:
    """Wait until a tenant's delivery is in a state."""
    await until(lambda: [one.state for one in find(indexer, tenant)] == [state])
    return find(indexer, tenant)[0]


async def test_the_index_follows_reads_on_and_is_made_anew(
    kafka: KafkaConfig, topics: TopicLayout, tmp_path: Path
) -> None:
    """A delivery's way, with a stop, a damage and a removed file in between: nothing is lost, nothing is doubled."""
    tenant, at_ms = f"tenant-{uuid4().hex[:12]}", now_ms()
    delivery = planned(f"evt-{tenant}", f"sub-{tenant}", at_ms=at_ms, tenant=tenant)
    first = attempt_of(delivery, 1, "retry_scheduled", at_ms=at_ms + 5, due_at_ms=at_ms + 1000)
    last = attempt_of(delivery, 2, "dead_lettered", at_ms=at_ms + 1005)
    letter = dead(delivery, (first, last), at_ms=at_ms + 1030)
    write_records(kafka, (DELIVERIES, delivery))
    async with indexing(kafka, topics, partial(IndexFile, tmp_path)) as indexer:
        assert (await until_found(indexer, tenant, DeliveryState.PENDING)).attempts == 0
        write_records(kafka, first, (f"{RETRY_PREFIX}1s", parked(delivery, (first,), at_ms + 1000)))
        retried = await until_found(indexer, tenant, DeliveryState.RETRY_SCHEDULED)
        assert (retried.attempts, retried.due_at_ms, retried.last_status) == (1, at_ms + 1000, 500)

    write_records(kafka, last, (DEAD_LETTERS, letter))
    async with indexing(kafka, topics, partial(IndexFile, tmp_path)) as indexer:
        # Topics are read side by side: the last attempt tells of the end as well, and may come before the letter.
        await until(lambda: [one.dead_lettered_at_ms for one in find(indexer, tenant)] == [at_ms + 1030])
        given_up = await until_found(indexer, tenant, DeliveryState.DEAD_LETTERED)
        assert given_up.attempts == 2
        assert indexer.records < 1000  # only what came since
        read_before = indexer.records

        indexer.report_damage()
        await until(lambda: indexer.records > read_before)
        await until(lambda: find(indexer, tenant) == [given_up])

    for suffix in ("", "-wal", "-shm"):
        (tmp_path / (FILE_NAME + suffix)).unlink(missing_ok=True)
    async with indexing(kafka, topics, partial(IndexFile, tmp_path)) as indexer:
        await until(lambda: find(indexer, tenant) == [given_up])


async def test_positions_beyond_the_end_mean_another_topic(
    kafka: KafkaConfig, topics: TopicLayout, tmp_path: Path
) -> None:
    """Topics that were deleted and made again are read from their beginning."""
    tenant = f"tenant-{uuid4().hex[:12]}"
    write_records(kafka, (DELIVERIES, planned(f"evt-{tenant}", f"sub-{tenant}", at_ms=now_ms(), tenant=tenant)))
    async with indexing(kafka, topics, partial(IndexFile, tmp_path)):
        pass
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE positions SET next_offset = 1000000")
        connection.execute("DELETE FROM deliveries")
    connection.close()
    async with indexing(kafka, topics, partial(IndexFile, tmp_path)) as indexer:
        assert (await until_found(indexer, tenant, DeliveryState.PENDING)).tenant == tenant


async def test_of_two_consoles_one_writes_and_the_other_takes_over(kafka: KafkaConfig, topics: TopicLayout) -> None:
    """They share one index in PostgreSQL; it is there again after the database was away, too."""
    tenant, at_ms = f"tenant-{uuid4().hex[:12]}", now_ms()
    delivery = planned(f"evt-{tenant}", f"sub-{tenant}", at_ms=at_ms, tenant=tenant)
    first = attempt_of(delivery, 1, "retry_scheduled", at_ms=at_ms + 5, due_at_ms=at_ms + 1000)
    last = attempt_of(delivery, 2, "delivered", at_ms=at_ms + 1005, status=200)
    write_records(kafka, (DELIVERIES, delivery))
    with postgres_server() as server:
        place = partial(IndexDatabase, server.new_database())
        async with AsyncExitStack() as standing_by:
            async with indexing(kafka, topics, place) as writing:
                await until_found(writing, tenant, DeliveryState.PENDING)
                other = await standing_by.enter_async_context(indexing(kafka, topics, place))
                assert other.records == 0
                assert (await until_found(other, tenant, DeliveryState.PENDING)).attempts == 0
                assert other.generation == writing.generation
            write_records(kafka, first)
            retried = await until_found(other, tenant, DeliveryState.RETRY_SCHEDULED)
            assert (retried.attempts, retried.due_at_ms) == (1, at_ms + 1000)
            read_before = other.records

            server.stop()
            write_records(kafka, last)
            reader = IndexReader(other)
            with pytest.raises(UnavailableError, match="just now"):
                await reader.ask(lambda connection: connection.execute("SELECT 1").fetchone())
            server.start()
            delivered = await until_found(other, tenant, DeliveryState.DELIVERED)
            assert delivered.attempts == 2
            assert other.records - read_before < 100  # only what came since
            assert await reader.ask(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
            await asyncio.to_thread(reader.close)


async def test_a_database_that_can_not_be_had_at_the_start_ends_the_console(
    kafka: KafkaConfig, topics: TopicLayout
) -> None:
    """With what was wrong, for whoever started it."""
    place = partial(IndexDatabase, "postgresql://console@127.0.0.1:1/webhooks")
    indexer = Indexer(kafka, indexed_topics(topics), place, BOUNDS, now_ms, lambda: None)
    indexer.start()
    async with asyncio.timeout(AWHILE_S):
        with pytest.raises(UnavailableError, match="Connection refused") as failed:
            await indexer.failure
    await indexer.stop()
    assert "GATEWAY_CONSOLE_DATABASE_URL" in str(failed.value.hint)
