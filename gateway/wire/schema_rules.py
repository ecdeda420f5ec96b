"""Reads a schema by the rules of Avro 1.12, and says where one of them is broken.

For the gate and the comparison of schemas, which have to be exact: fastavro, which decodes, refuses some schemas that
are right, takes some that are wrong, and does not say where. The result is made of the same nodes as
`gateway.wire.schema_nodes` gives, but they hold each other instead of names.

What no implementation could make sense of is an error. What one may put up with (a name with a dash, a default that
does not fit) is a fault that is listed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.wire.schema_defaults import default_value
from gateway.wire.schema_logical_types import logical_type_of
from gateway.wire.schema_nodes import PLAIN, UNION, Node, plain_union

NAMED = frozenset({"record", "enum", "fixed"})
# Of types in each other, as they are written, unions aside. More would be too deep for the interpreter; the catalog has
# a narrower bound (`gateway.wire.schema_bounds`).
MAX_NESTING = 64
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found about a schema, or about two.

    Attributes:
        path: where, e.g. `lines[].unit_price`; empty for the schema itself.
        rule: a fixed word, such as `missing_default`.
        detail: what it is, for people.
    """

    path: str
    rule: str
    detail: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.path, self.rule, self.detail) if part)


class SchemaFaultError(ValueError):
    """It is no Avro schema.

    Attributes:
        finding: where and why.
    """

    def __init__(self, path: str, rule: str, detail: str) -> None:
        self.finding = Finding(path, rule, detail)
        super().__init__(str(self.finding))


@dataclass(frozen=True, slots=True, eq=False)
class RuledSchema:
    """A schema that was read.

    Attributes:
        root: its type. The parts of a type (`items`, `values`, a field's `type`, `branches`) are nodes themselves.
        faults: the rules that it breaks and can still be read.
    """

    root: Node
    faults: tuple[Finding, ...]

    def node(self, schema: Any) -> Node:
        """Give a part of this schema as it is: it is a node already."""
        node: Node = schema
        return node

    def default_fault(self, field: dict[str, Any]) -> str | None:
        """Say why a field's default does not fit its type, or nothing where it does or there is none."""
        if "default" not in field:
            return None
        try:
            default_value(self, field["type"], field["default"])
        except ValueError as error:
            return f"the default does not fit the type: {error}"
        return None


def read_schema(source: Any) -> RuledSchema:
    """Read a schema.

    Args:
        source: parsed JSON.

    Raises:
        SchemaFaultError: it is no schema.
    """
    reading = _Reading()
    root = reading.type_of(source, "", "")
    schema = RuledSchema(root, ())
    faults = [*reading.faults, *reading.alias_faults()]
    for path, field in reading.fields:
        detail = schema.default_fault(field)
        if detail is not None:
            faults.append(Finding(path, "default", detail))
    return RuledSchema(root, tuple(faults))


