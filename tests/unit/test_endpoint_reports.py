"""What lanes tell of endpoints becomes signals: circuits with their next probe, lags with their reason."""

from dataclasses import replace

import pytest

from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.circuit import CircuitState
from gateway.domain.gate import CircuitChange
from gateway.domain.lag import TELL_AFTER_MS
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.domain.topics import SIGNALS
from gateway.egress.endpoint_reports import EndpointReports
from gateway.egress.life_cycle import EndpointLifeCycle
from gateway.egress.signal_sender import SignalSender
from gateway.wire.signal_record import signal_codec
from tests.delivery_records import T0, planned
from tests.egress_in_memory import PARTITION, MemoryProducer, MemoryTable
from tests.subscriptions import MemoryStore, subscription

ONE = subscription("sub_1", tenant="acme")


class World:
    """Reports into memory, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ms = T0
        self.producer = MemoryProducer()
        signals = SignalSender(self.producer, clock=lambda: self.now_ms)
        self.life_cycle = EndpointLifeCycle(
            MemoryStore(), MemoryTable(), on_signal=signals.send, on_released=lambda _: None, disable_after_s=0
        )
        self.reports = EndpointReports(self.life_cycle, signals, clock=lambda: self.now_ms)

    def sent(self) -> list[Signal]:
        """Give the signals sent so far."""
        return [signal_codec().decode(record.value) for record in self.producer.to(SIGNALS)]


async def test_a_circuit_tells_when_it_opens_and_closes() -> None:
    """With the time of the next probe."""
    world = World()
    world.reports.circuit_changed(ONE, CircuitChange(CircuitState.OPEN, 1500.4))
    world.reports.circuit_changed(ONE, CircuitChange(CircuitState.CLOSED))
    assert [(signal.kind, signal.tenant, signal.until_ms) for signal in world.sent()] == [
        (SignalKind.CIRCUIT_OPENED, "acme", T0 + 1500),
        (SignalKind.CIRCUIT_CLOSED, "acme", None),
    ]


async def test_reports_reach_the_life_cycle_and_the_count_of_dead_letters() -> None:
    """A 410 holds, a dead letter is told."""
    world = World()
    world.reports.gone(ONE)
    assert world.reports.is_held("sub_1")
    world.reports.dead_lettered(planned(), "gone")
    assert [signal.kind for signal in world.sent()] == [SignalKind.DEAD_LETTERED]
    await world.life_cycle.close(5)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (replace(ONE, state=SubscriptionState.PAUSED), "the subscription is paused"),
        (ONE, "deliveries come faster than its endpoint takes them"),
        (None, None),
    ],
)
async def test_a_lag_that_lasts_is_told_with_its_reason(known: Subscription | None, reason: str | None) -> None:
    """How many wait and since when; of a deleted subscription nothing."""
    world, index, reading = World(), SubscriptionIndex(), PartitionReading(0)
    if known is not None:
        index.put(known)
    for offset in range(3):
        assert reading.take(offset, "sub_1", has_room=False) is Taken.LEFT
    for after_ms in (0, TELL_AFTER_MS):
        world.now_ms = T0 + after_ms
        world.reports.look_at_lag({PARTITION: reading}, index)

    told = [(signal.kind, signal.reason, signal.waiting, signal.oldest_waiting_at_ms) for signal in world.sent()]
    assert told == ([] if reason is None else [(SignalKind.LAGGING, reason, 3, T0)])
