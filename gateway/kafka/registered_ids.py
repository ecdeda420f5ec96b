"""Under which ids the catalog's versions are registered, asked of a schema registry: each once."""

import orjson

from gateway.domain.errors import NotFoundError
from gateway.domain.subjects import SubjectNaming, subject_of
from gateway.kafka.registry_client import RegistryClient
from gateway.wire.catalog import EventSchema


class RegisteredIds:
    """Gives ids by version; see `gateway.wire.confluent.SchemaIds`. Registers nothing: publishing must not change it.

    Args:
        client: asks the registry.
        naming: how subjects are named.
    """

    def __init__(self, client: RegistryClient, naming: SubjectNaming) -> None:
        self._client = client
        self._naming = naming
        self._ids: dict[tuple[str, int], int] = {}

    def id_of(self, schema: EventSchema) -> int:
        """Give the id of a version; see `gateway.wire.confluent.SchemaIds`."""
        name = (schema.event_type, schema.version)
        if name not in self._ids:
            subject = subject_of(self._naming, schema.event_type, schema.record_name)
            found = self._client.find(subject, orjson.dumps(schema.source).decode())
            if found is None:
                raise NotFoundError(
                    f"version {schema.version} of {schema.event_type} is not registered under {subject}",
                    hint="`gateway schemas push` registers the catalog's versions",
                )
            self._ids[name] = found.schema_id
        return self._ids[name]
