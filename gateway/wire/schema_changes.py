"""What became different between two states of what should be one and the same version of a schema.

A published version is what records in Kafka, pins and receivers rely on. Its documentation may change, and attributes
that Avro knows nothing of; its types, names, aliases, defaults and logical types may not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gateway.wire.schema_nodes import Node
from gateway.wire.schema_rules import NAMED, Finding, RuledSchema

CHANGED = "changed"


def list_changes(published: RuledSchema, candidate: RuledSchema) -> list[Finding]:
    """List what of a published version is different in the candidate for it."""
    return list(_Changes().between(published.root, candidate.root, ""))


class _Changes:
    """One walk over both. A named type is entered once, so recursive types end."""

    def __init__(self) -> None:
        self._entered: set[str] = set()

    def between(self, was: Node, now: Node, path: str) -> Iterator[Finding]:
        if was.kind != now.kind:
            yield Finding(path, CHANGED, f"{was.kind} became {now.kind}")
            return
        yield from _differing("its logical type", _logical(was), _logical(now), path)
        match was.kind:
            case "array":
                yield from self.between(was.definition["items"], now.definition["items"], f"{path}[]")
            case "map":
                yield from self.between(was.definition["values"], now.definition["values"], f"{path}{{}}")
            case "union":
                yield from self._between_branches(was, now, path)
            case kind if kind in NAMED and was.name not in self._entered:
                self._entered.add(was.name)
                yield from self._between_named(was, now, path)
            case _:
                return  # a primitive, or entered already

    def _between_branches(self, was: Node, now: Node, path: str) -> Iterator[Finding]:
        names = [[branch.name for branch in union.branches] for union in (was, now)]
        if names[0] != names[1]:
            yield from _differing("its union", names[0], names[1], path)
            return
        for old, new in zip(was.branches, now.branches, strict=True):
            yield from self.between(old, new, path)

    def _between_named(self, was: Node, now: Node, path: str) -> Iterator[Finding]:
        for attribute, what in (("name", "its name"), ("symbols", "its symbols"), ("size", "its size")):
            yield from _differing(what, was.definition.get(attribute), now.definition.get(attribute), path)
        yield from _differing_aliases(was.definition, now.definition, path)
        if was.kind == "enum":
            before, after = was.definition.get("default"), now.definition.get("default")
            yield from _differing("its default symbol", before, after, path)
        if was.kind == "record":
            yield from self._between_fields(was.definition["fields"], now.definition["fields"], path)

    def _between_fields(self, was: list[dict[str, Any]], now: list[dict[str, Any]], path: str) -> Iterator[Finding]:
        names = [[field["name"] for field in fields] for fields in (was, now)]
        if names[0] != names[1]:
            yield from _differing("its fields", names[0], names[1], path)
        found = {field["name"]: field for field in now}
        for old in was:
            new = found.get(old["name"])
            if new is None:
                continue  # its record said so
            inner = f"{path}.{old['name']}" if path else old["name"]
            yield from _differing_aliases(old, new, inner)
            yield from _differing("its default", _default(old), _default(new), inner)
            yield from self.between(old["type"], new["type"], inner)


def _differing(what: str, was: Any, now: Any, path: str) -> Iterator[Finding]:
    if was != now:
        yield Finding(path, CHANGED, f"{what} was {_shown(was)} and is {_shown(now)}")


def _differing_aliases(was: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[Finding]:
    yield from _differing("its aliases", sorted(was["aliases"]), sorted(now["aliases"]), path)


def _shown(value: Any) -> str:
    match value:
        case None | []:
            return "none"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _logical(node: Node) -> str | None:
    return f"decimal({node.precision},{node.scale})" if node.logical_type == "decimal" else node.logical_type


def _default(field: dict[str, Any]) -> str | None:
    """Give a default as it stands in JSON, where 1 is not true and null is not nothing."""
    return orjson.dumps(field["default"]).decode() if "default" in field else None
