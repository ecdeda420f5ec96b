"""The gate for schema changes: everything that is wrong with the schema files, each with its file and rule.

Event versions must be compatible in both directions with every earlier one, because a subscription may pin any of
them; and data must mean the same in all of them, so what is a warning to `gateway.wire.compatibility` is a problem
here. The gateway's own records may only grow at the end, because an older worker reads the beginning of a record
that a newer one wrote (see `gateway.wire.records`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from fastavro.schema import to_parsing_canonical_form

from gateway.domain.errors import GatewayError
from gateway.wire.catalog import EventSchema, event_schema, read_event_type, type_folders
from gateway.wire.compatibility import compare
from gateway.wire.errors import CatalogError
from gateway.wire.read_defaults import read_default
from gateway.wire.schema_changes import list_changes
from gateway.wire.schema_files import read_versions
from gateway.wire.schema_rules import Finding, RuledSchema, SchemaFaultError, read_schema

# The JSON of each version of each event type, as another state of the catalog has it.
PublishedCatalog = Mapping[str, Mapping[int, Any]]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: the schema file, relative to the folder that was checked.
        field: where in the schema, or empty.
        rule: a fixed word, such as `missing_default`.
        detail: what is wrong, for people.
    """

    file: str
    field: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Version:
    file: str
    ruled: RuledSchema
    schema: EventSchema

    @property
    def number(self) -> int:
        return self.schema.version


def check_catalog(folder: Path) -> list[Problem]:
    """List the problems of a catalog folder.

    Raises:
        CatalogError: the folder is missing or empty.
    """
    return [problem for type_folder in type_folders(folder) for problem in _check_type(type_folder)]


def check_unchanged(folder: Path, published: PublishedCatalog) -> list[Problem]:
    """List what of a published catalog is not in a catalog folder, or is there and means something else.

    What the folder's own check calls unreadable is passed over.

    Raises:
        CatalogError: the folder is missing or empty.
    """
    candidates = {type_folder.name: type_folder for type_folder in type_folders(folder)}
    return [
        problem
        for event_type, versions in published.items()
        for problem in _check_type_unchanged(event_type, versions, candidates.get(event_type))
    ]


def check_gateway_records(folder: Path) -> list[Problem]:
    """List the problems of the gateway's own record schemas.

    Raises:
        GatewayError: a file can't be read.
    """
    problems: list[Problem] = []
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        for (_, older), (version, newer) in pairwise(read_versions(kind).items()):
            problems += _check_appended(f"{kind.name}/{version}.avsc", older, newer)
    return problems


def _check_type(folder: Path) -> list[Problem]:
    try:
        sources = read_event_type(folder)
    except GatewayError as error:
        return [Problem(folder.name, "", "unreadable", error.message)]
    return check_versions(folder, sources)


def check_versions(folder: Path, sources: Mapping[int, Any]) -> list[Problem]:
    """List the problems of the versions of one event type.

    Args:
        folder: where they are, or would be: its name is the event type.
        sources: the JSON of each version, oldest first.
    """
    problems: list[Problem] = []
    versions: list[_Version] = []
    for number, source in sources.items():
        file = f"{folder.name}/{number}.avsc"
        try:
            ruled = read_schema(source)
        except SchemaFaultError as error:
            problems.append(_problem(file, error.finding))
            continue
        problems += [_problem(file, fault) for fault in ruled.faults]
        try:
            versions.append(_Version(file, ruled, event_schema(folder / f"{number}.avsc", folder.name, number, source)))
        except CatalogError as error:
            if not ruled.faults:  # they say it better
                problems.append(Problem(file, "", "unreadable", error.message))
        else:
            problems += _check_defaults(versions[-1])
    for older, newer in combinations(versions, 2):
        problems += [*_check_fingerprints(older, newer), *_check_both_ways(older, newer)]
    return problems


def _check_defaults(version: _Version) -> Iterator[Problem]:
    """Find defaults that fit their type but not its logical type: readers could be given no value for them."""
    if version.ruled.faults:
        return
    nodes = version.schema.nodes
    for path, field in nodes.fields():
        try:
            if "default" in field:
                read_default(nodes, field["type"], field["default"])
        except ValueError as error:
            yield Problem(version.file, path, "default", f"the default has no value: {error}")


def _check_type_unchanged(event_type: str, published: Mapping[int, Any], folder: Path | None) -> Iterator[Problem]:
    try:
        candidates = {} if folder is None else read_event_type(folder)
    except GatewayError:
        return
    for version, source in published.items():
        file = f"{event_type}/{version}.avsc"
        if version not in candidates:
            yield Problem(file, "", "removed", "it was published, so records, pins and receivers may rely on it")
        elif candidates[version] != source:
            yield from _check_version_unchanged(file, source, candidates[version])


def _check_version_unchanged(file: str, published: Any, candidate: Any) -> Iterator[Problem]:
    try:
        before = read_schema(published)
    except SchemaFaultError:
        return  # nobody can rely on it
    try:
        after = read_schema(candidate)
    except SchemaFaultError:
        return
    for found in list_changes(before, after):
        yield Problem(file, found.path, found.rule, f"a published version does not change: {found.detail}")


def _problem(file: str, finding: Finding) -> Problem:
    return Problem(file, finding.path, finding.rule, finding.detail)


def _check_both_ways(older: _Version, newer: _Version) -> Iterator[Problem]:
    """Find what one can't read of the other, and what it would read with another meaning."""
    for reader, writer in ((newer, older), (older, newer)):
        try:
            verdict = compare(reader.ruled, writer.ruled)
        except ValueError as error:
            what = f"it can't be compared with version {older.number}: {error}"
            yield Problem(newer.file, "", "unreadable", what)
            return
        for how, findings in (("can't read", verdict.reasons), ("would misread", verdict.warnings)):
            for found in findings:
                what = f"version {reader.number} {how} version {writer.number}: {found.detail}"
                yield Problem(newer.file, found.path, found.rule, what)


def _check_fingerprints(older: _Version, newer: _Version) -> Iterator[Problem]:
    """Refuse two versions that a record can't tell apart: only docs, defaults or logical types differ."""
    if older.schema.fingerprint == newer.schema.fingerprint:
        what = f"version {newer.number} has the fingerprint of version {older.number}: the encoded data is the same"
        yield Problem(newer.file, "", "same_fingerprint", what)


def _check_appended(file: str, older: Any, newer: Any) -> Iterator[Problem]:
    """Compare encodings: a field that was there keeps its place and type, one that comes has a default."""
    kept = len(older["fields"])
    head = {**newer, "fields": newer["fields"][:kept]}
    if to_parsing_canonical_form(head) != to_parsing_canonical_form(older):
        yield Problem(file, "", "append_only", "the fields of the version before must come first and unchanged")
        return
    for field in newer["fields"][kept:]:
        if "default" not in field:
            yield Problem(file, field["name"], "missing_default", "an older record has no such field")
