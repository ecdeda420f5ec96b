"""What egress writes about endpoints while it delivers: held at once, written once, tried again, never in the way."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from gateway.domain.changes import Change, Decide, revised
from gateway.domain.errors import UnavailableError
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.egress.life_cycle import GONE, EndpointLifeCycle
from tests.egress_in_memory import MemoryTable, settle_down, until
from tests.subscriptions import NOW_MS, MemoryStore, subscription

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
ONE = replace(subscription("sub_1"), state_changed_at_ms=NOW_MS)
TWO = replace(subscription("sub_2"), state_changed_at_ms=NOW_MS)


class SlowStore(MemoryStore):
    """A store whose writes wait at a gate, and fail as often as told."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.failures = 0
        self.begun = 0

    def change(self, decide: Decide) -> Sequence[Change]:
        """See ChangeStore."""
        self.begun += 1
        assert self.gate.wait(10)
        if self.failures:
            self.failures -= 1
            raise UnavailableError("no Kafka today")
        return super().change(decide)


@dataclass
class World:
    """A life cycle between a store and a table that shows what the store has."""

    store: SlowStore = field(default_factory=SlowStore)
    table: MemoryTable = field(default_factory=MemoryTable)
    signals: list[Signal] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    now_ms: int = NOW_MS

    def begin(self, *subscriptions: Subscription, disable_after_s: int = 432_000) -> EndpointLifeCycle:
        self.put(*subscriptions)
        return EndpointLifeCycle(
            self.store,
            self.table,
            on_signal=self.signals.append,
            on_released=self.released.append,
            disable_after_s=disable_after_s,
            clock=lambda: self.now_ms,
        )

    def put(self, *subscriptions: Subscription) -> None:
        for one in subscriptions:
            self.store.index.put(one)

    def stored(self, subscription_id: str = "sub_1") -> Subscription:
        found = self.store.index.get(subscription_id)
        assert found is not None
        return found

    def fail_for(self, cycle: EndpointLifeCycle, lasting_ms: int, steps: int = 10) -> None:
        for step in range(steps + 1):
            self.now_ms = NOW_MS + lasting_ms * step // steps
            cycle.attempted(self.stored(), delivered=False)


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World()


async def test_a_410_holds_at_once_and_until_the_table_says_disabled(world: World) -> None:
    """From the call on: while it is written, and while the table has not seen it yet."""
    cycle = world.begin(ONE, TWO)
    seen = asyncio.Event()
    world.table.refreshing = seen.wait
    world.store.gate.clear()

    cycle.gone(ONE)
    assert cycle.is_held("sub_1")
    assert not cycle.is_held("sub_2")
    world.store.gate.set()
    await until(lambda: world.table.refreshes == 1)
    assert cycle.is_held("sub_1")
    seen.set()
    await until(lambda: world.released == ["sub_1"])

    assert not cycle.is_held("sub_1")
    assert (world.stored().state, world.stored().state_reason) == (SubscriptionState.DISABLED, GONE)
    assert [(signal.kind, signal.reason) for signal in world.signals] == [(SignalKind.DISABLED, GONE)]


async def test_many_410s_are_written_once(world: World) -> None:
    """Those that were under way when the first came do not write again, nor signal again."""
    cycle = world.begin(ONE)
    for _ in range(50):
        cycle.gone(ONE)
    await until(lambda: bool(world.released))
    cycle.gone(ONE)
    await until(lambda: len(world.released) == 2)

    assert world.stored().revision == 2
    assert len(world.signals) == 1


async def test_what_comes_during_a_write_is_written_together_next(world: World) -> None:
    """One write at a time, however many endpoints are gone at once."""
    many = [replace(ONE, subscription_id=f"s{number}") for number in range(40)]
    cycle = world.begin(ONE, *many)
    world.store.gate.clear()
    cycle.gone(ONE)
    await until(lambda: world.store.begun == 1)
    for one in many:
        cycle.gone(one)
    world.store.gate.set()
    await until(lambda: len(world.released) == 41)

    assert world.store.begun == 2
    assert {one.state for one in world.store.index} == {SubscriptionState.DISABLED}


@pytest.mark.parametrize(
    "operators",
    [
        lambda one: revised(one, now_ms=NOW_MS + 1, state=SubscriptionState.PAUSED),
        lambda one: revised(one, now_ms=NOW_MS + 1, url="https://example.com/new"),
    ],
)
async def test_an_operator_who_is_faster_wins(world: World, operators: Callable[[Subscription], Subscription]) -> None:
    """Nothing is written over the change, nothing is signalled, and the subscription is let go."""
    cycle = world.begin(ONE)
    theirs = operators(ONE)
    world.put(theirs)
    cycle.gone(ONE)
    await until(lambda: world.released == ["sub_1"])

    assert world.stored() == theirs
    assert world.signals == []


async def test_a_write_that_fails_is_tried_again_still_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The subscription stays held until it is through."""
    monkeypatch.setattr("gateway.egress.life_cycle._FIRST_PAUSE_S", 0.001)
    cycle = world.begin(ONE)
    world.store.failures = 3
    cycle.gone(ONE)
    await until(lambda: world.store.begun == 3)
    assert cycle.is_held("sub_1")
    await until(lambda: world.released == ["sub_1"])
    assert world.stored().state is SubscriptionState.DISABLED


async def test_a_write_that_never_succeeds_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its tries the subscription is let go, and the next 410 begins again."""
    monkeypatch.setattr("gateway.egress.life_cycle._MAX_PAUSE_S", 0.0)
    cycle = world.begin(ONE)
    world.store.failures = 10
    cycle.gone(ONE)
    await until(lambda: world.released == ["sub_1"])
    assert world.stored() == ONE
    cycle.gone(ONE)
    await until(lambda: len(world.released) == 2)
    assert world.stored().state is SubscriptionState.DISABLED


