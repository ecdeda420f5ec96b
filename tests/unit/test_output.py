"""What an event becomes is produced in chunks, and waits while too much of it is unconfirmed."""

import asyncio
from collections.abc import Iterator

from gateway.kafka.producer import OutRecord
from gateway.stream.output import HOLD_S, BoundedOutput
from tests.egress_in_memory import MemoryProducer, settle_down, until

SIZE = 100_000


class Source:
    """Records made while they are read, and how many were."""

    def __init__(self, count: int, size: int = SIZE) -> None:
        self._count = count
        self._size = size
        self.made = 0

    def __iter__(self) -> Iterator[OutRecord]:
        for number in range(self._count):
            self.made += 1
            yield OutRecord("topic", str(number).encode(), bytes(self._size))


class Told:
    """Counts how often it is called."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


async def test_everything_is_produced_in_order_and_told_once() -> None:
    """Whatever the number of chunks, the event is done once, after the last confirmation."""
    producer, done = MemoryProducer(acknowledges=False), Told()
    output = BoundedOutput(producer, 10**9)
    await output.produce(Source(50), done)
    chunks = len(producer.produced)
    assert 1 < chunks < 50
    assert [record.key for record in producer.to("topic")] == [str(number).encode() for number in range(50)]
    producer.acknowledge(chunks - 1)
    assert done.times == 0
    producer.acknowledge(1)
    assert (done.times, output.unconfirmed_bytes) == (1, 0)


async def test_a_single_record_takes_no_detour() -> None:
    """Most events have few subscriptions: one group, produced before anything is awaited."""
    producer, done = MemoryProducer(acknowledges=False), Told()
    producing = asyncio.ensure_future(BoundedOutput(producer, 10**9).produce(Source(1), done))
    await asyncio.sleep(0)
    assert (producing.done(), len(producer.produced), done.times) == (True, 1, 0)
    producer.acknowledge(1)
    assert done.times == 1


async def test_an_event_that_becomes_nothing_is_done_at_once() -> None:
    """Nobody wanted it."""
    done = Told()
    await BoundedOutput(MemoryProducer(), 10**9).produce((), done)
    assert done.times == 1


async def test_records_are_not_even_made_while_too_much_is_unconfirmed() -> None:
    """Memory is bounded by the budget and a chunk for each agent, not by the number of subscriptions."""
    producer, done = MemoryProducer(acknowledges=False), Told()
    output, source = BoundedOutput(producer, 10 * SIZE), Source(1000)
    producing = asyncio.ensure_future(output.produce(source, done))
    await settle_down()
    held = source.made
    assert held <= 10 + 2 * 3
    assert not producing.done()
    while not producing.done():
        assert source.made - held <= 6
        held = source.made
        producer.acknowledge(1)
        await settle_down()
    producer.acknowledge(1000)
    assert (source.made, done.times, output.unconfirmed_bytes) == (1000, 1, 0)


async def test_what_waits_of_one_event_does_not_mix_with_another() -> None:
    """Each is done when its own records are confirmed."""
    producer, large, small = MemoryProducer(acknowledges=False), Told(), Told()
    output = BoundedOutput(producer, 4 * SIZE)
    first = asyncio.ensure_future(output.produce(Source(8), large))
    await settle_down()
    second = asyncio.ensure_future(output.produce(Source(1, 10), small))
    while not (first.done() and second.done()):
        producer.acknowledge(1)
        await settle_down()
    producer.acknowledge(10)
    assert (large.times, small.times) == (1, 1)


async def test_while_others_follow_records_are_held_and_go_out_together() -> None:
    """A request for each event would be dear; the last one of many takes all along."""
    producer, done = MemoryProducer(acknowledges=False), Told()
    output = BoundedOutput(producer, 10**9)
    for _ in range(3):
        await output.produce(Source(1, 10), done, others_follow=True)
    assert producer.produced == []
    await output.produce((), done)
    assert len(producer.produced) == 3
    producer.acknowledge(3)
    assert (done.times, output.unconfirmed_bytes) == (4, 0)


async def test_nothing_is_held_for_long() -> None:
    """What follows may have to wait for what is held to be confirmed."""
    producer = MemoryProducer(acknowledges=False)
    output = BoundedOutput(producer, 10**9)
    began_at = asyncio.get_running_loop().time()
    await output.produce(Source(1, 10), Told(), others_follow=True)
    await until(lambda: len(producer.produced) == 1)
    assert asyncio.get_running_loop().time() - began_at >= HOLD_S * 0.9


async def test_what_is_held_goes_out_before_what_is_too_large_to_hold() -> None:
    """Records of one subscription keep their order."""
    producer, done = MemoryProducer(acknowledges=False), Told()
    output = BoundedOutput(producer, 10**9)
    await output.produce(Source(1, 10), done, others_follow=True)
    await output.produce(Source(3), done, others_follow=True)
    assert [len(record.value or b"") for record in producer.to("topic")] == [10, SIZE, SIZE, SIZE]
