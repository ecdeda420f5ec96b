"""Partitions are held while the registry is away: each by itself, in order, bounded, and said seldom."""

import asyncio
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from gateway.stream.partition_hold import LONGEST_WAIT_S, TELL_EVERY_S, PartitionHold
from gateway.wire.errors import RegistryUnavailableError
from tests.virtual_time import in_virtual_time

Event = tuple[str, int]


@dataclass
class World:
    """A stream: events of partition a need the registry while it is away, and all others never do."""

    away: bool = True
    max_bytes: int = 1000
    handled: list[Event] = field(default_factory=list)
    tries: int = 0
    stale: set[Event] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    crashes: list[BaseException] = field(default_factory=list)
    broken: bool = False
    known: set[Event] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.hold: PartitionHold[str, Event] = PartitionHold(
            self.handle,
            is_ready=lambda event: event[0] != "a" or event in self.known,
            is_current=lambda event: event not in self.stale,
            set_aside=self.set_aside,
            resume=self.paused.discard,
            crash=self.crash,
            max_bytes=self.max_bytes,
        )

    def set_aside(self, partition: str, _: Event) -> None:
        self.paused.add(partition)

    async def handle(self, event: Event) -> None:
        await asyncio.sleep(0)
        if event[0] == "a" and self.away:
            self.tries += 1
            raise RegistryUnavailableError("down")
        if self.broken:
            raise OSError("broken")
        self.handled.append(event)

    async def crash(self, error: BaseException) -> None:
        self.crashes.append(error)

    async def take(self, *events: Event) -> None:
        for event in events:
            await self.hold.take(event[0], event, 10)

    async def back(self) -> None:
        """The registry is back; wait until nothing is held."""
        self.away = False
        await asyncio.sleep(LONGEST_WAIT_S + 1)


@in_virtual_time
async def test_only_the_partition_that_needs_the_registry_waits() -> None:
    """Others go on, and when it is back everything comes in order, once."""
    world = World()
    await world.take(("a", 1), ("b", 1), ("a", 2), ("b", 2))
    assert world.handled == [("b", 1), ("b", 2)]
    assert (world.hold.holds, world.paused) == (True, {"a"})
    await asyncio.sleep(3600)
    await world.take(("a", 3))
    await world.back()
    await world.take(("a", 4))
    await asyncio.sleep(1)
    assert world.handled[2:] == [("a", 1), ("a", 2), ("a", 3), ("a", 4)]
    assert (world.hold.holds, world.paused) == (False, set())


@in_virtual_time
async def test_an_answer_that_comes_is_nothing_to_tell() -> None:
    """A new id is asked for beside the events of other partitions; nobody hears of it."""
    world = World(away=False)
    with capture_logs() as lines:
        await world.take(("a", 1), ("b", 1), ("a", 2))
        assert world.handled == [("b", 1)]
        await asyncio.sleep(1)
    assert world.handled == [("b", 1), ("a", 1), ("a", 2)]
    assert (world.hold.holds, world.paused, lines) == (False, set(), [])


@in_virtual_time
async def test_the_registry_is_asked_with_growing_pauses_and_told_seldom() -> None:
    """An hour away: a try every eight seconds, a line every half a minute, and one when it is over."""
    world = World()
    with capture_logs() as lines:
        await world.take(("a", 1), ("a", 2))
        await asyncio.sleep(3600)
        await world.back()
    assert world.tries < 3600 / LONGEST_WAIT_S + 10
    warnings = [line for line in lines if line["event"] == "stream.registry_unavailable"]
    assert 0 < len(warnings) <= 3600 / TELL_EVERY_S + 1
    assert (warnings[0]["error"], warnings[0]["held"]) == ("down", ["a"])
    assert warnings[-1]["waiting"] == 2
    assert lines[-1]["event"] == "stream.partition_goes_on"


@in_virtual_time
async def test_what_waits_is_bounded() -> None:
    """Beyond the bound the next event waits outside, whatever its partition."""
    world = World(max_bytes=20)
    await world.take(("a", 1), ("a", 2))
    further = asyncio.create_task(world.take(("b", 1), ("a", 3)))
    await asyncio.sleep(60)
    assert (world.handled, further.done()) == ([], False)
    await world.back()
    await further
    assert [event for event in world.handled if event[0] == "a"] == [("a", 1), ("a", 2), ("a", 3)]
    assert ("b", 1) in world.handled


@in_virtual_time
async def test_what_somebody_else_reads_again_is_let_go() -> None:
    """After a rebalance the events that waited are not handled here."""
    world = World(stale={("a", 1), ("a", 2)})
    await world.take(("a", 1), ("a", 2))
    await asyncio.sleep(1)
    assert (world.handled, world.hold.holds) == ([], False)


@in_virtual_time
async def test_closing_lets_what_waits_lie() -> None:
    """It is read again by the next process; nothing is asked any more."""
    world = World()
    await world.take(("a", 1))
    await asyncio.sleep(10)
    world.hold.close()
    tries = world.tries
    await world.back()
    assert (world.handled, world.tries) == ([], tries)


@in_virtual_time
async def test_a_partition_is_not_lost_silently() -> None:
    """What goes wrong otherwise while a line is worked off ends the process."""
    world = World(broken=True)
    await world.take(("a", 1))
    await world.back()
    assert [str(error) for error in world.crashes] == ["broken"]
    with pytest.raises(OSError, match="broken"):
        await world.take(("b", 1))
