"""The publisher on a real broker: what it promises is what a consumer finds."""

from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition

from gateway.domain.errors import InvalidInputError
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from gateway.kafka.publisher import EventPublisher, PublishError, PublishReceipt
from gateway.wire.catalog import load_catalog
from gateway.wire.event_codec import DecodedEvent, EventDecoder, EventRecord
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_data
from gateway.wire.schema_files import schemas_root

CATALOG = load_catalog(schemas_root() / "events")
ID = "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11"
PAID = {
    "order_id": ID,
    "payment_id": ID,
    "paid_at": "2026-01-31T13:30:00Z",
    "method": "CARD",
    "currency": "EUR",
    "amount": "12.30",
}


@pytest.fixture
def publisher(kafka: KafkaConfig, topics: TopicLayout) -> Iterator[EventPublisher]:
    """Connect a publisher to the tests' broker."""
    assert "order" in topics.domains
    with EventPublisher(kafka, CATALOG) as connected:
        yield connected


def read(kafka: KafkaConfig, receipt: PublishReceipt) -> DecodedEvent:
    """Decode the record that a receipt points at."""
    consumer = Consumer(kafka.consumer(f"test-{uuid4()}"))
    consumer.assign([TopicPartition(receipt.topic, receipt.partition, receipt.offset)])
    message = consumer.poll(10)
    consumer.close()
    assert message is not None
    assert message.error() is None
    headers: Any = message.headers()
    return EventDecoder(CATALOG).decode(
        EventRecord(
            receipt.topic,
            receipt.partition,
            receipt.offset,
            message.timestamp()[1],
            message.key(),
            message.value(),
            headers,
        )
    )


def test_a_receipt_points_at_the_event(publisher: EventPublisher, kafka: KafkaConfig) -> None:
    """What was published lies where the receipt says, with its whole context."""
    receipt = publisher.publish("order.paid", PAID, version=1, key="order-17", tenant="acme", subject="order-17")
    assert receipt.topic == "events.order"
    decoded = read(kafka, receipt)
    assert decoded.event.event_id == receipt.event_id
    assert (decoded.event.event_type, decoded.event.schema_version) == ("order.paid", 1)
    assert (decoded.event.tenant, decoded.event.subject, decoded.event.key) == ("acme", "order-17", b"order-17")
    assert str(decoded.data["amount"]) == "12.30"


def test_a_batch_keeps_the_order_of_a_key(publisher: EventPublisher) -> None:
    """Receipts are in the events' order, and so are the offsets of one key, across domains as well."""
    random = Random(5)  # noqa: S311 - made-up data
    types = ("order.created", "customer.updated")
    events = [
        NewEvent(
            types[number % 2], mock_data(CATALOG.entry(types[number % 2]).nodes, random), key="k", event_id=f"e{number}"
        )
        for number in range(2000)
    ]
    receipts = publisher.publish_batch(events)
    assert [receipt.event_id for receipt in receipts] == [f"e{number}" for number in range(2000)]
    for topic in ("events.order", "events.customer"):
        offsets = [receipt.offset for receipt in receipts if receipt.topic == topic]
        assert len(offsets) == 1000
        assert offsets == sorted(set(offsets))


def test_nothing_of_a_batch_is_sent_when_one_event_is_wrong(publisher: EventPublisher) -> None:
    """The message says which event, and the next offset shows that nothing came in between."""
    before = publisher.publish("order.paid", PAID, key="same-partition")
    good = NewEvent("order.paid", PAID, key="same-partition")
    bad = NewEvent("order.paid", PAID | {"amount": "many"}, key="same-partition")
    with pytest.raises(InvalidInputError, match=r"^event 2 of 2: data\.amount: 'many' is not a decimal"):
        publisher.publish_batch([good, bad])
    after = publisher.publish("order.paid", PAID, key="same-partition")
    assert (after.partition, after.offset) == (before.partition, before.offset + 1)


def test_an_empty_batch_is_no_error(publisher: EventPublisher) -> None:
    """A service that had nothing to say."""
    assert publisher.publish_batch([]) == []


def test_a_missing_topic_is_named(kafka: KafkaConfig, tmp_path: Any) -> None:
    """The hint says what creates it; the error says which event did not arrive."""
    folder = tmp_path / "stranger.seen"
    folder.mkdir()
    (folder / "1.avsc").write_bytes(orjson.dumps({"type": "record", "name": "Seen", "fields": []}))
    with (
        EventPublisher(kafka, load_catalog(tmp_path), timeout_s=15) as publisher,
        pytest.raises(PublishError) as caught,
    ):
        publisher.publish("stranger.seen", {}, event_id="evt-1")
    assert caught.value.message == "there is no topic events.stranger"
    assert caught.value.hint == "`gateway topics apply` creates it"
    assert (caught.value.receipts, caught.value.unconfirmed) == ((), ("evt-1",))


def test_a_broker_that_is_away_is_said_in_time() -> None:
    """A bounded wait, then the address that nobody answers at, and exit code 5 on the command line."""
    servers = f"127.0.0.1:{choose_port()}"
    with EventPublisher(servers, CATALOG, timeout_s=1) as publisher, pytest.raises(PublishError) as caught:
        publisher.publish("order.paid", PAID)
    assert servers in caught.value.message
    assert caught.value.exit_code == 5
