"""Data written with one schema, read as another: Avro's schema resolution (1.12, "Schema Resolution"), value by value.

For each pair of schemas the resolution is worked out once and compiled into functions; what an event costs is what
differs. fastavro's own resolution is not used: it puts raw defaults into the data, takes an alias before a field's own
name, and does not look into a union's branches before it chooses one.

    data = Projection(writer, reader).read(value, start)

A value goes to the branch of a reader's union that has its own type, else to the first that can read it: the
specification's plain "first that matches" would read bytes as text where a union has both. The reference implementation
does the same. Logical types have to agree, as the catalog's check demands.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from gateway.domain.errors import GatewayError
from gateway.shaping.type_pairs import NAMED, PROMOTIONS, Step, agree, describe, is_same
from gateway.wire import single_object
from gateway.wire.read_defaults import read_default
from gateway.wire.schema_nodes import UNION, Node, SchemaNodes

_CLASSES: dict[str, type] = {
    "null": type(None),
    "boolean": bool,
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "string": str,
    "bytes": bytes,
    "array": list,
    "map": dict,
    "date": date,
    "time-millis": time,
    "time-micros": time,
    "timestamp-millis": datetime,
    "timestamp-micros": datetime,
    "local-timestamp-millis": datetime,
    "local-timestamp-micros": datetime,
    "decimal": Decimal,
    "uuid": UUID,
}


class ProjectionError(GatewayError):
    """Data can't be read with a schema: the two do not fit each other, or this value does not."""


class Projection:
    """Reads what was written with one schema as another has it.

    Args:
        writer: the schema that values were written with.
        reader: the schema that they are wanted in.

    Raises:
        ProjectionError: no value can be read.
    """

    def __init__(self, writer: SchemaNodes, reader: SchemaNodes) -> None:
        self._writer = writer
        try:
            self._step = _Resolution(writer, reader).resolve(writer.root, reader.root, "data")
        except (ValueError, RecursionError) as error:
            raise ProjectionError(str(error) or "it is nested too deep") from error

    def read(self, value: bytes, start: int) -> Any:
        """Read one value.

        Args:
            value: bytes that the writer's schema was found to fit (`gateway.wire.value_check`).
            start: where in them the data begins.

        Raises:
            ProjectionError: this value has no equal in the reader's schema.
        """
        if self._step is None:
            return single_object.decode_body(value, start, self._writer.root)
        tagged = single_object.decode_tagged(value, start, self._writer.root)
        try:
            return self._step(tagged)
        except (ValueError, OverflowError, RecursionError) as error:
            raise ProjectionError(str(error) or type(error).__name__) from error


