"""Records that are none of ours, in every partition of every topic that the gateway reads: nobody stops at them."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message, Producer

from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import (
    ATTEMPTS,
    CURSORS,
    DEAD_LETTERS,
    DELIVERIES,
    EVENTS_PREFIX,
    REJECTED,
    SIGNALS,
    SUBSCRIPTIONS,
    TopicLayout,
)
from gateway.domain.varints import encode_varint
from gateway.kafka.due_times import DUE_HEADER
from gateway.kafka.publisher import EventPublisher
from gateway.receiver.sandbox import Sandbox
from gateway.wire.catalog import load_catalog
from gateway.wire.record_codec import RecordCodec
from gateway.wire.records import (
    CursorRecord,
    attempt_codec,
    cursor_codec,
    delivery_codec,
    subscription_codec,
)
from gateway.wire.rejected_record import rejected_codec
from gateway.wire.schema_files import schemas_root
from gateway.wire.signal_record import signal_codec
from gateway.wire.single_object import MARKER, SingleObjectWriter
from tests.delivery_records import attempt_of, planned
from tests.e2e.events import event_id, publish_payments
from tests.e2e.killing import Pair
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.running import GatewayHome, home_with_broker, until
from tests.e2e.topic_contents import produce_raw, read_topic
from tests.subscriptions import subscription

LAYOUT = TopicLayout(("customer", "invoice", "order"))
SETTLED_S = 60.0
FOR_EVER_MS = 2**62
PART = 3  # of events; in all they are too few failures to open a circuit
PAID = load_catalog(schemas_root() / "events").entry("order.paid")
# No record at all; one that is cut off after its schema's fingerprint; none of a known schema; an event that claims a
# text of an exabyte.
VALUES = (
    b"no record",
    b"\xc3\x01" + bytes(8) + b"\x02",
    b"\xc3\x01",
    MARKER + PAID.fingerprint + encode_varint(2**61) + b"a",
)
# Kafka has headers without a value; and a due time that no clock reaches must hold nobody up.
HEADERS: tuple[list[tuple[str, str | bytes | None]], ...] = (
    [(DUE_HEADER, None), ("ce_id", None), ("trace", None)],
    [(DUE_HEADER, b"9" * 5_000)],
)

Place = tuple[str, int, int]

pytestmark = pytest.mark.timeout(240, func_only=True)


@pytest.fixture
def poisoned_home(new_broker_home: Callable[[], Path]) -> Iterator[GatewayHome]:
    """A deployment of its own: what is written here would be in the way of other tests."""
    with home_with_broker(new_broker_home()) as made:
        yield made


def poison(home: GatewayHome, *keys: bytes | None) -> set[Place]:
    """Write such records everywhere, under each key; gives where the ones lie that belong to `events.rejected`."""
    producer = Producer(home.kafka.producer())
    written: list[Message] = []
    for spec in LAYOUT.specs():
        if spec.name == REJECTED:
            continue  # the gateway only writes there
        for partition in range(spec.partitions):
            for key in keys:
                if key is None and spec.cleanup == "compact":
                    continue  # Kafka takes no such record
                # A null value is a tombstone where records have a key to be known by.
                values = VALUES if spec.cleanup == "compact" else (*VALUES, None)
                for value, headers in zip(values, cycle(HEADERS), strict=False):
                    producer.produce(
                        spec.name,
                        value=value,
                        key=key,
                        headers=headers,
                        partition=partition,
                        on_delivery=lambda error, message: written.append(message) if error is None else None,
                    )
        assert producer.flush(SETTLED_S) == 0
    kept = (EVENTS_PREFIX, *LAYOUT.delivery_topics())
    places = [(message.topic() or "", message.partition() or 0, message.offset() or 0) for message in written]
    return {place for place in places if place[0].startswith(EVENTS_PREFIX) or place[0] in kept}


def strange(home: GatewayHome, inbox: str) -> None:
    """Write records whose bytes are in order, and that say what can't be."""
    cursor = CursorRecord(inbox, DELIVERIES, 0, 0)
    never = planned("evt-never", "nobody", at_ms=FOR_EVER_MS)
    letter = replace(never, reason="max_age", dead_lettered_at_ms=FOR_EVER_MS)
    records: tuple[tuple[str, str, RecordCodec[Any], object, dict[str, object]], ...] = (
        (SUBSCRIPTIONS, "s1", subscription_codec(), subscription("s1"), {"retry_tiers": ["7y"]}),
        (SUBSCRIPTIONS, "s2", subscription_codec(), subscription("s2"), {"rate_per_s": 0.0, "rate_burst": 0}),
        (SUBSCRIPTIONS, "s3", subscription_codec(), subscription("s3"), {"timeout_s": float("nan")}),
        (CURSORS, f"{inbox}|1", cursor_codec(), cursor, {"offset": -5}),
        (CURSORS, f"{inbox}|2", cursor_codec(), cursor, {"topic": "no.such.topic", "partition": 99}),
        (CURSORS, f"{inbox}|3", cursor_codec(), cursor, {"event_key": b"k", "offset": FOR_EVER_MS, "settled": "1!"}),
        (SIGNALS, inbox, signal_codec(), Signal(inbox, "default", FOR_EVER_MS, SignalKind.LAGGING, ""), {}),
        (DELIVERIES, "nobody", delivery_codec(), never, {"event_id": "two\r\nlines", "event_key": None}),
        (DEAD_LETTERS, "nobody", delivery_codec(), letter, {}),
        (ATTEMPTS, "x", attempt_codec(), attempt_of(never, 2**31 - 1, "unheard of", at_ms=-FOR_EVER_MS), {}),
    )
    for topic, key, codec, record, changes in records:
        value = SingleObjectWriter(codec._writer.schema).encode({**codec._to_avro(record), **changes})
        produce_raw(home.kafka, topic, value, key=key.encode())


