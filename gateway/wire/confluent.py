"""The Confluent wire format: a zero byte, a 4-byte big-endian schema id, then the binary value.

What the id stands for is the schema registry's to say; readers ask it one question, `SchemaRegistry`, and writers the
opposite one, `SchemaIds`.
"""

import struct
from typing import Protocol

from gateway.wire.catalog import EventSchema
from gateway.wire.errors import UndecodableError

MAGIC = 0
HEADER_BYTES = 5
_HEADER = struct.Struct(">xi")


class SchemaRegistry(Protocol):
    """Knows schemas by id. May block while it asks; implementations bound how long."""

    def schema_of(self, schema_id: int) -> str:
        """Give the Avro schema's JSON text.

        Raises:
            UndecodableError: `unknown_schema`: the registry has no Avro schema with this id.
            RegistryUnavailableError: the registry can't be asked just now.
        """
        ...


class SchemaIds(Protocol):
    """Knows under which id a version of the catalog is registered. May block while it asks, once for each."""

    def id_of(self, schema: EventSchema) -> int:
        """Give the id.

        Raises:
            NotFoundError: it is not registered.
            RegistryUnavailableError: the registry can't be asked just now.
        """
        ...


def with_schema_id(schema_id: int, data: bytes) -> bytes:
    """Put the header in front of a binary value."""
    return _HEADER.pack(schema_id) + data


def split_schema_id(value: bytes) -> int:
    """Give the schema id of a value in this format.

    Raises:
        UndecodableError: `not_avro`: the value ends within the header.
    """
    if len(value) < HEADER_BYTES:
        raise UndecodableError("not_avro", "the value ends within the Confluent header")
    schema_id: int = _HEADER.unpack_from(value)[0]
    return schema_id
