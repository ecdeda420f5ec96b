"""Whether data written with one schema can be read with another (Avro 1.12, "Schema Resolution").

Decided from the two schemas alone, for every value the writer's schema allows. Where the specification is silent, as
its reference implementation decides (`SchemaCompatibility` of Avro for Java): a union reads what any of its branches
reads, and an alias stands for a full name.

What can be read and then means something else is no reason against it by Avro's rules, but a warning: see
docs/decisions/0031.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.wire.schema_nodes import NULL, UNION, Node
from gateway.wire.schema_rules import NAMED, Finding, RuledSchema

# writer's type -> the reader's types that it is promoted to
_PROMOTIONS = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
# Of one comparison: a few seconds.
MAX_STEPS = 2_000_000
_MAX_LISTED = 10
# (writer's type, reader's type) whose numbers lose digits
_INEXACT = frozenset({("int", "float"), ("long", "float"), ("long", "double")})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for two schemas.

    Attributes:
        reasons: why not everything can be read, with the rules `type`, `name`, `missing_default`, `default`,
            `symbols`, `size`, `union` and `decimal`.
        warnings: what can be read but means something else, or depends on who reads, with the rules `logical_type`,
            `precision`, `encoding` and `alias`.
    """

    reasons: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def compatible(self) -> bool:
        """Whether everything can be read."""
        return not self.reasons


def compare(reader: RuledSchema, writer: RuledSchema) -> Verdict:
    """Tell whether `reader` can read everything that is written with `writer`.

    Args:
        reader: the schema the data is wanted in.
        writer: the schema the data was written with.

    Raises:
        ValueError: they are nested too deep, or too large.
    """
    comparison = _Comparison(reader)
    try:
        comparison.settle(reader.root, writer.root)
        comparison.report(reader.root, writer.root, "")
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return Verdict(tuple(comparison.reasons), tuple(comparison.warnings))


class _Comparison:
    """Two walks over both schemas at once: the first finds which named types can be read, the second says why not.

    A pair of named types is entered once a walk, so recursive types end. Within itself a pair counts as readable until
    it is known not to be, which may come to light only after something was built on it: so the first walk is repeated
    until it finds nothing new.
    """

    def __init__(self, schema: RuledSchema) -> None:
        self.reasons: list[Finding] = []
        self.warnings: list[Finding] = []
        self._schema = schema
        self._entered: set[tuple[int, int]] = set()
        self._unreadable: set[tuple[int, int]] = set()
        self._settled = False
        self._steps = 0

    def settle(self, reader: Node, writer: Node) -> None:
        known = -1
        while known < len(self._unreadable):
            known = len(self._unreadable)
            self._entered.clear()
            self._reads(reader, writer)
        self._entered.clear()
        self._settled = True

    def report(self, reader: Node, writer: Node, path: str) -> None:
        if reader is writer:
            return
        if writer.kind == UNION:
            for branch in writer.branches:
                self.report(reader, branch, path)
        elif reader.kind == UNION:
            self._report_branches(reader, writer, path)
        elif not _matches(reader, writer):
            self.reasons.append(_mismatch(reader, writer, path))
        elif reader.kind not in NAMED or self._enters(reader, writer):
            self.reasons += _own_reasons(self._schema, reader, writer, path)
            self.warnings += _warnings(reader, writer, path)
            for inner_reader, inner_writer, inner_path in _inner(reader, writer, path):
                self.report(inner_reader, inner_writer, inner_path)

    def _report_branches(self, reader: Node, writer: Node, path: str) -> None:
        """Go on with the branch that reads it; without one, with the one that was meant to."""
        for branch in _closest_first(reader, writer):
            if self._reads(branch, writer):
                self.report(branch, writer, path)
                return
        meant = next((branch for branch in reader.branches if _matches(branch, writer)), None)
        if meant is not None:
            self.report(meant, writer, path)
        else:
            names = _listed([branch.name for branch in reader.branches])
            what = f"{writer.name} is no branch of the union of {names}" if names else "the union is empty"
            self.reasons.append(Finding(path, "union", what))

    def _reads(self, reader: Node, writer: Node) -> bool:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise ValueError("they are too large to be compared")
        if reader is writer:
            return True
        if writer.kind == UNION:
            readable = [self._reads(reader, branch) for branch in writer.branches]  # every one is looked at
            return all(readable)
        if reader.kind == UNION:
            return any(self._reads(branch, writer) for branch in _closest_first(reader, writer))
        if not _matches(reader, writer):
            return False
        if reader.kind in NAMED:
            return self._reads_named(reader, writer)
        return self._fits(reader, writer)

    def _reads_named(self, reader: Node, writer: Node) -> bool:
        if not self._settled and self._enters(reader, writer) and not self._fits(reader, writer):
            self._unreadable.add((id(reader), id(writer)))
        return (id(reader), id(writer)) not in self._unreadable

    def _fits(self, reader: Node, writer: Node) -> bool:
        readable = [self._reads(*parts) for *parts, _ in _inner(reader, writer, "")]  # every one is looked at
        return all(readable) and not any(_own_reasons(self._schema, reader, writer, ""))

    def _enters(self, reader: Node, writer: Node) -> bool:
        """Tell whether a pair is met for the first time on this walk."""
        pair = (id(reader), id(writer))
        is_new = pair not in self._entered
        self._entered.add(pair)
        return is_new


