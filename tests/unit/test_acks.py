"""Events are acknowledged in the order of their offsets, whatever the order in which their deliveries are."""

import asyncio
from collections.abc import Callable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from gateway.stream.acks import InOrderAcks
from tests.egress_in_memory import settle_down


@given(partitions=st.lists(st.integers(0, 3), max_size=40), data=st.data())
def test_acks_come_in_order_and_never_early(partitions: list[int], data: st.DataObject) -> None:
    """Per partition, an event is acknowledged as soon as it and all before it are finished, and not before."""
    acks = InOrderAcks(1000, 10**9)
    acknowledged: dict[int, list[int]] = {partition: [] for partition in range(4)}
    begun: list[tuple[int, int, Callable[[], None]]] = []
    for number, partition in enumerate(partitions):
        finished = acks.begin(partition, partial(acknowledged[partition].append, number), number)
        begun.append((partition, number, finished))
    done: set[int] = set()
    for partition, number, finished in data.draw(st.permutations(begun)):
        finished()
        done.add(number)
        mine = [other for _, other, _ in begun if partitions[other] == partition]
        unfinished = next((index for index, other in enumerate(mine) if other not in done), len(mine))
        assert acknowledged[partition] == mine[:unfinished]
        assert acks.acknowledged == sum(map(len, acknowledged.values()))
        assert acks.in_flight == len(begun) - acks.acknowledged
    assert (acks.in_flight, acks.in_flight_bytes) == (0, 0)


async def test_no_more_events_begin_than_fit() -> None:
    """The agents wait for room, which an acknowledged event gives; one that is only finished does not."""
    acks = InOrderAcks(2, 10**9)
    first, second = (acks.begin(0, lambda: None, 10) for _ in range(2))
    room = asyncio.ensure_future(acks.room())
    second()
    await settle_down()
    assert not room.done()
    first()
    await asyncio.wait_for(room, 20)
    assert acks.in_flight == 0


async def test_no_more_bytes_begin_than_fit() -> None:
    """A few large events are as much as many small ones; one larger than all that fits still has its turn."""
    acks = InOrderAcks(1000, 100)
    large = acks.begin(0, lambda: None, 150)
    room = asyncio.ensure_future(acks.room())
    await settle_down()
    assert not room.done()
    large()
    await asyncio.wait_for(room, 20)
    acks.begin(0, lambda: None, 99)
    await asyncio.wait_for(acks.room(), 1)


async def test_waiting_until_nothing_is_in_flight() -> None:
    """A stopping stream waits for all partitions."""
    acks = InOrderAcks(10, 10**9)
    finish = [acks.begin(partition, lambda: None, 10) for partition in (0, 1)]
    empty = asyncio.ensure_future(acks.empty())
    for finished in finish:
        await settle_down()
        assert not empty.done()
        finished()
    await asyncio.wait_for(empty, 20)
