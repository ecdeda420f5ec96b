"""The gate lets every random history of versions pass, and refuses it with one change that breaks it."""

import json
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire.catalog_check import Problem, check_catalog
from gateway.wire.single_object import fingerprint_of
from tests.schema_histories import histories

Schema = dict[str, Any]


def check(versions: list[Schema]) -> list[Problem]:
    """Let the gate look at a catalog with these versions of one event type."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "thing.made"
        files.mkdir()
        for number, version in enumerate(versions, start=1):
            (files / f"{number}.avsc").write_text(json.dumps(version))
        return check_catalog(Path(folder))


def distinct(versions: list[Schema]) -> list[Schema]:
    """Leave out what a record could not tell apart: a change may be of a default only, or none."""
    return list({fingerprint_of(version): version for version in reversed(versions)}.values())[::-1]


def fields_of(schema: Any) -> Iterator[tuple[Schema, Schema]]:
    """Give every field of a schema, with its record."""
    match schema:
        case list():
            for branch in schema:
                yield from fields_of(branch)
        case {"type": "record", "fields": fields}:
            for field in fields:
                yield schema, field
                yield from fields_of(field["type"])
        case {"items": inner} | {"values": inner}:
            yield from fields_of(inner)
        case _:
            return  # no record lies inside


def add_without_default(record: Schema, _: Schema) -> str:
    record["fields"].append({"name": "brand_new", "type": "int"})
    return "missing_default"


def remove_what_has_no_default(record: Schema, field: Schema) -> str | None:
    if "default" in field or len(record["fields"]) == 1 or any(fields_of(field["type"])) or is_named(field):
        return None  # others may refer to what it defines, and an array's items must not be nothing
    record["fields"].remove(field)
    return "missing_default"


def rename_without_an_alias(_: Schema, field: Schema) -> str | None:
    if "default" in field:
        return None
    field["name"] += "_renamed"
    return "missing_default"


def change_the_type(_: Schema, field: Schema) -> str | None:
    if field["type"] not in {"boolean", "int", "long", "float", "double"} if isinstance(field["type"], str) else True:
        return None
    field["type"] = {"type": "array", "items": field["type"]}
    field.pop("default", None)
    return "type"


def drop_the_logical_type(_: Schema, field: Schema) -> str | None:
    if not (isinstance(field["type"], dict) and "logicalType" in field["type"]):
        return None
    field["type"] = field["type"]["type"]
    return "logical_type"


def change_the_scale(_: Schema, field: Schema) -> str | None:
    if not (isinstance(field["type"], dict) and "scale" in field["type"]):
        return None
    field["type"]["scale"] += 1
    return "decimal"


def change_the_size(_: Schema, field: Schema) -> str | None:
    if not (isinstance(field["type"], dict) and field["type"]["type"] == "fixed"):
        return None
    field["type"]["size"] += 1
    field.pop("default", None)
    return "size"


def rename_a_type(_: Schema, field: Schema) -> str | None:
    if not is_named(field) or field["type"]["type"] == "record":
        return None  # a record may contain itself by its name
    field["type"]["name"] += "Renamed"
    return "name"


def spoil_the_default(_: Schema, field: Schema) -> str | None:
    if field["type"] not in ("int", "long", "boolean"):
        return None
    field["default"] = "nonsense"
    return "default"


def repeat_a_branch(_: Schema, field: Schema) -> str | None:
    if not isinstance(field["type"], list):
        return None
    field["type"].append(field["type"][0])
    return "union"


def is_named(field: Schema) -> bool:
    return isinstance(field["type"], dict) and field["type"]["type"] in {"record", "enum", "fixed"}


BREAKING: list[Callable[[Schema, Schema], str | None]] = [
    add_without_default,
    remove_what_has_no_default,
    rename_without_an_alias,
    change_the_type,
    drop_the_logical_type,
    change_the_scale,
    change_the_size,
    rename_a_type,
    spoil_the_default,
    repeat_a_branch,
]


@settings(max_examples=60, deadline=None)
@given(histories())
def test_every_history_passes(versions: list[Schema]) -> None:
    """Fields that come and go with defaults, new names with aliases, symbols, other orders."""
    assert check(distinct(versions)) == []


@settings(max_examples=120, deadline=None)
@given(histories(), st.sampled_from(BREAKING), st.data())
def test_a_change_that_breaks_is_refused(
    versions: list[Schema], breaking: Callable[[Schema, Schema], str | None], data: st.DataObject
) -> None:
    """By its rule, at the version that made it."""
    versions = distinct(versions)
    broken = deepcopy(versions[-1])
    # Most changes are of fields of some kind: the first one of them.
    places = data.draw(st.permutations(list(fields_of(broken))))
    rule = next((rule for record, field in places if (rule := breaking(record, field))), None)
    if rule is None:
        return
    found = check([*versions, broken])
    assert rule in {problem.rule for problem in found}
    assert {problem.file for problem in found} == {f"thing.made/{len(versions) + 1}.avsc"}
