"""Signals on a real broker: listed with filters and spans, followed without a gap."""

import time
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner

from gateway.cli.signals import command
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import SIGNALS, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.kafka.record_log import RecordTail
from gateway.kafka.signal_log import SignalFilter, SignalLog, signal_record, signal_tail

HOUR_MS = 3_600_000
READ_S = 30.0


@pytest.fixture
def name(topics: TopicLayout) -> str:
    """A subscription of the test's own: the topic is shared."""
    assert topics.delivery_partitions
    return f"sub_{uuid4().hex[:12]}"


@pytest.fixture
def send(kafka: KafkaConfig) -> Callable[..., None]:
    """Write signals, and wait until they are there."""
    return lambda *signals: ConfirmedWriter(kafka).write([signal_record(signal) for signal in signals])


def signal(name: str, kind: SignalKind = SignalKind.DISABLED, *, number: int = 0) -> Signal:
    """A signal of now; its number tells it from others."""
    return Signal(name, "acme", time.time_ns() // 1_000_000, kind, "why", failures=number)


def read_until(tail: RecordTail[Signal], count: int) -> list[Signal]:
    """Read so many signals."""
    found: list[Signal] = []
    deadline = time.monotonic() + READ_S
    while len(found) < count:
        assert time.monotonic() < deadline, found
        found += tail.read(0.2)
    return found


def test_one_subscriptions_signals_are_listed_in_order(
    kafka: KafkaConfig, name: str, send: Callable[..., None]
) -> None:
    """Those of others are left out, and so are other kinds where one is asked for."""
    mine = [signal(name, number=number) for number in range(3)]
    recovered = signal(name, SignalKind.RECOVERED)
    send(*mine, signal(f"{name}-other"), recovered)
    log, since_ms = SignalLog(kafka), mine[0].at_ms - HOUR_MS

    assert log.find(SignalFilter(name), since_ms=since_ms).records == [*mine, recovered]
    assert log.find(SignalFilter(name, SignalKind.RECOVERED), since_ms=since_ms).records == [recovered]
    assert log.find(SignalFilter(name), since_ms=recovered.at_ms + HOUR_MS).records == []


def test_what_is_listed_and_what_is_followed_meet(kafka: KafkaConfig, name: str, send: Callable[..., None]) -> None:
    """A signal that comes between the opening of the tail and the listing is told once."""
    before, between, after = (signal(name, number=number) for number in range(3))
    send(before)
    tail = signal_tail(kafka, SignalFilter(name))
    try:
        send(between)
        found = SignalLog(kafka).find(SignalFilter(name), since_ms=before.at_ms - HOUR_MS, before=tail.starts)
        send(after)
        assert [*found.records, *read_until(tail, 2)] == [before, between, after]
    finally:
        tail.close()


def test_a_record_that_is_no_signal_is_counted(kafka: KafkaConfig, name: str, send: Callable[..., None]) -> None:
    """It hides none of the others."""
    mine = signal(name)
    ConfirmedWriter(kafka).write([OutRecord(SIGNALS, name.encode(), b"no avro")])
    send(mine)
    found = SignalLog(kafka).find(SignalFilter(name), since_ms=mine.at_ms - HOUR_MS)
    assert found.records == [mine]
    assert found.report.undecodable >= 1


def test_the_command_prints_a_table_and_json(program: CliRunner, name: str, send: Callable[..., None]) -> None:
    """People read words, programs every field."""
    lagging = replace(signal(name, SignalKind.LAGGING), failures=None, waiting=1200, oldest_waiting_at_ms=0)
    send(lagging)

    shown = program.invoke(command, ["--subscription", name])
    # On standard error may be told of another test's record, in the same partition, that is no signal.
    assert shown.exit_code == 0
    assert "1,200 waiting, the oldest since 1970-01-01T00:00:00Z" in shown.stdout
    (printed,) = [
        orjson.loads(line) for line in program.invoke(command, ["--subscription", name, "--json"]).stdout.splitlines()
    ]
    assert (printed["kind"], printed["waiting"], printed["tenant"]) == ("lagging", 1200, "acme")
    assert program.invoke(command, ["--subscription", name, "--kind", "disabled", "--json"]).stdout == ""
