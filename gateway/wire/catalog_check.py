"""The gate for schema changes: everything that is wrong with the schema files, each with its file and rule.

Event versions must be compatible in both directions with every earlier one, because a subscription may pin any of
them; and data must mean the same in all of them, so what is a warning to `gateway.wire.compatibility` is a problem
here. The gateway's own records may only grow at the end, because an older worker reads the beginning of a record
that a newer one wrote (see `gateway.wire.records`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from fastavro.schema import to_parsing_canonical_form

from gateway.domain.errors import GatewayError
from gateway.wire.catalog import EventSchema, event_schema, read_event_type, type_folders
from gateway.wire.compatibility import compare
from gateway.wire.errors import CatalogError
from gateway.wire.schema_files import read_versions
from gateway.wire.schema_rules import Finding, RuledSchema, SchemaFaultError, read_schema


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
    for older, newer in combinations(versions, 2):
        problems += [*_check_fingerprints(older, newer), *_check_both_ways(older, newer)]
    return problems


def _problem(file: str, finding: Finding) -> Problem:
    return Problem(file, finding.path, finding.rule, finding.detail)


def _check_both_ways(older: _Version, newer: _Version) -> Iterator[Problem]:
    """Find what one can't read of the other, and what it would read with another meaning."""
    for reader, writer in ((newer, older), (older, newer)):
        verdict = compare(reader.ruled, writer.ruled)
        for found in (*verdict.reasons, *verdict.warnings):
            what = f"version {reader.number} can't read version {writer.number}: {found.detail}"
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
