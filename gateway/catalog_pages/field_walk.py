"""The fields of a schema one after the other, and the way from a field to the same field of another version.

A record is walked into where it is met first; where it comes again, the field says where its fields are listed. So a
walk is no longer than the schema, whatever contains what.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.wire.schema_nodes import Node, SchemaNodes


@dataclass(frozen=True, slots=True)
class Step:
    """One field on the way from the root to a field.

    Attributes:
        record: the short name of its record.
        names: its name first, then its aliases.
    """

    record: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WalkedField:
    """One field of a schema.

    Attributes:
        steps: the fields from the root to this one.
        shown: the same for people: `lines[].sku`; `[]` stands for an item of a list, `{}` for one of a map.
        definition: its attributes as they stand in the schema.
        listed_at: where the fields of the records in it are listed, for those that are not listed below it.
    """

    steps: tuple[Step, ...]
    shown: str
    definition: dict[str, Any] = field(repr=False)
    listed_at: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields from the root to this one."""
        return tuple(step.names[0] for step in self.steps)


def walk_fields(nodes: SchemaNodes) -> list[WalkedField]:
    """List the fields of a schema, each before those within it."""
    return list(_Walk(nodes).fields_of(nodes.node(nodes.root), (), ""))


def find_field(nodes: SchemaNodes, steps: tuple[Step, ...]) -> dict[str, Any] | None:
    """Find in one version the field that has these steps in another; None where there is none.

    It has the same name, or the one is an alias of the other. Where a field can hold several records, the one of the
    same name counts, else the first that has the field.
    """
    schema, found = nodes.root, None
    for step in steps:
        found = _field_among([node for node, _ in _records_in(nodes, schema, "")], step)
        if found is None:
            return None
        schema = found["type"]
    return found


def _field_among(records: list[Node], step: Step) -> dict[str, Any] | None:
    records.sort(key=lambda record: record.short_name != step.record)
    return next(filter(None, (_field_of(record, step) for record in records)), None)


def _field_of(record: Node, step: Step) -> dict[str, Any] | None:
    fields: list[dict[str, Any]] = record.definition["fields"]
    by_name = (each for each in fields if each["name"] in step.names)
    by_alias = (each for each in fields if step.names[0] in each.get("aliases", ()))
    return next(by_name, None) or next(by_alias, None)


@dataclass(slots=True)
class _Walk:
    nodes: SchemaNodes
    listed: dict[str, str] = field(default_factory=dict)

    def fields_of(self, record: Node, above: tuple[Step, ...], shown: str) -> Iterator[WalkedField]:
        self.listed[record.name] = shown
        for each in record.definition["fields"]:
            steps = (*above, Step(record.short_name, (each["name"], *each.get("aliases", ()))))
            here = f"{shown}.{each['name']}" if shown else each["name"]
            within = list(_records_in(self.nodes, each["type"], here))
            known = (self.listed[node.name] for node, _ in within if node.name in self.listed)
            yield WalkedField(steps, here, each, tuple(known))
            for node, place in within:
                if node.name not in self.listed:
                    yield from self.fields_of(node, steps, place)


def _records_in(nodes: SchemaNodes, schema: Any, shown: str) -> Iterator[tuple[Node, str]]:
    """Give the records that a type is, or holds in lists, maps and unions; each with its place."""
    node = nodes.node(schema)
    match node.kind:
        case "record":
            yield node, shown
        case "array":
            yield from _records_in(nodes, node.definition["items"], f"{shown}[]")
        case "map":
            yield from _records_in(nodes, node.definition["values"], f"{shown}{{}}")
        case _:
            for branch in node.branches:
                yield from _records_in(nodes, branch, shown)
