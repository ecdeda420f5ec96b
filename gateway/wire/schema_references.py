"""A schema that uses types of other schemas by name, as registries allow → one schema that stands alone.

Where a name is used first, its definition is put in its place, as a schema's author would have written it; later uses
stay names. So the schema's canonical form, and its fingerprint, is that of the same schema written in one file.
"""

from collections.abc import Iterable
from typing import Any

_NAMED = frozenset({"record", "error", "enum", "fixed"})
_PARTS = ("type", "items", "values")


def standing_alone(schema: Any, referenced: Iterable[Any]) -> Any:
    """Put the definitions of referenced types into a schema.

    Args:
        schema: the schema, as JSON.
        referenced: the schemas that it refers to, and those that these refer to, as JSON.

    Returns:
        the schema; a name that is defined nowhere is left as it is.
    """
    definitions: dict[str, dict[str, Any]] = {}
    for other in referenced:
        _collect(other, "", definitions)
    return _Inlining(definitions).of(schema, "")


class _Inlining:
    """Walks a schema in the order of its text, and knows what was defined up to there."""

    def __init__(self, definitions: dict[str, dict[str, Any]]) -> None:
        self._definitions = definitions
        self._defined: set[str] = set()

    def of(self, schema: Any, namespace: str) -> Any:
        """Give a part of the schema with its definitions, as it has to stand within a namespace."""
        if isinstance(schema, list):
            return [self.of(branch, namespace) for branch in schema]
        if isinstance(schema, str):
            name = schema if "." in schema or not namespace else f"{namespace}.{schema}"
            if name in self._defined or name not in self._definitions:
                return schema
            return self.of(self._definitions[name], namespace)
        if not isinstance(schema, dict):
            return schema
        if _is_named(schema):
            return self._named(schema, namespace)
        return {key: self.of(value, namespace) if key in _PARTS else value for key, value in schema.items()}

    def _named(self, schema: dict[str, Any], namespace: str) -> Any:
        name = _full_name(schema, namespace)
        if name in self._defined:
            return name
        self._defined.add(name)
        fields = schema.get("fields")
        if not isinstance(fields, list):
            return schema
        inner = name.rpartition(".")[0]
        return {
            **schema,
            "fields": [
                {**each, "type": self.of(each.get("type"), inner)} if isinstance(each, dict) else each
                for each in fields
            ],
        }


def _collect(schema: Any, namespace: str, found: dict[str, dict[str, Any]]) -> None:
    """Find the named types that a schema defines; each with its full name, so that it can stand anywhere."""
    if isinstance(schema, list):
        for branch in schema:
            _collect(branch, namespace, found)
    elif isinstance(schema, dict) and _is_named(schema):
        name = _full_name(schema, namespace)
        inner, _, short = name.rpartition(".")
        found.setdefault(name, {**schema, "name": short, "namespace": inner})
        fields = schema.get("fields")
        for field in fields if isinstance(fields, list) else ():
            _collect(field, inner, found)
    elif isinstance(schema, dict):
        for part in _PARTS:
            _collect(schema.get(part), namespace, found)


def _is_named(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return isinstance(kind, str) and kind in _NAMED


def _full_name(schema: dict[str, Any], namespace: str) -> str:
    """Give the full name of a named type (Avro 1.12, "Names")."""
    name = str(schema.get("name"))
    if "." in name:
        return name
    own = schema.get("namespace", namespace)
    return f"{own}.{name}" if own else name
