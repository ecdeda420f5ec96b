"""What a page of the catalog says of an event type: facts, before they become Markdown or HTML.

Everything that a schema file says in free text is the file's word: it is shown as text and never as markup.
"""

from dataclasses import dataclass
from itertools import groupby, pairwise

from gateway.catalog_pages.differences import Difference, default_text, differences
from gateway.catalog_pages.examples import Example, example_of, json_text
from gateway.catalog_pages.field_walk import WalkedField, find_field, walk_fields
from gateway.catalog_pages.json_schema import json_schema_of
from gateway.catalog_pages.type_words import type_words
from gateway.domain.topics import event_topic
from gateway.shaping.content_modes import schema_urn
from gateway.shaping.sensitive import SensitiveFields, sensitive_fields
from gateway.wire.catalog import Catalog, EventSchema


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of the version that a page is about.

    Attributes:
        path: where it is, as `WalkedField.shown` has it.
        type: what it holds, in plain words.
        default: what stands there where the event was written in a version without it, as JSON; None where it has none.
        since: the version that it came with.
        about: its `doc`, or empty.
        listed_at: where the fields of the records in it are listed, if not below it.
        sensitive: whether only some subscriptions are sent it.
    """

    path: str
    type: str
    default: str | None
    since: int
    about: str
    listed_at: tuple[str, ...]
    sensitive: bool


@dataclass(frozen=True, slots=True)
class VersionNotes:
    """What one version changed.

    Attributes:
        version: its number.
        previous: the version before it; None for the first.
        differences: what changed since then.
    """

    version: int
    previous: int | None
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class EventTypePage:
    """Everything that the page of an event type says.

    Attributes:
        event_type: e.g. `order.created`.
        domain: its first part.
        about: its `doc`, or empty.
        topic: where its events are published.
        record: the full name of its Avro record.
        version: the version that fields and example are of.
        newest: the newest version.
        fields: the fields of `data`.
        grants: the sensitive fields by the names that grant them, e.g. `order.created:customer.email`.
        versions: what each version changed, newest first.
        example: a request.
        schemas: version and JSON Schema of `data`, newest first.
    """

    event_type: str
    domain: str
    about: str
    topic: str
    record: str
    version: int
    newest: int
    fields: tuple[FieldRow, ...]
    grants: tuple[str, ...]
    versions: tuple[VersionNotes, ...]
    example: Example
    schemas: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the index says of an event type; see `EventTypePage`."""

    event_type: str
    about: str
    newest: int


@dataclass(frozen=True, slots=True)
class Domain:
    """The event types that share a topic.

    Attributes:
        name: the first part of their names.
        entries: they themselves, by name.
    """

    name: str
    entries: tuple[IndexEntry, ...]


def describe_event_type(catalog: Catalog, event_type: str, version: int | None = None) -> EventTypePage:
    """Gather what the page of an event type says.

    Args:
        catalog: the catalog.
        event_type: one of its types.
        version: the version that the page is about; the newest where none is given.

    Raises:
        NotFoundError: there is no such event type or version.
    """
    schema = catalog.entry(event_type, version)
    versions = [catalog.entry(event_type, each) for each in catalog.versions(event_type)]
    sensitive = sensitive_fields(catalog, event_type)
    shown = [schema] if version is not None else versions[::-1]
    return EventTypePage(
        event_type=event_type,
        domain=event_type.partition(".")[0],
        about=doc_of(schema.source),
        topic=event_topic(event_type),
        record=schema.record_name,
        version=schema.version,
        newest=versions[-1].version,
        fields=tuple(_rows(schema, versions, sensitive)),
        grants=tuple(f"{event_type}:{path}" for path in sensitive.paths),
        versions=tuple(_notes(versions)),
        example=example_of(schema, sensitive),
        schemas=tuple((each.version, json_text(json_schema_document(each, sensitive))) for each in shown),
    )


def describe_catalog(catalog: Catalog) -> tuple[Domain, ...]:
    """Gather what the index says."""
    newest = [catalog.entry(event_type) for event_type in sorted(catalog.event_types())]
    entries = [IndexEntry(each.event_type, doc_of(each.source), each.version) for each in newest]
    return tuple(Domain(name, tuple(group)) for name, group in groupby(entries, key=_domain_of))


def _domain_of(entry: IndexEntry) -> str:
    return entry.event_type.partition(".")[0]


def json_schema_document(schema: EventSchema, sensitive: SensitiveFields) -> dict[str, object]:
    """Give the JSON Schema of a version's data as a document."""
    identifier, title = schema_urn(schema.event_type, schema.version), f"{schema.event_type}, version {schema.version}"
    return json_schema_of(schema.nodes, sensitive.paths_in(schema.nodes)).document(identifier, title)


def doc_of(definition: object) -> str:
    """Give the `doc` of a record or field; a schema file may have anything there, and only text counts."""
    doc = definition.get("doc") if isinstance(definition, dict) else None
    return doc.strip() if isinstance(doc, str) else ""


def _rows(schema: EventSchema, versions: list[EventSchema], sensitive: SensitiveFields) -> list[FieldRow]:
    marked = sensitive.paths_in(schema.nodes)
    older = [each for each in reversed(versions) if each.version < schema.version]
    return [
        FieldRow(
            path=each.shown,
            type=type_words(schema.nodes, each.definition["type"]),
            default=default_text(schema.nodes, each.definition),
            since=_since(each, schema.version, older),
            about=doc_of(each.definition),
            listed_at=each.listed_at,
            sensitive=any(".".join(each.names[:length]) in marked for length in range(1, len(each.names) + 1)),
        )
        for each in walk_fields(schema.nodes)
    ]


def _since(each: WalkedField, version: int, older: list[EventSchema]) -> int:
    """Follow a field back, version by version, to the one that it came with."""
    since = version
    for schema in older:
        if find_field(schema.nodes, each.steps) is None:
            break
        since = schema.version
    return since


def _notes(versions: list[EventSchema]) -> list[VersionNotes]:
    later = [
        VersionNotes(newer.version, older.version, tuple(differences(older.nodes, newer.nodes)))
        for older, newer in pairwise(versions)
    ]
    return [*reversed(later), VersionNotes(versions[0].version, None, ())]
