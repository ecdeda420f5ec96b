"""Events in the Confluent wire format, as Confluent's own serializer writes them: with the registry, and without it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import orjson
import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from gateway.kafka.local.ports import choose_port
from gateway.kafka.partitioning import partition_of
from gateway.kafka.publisher import EventPublisher
from gateway.kafka.registry_access import basic
from gateway.wire.catalog import load_catalog
from gateway.wire.schema_files import schemas_root
from tests.e2e.events import event_id, publish_payments
from tests.e2e.plain_producer import context, payment
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, Program, until, until_seen
from tests.e2e.topic_contents import produce_raw, rejections
from tests.registry_server import RegistryState, registry_server

TOPIC, PARTITIONS = "events.order", 6
USER, PASSWORD = "alice", "hush"
SEEN_S = 60.0
PAID = load_catalog(schemas_root() / "events").entry("order.paid")
HELD, FREE = 0, 1
# So often each value is published, to be more than is read ahead at once.
MANY = 1000


@dataclass
class Registry:
    """A registry that answers at times, always at the same address, and the stream that asks it."""

    state: RegistryState
    port: int
    settings: dict[str, str]
    stream: Program

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def times_told(self) -> int:
        """How often the stream has said that the registry is away."""
        return self.stream.whole_log.count("stream.registry_unavailable")


@pytest.fixture(scope="module")
def registry(home: GatewayHome) -> Iterator[Registry]:
    """Run a stream that knows of a registry, and an egress; the registry does not answer yet."""
    port = choose_port()
    settings = {
        "GATEWAY_SCHEMA_REGISTRY_URL": f"http://127.0.0.1:{port}",
        "GATEWAY_SCHEMA_REGISTRY_USERNAME": USER,
        "GATEWAY_SCHEMA_REGISTRY_PASSWORD": PASSWORD,
    }
    running = [home.start("stream", **settings), home.start("egress")]
    try:
        for program in running:
            program.await_ready()
        made = Registry(RegistryState(authorization=basic(USER, PASSWORD)), port, settings, running[0])
        yield made
        assert [program.stop() for program in (made.stream, running[1])] == [0, 0]
    finally:
        home.end_all()


def serialize(registry: Registry, count: int) -> list[bytes]:
    """Let Confluent's serializer write payments under an id that is new: the docs are a producer's own."""
    schema = {**PAID.source, "doc": f"As somebody else wrote it, {uuid4()}."}
    registry.state.add(f"{TOPIC}-{PAID.record_name}", schema)
    with SchemaRegistryClient({"url": registry.url}) as client:
        serializer = AvroSerializer(
            client,
            orjson.dumps(schema).decode(),
            conf={"auto.register.schemas": False, "subject.name.strategy": topic_record_subject_name_strategy},
        )
        return [serializer(payment(), SerializationContext(TOPIC, MessageField.VALUE)) for _ in range(count)]


def produce(home: GatewayHome, tenant: str, values: list[bytes], partition: int) -> set[str]:
    """Write values as a service of somebody else would; gives the events' ids."""
    producer = Producer(home.kafka.producer())
    for number, value in enumerate(values):
        producer.produce(TOPIC, value=value, headers=context(tenant, number), partition=partition)
    assert producer.flush(SEEN_S) == 0
    return {f"{tenant}-plain-{number}" for number in range(len(values))}


def publish(home: GatewayHome, tenant: str, registry: Registry) -> set[str]:
    """Publish made-up payments in the Confluent format; gives their ids."""
    knowing = GatewayHome(home.path)
    knowing.environment["GATEWAY_SCHEMA_REGISTRY_URL"] = registry.url
    knowing.run("schemas", "push")
    receipts = knowing.read("publish", "order.paid", "--mock", "2", "--tenant", tenant, "--wire-format", "confluent")
    return {receipt["event_id"] for receipt in receipts}


def key_of(partition: int) -> str:
    """Find a key that lies on a partition."""
    return next(str(number) for number in range(1000) if partition_of(str(number).encode(), PARTITIONS) == partition)


