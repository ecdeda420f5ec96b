"""The catalog: every version of every event type, read once from `<event type>/<version>.avsc`.

Loading refuses what can't be read or named; whether versions fit each other is `gateway.wire.catalog_check`'s
question, asked by `gateway schemas check` and not at every start.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.domain.errors import GatewayError, NotFoundError
from gateway.domain.event import check_event_type
from gateway.domain.topics import REJECTED, event_topic
from gateway.wire.errors import CatalogError
from gateway.wire.schema_bounds import check_schema_bounds
from gateway.wire.schema_files import is_folder, read_versions
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.sensitive_marks import check_marks
from gateway.wire.single_object import fingerprint_of
from gateway.wire.value_check import ValueCheck

MAX_EVENT_TYPES = 10_000


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One version of one event type.

    Attributes:
        event_type: e.g. `order.created`.
        version: from 1.
        source: the schema as it stands in its file.
        nodes: the schema, ready to be walked.
        parsed: the schema, parsed by fastavro.
        fingerprint: its 8 CRC-64-AVRO bytes, as they stand in a record.
        record_name: the full name of its record.
        values: checks the bytes of a value before it is decoded.
    """

    event_type: str
    version: int
    source: Any = field(repr=False)
    nodes: SchemaNodes = field(repr=False)
    parsed: Any = field(repr=False)
    fingerprint: bytes
    record_name: str
    values: ValueCheck = field(repr=False)


class Catalog:
    """Finds schemas by event type and version, by fingerprint, and by record name."""

    def __init__(self, schemas: Iterable[EventSchema]) -> None:
        self._by_type: dict[str, dict[int, EventSchema]] = {}
        self._by_fingerprint: dict[bytes, tuple[EventSchema, ...]] = {}
        self._by_record_name: dict[str, tuple[str, ...]] = {}
        for schema in sorted(schemas, key=lambda schema: (schema.event_type, schema.version)):
            self._add(schema)

    def _add(self, schema: EventSchema) -> None:
        self._by_type.setdefault(schema.event_type, {})[schema.version] = schema
        self._by_fingerprint[schema.fingerprint] = (*self.find_fingerprint(schema.fingerprint), schema)
        types = self.find_record_name(schema.record_name)
        if schema.event_type not in types:
            self._by_record_name[schema.record_name] = (*types, schema.event_type)

    def event_types(self) -> tuple[str, ...]:
        """Every event type, in alphabetical order."""
        return tuple(self._by_type)

    def versions(self, event_type: str) -> tuple[int, ...]:
        """The versions of an event type, oldest first.

        Raises:
            NotFoundError: there is no such event type.
        """
        return tuple(self._versions_of(event_type))

    def latest(self, event_type: str) -> int:
        """The newest version of an event type.

        Raises:
            NotFoundError: there is no such event type.
        """
        return max(self._versions_of(event_type))

    def schema(self, event_type: str, version: int) -> Any:
        """The parsed schema of one version.

        Raises:
            NotFoundError: there is no such event type or version.
        """
        return self.entry(event_type, version).parsed

    def entry(self, event_type: str, version: int | None = None) -> EventSchema:
        """Everything about one version; the newest where none is named.

        Raises:
            NotFoundError: there is no such event type or version.
        """
        versions = self._versions_of(event_type)
        found = versions.get(max(versions) if version is None else version)
        if found is None:
            known = ", ".join(str(number) for number in versions)
            raise NotFoundError(f"{event_type} has no version {version}", hint=f"it has {known}")
        return found

    def find_fingerprint(self, fingerprint: bytes) -> tuple[EventSchema, ...]:
        """The versions with a fingerprint, by type and version; usually one, none when it is unknown.

        Types may share a record, and then a fingerprint: `ce_type` tells them apart. Versions of one type must not;
        the check refuses that, and where it was not run the lowest version stands for all.
        """
        return self._by_fingerprint.get(fingerprint, ())

    def find_record_name(self, full_name: str) -> tuple[str, ...]:
        """The event types whose record has this full name; usually one."""
        return self._by_record_name.get(full_name, ())

    def _versions_of(self, event_type: str) -> dict[int, EventSchema]:
        found = self._by_type.get(event_type)
        if found is None:
            close = difflib.get_close_matches(event_type, self._by_type, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(self._by_type) or 'none'}"
            raise NotFoundError(f"there is no event type '{event_type}' in the catalog", hint=hint)
        return found


