"""The main job: events on Kafka become signed requests at every subscription that wants them."""

import asyncio
import subprocess
import sys
from pathlib import Path
from random import Random

import orjson
import pytest
from standardwebhooks.webhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook

from gateway.kafka.publisher import EventPublisher
from gateway.receiver import verify
from gateway.wire.catalog import load_catalog
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_data
from gateway.wire.schema_files import schemas_root
from gateway.wire.single_object import fingerprint_of
from tests.e2e.events import one_of_each, publish_payments
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.running import GatewayHome, until
from tests.e2e.topic_contents import Headers, produce_raw, rejections

PLAIN_PRODUCER = Path(__file__).with_name("plain_producer.py")
EVENTS = schemas_root() / "events"
ARRIVAL_S = 60.0

pytestmark = [pytest.mark.usefixtures("running"), pytest.mark.timeout(240, func_only=True)]


async def publish_plainly(home: GatewayHome, tenant: str, count: int, *flags: str) -> None:
    """Run the service that knows nothing of the gateway."""
    schema_file = EVENTS / "order.paid" / "2.avsc"
    command = [sys.executable, str(PLAIN_PRODUCER), home.kafka.bootstrap_servers, str(schema_file), tenant, str(count)]
    await asyncio.to_thread(subprocess.run, [*command, *flags], check=True, timeout=60)


async def test_events_of_every_version_and_of_any_producer_arrive_signed(
    receiver: Receiver, publisher: EventPublisher
) -> None:
    """Each request is accepted by two independent libraries and by our own check, and carries the event as JSON."""
    inbox = await receiver.subscribe()
    published = list(one_of_each(load_catalog(EVENTS), inbox))
    await asyncio.to_thread(publisher.publish_batch, published)
    await publish_plainly(receiver.home, inbox, 5)
    expected = {event.event_id: event.event_type for event in published}
    expected |= {f"{inbox}-plain-{number}": "order.paid" for number in range(5)}

    await receiver.until_accepted(len(expected), inbox)

    for request in receiver.requests(inbox):
        body = request.body.encode()
        headers = {name.lower(): value for name, value in request.headers.items()}
        StandardWebhook(SECRET).verify(body, headers)
        SvixWebhook(SECRET).verify(body, headers)
        assert verify(headers, body, SECRET).webhook_id == request.webhook_id
        payload = orjson.loads(body)
        assert list(payload) == ["id", "type", "timestamp", "data"]
        assert payload["id"] == request.webhook_id == headers["webhook-id"]
        assert (headers["content-type"], headers["user-agent"][:16]) == ("application/json", "webhook-gateway/")
        assert payload["type"] == expected[payload["id"]]
    assert sorted(receiver.ids(inbox), key=str) == sorted(expected, key=str)


async def test_receivers_get_the_version_that_they_are_pinned_to(receiver: Receiver, publisher: EventPublisher) -> None:
    """Whichever the producer wrote: back to an old version, on to a new one with its defaults, or the latest."""
    tenant = await receiver.subscribe("--pin", "order.created=1")
    latest = await receiver.subscribe("--follow-latest", tenant=tenant)
    catalog = load_catalog(EVENTS)
    events = [
        NewEvent(
            "order.created",
            mock_data(catalog.entry("order.created", version).nodes, Random(version)),  # noqa: S311 - made up
            version,
            event_id=f"{tenant}-{version}",
            tenant=tenant,
        )
        for version in (1, 3)
    ]
    await asyncio.to_thread(publisher.publish_batch, events)
    await receiver.until_accepted(4, tenant, latest)

    for inbox, version in ((tenant, 1), (latest, 3)):
        names = [field["name"] for field in catalog.entry("order.created", version).source["fields"]]
        for request in receiver.requests(inbox):
            headers = {name.lower(): value for name, value in request.headers.items()}
            assert headers["webhook-schema-version"] == str(version)
            assert list(orjson.loads(request.body)["data"]) == names
    bodies = {request.webhook_id: orjson.loads(request.body)["data"] for request in receiver.requests(latest)}
    forward = bodies[f"{tenant}-1"]
    assert (forward["tags"], forward["attributes"], forward["gift"]) == ([], {}, None)


