"""Schemas by id, as the stream asks for them: each once.

A schema never changes under its id, so an answer is kept; "no such id" is kept for half a minute, because the id may
only not have reached this replica yet. Both memories are bounded.
"""

import time
from collections import OrderedDict
from types import TracebackType
from typing import Self

from gateway.kafka.registry_access import RegistryAccess
from gateway.kafka.registry_client import RegistryClient
from gateway.kafka.schema_references import whole_schema
from gateway.wire.errors import UndecodableError

_MAX_SCHEMAS = 32
_MAX_UNKNOWN = 10_000
_UNKNOWN_FOR_S = 30.0


class HttpSchemaRegistry:
    """Gives schemas by id; see `gateway.wire.confluent.SchemaRegistry`.

    Args:
        access: how the registry is reached.

    Raises:
        InvalidInputError: a file that `access` names can't be used.
    """

    def __init__(self, access: RegistryAccess) -> None:
        # Whoever holds a partition asks again by itself, and can say so and stop in between.
        self._client = RegistryClient(access, retries=0)
        self._schemas: OrderedDict[int, str] = OrderedDict()
        self._unknown_until_s: OrderedDict[int, float] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def schema_of(self, schema_id: int) -> str:
        """Give the Avro schema's JSON text; see `gateway.wire.confluent.SchemaRegistry`."""
        if schema_id < 0:
            # No id is: a registry would not even take it for one, and its answer be no verdict.
            raise _unknown(schema_id)
        known = self._schemas.get(schema_id)
        if known is not None:
            return known
        if time.monotonic() < self._unknown_until_s.get(schema_id, 0.0):
            raise _unknown(schema_id)
        found = self._client.schema_by_id(schema_id)
        if found is None:
            self._remember_unknown(schema_id)
            raise _unknown(schema_id)
        try:
            text = whole_schema(self._client, found)
        except UndecodableError as error:
            self._remember_unknown(schema_id)
            raise UndecodableError(error.reason, f"registered schema {schema_id}: {error.message}") from error
        self._schemas[schema_id] = text
        if len(self._schemas) > _MAX_SCHEMAS:
            self._schemas.popitem(last=False)
        return text

    def _remember_unknown(self, schema_id: int) -> None:
        self._unknown_until_s[schema_id] = time.monotonic() + _UNKNOWN_FOR_S
        self._unknown_until_s.move_to_end(schema_id)
        if len(self._unknown_until_s) > _MAX_UNKNOWN:
            self._unknown_until_s.popitem(last=False)


def _unknown(schema_id: int) -> UndecodableError:
    return UndecodableError("unknown_schema", f"the schema registry has no Avro schema with id {schema_id}")
