"""A schema registry's versions → files of a catalog folder: what is missing is added, nothing is ever overwritten.

A version keeps the number that it has under its subject, so that everybody who pulls gets the same catalog.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import orjson

from gateway.admin.registered_versions import EventTypes, registered_versions, same_version
from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.kafka.registry_client import RegistryClient
from gateway.wire.catalog import EventSchema, load_event_type
from gateway.wire.schema_files import is_folder


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
        event_types: EventTypes,
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
            any_version = False
            for registered in registered_versions(self._client, subject, self._event_types):
                any_version = True
                if registered.schema is None:
                    result = PullResult.SKIPPED if only_known else PullResult.REFUSED
                    yield PulledVersion(subject, registered.number, result, detail=registered.detail)
                else:
                    yield self._pull(subject, registered.schema)
            if not (any_version or only_known):
                raise NotFoundError(f"the registry has no subject '{subject}'")

    def _pull(self, subject: str, schema: EventSchema) -> PulledVersion:
        event_type, number, known = schema.event_type, schema.version, self._versions_of(schema.event_type)
        other = same_version(schema, known.values())
        if other is not None and other.source == schema.source:
            return PulledVersion(subject, number, PullResult.UNCHANGED, event_type, other.version)
        if other is not None:
            what = f"its data is that of version {other.version}: only docs, defaults, aliases or logical types differ"
            return PulledVersion(subject, number, PullResult.SAME_DATA, event_type, other.version, what)
        file = self._folder / event_type / f"{number}.avsc"
        if number in known:
            what = f"{file} is another schema"
            return PulledVersion(subject, number, PullResult.CONFLICT, event_type, number, what)
        known[number] = schema
        if self._dry_run:
            return PulledVersion(subject, number, PullResult.WOULD_WRITE, event_type, number)
        _create(file, schema.source)
        return PulledVersion(subject, number, PullResult.WRITTEN, event_type, number)

    def _versions_of(self, event_type: str) -> dict[int, EventSchema]:
        if event_type not in self._known:
            folder = self._folder / event_type
            schemas = load_event_type(folder) if is_folder(folder) and any(folder.glob("*.avsc")) else []
            self._known[event_type] = {schema.version: schema for schema in schemas}
        return self._known[event_type]


def _create(file: Path, source: Any) -> None:  # noqa: ANN401 - a schema
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as created:
            created.write(orjson.dumps(source, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise InvalidInputError(f"{file} can't be written: {error.strerror}") from None
