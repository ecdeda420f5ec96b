"""Avro single-object encoding (Avro 1.12 specification, "Single-object encoding").

Two marker bytes, the schema's 8-byte CRC-64-AVRO fingerprint in little-endian order, then the binary value.
"""

from io import BytesIO
from typing import Any

import fastavro
from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

from gateway.wire.errors import UndecodableError

MARKER = b"\xc3\x01"
HEADER_BYTES = 10


def fingerprint_of(schema: Any) -> bytes:
    """Give the 8 fingerprint bytes of a schema, as they stand in a record."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def split_header(value: bytes) -> bytes:
    """Give the fingerprint of a single-object encoded value.

    Raises:
        UndecodableError: the value does not begin with the marker, or ends within the header.
    """
    if value[:2] != MARKER or len(value) < HEADER_BYTES:
        raise UndecodableError("not_avro", "the value is not in Avro single-object encoding")
    return value[2:HEADER_BYTES]


def decode_body(value: bytes, start: int, writer: Any, reader: Any = None) -> Any:
    """Decode the Avro binary that begins at `start`, resolved to `reader` where one is given.

    Raises:
        UndecodableError: the bytes do not fit the writer's schema, or something is left over.
    """
    return _decode(value, start, writer, reader)


def decode_tagged(value: bytes, start: int, writer: Any) -> Any:
    """Decode the same, with the branch of each union told: a record, enum or fixed in one is a pair of name and value.

    Raises:
        UndecodableError: see `decode_body`.
    """
    return _decode(value, start, writer, None, return_named_type=True)


def _decode(value: bytes, start: int, writer: Any, reader: Any, **options: Any) -> Any:
    stream = BytesIO(value)
    stream.seek(start)
    try:
        decoded = fastavro.schemaless_reader(stream, writer, reader, **options)
    except Exception as error:  # fastavro raises whatever the bytes provoke: EOFError, ValueError, IndexError, …
        raise UndecodableError(
            "not_avro", f"the value does not fit its schema: {str(error) or type(error).__name__}"
        ) from error
    if stream.tell() != len(value):
        raise UndecodableError("not_avro", f"{len(value) - stream.tell()} bytes are left over after the value")
    return decoded


class SingleObjectWriter:
    """Encodes values of one schema."""

    def __init__(self, schema: Any) -> None:
        self.schema = parse_schema(schema)
        self._header = MARKER + fingerprint_of(schema)

    def encode(self, value: Any) -> bytes:
        """Encode one value; raises what fastavro raises when it does not fit (ValueError, TypeError)."""
        stream = BytesIO()
        stream.write(self._header)
        fastavro.schemaless_writer(stream, self.schema, value)
        return stream.getvalue()
