"""Which lags become signals: those that last, once, then every hour; their end; and nothing that is others' to tell."""

from dataclasses import replace

from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import SubscriptionState
from gateway.egress.lag_watch import TELL_AFTER_MS, TELL_AGAIN_MS, LagWatch
from tests.delivery_records import T0
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription

LOCKED = "egress has no key 'k1', which its secrets are sealed with"

ACTIVE = subscription("sub_1")
PAUSED = replace(ACTIVE, state=SubscriptionState.PAUSED)


def watching(world: World, why: str | None = None) -> tuple[LagWatch, list[Signal]]:
    """Give a watch over a world in which all are held for a reason, and where its signals go."""
    signals: list[Signal] = []
    return LagWatch(world.catch_up, world.readings, lambda: world.table.index, lambda _: why, signals.append), signals


async def test_a_lag_is_told_once_it_lasts() -> None:
    """With what waits and since when; again every hour; and when it is over."""
    async with running(PAUSED) as world:
        watch, signals = watching(world)
        world.publish("sub_1", 3)
        for after_ms in (0, TELL_AFTER_MS - 1, TELL_AFTER_MS, TELL_AFTER_MS + TELL_AGAIN_MS - 1):
            watch.tick(T0 + after_ms)
        (told,) = signals
        assert (told.kind, told.waiting, told.oldest_waiting_at_ms) == (SignalKind.LAGGING, 3, T0)
        watch.tick(T0 + TELL_AFTER_MS + TELL_AGAIN_MS)
        assert [signal.kind for signal in signals] == [SignalKind.LAGGING] * 2
        world.change(ACTIVE)
        await settle_down()
        watch.tick(T0 + TELL_AFTER_MS + TELL_AGAIN_MS + 1)
        assert [signal.kind for signal in signals] == [SignalKind.LAGGING] * 2 + [SignalKind.CAUGHT_UP]


async def test_a_lag_says_why_nothing_can_be_sent() -> None:
    """Where that is not the endpoint's doing; its end has no reason."""
    async with running(PAUSED) as world:
        watch, signals = watching(world, LOCKED)
        world.publish("sub_1", 3)
        watch.tick(T0)
        watch.tick(T0 + TELL_AFTER_MS)
        world.change(ACTIVE)
        await settle_down()
        watch.tick(T0 + TELL_AFTER_MS + 1)
        assert [signal.reason for signal in signals] == [LOCKED, None]


async def test_a_short_lag_is_no_news() -> None:
    """Neither its beginning nor its end."""
    async with running(PAUSED) as world:
        watch, signals = watching(world)
        world.publish("sub_1", 3)
        watch.tick(T0)
        world.change(ACTIVE)
        await settle_down()
        watch.tick(T0 + TELL_AFTER_MS)
        assert signals == []


async def test_what_went_to_others_is_not_over() -> None:
    """Their new owner tells of them."""
    async with running(PAUSED) as world:
        watch, signals = watching(world)
        world.publish("sub_1", 3)
        for after_ms in (0, TELL_AFTER_MS):
            watch.tick(T0 + after_ms)
        world.intake.lost([PARTITION])
        watch.reset()
        watch.tick(T0 + 2 * TELL_AFTER_MS)
        assert [signal.kind for signal in signals] == [SignalKind.LAGGING]
