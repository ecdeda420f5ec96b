"""The catalog's lookups, and that a broken file is named with the rule it breaks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import NotFoundError
from gateway.wire.catalog import MAX_EVENT_TYPES, load_catalog
from gateway.wire.catalog_check import check_catalog, check_gateway_records
from gateway.wire.errors import CatalogError
from gateway.wire.schema_files import MAX_SCHEMA_BYTES, MAX_VERSIONS, schemas_root

WriteSchema = Callable[..., Path]
ID = {"name": "id", "type": "string"}


def record(*fields: Any, name: str = "Thing", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "tests", "fields": list(fields), **more}


@pytest.fixture
def write(tmp_path: Path) -> WriteSchema:
    """Write one schema file; gives the catalog's folder."""

    def write_file(name: str, schema: Any) -> Path:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(schema if isinstance(schema, str) else json.dumps(schema))
        return tmp_path

    return write_file


def test_the_shipped_catalog_has_the_shop_and_no_problems() -> None:
    """What `gateway schemas check` guards holds for the schemas that come along."""
    catalog = load_catalog(schemas_root() / "events")
    assert catalog.event_types() == (
        "customer.updated",
        "invoice.issued",
        "order.cancelled",
        "order.created",
        "order.paid",
    )
    assert catalog.versions("order.created") == (1, 2, 3)
    assert catalog.latest("order.created") == 3
    assert check_catalog(schemas_root() / "events") == []
    assert check_gateway_records(schemas_root() / "gateway") == []


def test_schemas_are_found_by_type_fingerprint_and_record_name(write: WriteSchema) -> None:
    """The three ways in which decoding and publishing look one up."""
    write("thing.made/1.avsc", record(ID))
    folder = write("thing.made/10.avsc", record(ID, {"name": "size", "type": "int", "default": 0}))
    catalog = load_catalog(folder)
    newest = catalog.entry("thing.made")
    assert newest.version == 10
    assert catalog.find_fingerprint(newest.fingerprint) == (newest,)
    assert catalog.find_fingerprint(b"\0" * 8) == ()
    assert catalog.find_record_name("tests.Thing") == ("thing.made",)
    assert catalog.schema("thing.made", 1)["name"] == "tests.Thing"


def test_types_that_share_a_record_share_a_fingerprint(write: WriteSchema) -> None:
    """Both are given, so that ce_type can choose."""
    write("thing.made/1.avsc", record(ID))
    catalog = load_catalog(write("thing.sold/1.avsc", record(ID)))
    found = catalog.find_fingerprint(catalog.entry("thing.made").fingerprint)
    assert [schema.event_type for schema in found] == ["thing.made", "thing.sold"]
    assert catalog.find_record_name("tests.Thing") == ("thing.made", "thing.sold")


def test_an_unknown_type_is_answered_with_the_closest_name() -> None:
    """A typing mistake on the command line should cost one look."""
    catalog = load_catalog(schemas_root() / "events")
    with pytest.raises(NotFoundError) as caught:
        catalog.entry("order.createt")
    assert caught.value.hint == "did you mean order.created?"
    with pytest.raises(NotFoundError, match=r"order\.created has no version 9"):
        catalog.schema("order.created", 9)


@pytest.mark.parametrize(
    ("file", "schema", "message"),
    [
        ("thing.made/1.avsc", "{", "is not JSON"),
        ("thing.made/one.avsc", record(ID), "must be named by its version"),
        ("thing.made/01.avsc", record(ID), "must be named by its version"),
        ("thing/1.avsc", record(ID), "'thing' is not an event type"),
        ("Thing.Made/1.avsc", record(ID), "'Thing.Made' is not an event type"),
        ("rejected.thing/1.avsc", record(ID), r"would be written to events\.rejected"),
        ("thing.made/1.avsc", "[]", "must be a record, not union"),
        ("thing.made/1.avsc", {"type": "enum", "name": "E", "symbols": ["A"]}, "must be a record, not enum"),
        ("thing.made/1.avsc", {"type": "nonsense"}, "is not an Avro schema"),
        ("thing.made/1.avsc", 7, "is not an Avro schema"),
        (
            "thing.made/1.avsc",
            record({"name": "a", "type": "int", "aliases": [{}]}),
            "aliases is not a list of strings",
        ),
        ("thing.made/1.avsc", record({"name": "a", "type": "tests.Unknown"}), "is not an Avro schema"),
        (
            "thing.made/1.avsc",
            record({"name": "a", "type": {"type": "bytes", "logicalType": "decimal"}}),
            "a decimal needs a precision",
        ),
        ("thing.made/1.avsc", record({"name": "a", "type": {"type": "array", "items": "null"}}), "take no bytes"),
        ("thing.made/1.avsc", record({"name": "a", "type": "tests.Thing"}), "contains itself without an end"),
        ("thing.made/1.avsc", '{"type": "record", "type": "enum"}', "'type' is there twice"),
        pytest.param("thing.made/1.avsc", "[" * 100_000, "is not JSON", id="deep"),
        pytest.param("thing.made/1.avsc", " " * (MAX_SCHEMA_BYTES + 1), "is larger than", id="large"),
        ("thing.made/README.md", "notes", "has no versions"),
    ],
)
def test_a_broken_catalog_is_refused_with_file_and_rule(
    write: WriteSchema, file: str, schema: Any, message: str
) -> None:
    """Each way of getting a file wrong has its message, and the message names the file or folder."""
    folder = write(file, schema)
    with pytest.raises(CatalogError, match=message) as caught:
        load_catalog(folder)
    assert file.split("/", maxsplit=1)[0] in caught.value.message
    assert len(check_catalog(folder)) == 1