async def test_an_event_waits_for_the_registry(
    home: GatewayHome, receiver: Receiver, registry: Registry, publisher: EventPublisher
) -> None:
    """Its partition waits and says so, others go on; nothing is rejected, and all arrives when it answers again."""
    inbox = await receiver.subscribe()
    with registry_server(registry.state, port=registry.port):
        values = await asyncio.to_thread(serialize, registry, 2)
    asked = len(registry.state.asked)

    told = registry.times_told
    expected = await asyncio.to_thread(produce, home, inbox, values * MANY, HELD)
    await until(lambda: registry.times_told > told, SEEN_S, lambda: registry.stream.log)
    await publish_payments(publisher, inbox, 1, key=key_of(HELD))
    await publish_payments(publisher, inbox, 1, first=1, key=key_of(FREE))
    await receiver.until_accepted(1, inbox)
    assert receiver.ids(inbox) == [event_id(inbox, 1)]

    with registry_server(registry.state, port=registry.port):
        await receiver.until_accepted(len(expected) + 2, inbox)
    assert set(receiver.ids(inbox)) == expected | {event_id(inbox, 0), event_id(inbox, 1)}
    assert [method for method, _ in registry.state.asked[asked:]] == ["GET"]
    await until(lambda: "stream.partition_goes_on" in registry.stream.whole_log, SEEN_S, lambda: registry.stream.log)
    assert not [each for each in rejections(home.kafka, TOPIC) if each.source_value in values]


async def test_what_waits_holds_up_neither_a_rebalance_nor_a_stop(
    home: GatewayHome, receiver: Receiver, registry: Registry, publisher: EventPublisher
) -> None:
    """A second stream joins, and the first one ends, while an event waits; it is the second one's then."""
    inbox = await receiver.subscribe()
    with registry_server(registry.state, port=registry.port):
        values = await asyncio.to_thread(serialize, registry, 1)
    told = registry.times_told
    expected = await asyncio.to_thread(produce, home, inbox, values, HELD)
    await until(lambda: registry.times_told > told, SEEN_S, lambda: registry.stream.log)

    second = home.start("stream", **registry.settings)
    await asyncio.to_thread(second.await_ready)
    assert await asyncio.to_thread(registry.stream.stop) == 0
    await publish_payments(publisher, inbox, 1, key=key_of(FREE))
    await receiver.until_accepted(1, inbox)

    with registry_server(registry.state, port=registry.port):
        await receiver.until_accepted(2, inbox)
    assert set(receiver.ids(inbox)) == expected | {event_id(inbox, 0)}
    registry.stream = second


async def test_published_in_the_confluent_format(home: GatewayHome, receiver: Receiver, registry: Registry) -> None:
    """`gateway publish` names the ids that a push has registered."""
    inbox = await receiver.subscribe()
    with registry_server(registry.state, port=registry.port):
        published = await asyncio.to_thread(publish, home, inbox, registry)
        await receiver.until_accepted(2, inbox)
    assert set(receiver.ids(inbox)) == published


async def test_an_unknown_id_stops_nobody(
    home: GatewayHome, receiver: Receiver, registry: Registry, publisher: EventPublisher
) -> None:
    """An id that the registry does not have, and one that none can have: rejected, and the next event is delivered."""
    inbox = await receiver.subscribe()
    asked = len(registry.state.asked)
    unknown = [b"\x00" + schema_id.to_bytes(4) + inbox.encode() for schema_id in (99_999, 2**32 - 1)]
    key = key_of(HELD)
    with registry_server(registry.state, port=registry.port):
        for value in unknown:
            await asyncio.to_thread(produce_raw, home.kafka, TOPIC, value, key=key.encode())
        await publish_payments(publisher, inbox, 1, key=key)
        await receiver.until_accepted(1, inbox)
    found = await until_seen(
        lambda: [each for each in rejections(home.kafka, TOPIC) if each.source_value in unknown],
        lambda found: len(found) >= len(unknown),
        SEEN_S,
    )
    assert [each.reason for each in found] == ["unknown_schema"] * 2
    assert [path for _, path in registry.state.asked[asked:]] == ["/schemas/ids/99999"]