class _Resolution:
    """Works out how one schema is read as another. Each pair of records is looked at once, so recursive types end."""

    def __init__(self, writer: SchemaNodes, reader: SchemaNodes) -> None:
        self._writer = writer
        self._reader = reader
        self._records: dict[tuple[str, str], _Record] = {}

    def resolve(self, writer_schema: Any, reader_schema: Any, path: str) -> Step:
        """Compile a pair of types.

        Raises:
            ValueError: the reader's can't read the writer's.
        """
        writer, reader = self._writer.node(writer_schema), self._reader.node(reader_schema)
        if writer.kind == UNION:
            return self._written_union(writer, reader_schema, path)
        if reader.kind == UNION:
            return self._read_union(writer_schema, writer, reader, path)
        if not agree(writer, reader):
            raise ValueError(f"{path}: {describe(writer)} can't be read as {describe(reader)}")
        return self._matching(writer, reader, path)

    def _matching(self, writer: Node, reader: Node, path: str) -> Step:
        match reader.kind:
            case "record":
                return self._record(writer, reader, path)
            case "array":
                inner = self.resolve(writer.definition["items"], reader.definition["items"], f"{path}[]")
                return None if inner is None else _each_item(inner)
            case "map":
                inner = self.resolve(writer.definition["values"], reader.definition["values"], f"{path}{{}}")
                return None if inner is None else _each_entry(inner)
            case "enum":
                return _symbols(writer, reader, path)
            case _:
                return PROMOTIONS.get((writer.kind, reader.kind))

    def _read_union(self, writer_schema: Any, writer: Node, reader: Node, path: str) -> Step:
        refusals = []
        for branch in sorted(reader.branches, key=lambda branch: not is_same(writer, self._reader.node(branch))):
            known = dict(self._records)
            try:
                return self.resolve(writer_schema, branch, path)
            except ValueError as error:
                refusals.append(str(error))
                self._records = known
        raise ValueError("; ".join(refusals) or f"{path}: the union is empty")

    def _written_union(self, writer: Node, reader_schema: Any, path: str) -> Step:
        """Read every branch by itself; one that can't be read is an error only where it was written."""
        by_name: dict[str, Step] = {}
        by_class: dict[type, Step] = {}
        for branch in writer.branches:
            node = self._writer.node(branch)
            known = dict(self._records)
            try:
                step = self.resolve(branch, reader_schema, path)
            except ValueError as error:
                step, self._records = _refusal(str(error)), known
            if node.kind in NAMED:
                by_name[node.name] = step
            else:
                # An int and a long look the same when they are decoded, and so do a float and a double. Where a union
                # has both, it is read as the one that stands last.
                by_class[_CLASSES[node.logical_type or node.kind]] = step
        if not by_name and all(step is None for step in by_class.values()):
            return None
        return _chosen(by_name, by_class)

    def _record(self, writer: Node, reader: Node, path: str) -> Step:
        pair = writer.name, reader.name
        record = self._records.get(pair)
        if record is None:
            record = self._records[pair] = _Record()
            record.complete(list(self._fields(writer, reader, path)), writer)
        return None if record.is_same else record.read

    def _fields(self, writer: Node, reader: Node, path: str) -> Iterator[tuple[str, str | None, Any]]:
        written = {field["name"]: field for field in writer.definition["fields"]}
        for wanted in reader.definition["fields"]:
            names = (wanted["name"], *wanted.get("aliases", ()))
            source = next((written[name] for name in names if name in written), None)
            inner = f"{path}.{wanted['name']}"
            if source is not None:
                yield wanted["name"], source["name"], self.resolve(source["type"], wanted["type"], inner)
            elif "default" in wanted:
                yield wanted["name"], None, read_default(self._reader, wanted["type"], wanted["default"])
            else:
                raise ValueError(f"{inner}: the writer has no such field and it has no default")


class _Record:
    """Reads a record field by field.

    Attributes:
        is_same: whether nothing differs; while its fields are being worked out, that is not known.
    """

    def __init__(self) -> None:
        self.is_same = False
        self._fields: list[tuple[str, str | None, Any]] = []

    def complete(self, fields: list[tuple[str, str | None, Any]], writer: Node) -> None:
        """Take the fields: name, name at the writer and step; or name, None and the default."""
        self._fields = fields
        self.is_same = [
            (name, name, None) for name in (field["name"] for field in writer.definition["fields"])
        ] == fields

    def read(self, value: Any) -> dict[str, Any]:
        read = {}
        for name, source, step in self._fields:
            if source is None:
                read[name] = step
            elif step is None:
                read[name] = value[source]
            else:
                read[name] = step(value[source])
        return read


def _each_item(step: Callable[[Any], Any]) -> Step:
    return lambda value: [step(item) for item in value]


def _each_entry(step: Callable[[Any], Any]) -> Step:
    return lambda value: {key: step(item) for key, item in value.items()}


def _chosen(by_name: dict[str, Step], by_class: dict[type, Step]) -> Step:
    def read(value: Any) -> Any:
        if type(value) is tuple:
            name, value = value
            step = by_name[name]
        else:
            step = by_class[type(value)]
        return value if step is None else step(value)

    return read


def _refusal(reason: str) -> Callable[[Any], Any]:
    def refuse(_: Any) -> Any:
        raise ValueError(reason)

    return refuse


def _symbols(writer: Node, reader: Node, path: str) -> Step:
    known = set(reader.definition["symbols"])
    unknown = [symbol for symbol in writer.definition["symbols"] if symbol not in known]
    if not unknown:
        return None
    default = reader.definition.get("default")

    def read(symbol: Any) -> Any:
        if symbol in known:
            return symbol
        if default is None:
            # Which one is not said: the field may be sensitive, and this is logged.
            raise ValueError(f"{path}: {reader.name} has neither the symbol that was written nor a default symbol")
        return default

    return read