def test_too_many_versions_are_refused(write: WriteSchema) -> None:
    """Each is compared with each other one."""
    folder = write("thing.made/1.avsc", "7")
    for version in range(2, MAX_VERSIONS + 2):
        (folder / "thing.made" / f"{version}.avsc").touch()
    with pytest.raises(CatalogError, match="versions, at most"):
        load_catalog(folder)


def test_too_many_event_types_are_refused(tmp_path: Path) -> None:
    """Before any of their files is read."""
    for number in range(MAX_EVENT_TYPES + 1):
        (tmp_path / f"thing.t{number}").mkdir()
    with pytest.raises(CatalogError, match="10001 event types, at most 10000"):
        load_catalog(tmp_path)


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    """A wrong GATEWAY_CATALOG_DIR must not look like a catalog without events."""
    with pytest.raises(CatalogError, match="no catalog folder"):
        load_catalog(tmp_path / "nowhere")
    with pytest.raises(CatalogError, match="has no event types"):
        load_catalog(tmp_path)


def test_check_reports_both_directions_against_every_earlier_version(write: WriteSchema) -> None:
    """Version 3 has to get on with 1 and 2, as reader and as writer."""
    write("thing.made/1.avsc", record(ID))
    write("thing.made/2.avsc", record(ID, {"name": "size", "type": "int", "default": 0}))
    folder = write("thing.made/3.avsc", record(ID, {"name": "colour", "type": "string"}))
    found = [(problem.field, problem.rule, problem.detail.partition(":")[0]) for problem in check_catalog(folder)]
    assert found == [
        ("colour", "missing_default", "version 3 can't read version 1"),
        ("colour", "missing_default", "version 3 can't read version 2"),
    ]
    folder = write("thing.made/3.avsc", record({"name": "id", "type": "int"}))
    assert [(problem.file, problem.field, problem.rule) for problem in check_catalog(folder)] == [
        ("thing.made/3.avsc", "id", "type")
    ] * 4


def test_check_refuses_versions_that_a_record_cannot_tell_apart(write: WriteSchema) -> None:
    """Docs and defaults do not travel: such a version would never be recognised."""
    write("thing.made/1.avsc", record(ID))
    folder = write("thing.made/2.avsc", record({**ID, "doc": "The id.", "default": ""}))
    assert [problem.rule for problem in check_catalog(folder)] == ["same_fingerprint"]
    catalog = load_catalog(folder)
    assert catalog.find_fingerprint(catalog.entry("thing.made").fingerprint)[0].version == 1


def test_check_names_defaults_that_do_not_fit(write: WriteSchema) -> None:
    """A wrong default is found before the first old record needs it."""
    colour = {"type": "enum", "name": "Colour", "symbols": ["RED"]}
    fields = [{"name": "colour", "type": colour, "default": "BLUE"}, {"name": "count", "type": "int", "default": 2**31}]
    problems = check_catalog(write("thing.made/1.avsc", record(*fields)))
    assert [(problem.field, problem.rule) for problem in problems] == [("colour", "default"), ("count", "default")]


@pytest.mark.parametrize(
    ("type_", "default", "finds"),
    [
        ({"type": "string", "logicalType": "uuid"}, "", True),
        ({"type": "long", "logicalType": "timestamp-millis"}, 2**62, True),
        ({"type": "bytes", "logicalType": "decimal", "precision": 2}, "\x01\x00", True),
        ({"type": "bytes", "logicalType": "decimal", "precision": 3}, "\x01\x00", False),
        (["null", {"type": "string", "logicalType": "uuid"}], None, False),
        ({"type": "string", "logicalType": "made-up"}, "", False),
    ],
)
def test_a_default_that_no_reader_could_be_given_is_found(
    write: Callable[[str, Any], Path],
    type_: Any,
    default: Any,
    finds: bool,  # noqa: FBT001 - parametrized
) -> None:
    """It fits the type and not the logical type: events from before the field could not be read in its version."""
    folder = write("thing.made/1.avsc", record(ID, {"name": "made", "type": type_, "default": default}))
    found = [(problem.field, problem.rule) for problem in check_catalog(folder)]
    assert found == ([("made", "default")] if finds else [])


@pytest.mark.parametrize(
    ("newer", "rules"),
    [
        (record(ID, {"name": "size", "type": "int", "default": 0}), []),
        (record({**ID, "doc": "other words"}), []),
        (record(ID, {"name": "size", "type": "int"}), ["missing_default"]),
        (record({"name": "size", "type": "int", "default": 0}, ID), ["append_only"]),
        (record({"name": "id", "type": ["null", "string"]}), ["append_only"]),
        (record(), ["append_only"]),
    ],
)
def test_gateway_records_only_grow_at_the_end(write: WriteSchema, newer: Any, rules: list[str]) -> None:
    """An older worker reads the beginning of a newer record, so the beginning must stay."""
    write("thing/1.avsc", record(ID))
    folder = write("thing/2.avsc", newer)
    assert [problem.rule for problem in check_gateway_records(folder)] == rules
