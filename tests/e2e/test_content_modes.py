"""One event, as subscriptions in every content mode get it: with what they were granted, and without the rest."""

import asyncio
import base64
from typing import Any

import pytest

from gateway.domain.subscription import ContentMode
from gateway.kafka.publisher import EventPublisher
from gateway.receiver import verify
from gateway.receiver.payload import ReceivedEvent, parse_payload
from gateway.receiver.received import ReceivedRequest
from gateway.shaping.sensitive import sensitive_fields
from gateway.wire.catalog import load_catalog
from gateway.wire.event_encoder import NewEvent
from gateway.wire.schema_files import schemas_root
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.single_object import HEADER_BYTES, decode_body, fingerprint_of, split_header
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.topic_contents import deliveries

CATALOG = load_catalog(schemas_root() / "events")
TYPE = "customer.updated"
FIELD = f"{TYPE}:profile.date_of_birth"
BORN = "1906-12-09"
DATA: dict[str, Any] = {
    "customer_id": "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11",
    "updated_at": "2026-01-02T03:04:05.678Z",
    "changed_fields": ["profile"],
    "profile": {"name": "Grace Hopper", "email": "grace@example.org", "date_of_birth": BORN},
}

pytestmark = [pytest.mark.usefixtures("running"), pytest.mark.timeout(240, func_only=True)]


def read(request: ReceivedRequest, mode: ContentMode) -> ReceivedEvent:
    """Read a request as a receiver does; the data of Avro by the schema that its fingerprint names."""
    body = request.body.encode() if request.body_base64 is None else base64.b64decode(request.body_base64)
    return parse_payload(request.headers, body, verify(request.headers, body, SECRET), mode)


def born(event: ReceivedEvent, *, granted: bool) -> str | None:
    """Give the date of birth that an event tells."""
    data = event.data
    if isinstance(data, bytes):
        entry, fields = CATALOG.entry(TYPE), sensitive_fields(CATALOG, TYPE)
        hidden = fields.hidden_without(["profile.date_of_birth"] if granted else [])
        schema = SchemaNodes(fields.schema_without(entry.nodes, hidden)).root
        assert split_header(data) == fingerprint_of(schema)
        data = decode_body(data, HEADER_BYTES, schema)
    assert data["profile"]["name"] == "Grace Hopper"
    found = data["profile"].get("date_of_birth")
    return None if found is None else str(found)


async def test_each_gets_the_event_in_its_mode_with_what_it_may_see(
    receiver: Receiver, publisher: EventPublisher
) -> None:
    """Signed over whatever the body is; those that may see the field get it, for the others there is none."""
    tenant = await receiver.subscribe(event_type="order.paid")
    wanted = [*((mode, False) for mode in ContentMode), (ContentMode.WEBHOOK, True), (ContentMode.AVRO, True)]
    options = [("--content-mode", mode.value, *(("--allow-sensitive", FIELD) if may else ())) for mode, may in wanted]
    subscribed = (receiver.subscribe(*each, tenant=tenant, event_type=TYPE) for each in options)
    inboxes = dict(zip(wanted, await asyncio.gather(*subscribed), strict=True))
    event = NewEvent(TYPE, DATA, tenant=tenant, subject="Zürich", event_id=f"{tenant}-1")
    await asyncio.to_thread(publisher.publish_batch, [event])

    await receiver.until_accepted(len(wanted), *inboxes.values())

    for (mode, granted), inbox in inboxes.items():
        (request,) = receiver.requests(inbox)
        received = read(request, mode)
        assert (received.event_id, received.event_type, received.schema_version) == (f"{tenant}-1", TYPE, 2)
        assert request.event_type == TYPE
        assert born(received, granted=granted) == (BORN if granted else None)
        assert (received.attributes or {"subject": "Zürich"})["subject"] == "Zürich"
    planned = {each.subscription_id: each.sensitive_fields for each in deliveries(receiver.home.kafka, tenant)}
    assert planned == {inbox: ("profile.date_of_birth",) * granted for (_, granted), inbox in inboxes.items()}