async def test_both_signature_profiles_on_one_request(receiver: Receiver, publisher: EventPublisher) -> None:
    """Either set of headers verifies by itself, over the same body and under the same id."""
    inbox = await receiver.subscribe("--signature-profile", "standard", "--signature-profile", "x-webhook")
    await publish_payments(publisher, inbox, 1)

    await receiver.until_accepted(1, inbox)

    (request,) = receiver.requests(inbox)
    for prefix, count in (("webhook-", 4), ("x-webhook-", 3)):
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith(prefix)}
        assert len(headers) == count
        assert verify(headers, request.body.encode(), SECRET).webhook_id == request.webhook_id


async def test_a_receiver_changes_over_to_a_public_key(receiver: Receiver, publisher: EventPublisher) -> None:
    """After a rotation both types sign: the public key alone verifies, and so does the secret from before."""
    inbox = await receiver.subscribe()
    rotation = ("rotate-secret", inbox, "--secret-type", "ed25519", "--json")
    public_key = orjson.loads(await receiver.gateway("subscriptions", *rotation))["public_key"]
    receiver.sandbox.set_secrets(inbox, [public_key])
    await publish_payments(publisher, inbox, 1)

    await receiver.until_accepted(1, inbox)

    request = receiver.requests(inbox)[-1]
    entries = request.headers["webhook-signature"].split(" ")
    assert [entry.partition(",")[0] for entry in entries] == ["v1a", "v1"]
    for trusted in (public_key, SECRET):
        assert verify(request.headers, request.body.encode(), trusted).webhook_id == request.webhook_id


async def test_events_without_context_get_one_from_the_record(receiver: Receiver) -> None:
    """Without ce_* headers the type comes from the schema, the id from the coordinates."""
    inbox = await receiver.subscribe("--signature-profile", "x-webhook", tenant="default", event_type="order.paid")
    await publish_plainly(receiver.home, "default", 3, "--bare")

    await receiver.until_accepted(3, inbox)

    for request in receiver.requests(inbox):
        assert str(request.webhook_id).startswith("events.order-")
        assert request.event_type == "order.paid"
        assert request.verified


async def test_what_is_no_event_is_rejected_with_its_coordinates(receiver: Receiver, publisher: EventPublisher) -> None:
    """Bytes that are not Avro, an unknown schema, an unknown type, a bad header, no value: and the stream goes on."""
    inbox = await receiver.subscribe()
    known = b"\xc3\x01" + fingerprint_of(load_catalog(EVENTS).schema("order.paid", 1))
    unknown = b"\xc3\x01" + bytes(8)
    bad: list[tuple[bytes | None, Headers, str]] = [
        (b"hello", [], "not_avro"),
        (None, [], "empty_value"),
        (unknown, [("ce_type", b"order.paid")], "unknown_schema"),
        (known, [("ce_type", b"order.paid")], "not_avro"),
        (known, [("ce_type", b"order.lost")], "unknown_type"),
        (known, [("ce_time", b"yesterday")], "bad_header"),
    ]
    kafka = receiver.home.kafka
    wanted = {
        produce_raw(kafka, "events.invoice", value, key=b"k", headers=headers): (value, reason)
        for value, headers, reason in bad
    }
    await publish_payments(publisher, inbox, 1)
    await receiver.until_accepted(1, inbox)

    def found() -> dict[tuple[int, int], tuple[bytes | None, str]]:
        return {
            (one.source.partition, one.source.offset): (one.source_value, one.reason)
            for one in rejections(kafka, "events.invoice")
        }

    await until(lambda: len(found()) >= len(bad), ARRIVAL_S, found)
    assert found() == wanted
