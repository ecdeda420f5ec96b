"""Whether data written with one schema can be read with another (Avro 1.12, "Schema Resolution").

Decided from the two schemas alone, for every value the writer's schema allows. Stricter than the specification in
one point: logical types have to agree, because a reader that resolves a timestamp to a bare number gets a value
that means something else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.wire.schema_nodes import NULL, UNION, Node, SchemaNodes

# writer's type -> the reader's types that it is promoted to
_PROMOTIONS = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
_NAMED = frozenset({"record", "enum", "fixed"})


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """One reason why data can't be read.

    Attributes:
        path: where in the schema, e.g. `lines[].unit_price`; empty for the schema itself.
        rule: a fixed word: `type`, `name`, `missing_default`, `symbols`, `size`, `union`, `logical_type`, `decimal`.
        detail: the reason for people.
    """

    path: str
    rule: str
    detail: str


def incompatibilities(reader: Any, writer: Any) -> list[Incompatibility]:
    """List what keeps `reader` from reading everything that is written with `writer`; nothing when it can.

    Args:
        reader: the schema the data is wanted in, parsed or not.
        writer: the schema the data was written with, parsed or not.
    """
    resolution = _Resolution(SchemaNodes(reader), SchemaNodes(writer))
    return list(resolution.check())


class _Resolution:
    """One walk over both schemas at once. A pair of named types is looked at once, so recursive types end."""

    def __init__(self, reader: SchemaNodes, writer: SchemaNodes) -> None:
        self._reader = reader
        self._writer = writer
        self._seen: set[tuple[str, str]] = set()

    def check(self) -> Iterator[Incompatibility]:
        return self._compare(self._reader.root, self._writer.root, "")

    def _compare(self, reader_schema: Any, writer_schema: Any, path: str) -> Iterator[Incompatibility]:
        reader, writer = self._reader.node(reader_schema), self._writer.node(writer_schema)
        if writer.kind == UNION:
            for branch in writer.branches:
                yield from self._compare(reader_schema, branch, path)
        elif reader.kind == UNION:
            yield from self._compare_branches(reader, writer_schema, writer, path)
        elif not self._matches(reader, writer):
            yield _mismatch(reader, writer, path)
        else:
            yield from self._compare_matching(reader, writer, path)

    def _compare_branches(
        self,
        reader: Node,
        writer_schema: Any,
        writer: Node,
        path: str,
    ) -> Iterator[Incompatibility]:
        """Resolve to the first branch of the reader's union that matches, as the specification has it."""
        for branch in reader.branches:
            if self._matches(self._reader.node(branch), writer):
                yield from self._compare(branch, writer_schema, path)
                return
        names = ", ".join(self._reader.node(branch).name for branch in reader.branches)
        yield Incompatibility(path, "union", f"{writer.name} is no branch of the union of {names}")

    def _matches(self, reader: Node, writer: Node) -> bool:
        """Tell whether two types match by themselves, whatever lies inside."""
        if reader.kind != writer.kind:
            return reader.kind in _PROMOTIONS.get(writer.kind, frozenset())
        if reader.kind in _NAMED:
            return writer.short_name == reader.short_name or bool(
                {writer.name, writer.short_name} & set(reader.definition.get("aliases", ()))
            )
        return True

    def _compare_matching(self, reader: Node, writer: Node, path: str) -> Iterator[Incompatibility]:
        if reader.kind in _NAMED:
            pair = (reader.name, writer.name)
            if pair in self._seen:
                return
            self._seen.add(pair)
        yield from _compare_logical(reader, writer, path)
        match reader.kind:
            case "record":
                yield from self._compare_fields(reader, writer, path)
            case "array":
                yield from self._compare(reader.definition["items"], writer.definition["items"], f"{path}[]")
            case "map":
                yield from self._compare(reader.definition["values"], writer.definition["values"], f"{path}{{}}")
            case "enum":
                yield from _compare_symbols(reader, writer, path)
            case "fixed":
                yield from _compare_size(reader, writer, path)
            case _:
                return  # a primitive has nothing inside

    def _compare_fields(self, reader: Node, writer: Node, path: str) -> Iterator[Incompatibility]:
        written = {field["name"]: field for field in writer.definition["fields"]}
        for wanted in reader.definition["fields"]:
            inner = f"{path}.{wanted['name']}" if path else wanted["name"]
            names = (wanted["name"], *wanted.get("aliases", ()))
            source = next((written[name] for name in names if name in written), None)
            if source is not None:
                yield from self._compare(wanted["type"], source["type"], inner)
            elif "default" not in wanted:
                yield Incompatibility(inner, "missing_default", "the writer has no such field and it has no default")


def _mismatch(reader: Node, writer: Node, path: str) -> Incompatibility:
    if reader.kind == writer.kind:
        return Incompatibility(path, "name", f"{writer.name} is neither {reader.name} nor one of its aliases")
    if writer.kind == NULL:
        return Incompatibility(path, "type", f"null can't be read as {reader.name}")
    return Incompatibility(path, "type", f"{writer.kind} can't be read as {reader.kind}")


def _compare_logical(reader: Node, writer: Node, path: str) -> Iterator[Incompatibility]:
    if reader.logical_type != writer.logical_type:
        was, wanted = writer.logical_type or f"plain {writer.kind}", reader.logical_type or f"plain {reader.kind}"
        yield Incompatibility(path, "logical_type", f"{was} would be read as {wanted}")
    elif reader.logical_type == "decimal" and (reader.precision, reader.scale) != (writer.precision, writer.scale):
        yield Incompatibility(
            path,
            "decimal",
            f"decimal({writer.precision},{writer.scale}) is not decimal({reader.precision},{reader.scale})",
        )


def _compare_symbols(reader: Node, writer: Node, path: str) -> Iterator[Incompatibility]:
    unknown = [symbol for symbol in writer.definition["symbols"] if symbol not in reader.definition["symbols"]]
    if unknown and reader.definition.get("default") not in reader.definition["symbols"]:
        yield Incompatibility(
            path, "symbols", f"{reader.name} has neither the symbols {', '.join(unknown)} nor a default symbol"
        )


def _compare_size(reader: Node, writer: Node, path: str) -> Iterator[Incompatibility]:
    if reader.definition["size"] != writer.definition["size"]:
        yield Incompatibility(
            path, "size", f"{writer.definition['size']} bytes can't be read as {reader.definition['size']}"
        )