def rejected(home: GatewayHome) -> set[Place]:
    """Give where the records came from that are in `events.rejected`."""
    sources = (rejected_codec().decode(message.value()).source for message in read_topic(home.kafka, REJECTED))
    return {(source.topic, source.partition, source.offset) for source in sources}


async def test_poison_in_every_topic(poisoned_home: GatewayHome) -> None:
    """Both processes go on, and start again over it; what was to be delivered is kept; commands look past it."""
    home = poisoned_home
    sandbox = Sandbox(secrets=[SECRET])
    receiver = Receiver(sandbox, await sandbox.start(), home)
    inbox = await receiver.subscribe()
    failing = await receiver.subscribe("--retry-policy", "none", tenant=inbox, beside=inbox)
    sandbox.set_mode(failing, "500")
    pair = Pair(home)
    await pair.start()
    with EventPublisher(home.kafka) as publisher:
        await publish_payments(publisher, inbox, PART)
        await receiver.until_accepted(PART, inbox)
        wanted = await asyncio.to_thread(
            poison, home, inbox.encode(), b"\xff\xfe", f"{inbox}|deliveries".encode(), None
        )
        await asyncio.to_thread(strange, home, inbox)
        await publish_payments(publisher, inbox, PART, first=PART)
        await receiver.until_accepted(2 * PART, inbox)
        await pair.stop()
        # Cursors, subscriptions and what came lately are read when a process starts.
        await pair.start()
        await publish_payments(publisher, inbox, PART, first=2 * PART)
        await receiver.until_accepted(3 * PART, inbox)

    await until(lambda: rejected(home) >= wanted, SETTLED_S, lambda: sorted(wanted - rejected(home))[:10])
    assert rejected(home) == wanted
    assert sorted(receiver.ids(inbox), key=str) == [event_id(inbox, number) for number in range(3 * PART)]
    await until(lambda: sandbox.stats(failing).received == 3 * PART, SETTLED_S, lambda: sandbox.stats(failing))
    await pair.stop()  # whose dead letters are written then
    await pair.start()
    await look_past_it(receiver, inbox, failing)
    await pair.stop()
    await sandbox.stop()


async def look_past_it(receiver: Receiver, inbox: str, failing: str) -> None:
    """Each command that reads these topics finds what is there, and a replay what it has to begin again."""
    home = receiver.home
    letters = await asyncio.to_thread(home.read, "dlq", "list", "--subscription", failing)
    assert len(letters) == 3 * PART
    histories = await asyncio.to_thread(home.read, "deliveries", "get", event_id(inbox, PART))
    assert {one["subscription_id"]: one["state"] for one in histories} == {inbox: "delivered", failing: "dead_lettered"}
    listed = await asyncio.to_thread(home.read, "deliveries", "list", "--subscription", inbox)
    assert len(listed) == 3 * PART
    signals = await asyncio.to_thread(home.read, "signals", "--subscription", failing)
    assert "dead_lettered" in {one["kind"] for one in signals}
    (shown,) = await asyncio.to_thread(home.read, "subscriptions", "get", inbox)
    assert (shown["id"], shown["state"]) == (inbox, "active")
    assert len(await asyncio.to_thread(home.read, "subscriptions", "list")) == 2
    receiver.sandbox.set_mode(failing, "none")
    await receiver.gateway("dlq", "replay", "--subscription", failing, "--yes")
    await receiver.until_accepted(3 * PART, failing)
