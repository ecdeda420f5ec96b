"""The catalog as AsyncAPI 3.0 documents, from the gateway's side: it sends webhooks, and receives events from Kafka.

Two documents, for two kinds of readers: who receives webhooks has no use for topics, and who publishes does not care
how an event is sent on. Neither names a server: endpoints are the receivers', brokers the deployment's.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import orjson

from gateway.catalog_pages.examples import example_of
from gateway.catalog_pages.json_schema import json_schema_of
from gateway.catalog_pages.pages import doc_of
from gateway.domain.content_headers import AVRO_TYPE, SCHEMA_VERSION_HEADER
from gateway.domain.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from gateway.domain.topics import event_topic
from gateway.shaping.sensitive import SensitiveFields, sensitive_fields
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.rendering import CONTENT_TYPE

_SPECIFICATION = "3.0.0"
_AVRO_FORMAT = "application/vnd.apache.avro+json;version=1.9.0"
_SCHEMAS = "#/components/schemas/"
_DIGEST_CHARS = 12
_ID = {"type": "string", "pattern": "^[\\x21-\\x7e]{1,256}$"}

_WEBHOOK_HEADERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        ID_HEADER: {**_ID, "description": "The event's id, the same on every attempt and replay."},
        TIMESTAMP_HEADER: {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "When this attempt was made, seconds since 1970.",
        },
        SIGNATURE_HEADER: {
            "type": "string",
            "description": "Signatures of `{webhook-id}.{webhook-timestamp}.{body}`, separated by spaces: `v1,` and "
            "base64 of HMAC-SHA256, or `v1a,` and base64 of ed25519, as in Standard Webhooks.",
        },
        SCHEMA_VERSION_HEADER: {"type": "string", "description": "The version that `data` is in."},
    },
    "required": [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER, SCHEMA_VERSION_HEADER],
}
_EVENT_HEADERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ce_id": {**_ID, "description": "The event's id; receivers de-duplicate on it."},
        "ce_type": {"type": "string", "description": "The event type."},
        "ce_source": {"type": "string", "format": "uri-reference", "description": "Names the producer."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it happened."},
        "ce_subject": {"type": "string", "description": "What it is about."},
        "ce_tenant": {"type": "string", "description": "Whose subscriptions may see it."},
    },
}


def webhooks_document(catalog: Catalog, schemas: Sequence[EventSchema], origin: str) -> dict[str, Any]:
    """Describe what receivers are sent, in content mode `webhook`: an operation for each event type.

    Args:
        catalog: the catalog.
        schemas: the versions to tell of; those of a type together.
        origin: where the document comes from, for people.
    """
    channels, operations, messages, definitions = {}, {}, {}, {"webhook-headers": _WEBHOOK_HEADERS}
    for event_type, group in groupby(schemas, key=lambda schema: schema.event_type):
        sensitive, versions = sensitive_fields(catalog, event_type), list(group)
        for schema in versions:
            name = _name(schema)
            data = json_schema_of(schema.nodes, sensitive.paths_in(schema.nodes), reference=f"{_SCHEMAS}{name}.")
            definitions[name] = data.root
            definitions |= {f"{name}.{key}": found for key, found in data.definitions.items()}
            messages[name] = _webhook_message(schema, sensitive)
        channels[event_type] = {"address": None, **_channel(versions)}
        operations[f"send.{event_type}"] = {
            "action": "send",
            **_operation(event_type, versions),
            "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        }
    what = "What receivers are sent, from the sender's side: it sends, you receive, at an address of your own."
    return _document("Webhook events", what, schemas, origin) | {
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": definitions},
    }


def producers_document(schemas: Sequence[EventSchema], origin: str) -> dict[str, Any]:
    """Describe what producers publish: a channel for each topic of events.

    Args:
        schemas: the versions to tell of; those of a type together.
        origin: where the document comes from, for people.
    """
    channels, operations = {}, {}
    for topic, group in groupby(schemas, key=lambda schema: event_topic(schema.event_type)):
        versions = list(group)
        channels[topic] = {"address": topic, **_channel(versions), "bindings": {"kafka": _kafka({"topic": topic})}}
        operations[f"receive.{topic}"] = {"action": "receive", **_operation(topic, versions)}
    what = "What is published to Kafka, from the gateway's side: producers send, it receives."
    return _document("Published events", what, schemas, origin) | {
        "defaultContentType": AVRO_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {_name(schema): _event_message(schema) for schema in schemas},
            "schemas": {"event-headers": _EVENT_HEADERS},
        },
    }


def _document(title: str, what: str, schemas: Iterable[EventSchema], origin: str) -> dict[str, Any]:
    """Begin a document. Its version is a digest of the schemas: it is another one when they are others."""
    digest = hashlib.sha256()
    for schema in schemas:
        digest.update(orjson.dumps([schema.event_type, schema.version, schema.source], option=orjson.OPT_SORT_KEYS))
    info = {"title": title, "version": digest.hexdigest()[:_DIGEST_CHARS], "description": what}
    return {"asyncapi": _SPECIFICATION, "x-origin": origin, "info": info}


def _channel(versions: list[EventSchema]) -> dict[str, Any]:
    return {"messages": {_name(each): {"$ref": f"#/components/messages/{_name(each)}"} for each in versions}}


def _operation(channel: str, versions: list[EventSchema]) -> dict[str, Any]:
    messages = [{"$ref": f"#/channels/{channel}/messages/{_name(each)}"} for each in versions]
    return {"channel": {"$ref": f"#/channels/{channel}"}, "messages": messages}


def _message(schema: EventSchema) -> dict[str, Any]:
    return {
        "name": schema.event_type,
        "title": f"{schema.event_type}, version {schema.version}",
        "tags": [{"name": schema.event_type.partition(".")[0]}],
        **({"description": doc} if (doc := doc_of(schema.source)) else {}),
    }


def _webhook_message(schema: EventSchema, sensitive: SensitiveFields) -> dict[str, Any]:
    example = example_of(schema, sensitive)
    version = {SCHEMA_VERSION_HEADER: {"const": str(schema.version)}}
    body = {
        "id": _ID,
        "type": {"const": schema.event_type},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": {"$ref": _SCHEMAS + _name(schema)},
    }
    return {
        **_message(schema),
        "contentType": CONTENT_TYPE,
        "headers": {"type": "object", "allOf": [{"$ref": f"{_SCHEMAS}webhook-headers"}], "properties": version},
        "payload": {"type": "object", "properties": body, "required": list(body), "additionalProperties": False},
        "examples": [{"name": "made-up", "headers": dict(example.headers), "payload": example.body}],
    }


def _event_message(schema: EventSchema) -> dict[str, Any]:
    return {
        **_message(schema),
        "contentType": AVRO_TYPE,
        "headers": {"$ref": f"{_SCHEMAS}event-headers"},
        "payload": {"schemaFormat": _AVRO_FORMAT, "schema": schema.source},
        "bindings": {"kafka": _kafka({"key": {"type": "string", "description": "The producer's choice."}})},
    }


def _kafka(binding: dict[str, Any]) -> dict[str, Any]:
    return {**binding, "bindingVersion": "0.5.0"}


def _name(schema: EventSchema) -> str:
    return f"{schema.event_type}.{schema.version}"
