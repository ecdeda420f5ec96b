"""One kind of the gateway's own records as single-object encoded Avro, across the versions of its schema.

A record is written with the newest schema of its kind and read with any of them. A record written by a newer
gateway has an unknown fingerprint; gateway schemas only ever grow at the end, so its beginning is read with the
newest schema known here and the rest is passed over. That is what lets old and new workers run side by side.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any, Generic, TypeVar

import fastavro
from fastavro.schema import parse_schema

from gateway.domain.errors import GatewayError
from gateway.wire.errors import UndecodableError
from gateway.wire.schema_files import read_versions, schemas_root
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body, fingerprint_of, split_header

R = TypeVar("R")
_INT_END = 2**31


class RecordCodec(Generic[R]):
    """Encodes and decodes one kind of record.

    Args:
        kind: the folder of its schemas, `schemas/gateway/<kind>`.
        to_avro: gives a record's fields by name.
        from_avro: makes a record of its fields; may raise GatewayError, ValueError, KeyError or TypeError where
            they are not valid.
    """

    def __init__(
        self, kind: str, to_avro: Callable[[R], dict[str, Any]], from_avro: Callable[[dict[str, Any]], R]
    ) -> None:
        versions = read_versions(schemas_root() / "gateway" / kind)
        newest = versions[max(versions)]
        self._kind = kind
        self._to_avro = to_avro
        self._from_avro = from_avro
        self._writer = SingleObjectWriter(newest)
        self._newest_fingerprint = fingerprint_of(newest)
        self._older = {
            fingerprint_of(schema): parse_schema(schema)
            for version, schema in versions.items()
            if version < max(versions)
        }

    def encode(self, record: R) -> bytes:
        """Give the bytes of a record."""
        return self._writer.encode(self._to_avro(record))

    def decode(self, value: bytes | None) -> R:
        """Read a record.

        Raises:
            UndecodableError: these bytes are no record of this kind.
        """
        if value is None:
            raise UndecodableError("not_avro", f"a {self._kind} record has no value")
        fingerprint = split_header(value)
        try:
            return self._from_avro(self._decode(fingerprint, value))
        except UndecodableError:
            raise
        except (GatewayError, ValueError, KeyError, TypeError) as error:
            raise UndecodableError("not_avro", f"not a valid {self._kind} record: {error}") from error

    def _decode(self, fingerprint: bytes, value: bytes) -> dict[str, Any]:
        newest = self._writer.schema
        if fingerprint == self._newest_fingerprint:
            return decode_body(value, HEADER_BYTES, newest)  # type: ignore[no-any-return]
        if fingerprint in self._older:
            return decode_body(value, HEADER_BYTES, self._older[fingerprint], newest)  # type: ignore[no-any-return]
        stream = BytesIO(value)
        stream.seek(HEADER_BYTES)
        try:
            value_read: dict[str, Any] = fastavro.schemaless_reader(stream, newest, None)  # type: ignore[assignment]
        except Exception as error:  # fastavro raises whatever the bytes provoke
            raise UndecodableError("unknown_schema", f"not a {self._kind} record of any known version") from error
        return value_read


def checked_ints(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Give a record's fields if its optional ints can be written again: fastavro reads one of any size.

    Raises:
        ValueError: one has more than 32 bits.
    """
    for name in names:
        number = value[name]
        if number is not None and not -_INT_END <= number < _INT_END:
            raise ValueError(f"{name} has more than 32 bits")
    return value