def _closest_first(union: Node, writer: Node) -> list[Node]:
    """Give the branches of a reader's union, the one of the writer's own type first.

    The specification has the first that matches: it would read a long as a double where a union has both. Avro for Java
    takes the own type first, and so does `gateway.shaping.projection`.
    """
    return sorted(union.branches, key=lambda branch: branch.kind != writer.kind or branch.name != writer.name)


def _matches(reader: Node, writer: Node) -> bool:
    """Tell whether two types match by themselves, whatever lies inside."""
    if reader.kind != writer.kind:
        return reader.kind in _PROMOTIONS.get(writer.kind, ())
    if reader.kind in NAMED:
        return reader.short_name == writer.short_name or writer.name in reader.definition["aliases"]
    return True


def _inner(reader: Node, writer: Node, path: str) -> Iterator[tuple[Node, Node, str]]:
    """Give the parts of two matching types that have to match as well."""
    match reader.kind:
        case "array":
            yield reader.definition["items"], writer.definition["items"], f"{path}[]"
        case "map":
            yield reader.definition["values"], writer.definition["values"], f"{path}{{}}"
        case "record":
            for wanted, sources in _field_pairs(reader, writer):
                if sources:
                    yield wanted["type"], sources[0]["type"], _below(path, wanted)
        case _:
            return  # nothing lies inside


def _field_pairs(reader: Node, writer: Node) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Give each field of the reader with those of the writer that it could be; its own name comes before an alias."""
    written = {field["name"]: field for field in writer.definition["fields"]}
    for wanted in reader.definition["fields"]:
        names = dict.fromkeys((wanted["name"], *wanted["aliases"]))
        yield wanted, [written[name] for name in names if name in written]


def _below(path: str, field: dict[str, Any]) -> str:
    return f"{path}.{field['name']}" if path else str(field["name"])


def _mismatch(reader: Node, writer: Node, path: str) -> Finding:
    if reader.kind == writer.kind:
        return Finding(path, "name", f"{writer.name} is neither {reader.name} nor one of its aliases")
    if writer.kind == NULL:
        return Finding(path, "type", f"null can't be read as {reader.name}")
    return Finding(path, "type", f"{writer.kind} can't be read as {reader.kind}")


def _own_reasons(schema: RuledSchema, reader: Node, writer: Node, path: str) -> Iterator[Finding]:
    """Say why two matching types don't fit, apart from what lies inside."""
    match reader.kind:
        case "record":
            yield from _missing_fields(schema, reader, writer, path)
        case "enum":
            known = set(reader.definition["symbols"])
            unknown = [symbol for symbol in writer.definition["symbols"] if symbol not in known]
            if unknown and "default" not in reader.definition:
                what = f"{reader.name} has neither the symbols {_listed(unknown)} nor a default symbol"
                yield Finding(path, "symbols", what)
        case "fixed" if reader.definition["size"] != writer.definition["size"]:
            what = f"{writer.definition['size']} bytes can't be read as {reader.definition['size']}"
            yield Finding(path, "size", what)
        case "bytes" | "fixed" if reader.logical_type == writer.logical_type == "decimal":
            terms = [(node.precision, node.scale) for node in (writer, reader)]
            if terms[0] != terms[1]:
                what = "decimal({},{}) is not decimal({},{})".format(*terms[0], *terms[1])
                yield Finding(path, "decimal", what)


def _missing_fields(schema: RuledSchema, reader: Node, writer: Node, path: str) -> Iterator[Finding]:
    for wanted, sources in _field_pairs(reader, writer):
        if sources:
            continue
        fault = schema.default_fault(wanted)
        if "default" not in wanted:
            what = "the writer has no such field and it has no default"
            yield Finding(_below(path, wanted), "missing_default", what)
        elif fault is not None:
            yield Finding(_below(path, wanted), "default", f"the writer has no such field and {fault}")


def _warnings(reader: Node, writer: Node, path: str) -> Iterator[Finding]:
    """Say what changes its meaning between two matching types."""
    if reader.logical_type != writer.logical_type:
        was, wanted = writer.logical_type or f"plain {writer.kind}", reader.logical_type or f"plain {reader.kind}"
        yield Finding(path, "logical_type", f"{was} would be read as {wanted}")
    if (writer.kind, reader.kind) in _INEXACT:
        yield Finding(path, "precision", f"large numbers lose digits when {writer.kind} is read as {reader.kind}")
    if (writer.kind, reader.kind) == ("bytes", "string"):
        yield Finding(path, "encoding", "bytes would be read as text, which they only are if they are UTF-8")
    if (writer.kind, reader.kind) == ("string", "bytes"):
        yield Finding(path, "encoding", "text would be read as bytes")
    if reader.kind == "record":
        for field, sources in _field_pairs(reader, writer):
            if len(sources) > 1:
                names = " and ".join(source["name"] for source in sources)
                yield Finding(_below(path, field), "alias", f"{names} of the writer could both be read as this field")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more
