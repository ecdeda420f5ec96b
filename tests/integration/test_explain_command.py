"""Events as producers leave them on Kafka, found and explained by the command; each test has a tenant of its own."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner, Result

from gateway.cli.explain import command
from gateway.domain.changes import Put
from gateway.domain.delivery import RejectedEvent
from gateway.domain.errors import NotFoundError
from gateway.domain.event import SourcePosition
from gateway.domain.subscription import Subscription
from gateway.domain.topics import DEAD_LETTERS, REJECTED
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.kafka.publisher import EventPublisher
from gateway.kafka.scan import TopicScan
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_data
from gateway.wire.rejected_record import rejected_codec
from tests.delivery_records import dead, planned
from tests.e2e.topic_contents import produce_raw
from tests.integration.records_on_kafka import write_records
from tests.subscriptions import CATALOG, subscription

PAID = mock_data(CATALOG.entry("order.paid").nodes, Random(1))  # noqa: S311 - made up

pytestmark = pytest.mark.usefixtures("topics")


def data_file(folder: Path, *rows: dict[str, Any]) -> str:
    """Write data of events, one a line."""
    file = folder / "events.jsonl"
    file.write_text("\n".join(json.dumps(row, default=str) for row in rows))
    return str(file)


def new_tenant() -> str:
    """Give a tenant that nobody else has."""
    return f"tenant-{uuid4().hex[:12]}"


def write_subscriptions(kafka: KafkaConfig, *subscriptions: Subscription) -> None:
    """Put subscriptions into the table."""
    SubscriptionStore(kafka).change(lambda _: [Put(each) for each in subscriptions])


def objects(result: Result) -> list[dict[str, Any]]:
    """Read what a command printed as JSON."""
    assert result.exit_code == 0, (result.output, result.exception)
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_an_event_that_was_published_twice_to_somebody_who_is_gone(program: CliRunner, kafka: KafkaConfig) -> None:
    """Both records are told, and what became of a delivery whose subscription is there no more."""
    tenant = new_tenant()
    event = NewEvent("order.paid", PAID, event_id=f"evt-{tenant}", tenant=tenant, key=tenant)
    with EventPublisher(kafka) as publisher:
        receipts = [publisher.publish_batch([event])[0] for _ in range(2)]
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    letter = dead(planned(f"evt-{tenant}", f"sub-{tenant}", at_ms=now_ms - 1000, tenant=tenant), (), at_ms=now_ms)
    write_records(kafka, (DEAD_LETTERS, letter))

    told, gone = objects(program.invoke(command, [f"evt-{tenant}", "--json"]))

    assert [record["offset"] for record in told["past"]["records"]] == [receipt.offset for receipt in receipts]
    assert (told["schema_version"], told["past"]["is_processed"]) == (2, False)
    assert (gone["subscription_id"], gone["delivery"]["state"]) == (f"sub-{tenant}", "dead_lettered")
    assert "verdict" not in gone
    refused = program.invoke(command, [letter.delivery_id]).exception
    assert isinstance(refused, NotFoundError)
    assert refused.message.endswith(f"is a delivery of the event 'evt-{tenant}'")
    text = program.invoke(command, [f"evt-{tenant}", "--type", "order.paid"]).stdout
    for said in ("repeated", "has not read it yet", "there is no such subscription any more", "has no subscriptions"):
        assert said in text


def test_events_of_two_tenants_with_one_id(program: CliRunner, kafka: KafkaConfig) -> None:
    """The first one counts; the other is told of, with its own deliveries, where its tenant is named."""
    first, other, event_id = new_tenant(), new_tenant(), f"evt-{uuid4().hex}"
    with EventPublisher(kafka) as publisher:
        for tenant in (first, other):
            publisher.publish_batch([NewEvent("order.paid", PAID, event_id=event_id, tenant=tenant, key="one")])
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    for tenant in (first, other):
        letter = dead(planned(event_id, f"sub-{tenant}", at_ms=now_ms - 1000, tenant=tenant), (), at_ms=now_ms)
        write_records(kafka, (DEAD_LETTERS, letter))

    (told, *everybody) = objects(program.invoke(command, [event_id, "--json"]))
    assert (told["tenant"], len(everybody)) == (first, 2)
    for tenant in (first, other):
        told, sent = objects(program.invoke(command, [event_id, "--tenant", tenant, "--json"]))
        assert (told["tenant"], sent["subscription_id"]) == (tenant, f"sub-{tenant}")
    refused = program.invoke(command, [event_id, "--tenant", new_tenant()]).exception
    assert isinstance(refused, NotFoundError)
    assert f"no event '{event_id}' of tenant 'tenant-" in refused.message


def test_an_event_that_was_rejected_says_why(program: CliRunner, kafka: KafkaConfig) -> None:
    """Also where its record is there no more; it is found by its id, or by its place where it has none."""
    event_id = f"evt-{uuid4().hex}"
    headers = [("ce_id", event_id.encode())]
    partition, offset = produce_raw(kafka, "events.order", b"hello", headers=list(headers))
    kept = RejectedEvent(
        SourcePosition("events.order", partition, offset), None, b"hello", tuple(headers), "not_avro", "no format", 1
    )
    lost = replace(kept, source=SourcePosition("events.invoice", 7, 123_456), headers=())
    for rejected in (kept, lost):
        ConfirmedWriter(kafka).write([OutRecord(REJECTED, None, rejected_codec().encode(rejected))])

    (told,) = objects(program.invoke(command, [event_id, "--json"]))
    assert told["past"]["undecodable"]["reason"] == "not_avro"
    assert [each["reason"] for each in told["past"]["rejections"]] == ["not_avro"]
    text = program.invoke(command, ["events.invoice-7-123456"]).stdout
    assert "not_avro: no format" in text
    assert "not found in what was read" in text


def test_an_event_without_an_id_is_found_by_its_place(program: CliRunner, kafka: KafkaConfig) -> None:
    """That is the id that receivers see."""
    with EventPublisher(kafka) as publisher:
        (receipt,) = publisher.publish_batch([NewEvent("order.paid", PAID, tenant=new_tenant())])
    message_value = value_at(kafka, receipt.topic, receipt.partition, receipt.offset)
    partition, offset = produce_raw(kafka, "events.order", message_value)
    (told, *_) = objects(program.invoke(command, [f"events.order-{partition}-{offset}", "--json"]))
    assert (told["event_type"], told["tenant"]) == ("order.paid", "default")


def value_at(kafka: KafkaConfig, topic: str, partition: int, offset: int) -> bytes:
    """Read the value of one record."""
    found: list[bytes] = []
    TopicScan(kafka).read({(topic, partition): range(offset, offset + 1)}, lambda raw: found.append(raw.value or b""))
    return found[0]


@pytest.mark.parametrize("more", [(), ("--type", "invoice.issued"), ("--since", "7d")])
def test_an_event_that_is_not_found(program: CliRunner, more: tuple[str, ...]) -> None:
    """It is said how far the look went."""
    result = program.invoke(command, ["evt-unknown", *more])
    assert isinstance(result.exception, NotFoundError)
    assert "no event 'evt-unknown' since 20" in result.exception.message


def test_an_event_in_a_file_needs_not_be_published(program: CliRunner, kafka: KafkaConfig, tmp_path: Path) -> None:
    """It is explained to the subscriptions that there are; what is printed can be read by people and programs."""
    tenant = new_tenant()
    paid = subscription(f"paid-{tenant}", tenant=tenant, event_types=("order.*",))
    write_subscriptions(
        kafka,
        paid,
        replace(paid, subscription_id=f"subject-{tenant}", filter="event.subject == 'order-17' && data.amount > 0.5"),
        subscription(f"other-{tenant}", tenant=tenant, event_types=("invoice.*",)),
    )
    given = ["--file", data_file(tmp_path, PAID), "--type", "order.paid", "--tenant", tenant, "--subject", "order-17"]

    told, *those = objects(program.invoke(command, [*given, "--version", "2", "--id", "evt-1", "--json"]))

    assert (told["event_id"], told["schema_version"], told["past"]) == ("evt-1", 2, None)
    assert {each["subscription_id"].partition("-")[0]: each["rule"] for each in those} == {
        "paid": "no_filter",
        "subject": "filter",
        "other": "event_type",
    }
    (request,) = [each["request"] for each in those if each["rule"] == "no_filter"]
    assert orjson.loads(request["body"])["data"]["order_id"] == str(PAID["order_id"])
    assert request["headers"]["webhook-signature"] is None
    text = program.invoke(command, given).stdout
    assert "WHAT CAME OF IT" not in text
    assert "webhook-signature: <made when it is sent>" in text
    assert "event.subject == 'order-17'  true" in text
    alone = program.invoke(command, [*given, "--subscription", f"other-{tenant}"]).stdout
    assert "no event type of it covers this one: it gets invoice.*" in alone
    assert "paid-" not in alone


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "exactly one of EVENT_ID and --file"),
        (["evt-1", "--file", "FILE"], "exactly one of EVENT_ID and --file"),
        (["--file", "FILE"], "--file needs --type"),
        (["evt-1", "--version", "1"], "--version goes with --file"),
        (["evt-1", "--id", "x"], "--id goes with --file"),
        (["--file", "FILE", "--type", "order.paid", "--since", "1h"], "--since goes with EVENT_ID"),
        (["--file", "FILE", "--type", "order.paid"], "holds 2 events"),
        (["evt-1", "--type", "order.lost"], "there is no event type 'order.lost'"),
    ],
)
def test_what_can_not_be_meant_is_refused(
    program: CliRunner, tmp_path: Path, arguments: list[str], message: str
) -> None:
    """Before anything is read."""
    file = data_file(tmp_path, PAID, PAID)
    result = program.invoke(command, [file if each == "FILE" else each for each in arguments])
    assert message in result.output + str(result.exception)
    assert result.exit_code != 0
