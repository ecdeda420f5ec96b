"""The types that an expression sees: those of a view's schema, declared to the checker of CEL as a protobuf file.

| Avro                                         | CEL                                                                 |
|----------------------------------------------|---------------------------------------------------------------------|
| boolean, int and long, float and double      | bool, int, double                                                   |
| decimal                                      | double                                                              |
| string, enum, uuid, date, time, local times  | string, as the body shows it                                        |
| timestamp                                    | timestamp                                                           |
| bytes, fixed                                 | bytes                                                               |
| record                                       | a message                                                           |
| array, map                                   | list, map of string; within another one its items are of any type   |
| union with null                              | the type, or null                                                   |
| any other union                              | of any type                                                         |

Only the checker sees messages. What is evaluated are plain values (`gateway.shaping.cel_values`), for protobuf can't
tell a record that is null from an empty one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from gateway.wire.schema_nodes import NULL, UNION, Node, SchemaNodes

DATA = "data"
EVENT = "event"
EVENT_MESSAGE = "view.Event"
EVENT_WORDS = {
    "id": "string",
    "type": "string",
    "time": "timestamp",
    "source": "string",
    "subject": "string or null",
    "tenant": "string",
}
_PACKAGE = "view"
_WELL_KNOWN = ".google.protobuf."
_TIMESTAMP, _ANY, _LIST, _MAP = (_WELL_KNOWN + name for name in ("Timestamp", "Value", "ListValue", "Struct"))
_TEXT = FieldDescriptorProto.TYPE_STRING
_SCALARS = {
    "boolean": (FieldDescriptorProto.TYPE_BOOL, "BoolValue"),
    "int": (FieldDescriptorProto.TYPE_INT64, "Int64Value"),
    "long": (FieldDescriptorProto.TYPE_INT64, "Int64Value"),
    "float": (FieldDescriptorProto.TYPE_DOUBLE, "DoubleValue"),
    "double": (FieldDescriptorProto.TYPE_DOUBLE, "DoubleValue"),
    "decimal": (FieldDescriptorProto.TYPE_DOUBLE, "DoubleValue"),
    "bytes": (FieldDescriptorProto.TYPE_BYTES, "BytesValue"),
    "fixed": (FieldDescriptorProto.TYPE_BYTES, "BytesValue"),
}
_COLLECTIONS = {"array": _LIST, "map": _MAP}


@dataclass(frozen=True, slots=True)
class FieldType:
    """What is known of a field.

    Attributes:
        words: its type in Avro's words, for people.
        nullable: whether it may be null, also because the record around it is.
        message: the message of its record, or of the records in its array or map; None where there is none.
        symbols: those of its enum, or of the enums in its array or map; empty where it is none.
    """

    words: str
    nullable: bool
    message: str | None = None
    symbols: tuple[str, ...] = ()


@dataclass(slots=True)
class RecordType:
    """A record, as far as the checker and its messages need to know it.

    Attributes:
        name: for people.
        path: the dotted path at which it comes first; empty for the data as a whole.
        fields: by name.
    """

    name: str
    path: str
    fields: dict[str, FieldType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ViewTypes:
    """The types of one view.

    Attributes:
        pool: where the checker finds the messages.
        root: the message of the data.
        records: by message, that of `event` included.
    """

    pool: DescriptorPool
    root: str
    records: Mapping[str, RecordType]

    def may_be_null(self, message: str, name: str) -> bool:
        """Tell whether a field of a message may be null."""
        record = self.records.get(message)
        return record is None or name not in record.fields or record.fields[name].nullable


def is_nullable_message(message: str) -> bool:
    """Tell whether a message stands for a record that may be null."""
    return message.endswith("_or_null")


def declare_types(nodes: SchemaNodes) -> ViewTypes:
    """Declare the types of a view.

    Args:
        nodes: the schema that the view's data is read with; a record.
    """
    declaration = _Declaration(nodes)
    root = declaration.message(nodes.node(nodes.root), "", nullable=False)
    declaration.declare_rest()
    pool = DescriptorPool()
    for known in (wrappers_pb2, timestamp_pb2, struct_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(declaration.file.SerializeToString())
    return ViewTypes(pool, root, declaration.records)


class _Declaration:
    """Writes the protobuf file.

    A record has two messages where it comes up both as it is and where it may be null: of a null one every field is
    null, so that the checker has to know all of them as nullable.
    """

    def __init__(self, nodes: SchemaNodes) -> None:
        self._nodes = nodes
        self._names: dict[tuple[str, bool], str] = {}
        self._waiting: list[tuple[str, Node, bool]] = []
        self.records: dict[str, RecordType] = {}
        self.file = FileDescriptorProto(
            name="view.proto",
            package=_PACKAGE,
            dependency=[f"google/protobuf/{name}.proto" for name in ("wrappers", "timestamp", "struct")],
        )
        self._declare_event()

    def _declare_event(self) -> None:
        message = self.file.message_type.add(name=EVENT_MESSAGE.removeprefix(_PACKAGE + "."))
        record = RecordType("event", "")
        for number, (name, words) in enumerate(EVENT_WORDS.items(), start=1):
            nullable = words.endswith("or null")
            record.fields[name] = FieldType(words, nullable)
            _set_type(
                _add_field(message, name, number),
                _TIMESTAMP if words == "timestamp" else _WELL_KNOWN + "StringValue" if nullable else _TEXT,
            )
        self.records[EVENT_MESSAGE] = record

    def message(self, node: Node, path: str, *, nullable: bool) -> str:
        """Give the message of a record; its fields are declared later, for it may contain itself."""
        name = self._names.get((node.name, nullable))
        if name is None:
            suffix = "_or_null" if nullable else ""
            name = f"{_PACKAGE}.R{len(self._names)}_{node.short_name}{suffix}"
            self._names[node.name, nullable] = name
            self.records[name] = RecordType(node.short_name, path)
            self._waiting.append((name, node, nullable))
        return name

    def declare_rest(self) -> None:
        """Declare the fields of all messages that were given."""
        while self._waiting:
            name, node, nullable = self._waiting.pop()
            message = self.file.message_type.add(name=name.removeprefix(_PACKAGE + "."))
            message.options.deprecated_legacy_json_field_conflicts = True  # or they are complained of
            record = self.records[name]
            for number, definition in enumerate(node.definition["fields"], start=1):
                path = f"{record.path}.{definition['name']}" if record.path else definition["name"]
                self._declare_field(message, record, definition, number, path, nullable=nullable)

    def _declare_field(
        self,
        message: DescriptorProto,
        record: RecordType,
        definition: Mapping[str, Any],
        number: int,
        path: str,
        *,
        nullable: bool,
    ) -> None:
        name = definition["name"]
        node, or_null = self._plain(definition["type"])
        nullable = nullable or or_null
        declared = _add_field(message, name, number)
        inner: str | None = None
        match node.kind:
            case "array":
                declared.label = FieldDescriptorProto.LABEL_REPEATED
                inner = self._set_inner(declared, node.definition["items"], path)
            case "map":
                inner = self._set_map(message, declared, node, path)
            case _:
                inner = self._set(declared, node, path, nullable=nullable)
        record.fields[name] = FieldType(self.words(definition["type"]), nullable, inner, self._symbols(node))

    def _set_map(self, message: DescriptorProto, declared: FieldDescriptorProto, node: Node, path: str) -> str | None:
        # The one name that protobuf allows; two fields may ask for the same one.
        name = "".join(part[:1].upper() + part[1:] for part in declared.name.split("_")) + "Entry"
        if any(name == other.name for other in message.nested_type):
            _set_type(declared, _MAP)
            return None
        declared.label = FieldDescriptorProto.LABEL_REPEATED
        return self._set_inner(_entry_of(message, declared, name), node.definition["values"], path)

    def _set_inner(self, declared: FieldDescriptorProto, schema: Any, path: str) -> str | None:
        node, nullable = self._plain(schema)
        if node.kind in _COLLECTIONS:
            _set_type(declared, _ANY if nullable else _COLLECTIONS[node.kind])
            return None
        return self._set(declared, node, path, nullable=nullable)

    def _set(self, declared: FieldDescriptorProto, node: Node, path: str, *, nullable: bool) -> str | None:
        if node.kind == "record":
            message = self.message(node, path, nullable=nullable)
            _set_type(declared, "." + message)
            return message
        if node.kind in {UNION, NULL}:
            _set_type(declared, _ANY)
        elif node.logical_type in {"timestamp-millis", "timestamp-micros"}:
            _set_type(declared, _TIMESTAMP)
        else:
            kind = _TEXT, "StringValue"
            if node.logical_type in {None, "decimal"}:
                kind = _SCALARS.get(node.logical_type or node.kind, kind)
            _set_type(declared, _WELL_KNOWN + kind[1] if nullable else kind[0])
        return None

    def _plain(self, schema: Any) -> tuple[Node, bool]:
        """Give a type without null, and whether that was taken away."""
        node = self._nodes.node(schema)
        if node.kind != UNION:
            return node, False
        others = [branch for branch in node.branches if self._nodes.node(branch).kind != NULL]
        nullable = len(others) < len(node.branches)
        return (self._nodes.node(others[0]) if len(others) == 1 else node), nullable

    def _symbols(self, node: Node) -> tuple[str, ...]:
        item = node.definition.get("items", node.definition.get("values"))
        if item is not None:
            node, _ = self._plain(item)
        return tuple(node.definition["symbols"]) if node.kind == "enum" else ()

    def words(self, schema: Any) -> str:
        """Say a type in Avro's words."""
        node = self._nodes.node(schema)
        match node.kind:
            case "union":
                names = [self.words(branch) for branch in node.branches]
                return " or ".join(sorted(names, key=lambda name: name == NULL))
            case "array":
                return f"array of {self.words(node.definition['items'])}"
            case "map":
                return f"map of {self.words(node.definition['values'])}"
            case "record" | "enum" | "fixed" if node.logical_type is None:
                return f"{node.kind} {node.short_name}"
            case _:
                return node.logical_type or node.kind


def _entry_of(message: DescriptorProto, declared: FieldDescriptorProto, name: str) -> FieldDescriptorProto:
    """Make a field a map; give the field of its values."""
    entry = message.nested_type.add(name=name)
    entry.options.map_entry = True
    _set_type(_add_field(entry, "key", 1), _TEXT)
    _set_type(declared, f".{_PACKAGE}.{message.name}.{name}")
    return _add_field(entry, "value", 2)


def _add_field(message: DescriptorProto, name: str, number: int) -> FieldDescriptorProto:
    # Fields whose names in JSON would be the same, such as foo_bar and fooBar, are refused.
    label = FieldDescriptorProto.LABEL_OPTIONAL
    return message.field.add(name=name, number=number, label=label, json_name=f"field{number}")


def _set_type(declared: FieldDescriptorProto, type_: Any) -> None:
    if isinstance(type_, str):
        declared.type = FieldDescriptorProto.TYPE_MESSAGE
        declared.type_name = type_
    else:
        declared.type = type_
