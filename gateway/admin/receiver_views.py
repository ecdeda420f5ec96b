"""What a receiver gets of an event type, and what another version or another catalog would take from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.catalog_pages.field_walk import find_field, walk_fields
from gateway.catalog_pages.type_words import symbols_in, type_words
from gateway.domain.errors import InvalidInputError
from gateway.shaping.sensitive import sensitive_fields
from gateway.wire.catalog import Catalog
from gateway.wire.compatibility import compare
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.schema_rules import Finding, RuledSchema, SchemaFaultError, read_schema


@dataclass(frozen=True, slots=True)
class View:
    """A version of an event type without the fields that a receiver may not see.

    Attributes:
        catalog: where the version is.
        event_type: which event type.
        version: which version; it is in the catalog.
        hidden: the paths of the fields that are left out.
    """

    catalog: Catalog
    event_type: str
    version: int
    hidden: frozenset[str]

    def nodes(self) -> SchemaNodes:
        """Give its schema, ready to be walked."""
        return SchemaNodes(self._source())

    def ruled(self) -> RuledSchema:
        """Give its schema, ready to be compared.

        Raises:
            InvalidInputError: Avro's rules don't have it.
        """
        try:
            return read_schema(self._source())
        except SchemaFaultError as error:
            what = f"{self.event_type}/{self.version}.avsc is no Avro schema: {error}"
            raise InvalidInputError(what, hint="see `gateway schemas check`") from None

    def _source(self) -> object:
        entry = self.catalog.entry(self.event_type, self.version)
        if not self.hidden:
            return entry.source
        return sensitive_fields(self.catalog, self.event_type).schema_without(entry.nodes, self.hidden)


def list_unreadable(view: View, written: frozenset[int]) -> list[Finding]:
    """Say which events can't be sent as a view has them, or would mean something else in it.

    Args:
        view: what is sent.
        written: versions that events are written with.

    Raises:
        InvalidInputError: a version is no schema, or too large to be compared.
    """
    reader = view.ruled()
    found: list[Finding] = []
    for version in sorted(written):
        try:
            verdict = compare(reader, View(view.catalog, view.event_type, version, frozenset()).ruled())
        except ValueError as error:
            what = f"versions {version} and {view.version} of {view.event_type} can't be compared: {error}"
            raise InvalidInputError(what) from None
        found += [
            Finding(
                each.path, "unreadable", f"version {version} can't be sent as version {view.version}: {each.detail}"
            )
            for each in (*verdict.reasons, *verdict.warnings)
        ]
    return found


def list_losses(before: View, after: View) -> list[Finding]:
    """Say what a receiver no longer gets, or gets as something else; what it gets in addition is no loss."""
    if before == after:
        return []
    old, new = before.nodes(), after.nodes()
    found: list[Finding] = []
    gone: set[tuple[str, ...]] = set()
    for each in walk_fields(old):
        now = find_field(new, each.steps)
        if now is None:
            if each.names[:-1] not in gone:  # else the record around it said so
                found.append(_loss(each.shown, each.names, before, after))
            gone.add(each.names)
            continue
        if now["name"] != each.names[-1]:
            found.append(Finding(each.shown, "renamed", f"in version {after.version} it is {now['name']}"))
        changes = _type_changes((old, each.definition["type"]), (new, now["type"]))
        found += [Finding(each.shown, rule, f"in version {after.version} {detail}") for rule, detail in changes]
    return found


def _loss(shown: str, names: tuple[str, ...], before: View, after: View) -> Finding:
    if ".".join(names) in after.hidden - before.hidden:
        return Finding(shown, "hidden", "it is sensitive from now on, and not granted")
    return Finding(shown, "removed", f"version {after.version} has no such field")


def _type_changes(was: tuple[SchemaNodes, object], now: tuple[SchemaNodes, object]) -> Iterator[tuple[str, str]]:
    old_symbols, new_symbols = symbols_in(*was), symbols_in(*now)
    lost = [symbol for symbol in old_symbols if symbol not in new_symbols]
    if old_symbols and new_symbols:
        if lost:
            yield "values", f"it is no longer {', '.join(lost)}"
    elif (old_words := type_words(*was)) != (new_words := type_words(*now)):
        yield "type", f"it is {new_words}, and was {old_words}"
