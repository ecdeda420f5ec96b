"""The gate for schema changes: everything that is wrong with the schema files, each with its file and rule.

Event versions must be compatible in both directions with every earlier one, because a subscription may pin any of
them. The gateway's own records may only grow at the end, because an older worker reads the beginning of a record
that a newer one wrote (see `gateway.wire.records`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from fastavro.schema import to_parsing_canonical_form

from gateway.domain.errors import GatewayError
from gateway.wire.catalog import EventSchema, load_event_type, type_folders
from gateway.wire.compatibility import incompatibilities
from gateway.wire.schema_defaults import default_value
from gateway.wire.schema_files import read_versions
from gateway.wire.schema_nodes import SchemaNodes


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


def check_catalog(folder: Path) -> list[Problem]:
    """List the problems of a catalog folder.

    Raises:
        CatalogError: the folder is missing or empty.
    """
    problems: list[Problem] = []
    for type_folder in type_folders(folder):
        try:
            schemas = load_event_type(type_folder)
        except GatewayError as error:
            problems.append(Problem(type_folder.name, "", "unreadable", error.message))
            continue
        problems += [problem for schema in schemas for problem in _check_defaults(_file(schema), schema.nodes)]
        problems += [
            problem
            for older, newer in combinations(schemas, 2)
            for problem in (*_check_fingerprints(older, newer), *_check_both_ways(older, newer))
        ]
    return problems


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


def _file(schema: EventSchema) -> str:
    return f"{schema.event_type}/{schema.version}.avsc"


def _check_both_ways(older: EventSchema, newer: EventSchema) -> Iterator[Problem]:
    for reader, writer in ((newer, older), (older, newer)):
        for found in incompatibilities(reader.parsed, writer.parsed):
            what = f"version {reader.version} can't read version {writer.version}: {found.detail}"
            yield Problem(_file(newer), found.path, found.rule, what)


def _check_fingerprints(older: EventSchema, newer: EventSchema) -> Iterator[Problem]:
    """Refuse two versions that a record can't tell apart: only docs, defaults or logical types differ."""
    if older.fingerprint == newer.fingerprint:
        what = f"version {newer.version} has the fingerprint of version {older.version}: the encoded data is the same"
        yield Problem(_file(newer), "", "same_fingerprint", what)


def _check_defaults(file: str, nodes: SchemaNodes) -> Iterator[Problem]:
    for path, field in nodes.fields():
        if "default" not in field:
            continue
        try:
            default_value(nodes, field["type"], field["default"])
        except ValueError as error:
            yield Problem(file, path, "default", f"the default does not fit the type: {error}")


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
