"""A schema registry's versions → files of a catalog folder: what is missing is added, nothing is ever overwritten.

A registry knows records, the catalog event types: which type a record is, the catalog says, or whoever pulls. A version
keeps the number that it has under its subject, so that everybody who pulls gets the same catalog.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import orjson

from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.kafka.registry_client import RegistryClient
from gateway.kafka.schema_references import whole_schema
from gateway.wire.catalog import EventSchema, event_schema, load_event_type
from gateway.wire.errors import CatalogError, UndecodableError
from gateway.wire.strict_json import parse_json


class PullResult(Enum):
    """What became of a version."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    WOULD_WRITE = "would_write"
    SAME_DATA = "same_data"
    SKIPPED = "skipped"
    CONFLICT = "conflict"
    REFUSED = "refused"


PROBLEMS = frozenset({PullResult.CONFLICT, PullResult.REFUSED})


@dataclass(frozen=True, slots=True)
class PulledVersion:
    """One version of a subject, and what the folder has of it.

    Attributes:
        subject: whose version.
        registry_version: its number there.
        result: what became of it.
        event_type: what it is a version of; None where that is not known.
        version: which one in the folder; None where it has none.
        detail: why it was not written.
    """

    subject: str
    registry_version: int
    result: PullResult
    event_type: str | None = None
    version: int | None = None
    detail: str | None = None


class SchemaPull:
    """Writes schemas of a registry into a catalog folder.

    Args:
        client: asks the registry.
        folder: the catalog's folder; it need not exist.
        event_types: for the full name of a record the event types that it may be.
        dry_run: tell what would be written, and write nothing.
    """

    def __init__(
        self,
        client: RegistryClient,
        folder: Path,
        event_types: Mapping[str, tuple[str, ...]],
        *,
        dry_run: bool = False,
    ) -> None:
        self._client = client
        self._folder = folder
        self._event_types = event_types
        self._dry_run = dry_run
        self._known: dict[str, dict[int, EventSchema]] = {}

    def run(self, subjects: Iterable[str], *, only_known: bool) -> Iterator[PulledVersion]:
        """Write what is missing, and tell of each version as it is done.

        Args:
            subjects: which ones.
            only_known: pass over what is not there, or is no version of an event type; it is refused otherwise.

        Raises:
            NotFoundError: there is no such subject.
            RegistryUnavailableError: the registry can't be asked; what was told is done.
            CatalogError: the folder has a file that is no schema.
        InvalidInputError: a file can't be written.
        """
        for subject in subjects:
            numbers = self._client.versions(subject)
            if not (numbers or only_known):
                raise NotFoundError(f"the registry has no subject '{subject}'")
            for number in numbers:
                try:
                    schema = self._schema(subject, number)
                except (CatalogError, UndecodableError) as error:
                    result = PullResult.SKIPPED if only_known else PullResult.REFUSED
                    yield PulledVersion(subject, number, result, detail=error.message)
                else:
                    yield self._pull(subject, number, schema)

    def _pull(self, subject: str, number: int, schema: EventSchema) -> PulledVersion:
        event_type, known = schema.event_type, self._versions_of(schema.event_type)
        for version, other in known.items():
            if other.source == schema.source:
                return PulledVersion(subject, number, PullResult.UNCHANGED, event_type, version)
        for version, other in known.items():
            if other.fingerprint == schema.fingerprint:
                what = f"its data is that of version {version}: only docs, defaults, aliases or logical types differ"
                return PulledVersion(subject, number, PullResult.SAME_DATA, event_type, version, what)
        file = self._folder / event_type / f"{number}.avsc"
        if number in known:
            what = f"{file} is another schema"
            return PulledVersion(subject, number, PullResult.CONFLICT, event_type, number, what)
        known[number] = schema
        if self._dry_run:
            return PulledVersion(subject, number, PullResult.WOULD_WRITE, event_type, number)
        _create(file, schema.source)
        return PulledVersion(subject, number, PullResult.WRITTEN, event_type, number)

    def _schema(self, subject: str, number: int) -> EventSchema:
        registered = self._client.version(subject, number)
        if registered is None:
            raise UndecodableError("unknown_schema", "it was deleted meanwhile")
        source = _parse(whole_schema(self._client, registered))
        schema = event_schema(Path(f"{subject} version {number}"), "", number, source)
        found = self._event_types.get(schema.record_name, ())
        if len(found) != 1:
            what = f"the record {schema.record_name} may be any of {', '.join(found)}"
            raise CatalogError(what if found else f"no event type is known for the record {schema.record_name}")
        return replace(schema, event_type=found[0])

    def _versions_of(self, event_type: str) -> dict[int, EventSchema]:
        if event_type not in self._known:
            folder = self._folder / event_type
            schemas = load_event_type(folder) if folder.is_dir() and any(folder.glob("*.avsc")) else []
            self._known[event_type] = {schema.version: schema for schema in schemas}
        return self._known[event_type]


def _parse(text: str) -> Any:  # noqa: ANN401 - a schema
    try:
        return parse_json(text.encode())
    except ValueError as error:
        raise UndecodableError("unknown_schema", f"it is not JSON with one meaning: {error}") from None


def _create(file: Path, source: Any) -> None:  # noqa: ANN401 - a schema
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as created:
            created.write(orjson.dumps(source, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise InvalidInputError(f"{file} can't be written: {error.strerror}") from None