async def test_what_waits_to_be_written_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond that nothing is held either: the next 410 finds it again."""
    monkeypatch.setattr("gateway.egress.life_cycle._MAX_DUE", 1)
    cycle = world.begin(ONE, TWO)
    cycle.gone(ONE)
    cycle.gone(TWO)
    assert (cycle.is_held("sub_1"), cycle.is_held("sub_2")) == (True, False)
    await until(lambda: bool(world.released))
    cycle.gone(TWO)
    await until(lambda: len(world.released) == 2)
    assert world.stored("sub_2").state is SubscriptionState.DISABLED


async def test_long_failing_is_noted_and_its_end_is_signalled(world: World) -> None:
    """After an hour, once; the first delivery clears the note."""
    cycle = world.begin(ONE)
    world.fail_for(cycle, HOUR_MS - 1)
    await settle_down()
    assert world.store.begun == 0

    world.fail_for(cycle, HOUR_MS)
    await until(lambda: world.stored().failing_since_ms == NOW_MS)
    world.fail_for(cycle, 2 * HOUR_MS)
    await settle_down()
    assert (world.store.begun, world.stored().revision) == (1, 2)

    cycle.attempted(world.stored(), delivered=True)
    await until(lambda: world.stored().failing_since_ms is None)
    await until(lambda: bool(world.signals))
    assert [signal.kind for signal in world.signals] == [SignalKind.RECOVERED]
    assert world.released == []


async def test_only_failures_for_long_disable(world: World) -> None:
    """Held like after a 410, with the time in the reason."""
    cycle = world.begin(ONE)
    world.fail_for(cycle, 5 * DAY_MS)
    assert cycle.is_held("sub_1")
    await until(lambda: world.released == ["sub_1"])
    assert world.stored().state is SubscriptionState.DISABLED
    assert world.stored().state_reason == "only failures since 2026-09-21T14:13:20Z"
    assert [signal.kind for signal in world.signals] == [SignalKind.DISABLED]


async def test_one_delivery_begins_anew(world: World) -> None:
    """Four days of failures before it and four after disable nobody."""
    cycle = world.begin(ONE)
    world.fail_for(cycle, 4 * DAY_MS)
    cycle.attempted(world.stored(), delivered=True)
    world.now_ms += HOUR_MS
    for _ in range(5):
        cycle.attempted(world.stored(), delivered=False)
        world.now_ms += DAY_MS - 1
    await settle_down()
    assert not cycle.is_held("sub_1")


async def test_a_resume_begins_anew(world: World) -> None:
    """What was seen before belongs to the state before; so does a note that a restart would take up."""
    cycle = world.begin(ONE)
    world.fail_for(cycle, 4 * DAY_MS)
    await until(lambda: world.stored().failing_since_ms is not None)
    paused = revised(world.stored(), now_ms=world.now_ms, state=SubscriptionState.PAUSED)
    world.put(revised(paused, now_ms=world.now_ms + 1, state=SubscriptionState.ACTIVE))
    world.now_ms += 2 * DAY_MS
    cycle.attempted(world.stored(), delivered=False)
    world.now_ms += HOUR_MS
    cycle.attempted(world.stored(), delivered=False)
    assert not cycle.is_held("sub_1")


async def test_a_new_owner_takes_the_note_up(world: World) -> None:
    """After a rebalance a run goes on from its note, once failures were seen for an hour."""
    cycle = world.begin(replace(ONE, failing_since_ms=NOW_MS - 5 * DAY_MS))
    world.fail_for(cycle, HOUR_MS // 2)
    cycle.forget_runs()
    world.fail_for(cycle, HOUR_MS - 1)
    assert not cycle.is_held("sub_1")
    world.fail_for(cycle, 2 * HOUR_MS)
    assert cycle.is_held("sub_1")
    await until(lambda: world.released == ["sub_1"])


async def test_a_stop_waits_for_what_is_being_written(world: World) -> None:
    """Also for what came while the write was under way."""
    cycle = world.begin(ONE, TWO)
    world.store.gate.clear()
    cycle.gone(ONE)
    await until(lambda: world.store.begun == 1)
    cycle.gone(TWO)
    world.store.gate.set()
    await cycle.close(5)
    assert {one.state for one in world.store.index} == {SubscriptionState.DISABLED}


async def test_a_stop_does_not_wait_for_ever(world: World) -> None:
    """A write that hangs is left behind."""
    cycle = world.begin(ONE)
    world.store.gate.clear()
    cycle.gone(ONE)
    async with asyncio.timeout(5):
        await cycle.close(0.01)
    world.store.gate.set()


async def test_a_fault_of_ours_is_not_swallowed(world: World) -> None:
    """Whatever else goes wrong than a write ends the process."""

    async def broken() -> None:
        raise RuntimeError("a bug")

    cycle = world.begin(ONE)
    world.table.refreshing = broken
    cycle.gone(ONE)
    with pytest.raises(RuntimeError, match="a bug"):
        await cycle.failure
