"""A registered schema with the schemas that it refers to, asked of the registry; bounded."""

from typing import Any

import orjson

from gateway.kafka.registry_client import AVRO, Reference, RegisteredSchema, RegistryClient
from gateway.wire.errors import UndecodableError
from gateway.wire.schema_files import MAX_SCHEMA_BYTES
from gateway.wire.schema_references import standing_alone
from gateway.wire.strict_json import parse_json

MAX_REFERENCES = 100


def whole_schema(client: RegistryClient, schema: RegisteredSchema) -> str:
    """Give the JSON text of a schema in which every type that it uses is defined.

    Args:
        client: asks for what it refers to.
        schema: as the registry has it.

    Raises:
        UndecodableError: `unknown_schema`: it is not in Avro, or refers to what is not there or too much.
        RegistryUnavailableError: the registry can't be asked just now.
    """
    if schema.kind != AVRO or not schema.text:
        raise _unusable("it is not an Avro schema")
    if not schema.references:
        return schema.text
    others = _referenced(client, schema.references)
    return orjson.dumps(standing_alone(_parse(schema.text), others)).decode()


def _referenced(client: RegistryClient, references: tuple[Reference, ...]) -> list[Any]:
    found: dict[Reference, Any] = {}
    size = 0
    waiting = list(references)
    while waiting:
        reference = waiting.pop()
        if reference in found:
            continue
        schema = client.version(reference.subject, reference.version)
        if schema is None or schema.kind != AVRO:
            raise _unusable(f"it refers to version {reference.version} of {reference.subject}, which is not there")
        size += len(schema.text)
        if len(found) >= MAX_REFERENCES or size > MAX_SCHEMA_BYTES:
            raise _unusable(f"it refers to more than {MAX_REFERENCES} schemas or {MAX_SCHEMA_BYTES} bytes")
        found[reference] = _parse(schema.text)
        waiting += schema.references
    return list(found.values())


def _parse(text: str) -> Any:  # noqa: ANN401 - a schema
    try:
        return parse_json(text.encode())
    except ValueError as error:
        raise _unusable(f"it is not JSON with one meaning: {error}") from None


def _unusable(why: str) -> UndecodableError:
    return UndecodableError("unknown_schema", why)
