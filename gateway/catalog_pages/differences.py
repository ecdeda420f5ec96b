"""What a version changed: the fields that came, went, got another name, type or default."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.catalog_pages.field_walk import WalkedField, find_field, walk_fields
from gateway.catalog_pages.type_words import symbols_in, type_words
from gateway.wire.read_defaults import read_default
from gateway.wire.rendering import render_data
from gateway.wire.schema_nodes import SchemaNodes

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a version changed.

    Attributes:
        path: the field, as `WalkedField.shown` has it.
        change: `added`, `removed`, `renamed`, or `type`, `values` (of an enum) or `default` and `changed`.
        detail: what it is now, or was, in plain words.
    """

    path: str
    change: str
    detail: str


def differences(older: SchemaNodes, newer: SchemaNodes) -> list[Difference]:
    """List what changed between two versions of a type; texts are passed over.

    Of a record that comes or goes only the field that holds it is listed.
    """
    found: list[Difference] = []
    added: set[tuple[str, ...]] = set()
    for each in walk_fields(newer):
        was = find_field(older, each.steps)
        if was is not None:
            found += _changes(older, was, newer, each)
            continue
        if each.names[:-1] not in added:
            found.append(Difference(each.shown, "added", type_words(newer, each.definition["type"])))
        added.add(each.names)
    return [*found, *_removed(older, newer)]


def default_text(nodes: SchemaNodes, definition: dict[str, Any]) -> str | None:
    """Give a field's default as JSON, in the form that receivers see; None where it has none."""
    default = definition.get("default", _MISSING)
    if default is _MISSING:
        return None
    try:
        return render_data(read_default(nodes, definition["type"], default)).decode()
    except ValueError:  # it does not fit its type, which `gateway schemas check` tells; it is shown as it stands
        return orjson.dumps(default).decode()


def _changes(older: SchemaNodes, was: dict[str, Any], newer: SchemaNodes, each: WalkedField) -> Iterator[Difference]:
    now = each.definition
    if was["name"] != now["name"]:
        yield Difference(each.shown, "renamed", f"was {was['name']}")
    old_symbols, new_symbols = symbols_in(older, was["type"]), symbols_in(newer, now["type"])
    old_type, new_type = type_words(older, was["type"]), type_words(newer, now["type"])
    if old_symbols != new_symbols and old_symbols and new_symbols:
        yield Difference(each.shown, "values changed", _symbol_changes(old_symbols, new_symbols))
    elif old_type != new_type:
        yield Difference(each.shown, "type changed", f"{new_type}; was {old_type}")
    old_default, new_default = default_text(older, was), default_text(newer, now)
    if old_default != new_default:
        yield Difference(each.shown, "default changed", f"{new_default or 'none'}; was {old_default or 'none'}")


def _symbol_changes(old: list[str], new: list[str]) -> str:
    came = [symbol for symbol in new if symbol not in old]
    went = [symbol for symbol in old if symbol not in new]
    changes = [f"also {', '.join(came)}"] if came else []
    changes += [f"no longer {', '.join(went)}"] if went else []
    return "; ".join(changes) or "in another order"


def _removed(older: SchemaNodes, newer: SchemaNodes) -> Iterator[Difference]:
    removed: set[tuple[str, ...]] = set()
    for each in walk_fields(older):
        if find_field(newer, each.steps) is not None:
            continue
        if each.names[:-1] not in removed:
            yield Difference(each.shown, "removed", f"was {type_words(older, each.definition['type'])}")
        removed.add(each.names)
