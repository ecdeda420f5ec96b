"""Signals beside the deliveries: sent at once, counted where they come in floods, bounded while Kafka is away."""

import pytest

from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import SIGNALS
from gateway.kafka.signal_sender import SignalSender
from gateway.wire.signal_record import signal_codec
from tests.delivery_records import T0, planned
from tests.egress_in_memory import MemoryProducer, until
from tests.subscriptions import subscription

OPENED = Signal("sub_1", "default", T0, SignalKind.CIRCUIT_OPENED, "5 failures in a row")


def sent(producer: MemoryProducer) -> list[Signal]:
    """Give what was sent, oldest first."""
    return [signal_codec().decode(record.value) for record in producer.to(SIGNALS)]


async def test_a_signal_is_a_record_keyed_by_its_subscription() -> None:
    """So that one subscription's signals lie together, in order."""
    producer = MemoryProducer()
    SignalSender(producer).send(OPENED)
    assert sent(producer) == [OPENED]
    assert [record.key for record in producer.to(SIGNALS)] == [b"sub_1"]


async def test_dead_letters_that_follow_are_told_together() -> None:
    """When their time has come, without anything else happening."""
    producer = MemoryProducer()
    sender = SignalSender(producer, dead_letters_every_ms=20)
    for number in range(5):
        sender.dead_lettered(planned(f"evt-{number}"), "gone")
    assert [signal.count for signal in sent(producer)] == [1]
    await until(lambda: len(sent(producer)) == 2)
    assert [signal.count for signal in sent(producer)] == [1, 4]


async def test_a_stop_tells_what_was_counted() -> None:
    """Nothing is lost with the process, if it ends in good order."""
    producer = MemoryProducer()
    sender = SignalSender(producer)
    for number in range(5):
        sender.dead_lettered(planned(f"evt-{number}"), "gone")
    sender.close()
    assert [signal.count for signal in sent(producer)] == [1, 4]
    assert sum(sender.sent.values()) == 2


async def test_what_kafka_does_not_take_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Further signals are only logged, until some are acknowledged."""
    monkeypatch.setattr("gateway.kafka.signal_sender.MAX_UNACKNOWLEDGED", 3)
    producer = MemoryProducer(acknowledges=False)
    sender = SignalSender(producer)
    for _ in range(5):
        sender.send(OPENED)
    assert len(producer.to(SIGNALS)) == 3
    producer.acknowledge(2)
    sender.send(OPENED)
    assert len(producer.to(SIGNALS)) == 4


async def test_failed_filters_are_told_at_once_and_then_together() -> None:
    """Apart from dead letters, which have a time of their own."""
    producer = MemoryProducer()
    sender = SignalSender(producer, dead_letters_every_ms=60_000, filter_failures_every_ms=20)
    sender.dead_lettered(planned("evt-0"), "gone")
    for number in range(5):
        sender.filter_failed(subscription("sub_1"), f"evt-{number}", "divide by zero")
    await until(lambda: len(sent(producer)) == 3)
    assert [(signal.kind, signal.count, signal.event_id) for signal in sent(producer)] == [
        (SignalKind.DEAD_LETTERED, 1, "evt-0"),
        (SignalKind.FILTER_FAILED, 1, "evt-0"),
        (SignalKind.FILTER_FAILED, 4, "evt-4"),
    ]
