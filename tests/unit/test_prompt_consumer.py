"""Waiting without tasks keeps what `mode` promises of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mode import Service

from gateway.stream.prompt_consumer import BUFFERED_WAIT_S, PromptReads, PromptWaits


class Waiter(PromptWaits, Service):
    """A service that waits like the consumer."""


@pytest.fixture
async def waiter() -> AsyncIterator[Any]:
    """Run a service."""
    service = Waiter()
    await service.start()
    yield service
    await service.stop()


async def put(queue: "asyncio.Queue[int]", number: int) -> int:
    await queue.put(number)
    return number


async def test_what_need_not_wait_makes_no_task(waiter: Any) -> None:
    """Its result is there, and the other wait is not left behind."""
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    tasks = asyncio.all_tasks()
    result = await waiter.wait_first(put(queue, 7), asyncio.Event().wait())
    assert (result.results, result.stopped, queue.qsize()) == ([7], False, 1)
    assert asyncio.all_tasks() == tasks


async def test_what_has_to_wait_goes_on_where_it_was(waiter: Any) -> None:
    """It was begun once, and its result comes when there is room."""
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    queue.put_nowait(1)
    waiting = asyncio.ensure_future(waiter.wait_first(put(queue, 2), asyncio.Event().wait()))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert queue.get_nowait() == 1
    assert (await asyncio.wait_for(waiting, 20)).results == [2]
    assert queue.get_nowait() == 2


async def test_the_other_wait_ends_it_too(waiter: Any) -> None:
    """Reading is suspended while the queue is full: the first one is broken off."""
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    queue.put_nowait(1)
    suspended = asyncio.Event()
    waiting = asyncio.ensure_future(waiter.wait_first(put(queue, 2), suspended.wait()))
    await asyncio.sleep(0)
    suspended.set()
    assert (await asyncio.wait_for(waiting, 20)).results == [True]
    await asyncio.sleep(0)
    assert queue.get_nowait() == 1
    await asyncio.sleep(0)
    assert queue.empty()


async def test_a_service_that_stops_ends_it(waiter: Any) -> None:
    """As with any wait of a service."""
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    queue.put_nowait(1)
    waiting = asyncio.ensure_future(waiter.wait_first(put(queue, 2), asyncio.Event().wait()))
    await asyncio.sleep(0)
    await waiter.stop()
    assert (await asyncio.wait_for(waiting, 20)).stopped


@pytest.mark.parametrize("waits", [False, True])
async def test_what_fails_is_raised(waiter: Any, waits: bool) -> None:  # noqa: FBT001 - pytest's parameter
    """At once, or after a wait."""

    async def fail() -> None:
        if waits:
            await asyncio.sleep(0)
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await waiter.wait_first(fail(), asyncio.Event().wait())


async def test_other_things_are_waited_for_as_ever(waiter: Any) -> None:
    """Faust waits for events of its own, too."""
    done = asyncio.Event()
    done.set()
    assert not (await waiter.wait_first(done, asyncio.Event())).stopped


class FaustReads:
    """What a Faust consumer's wait for records depends on."""

    def __init__(self, *, assigned: str, buffered: str, flow_active: bool = True) -> None:
        self.flow_active = flow_active
        self._assigned = set(assigned)
        self._buffered_partitions = set(buffered)
        self.waited: list[float] = []

    def assignment(self) -> set[str]:
        return self._assigned

    def _get_active_partitions(self) -> set[str]:
        return self._assigned - self._buffered_partitions

    async def _wait_next_records(self, timeout: float) -> tuple[dict[str, list[str]], set[str]]:  # noqa: ASYNC109
        self.waited.append(timeout)
        return {"a": ["record"]}, self._get_active_partitions()

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


class Reader(PromptReads, FaustReads):
    """A consumer that is read from."""


@pytest.mark.parametrize(
    ("reader", "waits_s", "reads"),
    [
        pytest.param(Reader(assigned="ab", buffered=""), 1.0, True, id="nothing-is-full"),
        pytest.param(Reader(assigned="ab", buffered="b"), BUFFERED_WAIT_S, True, id="one-is-full"),
        pytest.param(Reader(assigned="ab", buffered="ab"), BUFFERED_WAIT_S, False, id="all-are-full"),
        pytest.param(Reader(assigned="ab", buffered="c"), 1.0, True, id="what-was-full-went-elsewhere"),
        pytest.param(Reader(assigned="ab", buffered="ab", flow_active=False), 1.0, True, id="a-rebalance"),
    ],
)
async def test_full_queues_are_looked_at_again_soon(reader: Any, waits_s: float, reads: bool) -> None:  # noqa: FBT001
    """Faust's own wait is a second long, and during a rebalance it is the one that knows what to do."""
    records, _ = await reader._wait_next_records(1.0)
    assert (reader.waited, bool(records)) == ([waits_s], reads)