def load_catalog(folder: Path) -> Catalog:
    """Read every schema of a catalog folder.

    Raises:
        CatalogError: the folder is missing or empty, or something in it is misnamed, no JSON or no schema; the message
            names the file and the rule.
    """
    return Catalog(schema for type_folder in type_folders(folder) for schema in load_event_type(type_folder))


def type_folders(folder: Path) -> list[Path]:
    """List the folders of the event types; files beside them and hidden folders are passed over.

    Raises:
        CatalogError: there is no such folder, nothing in it, or too much.
    """
    if not is_folder(folder):
        raise CatalogError(f"there is no catalog folder {folder}", hint="GATEWAY_CATALOG_DIR names it")
    found = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise CatalogError(f"{folder} has no event types", hint="an event type is a folder like order.created/1.avsc")
    if len(found) > MAX_EVENT_TYPES:
        raise CatalogError(f"{folder} has {len(found)} event types, at most {MAX_EVENT_TYPES} are allowed")
    return found


def load_event_type(folder: Path) -> list[EventSchema]:
    """Read the versions of one event type, oldest first.

    Raises:
        CatalogError: see `load_catalog`.
    """
    return [
        event_schema(folder / f"{version}.avsc", folder.name, version, source)
        for version, source in read_event_type(folder).items()
    ]


def read_event_type(folder: Path) -> dict[int, Any]:
    """Read the files of one event type: the JSON of its versions, oldest first.

    Raises:
        CatalogError: something is misnamed, too large or no JSON.
    """
    try:
        event_type = check_event_type(folder.name)
        sources = read_versions(folder)
    except GatewayError as error:
        raise CatalogError(f"{folder}: {error.message}", hint=error.hint) from error
    except OSError as error:
        raise CatalogError(f"{folder} can't be read: {error.strerror}") from error
    if event_topic(event_type) == REJECTED:
        raise CatalogError(f"{folder}: events of this type would be written to {REJECTED}", hint="rename the type")
    if not sources:
        raise CatalogError(f"{folder} has no versions", hint="name them 1.avsc, 2.avsc and so on")
    return sources


def event_schema(file: Path, event_type: str, version: int, source: Any) -> EventSchema:
    """Parse one version.

    Raises:
        CatalogError: it is no Avro schema, or not one of a record.
    """
    try:
        nodes = SchemaNodes(source)
        fingerprint = fingerprint_of(nodes.root)
        _ = list(nodes.fields())  # looks at every type
    except Exception as error:  # fastavro raises whatever the schema provokes: KeyError, TypeError, its own errors
        raise CatalogError(f"{file} is not an Avro schema: {str(error) or type(error).__name__}") from error
    root = nodes.node(nodes.root)
    if root.kind != "record":
        raise CatalogError(f"{file}: an event's data must be a record, not {root.kind}")
    try:
        check_schema_bounds(nodes)
        check_marks(nodes)
        _check_aliases(nodes)
    except ValueError as error:
        raise CatalogError(f"{file}: {error}") from None
    return EventSchema(event_type, version, source, nodes, nodes.root, fingerprint, root.name, ValueCheck(nodes))


def _check_aliases(nodes: SchemaNodes) -> None:
    """Refuse a field whose further names are none: the library does not look at them, and fields are found by them."""
    for path, one in nodes.fields():
        aliases = one.get("aliases", [])
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            raise ValueError(f"{path}: aliases is not a list of strings")


def catalog_of(sources: Mapping[str, Mapping[int, Any]]) -> Catalog:
    """Make a catalog of the JSON of its versions.

    Raises:
        CatalogError: one is no Avro schema, or not one of a record.
    """
    return Catalog(
        event_schema(Path(event_type) / f"{version}.avsc", event_type, version, source)
        for event_type, versions in sources.items()
        for version, source in versions.items()
    )