class _Reading:
    """One walk over a schema, in the order in which names have to be defined before they are used."""

    def __init__(self) -> None:
        self.faults: list[Finding] = []
        self.fields: list[tuple[str, dict[str, Any]]] = []
        self._named: dict[str, tuple[str, Node]] = {}  # full name -> (where it is defined, the type)
        self._depth = 0

    def type_of(self, source: Any, namespace: str, path: str) -> Node:
        match source:
            case str():
                return self._reference(source, namespace, path)
            case list():
                return self._union(source, namespace, path)
            case dict():
                if self._depth == MAX_NESTING:
                    raise SchemaFaultError("", "schema", f"it is nested more than {MAX_NESTING} levels deep")
                self._depth += 1
                node = self._definition(source, namespace, path)
                self._depth -= 1
                return node
            case _:
                raise SchemaFaultError(path, "schema", f"{json.dumps(source)} is no schema")

    def alias_faults(self) -> Iterator[Finding]:
        """Find types with an alias that is the name or an alias of another one, so that data could be of either."""
        taken = {name: name for name in self._named}
        for name, (path, node) in self._named.items():
            for alias in node.definition["aliases"]:
                if taken.setdefault(alias, name) != name:
                    yield Finding(path, "alias", f"the alias {alias} of {name} is taken by {taken[alias]}")

    def _reference(self, name: str, namespace: str, path: str) -> Node:
        if name in PLAIN:
            return PLAIN[name]
        # What is not in the namespace around it may have none: there is no other way to write that.
        full = f"{namespace}.{name}" if f"{namespace}.{name}" in self._named else name
        if full not in self._named:
            raise SchemaFaultError(path, "schema", f"there is no type '{name[:80]}'")
        return self._named[full][1]

    def _union(self, sources: list[Any], namespace: str, path: str) -> Node:
        branches: dict[str, Node] = {}
        short_names: dict[tuple[str, str], str] = {}
        for source in sources:
            branch = Node(UNION) if isinstance(source, list) else self.type_of(source, namespace, path)
            if branch.kind == UNION:
                raise SchemaFaultError(path, "union", "a union may not be a branch of a union")
            if branch.name in branches:
                raise SchemaFaultError(path, "union", f"{branch.name} is there twice")
            branches[branch.name] = branch
            other = short_names.setdefault((branch.kind, branch.short_name), branch.name)
            if other != branch.name:
                what = f"{other} and {branch.name} differ by namespace only, which resolution ignores"
                self.faults.append(Finding(path, "union", what))
        if all(branch is PLAIN.get(name) for name, branch in branches.items()):
            return plain_union(tuple(branches))
        return Node(UNION, branches=tuple(branches.values()))

    def _definition(self, source: dict[str, Any], namespace: str, path: str) -> Node:
        kind = source.get("type")
        match kind:
            case "array":
                return Node(kind, None, {"items": self._part(source, "items", namespace, f"{path}[]")})
            case "map":
                return Node(kind, None, {"values": self._part(source, "values", namespace, f"{path}{{}}")})
            case "record" | "error" | "enum" | "fixed":
                return self._named_type("record" if kind == "error" else kind, source, namespace, path)
            case str() if kind in PLAIN:
                logical_type = self._logical_type(kind, source, path)
                terms: dict[str, Any] = {term: source[term] for term in ("precision", "scale") if term in source}
                return PLAIN[kind] if logical_type is None else Node(kind, logical_type, terms)
            case str():
                return self._reference(kind, namespace, path)
            case _:
                raise SchemaFaultError(path, "schema", "its type is not named by a string")

    def _part(self, source: dict[str, Any], attribute: str, namespace: str, path: str) -> Node:
        if attribute not in source:
            raise SchemaFaultError(path, "schema", f"{source['type']} needs {attribute}")
        return self.type_of(source[attribute], namespace, path)

    def _logical_type(self, kind: str, source: dict[str, Any], path: str) -> str | None:
        logical_type, fault = logical_type_of(kind, source)
        if fault is not None:
            self.faults.append(Finding(path, "logical_type", fault))
        return logical_type

    def _named_type(self, kind: str, source: dict[str, Any], namespace: str, path: str) -> Node:
        name = self._full_name(source, namespace, path)
        space = name.rpartition(".")[0]
        aliases = _texts(source, "aliases", path)
        full = [alias if "." in alias or not space else f"{space}.{alias}" for alias in aliases]
        definition: dict[str, Any] = {"name": name, "aliases": full}
        if kind == "fixed":
            definition |= {"size": _size(source, path)}
            logical_type = self._logical_type(kind, source, path)
            node = Node(kind, logical_type, {**source, **definition})
        else:
            node = Node(kind, None, definition)
        self._named[name] = (path, node)
        if kind == "enum":
            definition |= self._symbols(source, name, path)
        elif kind == "record":
            definition["fields"] = []
            self._read_fields(source, definition["fields"], space, path)
        return node

    def _full_name(self, source: dict[str, Any], namespace: str, path: str) -> str:
        name = source.get("name")
        if not isinstance(name, str) or not name:
            raise SchemaFaultError(path, "name", f"{source['type']} needs a name")
        space = source.get("namespace")
        if space is None or "." in name:
            space = namespace
        if not isinstance(space, str):
            raise SchemaFaultError(path, "name", f"{json.dumps(space)[:80]} is no namespace")
        full = name if "." in name or not space else f"{space}.{name}"
        if full.rpartition(".")[2] in PLAIN:
            raise SchemaFaultError(path, "name", f"'{full}' is the name of a primitive type")
        if full in self._named:
            raise SchemaFaultError(path, "name", f"{full} is defined twice")
        for part in full.split("."):
            self._look_at_name(part, path)
        return full

    def _look_at_name(self, name: str, path: str) -> None:
        if _NAME.match(name) is None:
            self.faults.append(Finding(path, "name", f"'{name[:80]}' is no name: letters, digits and _ make one"))

    def _symbols(self, source: dict[str, Any], name: str, path: str) -> dict[str, Any]:
        symbols = _texts(source, "symbols", path, required=True)
        if len(set(symbols)) < len(symbols):
            repeated = next(symbol for symbol in symbols if symbols.count(symbol) > 1)
            raise SchemaFaultError(path, "symbols", f"{name} has the symbol {repeated} twice")
        for symbol in symbols:
            self._look_at_name(symbol, path)
        default = source.get("default")
        if default is None:
            return {"symbols": symbols}
        if default not in symbols:
            raise SchemaFaultError(
                path, "symbols", f"the default {json.dumps(default)[:80]} of {name} is none of its symbols"
            )
        return {"symbols": symbols, "default": default}

    def _read_fields(self, source: dict[str, Any], fields: list[dict[str, Any]], space: str, path: str) -> None:
        if not isinstance(source.get("fields"), list):
            raise SchemaFaultError(path, "schema", "record needs a list of fields")
        names: set[str] = set()
        taken: dict[str, str] = {}  # name or alias -> the field that has it
        for given in source["fields"]:
            field = self._field(given, space, path)
            inner = f"{path}.{field['name']}" if path else field["name"]
            if field["name"] in names:
                raise SchemaFaultError(inner, "name", "the record has two fields of this name")
            names.add(field["name"])
            fields.append(field)
            self.fields.append((inner, field))
            for name in (field["name"], *field["aliases"]):
                if taken.setdefault(name, field["name"]) != field["name"]:
                    what = f"{name} stands for {taken[name]} and for {field['name']}"
                    self.faults.append(Finding(inner, "alias", what))

    def _field(self, given: Any, space: str, path: str) -> dict[str, Any]:
        name = given.get("name") if isinstance(given, dict) else None
        if not isinstance(name, str) or not name:
            raise SchemaFaultError(path, "schema", "a field needs a name")
        inner = f"{path}.{name}" if path else name
        if "type" not in given:
            raise SchemaFaultError(inner, "schema", "a field needs a type")
        self._look_at_name(name, inner)
        field: dict[str, Any] = {"name": name, "aliases": _texts(given, "aliases", inner)}
        field["type"] = self.type_of(given["type"], space, inner)
        return {**field, "default": given["default"]} if "default" in given else field


def _texts(source: dict[str, Any], attribute: str, path: str, *, required: bool = False) -> list[str]:
    """Read an attribute that is a list of strings."""
    texts = source.get(attribute, None if required else [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise SchemaFaultError(path, "schema", f"{attribute} is not a list of strings")
    return texts


def _size(source: dict[str, Any], path: str) -> int:
    size = source.get("size")
    if type(size) is not int or size < 0:
        raise SchemaFaultError(path, "size", f"{json.dumps(size)[:80]} is no size")
    return size
