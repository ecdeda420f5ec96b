"""The official Avro library as a second opinion on schema resolution, with what it leaves out put right.

Of the specification (1.12, "Schema Resolution") the Python library does not know aliases and the reader's default of
an enum; and defaults of bytes and of logical types it gives as they stand in the schema.
"""

from collections.abc import Mapping
from copy import deepcopy
from io import BytesIO
from typing import Any

from avro.io import BinaryDecoder, BinaryEncoder, DatumReader, DatumWriter
from avro.schema import make_avsc_object


def read_officially(encoded: bytes, writer: Any, reader: Any) -> Any:
    """Read Avro binary that was written with one schema as another has it."""
    official = _Reader(make_avsc_object(_with_the_readers_names(writer, reader)), make_avsc_object(reader))
    return official.read(BinaryDecoder(BytesIO(encoded)))


class _Reader(DatumReader):
    def read_enum(self, writers_schema: Any, readers_schema: Any, decoder: Any) -> Any:
        symbol = writers_schema.symbols[decoder.read_int()]
        return symbol if symbol in readers_schema.symbols else readers_schema.props["default"]

    def _read_default_value(self, field_schema: Any, default_value: Any) -> Any:
        if getattr(field_schema, "logical_type", None) is None and field_schema.type not in {"bytes", "fixed"}:
            return super()._read_default_value(field_schema, default_value)
        raw = default_value.encode("latin-1") if field_schema.type in {"bytes", "fixed"} else default_value
        plain = field_schema.type if field_schema.type != "fixed" else {"type": "fixed", "name": "F", "size": len(raw)}
        encoded = BytesIO()
        DatumWriter(make_avsc_object(plain)).write(raw, BinaryEncoder(encoded))
        encoded.seek(0)
        return self.read_data(field_schema, field_schema, BinaryDecoder(encoded))


def _with_the_readers_names(writer: Any, reader: Any) -> Any:
    """Name the writer's fields as the reader does that knows them by an alias, as Avro for Java does it.

    Records have their full name where they are defined, and each has one definition.
    """
    known: dict[str, tuple[set[str], dict[str, str]]] = {}
    for record in _records(reader):
        names = {field["name"] for field in record["fields"]}
        aliases = {alias: field["name"] for field in record["fields"] for alias in field.get("aliases", ())}
        known[record["name"]] = names, aliases
    renamed = deepcopy(writer)
    for record in _records(renamed):
        names, aliases = known.get(record["name"], (set(), {}))
        for field in record["fields"]:
            if field["name"] not in names:
                field["name"] = aliases.get(field["name"], field["name"])
    return renamed


def _records(schema: Any) -> list[Mapping[str, Any]]:
    if isinstance(schema, list):
        return [record for branch in schema for record in _records(branch)]
    if not isinstance(schema, dict):
        return []
    inner = [field["type"] for field in schema.get("fields", ())]
    inner += [schema[part] for part in ("items", "values") if part in schema]
    own = [schema] if schema["type"] == "record" else []
    return own + [record for each in inner for record in _records(each)]
