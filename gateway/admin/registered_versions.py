"""What a schema registry has of the catalog's event types: subjects, their versions, and which event type each is of.

A registry knows records, the catalog event types. Which type a record is, the catalog says, or whoever asks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.domain.errors import GatewayError, NotFoundError
from gateway.domain.subjects import SubjectNaming, subject_of
from gateway.kafka.registry_client import RegistryClient
from gateway.kafka.schema_references import whole_schema
from gateway.wire.catalog import EventSchema, event_schema, load_event_type, type_folders
from gateway.wire.errors import CatalogError, UndecodableError
from gateway.wire.strict_json import parse_json

EventTypes = Mapping[str, tuple[str, ...]]
"""For the full name of a record the event types that it may be."""


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version of a subject.

    Attributes:
        subject: whose version.
        number: which one.
        schema: what it is to a catalog, with `number` as its version; None where it is no version of an event type.
        detail: why it is none.
    """

    subject: str
    number: int
    schema: EventSchema | None
    detail: str | None = None


def event_types_of(schemas: Iterable[EventSchema]) -> dict[str, tuple[str, ...]]:
    """Give for each record's full name the event types that it is in."""
    found: dict[str, tuple[str, ...]] = {}
    for schema in schemas:
        types = found.get(schema.record_name, ())
        if schema.event_type not in types:
            found[schema.record_name] = (*types, schema.event_type)
    return found


def subjects_of(event_types: EventTypes, naming: SubjectNaming) -> list[str]:
    """Name the subjects of event types, each once, in the order of the types."""
    pairs = sorted((event_type, name) for name, types in event_types.items() for event_type in types)
    return list(dict.fromkeys(subject_of(naming, event_type, name) for event_type, name in pairs))


def registered_versions(client: RegistryClient, subject: str, event_types: EventTypes) -> Iterator[RegisteredVersion]:
    """Read the versions of a subject, oldest first; none where it does not exist.

    Raises:
        RegistryUnavailableError: the registry can't be asked.
    """
    for number in client.versions(subject):
        try:
            yield RegisteredVersion(subject, number, _schema(client, subject, number, event_types))
        except (CatalogError, UndecodableError) as error:
            yield RegisteredVersion(subject, number, None, error.message)


def same_version(schema: EventSchema, others: Iterable[EventSchema]) -> EventSchema | None:
    """Find a version that is the same schema, else one with the same data: docs, defaults and the like may differ."""
    known = list(others)
    same = (other for other in known if other.source == schema.source)
    alike = (other for other in known if other.fingerprint == schema.fingerprint)
    return next(same, None) or next(alike, None)


def read_registered(client: RegistryClient, folder: Path, naming: SubjectNaming) -> dict[str, dict[int, Any]]:
    """Read what a registry has of the event types in a catalog folder.

    A version that the folder has too comes under the folder's number, any other under the one that it has in its
    subject. Event types that the folder does not have, or that can't be read there, are not looked for.

    Raises:
        CatalogError: the folder is missing or empty.
        NotFoundError: the registry has nothing of it.
        RegistryUnavailableError: the registry can't be asked.
    """
    schemas = [schema for type_folder in type_folders(folder) for schema in _readable(type_folder)]
    event_types = event_types_of(schemas)
    subjects = subjects_of(event_types, naming)
    found: dict[str, dict[int, Any]] = {}
    for subject in subjects:
        for registered in registered_versions(client, subject, event_types):
            if registered.schema is None:
                continue
            event_type = registered.schema.event_type
            other = same_version(registered.schema, (each for each in schemas if each.event_type == event_type))
            versions = found.setdefault(event_type, {})
            number = registered.number if other is None else other.version
            # Of several with the same data, one that is the folder's own schema counts.
            if other is None or versions.get(number) != other.source:
                versions[number] = registered.schema.source
    if not found:
        raise NotFoundError(
            f"the schema registry at {client.url} has nothing under {', '.join(subjects[:3])} or any other subject of "
            "the catalog",
            hint="`gateway schemas push` registers it; GATEWAY_SCHEMA_REGISTRY_SUBJECTS says how subjects are named",
        )
    return found


def _readable(type_folder: Path) -> list[EventSchema]:
    try:
        return load_event_type(type_folder)
    except GatewayError:
        return []  # the check of the folder itself says so


def _schema(client: RegistryClient, subject: str, number: int, event_types: EventTypes) -> EventSchema:
    registered = client.version(subject, number)
    if registered is None:
        raise UndecodableError("unknown_schema", "it was deleted meanwhile")
    try:
        source = parse_json(whole_schema(client, registered).encode())
    except ValueError as error:
        raise UndecodableError("unknown_schema", f"it is not JSON with one meaning: {error}") from None
    schema = event_schema(Path(f"{subject} version {number}"), "", number, source)
    found = event_types.get(schema.record_name, ())
    if len(found) != 1:
        what = f"the record {schema.record_name} may be any of {', '.join(found)}"
        raise CatalogError(what if found else f"no event type is known for the record {schema.record_name}")
    return replace(schema, event_type=found[0])
