"""The AsyncAPI documents: every reference leads somewhere, and what they describe is what is sent."""

from collections.abc import Iterator
from random import Random
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator

from gateway.catalog_pages.documents import DocsFormat, documents_of
from gateway.wire.catalog import EventSchema, load_catalog
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_body
from gateway.wire.schema_files import schemas_root
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body

CATALOG = load_catalog(schemas_root() / "events")
VERSIONS = [CATALOG.entry(name, version) for name in CATALOG.event_types() for version in CATALOG.versions(name)]


def document(format_: DocsFormat, event_type: str | None = None, version: int | None = None) -> dict[str, Any]:
    [only] = documents_of(CATALOG, format_, event_type, version)
    found: dict[str, Any] = orjson.loads(only.text())
    return found


WEBHOOKS, PRODUCERS = document(DocsFormat.ASYNCAPI), document(DocsFormat.ASYNCAPI_PRODUCERS)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


@pytest.mark.parametrize("found", [WEBHOOKS, PRODUCERS], ids=["webhooks", "producers"])
def test_every_reference_leads_somewhere(found: dict[str, Any]) -> None:
    """Within the document: it needs no other."""
    for reference in references(found):
        part: Any = found
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def test_every_event_type_is_an_operation_with_all_its_versions() -> None:
    """Sent by POST, to an address that the document can't know."""
    assert {operation["channel"]["$ref"] for operation in WEBHOOKS["operations"].values()} == {
        f"#/channels/{event_type}" for event_type in CATALOG.event_types()
    }
    for event_type in CATALOG.event_types():
        operation, channel = WEBHOOKS["operations"][f"send.{event_type}"], WEBHOOKS["channels"][event_type]
        assert (operation["action"], operation["bindings"]["http"]["method"], channel["address"]) == (
            "send",
            "POST",
            None,
        )
        assert list(channel["messages"]) == [f"{event_type}.{version}" for version in CATALOG.versions(event_type)]


@pytest.mark.parametrize("schema", VERSIONS, ids=lambda schema: f"{schema.event_type}.{schema.version}")
def test_a_message_is_what_receivers_are_sent(schema: EventSchema) -> None:
    """Bodies of made-up data and the example fit the payload, in draft 07; those of another type do not."""
    message = WEBHOOKS["components"]["messages"][f"{schema.event_type}.{schema.version}"]
    whole = Draft7Validator({**message["payload"], "components": WEBHOOKS["components"]})
    data = data_from_json(schema.nodes, mock_data(schema.nodes, Random(1)))  # noqa: S311 - made-up data, no secrets
    decoded = decode_body(SingleObjectWriter(schema.parsed).encode(data), HEADER_BYTES, schema.parsed)
    whole.validate(orjson.loads(render_body("evt-1", schema.event_type, 0, decoded)))
    [example] = message["examples"]
    whole.validate(example["payload"])
    Draft7Validator({**message["headers"], "components": WEBHOOKS["components"]}).validate(example["headers"])
    assert not whole.is_valid({**example["payload"], "type": "thing.else"})
    assert not whole.is_valid({**example["payload"], "data": {}})


def test_producers_are_told_topic_and_avro_schema() -> None:
    """As it stands in its file."""
    assert {channel["address"] for channel in PRODUCERS["channels"].values()} == {
        "events.customer",
        "events.invoice",
        "events.order",
    }
    for schema in VERSIONS:
        message = PRODUCERS["components"]["messages"][f"{schema.event_type}.{schema.version}"]
        assert message["payload"]["schema"] == schema.source
        assert message["payload"]["schemaFormat"].startswith("application/vnd.apache.avro")


def test_receivers_are_not_told_of_topics() -> None:
    """Their document is about what reaches them."""
    assert "events.order" not in orjson.dumps(WEBHOOKS).decode()


def test_a_document_can_be_about_one_version() -> None:
    """Of it nothing is missing, and nothing else is there."""
    only = document(DocsFormat.ASYNCAPI, "order.created", 1)
    assert list(only["components"]["messages"]) == ["order.created.1"]
    assert list(only["channels"]) == ["order.created"]
    assert not [name for name in only["components"]["schemas"] if name.startswith("order.created.2")]


def test_the_version_of_a_document_is_that_of_its_schemas() -> None:
    """Two documents with the same version are of the same schemas."""
    one, other = document(DocsFormat.ASYNCAPI, "order.paid", 1), document(DocsFormat.ASYNCAPI, "order.paid", 2)
    assert one["info"]["version"] != other["info"]["version"] != WEBHOOKS["info"]["version"]
    assert WEBHOOKS["info"]["version"] == PRODUCERS["info"]["version"]
