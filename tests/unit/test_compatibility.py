"""The resolution rules of Avro 1.12, as a table, and against what fastavro and the official library really do."""

from io import BytesIO
from random import Random
from typing import Any

import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import make_avsc_object

from gateway.wire import compatibility
from gateway.wire.catalog import load_catalog
from gateway.wire.compatibility import Verdict, compare
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.schema_files import schemas_root
from gateway.wire.schema_rules import read_schema
from tests.compatibility_cases import CASES, Case, array, decimal, field, fixed, record

CATALOG = load_catalog(schemas_root() / "events")
TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}


def verdict_on(reader: Any, writer: Any) -> Verdict:
    return compare(read_schema(reader), read_schema(writer))


def is_compatible_officially(reader: Any, writer: Any) -> bool:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro left it untyped
    opinion = checker.get_compatibility(reader=make_avsc_object(reader), writer=make_avsc_object(writer))
    return opinion.compatibility is SchemaCompatibilityType.compatible


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.about)
def test_each_rule_is_decided_as_the_specification_says(case: Case) -> None:
    """One case per rule: what is wrong and where, or nothing."""
    found = tuple((reason.path, reason.rule) for reason in verdict_on(case.reader, case.writer).reasons)
    assert found == case.reasons


@pytest.mark.filterwarnings("ignore::avro.errors.IgnoredLogicalType")
@pytest.mark.parametrize("case", [case for case in CASES if not case.official_errs], ids=lambda case: case.about)
def test_the_official_library_agrees(case: Case) -> None:
    """A second opinion on every case, but those where the library is known to err."""
    assert is_compatible_officially(case.reader, case.writer) == (not case.reasons)


@pytest.mark.parametrize("case", [case for case in CASES if case.official_errs], ids=lambda case: case.about)
def test_the_official_library_errs_where_the_table_says_so(case: Case) -> None:
    """A newer one may have mended it: then the case loses its remark."""
    try:
        opinion = is_compatible_officially(case.reader, case.writer)
    except Exception:  # noqa: BLE001 - it raises a class of its own for each thing it does not know
        return
    assert opinion != (not case.reasons)


@pytest.mark.parametrize(
    ("reader", "writer", "expected"),
    [
        ("long", TIMESTAMP, ("", "logical_type")),
        (TIMESTAMP, "long", ("", "logical_type")),
        (TIMESTAMP, {"type": "long", "logicalType": "timestamp-micros"}, ("", "logical_type")),
        ({"type": "string", "logicalType": "uuid"}, "string", ("", "logical_type")),
        ("bytes", decimal(9, 2), ("", "logical_type")),
        (fixed(12, logicalType="duration"), fixed(12), ("", "logical_type")),
        (record(field("at", array("long"))), record(field("at", array(TIMESTAMP))), ("at[]", "logical_type")),
        ("double", "long", ("", "precision")),
        ("string", "bytes", ("", "encoding")),
        ("bytes", "string", ("", "encoding")),
        (record(field("a", "int", aliases=["b"])), record(field("a", "int"), field("b", "int")), ("a", "alias")),
        (["null", "long"], ["null", TIMESTAMP], ("", "logical_type")),
        (["null", record(field("at", "long"))], ["null", record(field("at", TIMESTAMP))], ("at", "logical_type")),
        (["null", record(field("at", "long"))], record(field("at", TIMESTAMP)), ("at", "logical_type")),
        ("double", "int", None),
        (["double", "long"], ["double", "long"], None),
        (["bytes", "string"], "string", None),
        (["bytes", "string"], "bytes", None),
        (["bytes", "null"], "string", ("", "encoding")),
        ("long", "int", None),
        (TIMESTAMP, TIMESTAMP, None),
        ({"type": "string", "logicalType": "made-up"}, "string", None),
    ],
)
def test_what_would_mean_something_else_is_a_warning(
    reader: Any, writer: Any, expected: tuple[str, str] | None
) -> None:
    """It can be read, so Avro has nothing against it."""
    verdict = verdict_on(reader, writer)
    assert verdict.compatible
    assert [(warning.path, warning.rule) for warning in verdict.warnings] == ([expected] if expected else [])


def test_several_problems_are_all_reported() -> None:
    """The check does not stop at the first."""
    reader = record(field("a", "int"), field("b", "int"), field("c", "int"))
    found = verdict_on(reader, record(field("b", "string"))).reasons
    assert {(reason.path, reason.rule) for reason in found} == {
        ("a", "missing_default"),
        ("b", "type"),
        ("c", "missing_default"),
    }


def test_a_long_chain_of_records_is_refused() -> None:
    """They are not written in each other, so each schema can be read; but they are compared in each other."""
    chain = [record(field("next", f"R{number - 1}"), name=f"R{number}") for number in range(1, 2000)]

    def schema(place: str) -> dict[str, Any]:
        records = field(place, ["null", record(name="R0"), *chain], default=None)
        return record(records, field("last", "R1999"), name="Root")

    with pytest.raises(ValueError, match="nested too deep"):
        verdict_on(schema("here"), schema("there"))


def test_unions_that_are_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each branch may have to be compared with each other one."""
    monkeypatch.setattr(compatibility, "MAX_STEPS", 1000)
    reader = [record(name=f"R{number}") for number in range(40)]
    writer = [record(name=f"W{number}") for number in range(40)]
    with pytest.raises(ValueError, match="too large"):
        verdict_on(reader, writer)


@pytest.mark.parametrize("event_type", CATALOG.event_types())
def test_every_version_of_the_catalog_really_reads_every_other(event_type: str) -> None:
    """What the check promises holds when fastavro resolves real data, in both directions."""
    random = Random(11)  # noqa: S311 - made-up data
    for writer_version in CATALOG.versions(event_type):
        writer = CATALOG.entry(event_type, writer_version)
        for reader_version in CATALOG.versions(event_type):
            reader = CATALOG.schema(event_type, reader_version)
            for _ in range(20):
                stream = BytesIO()
                data = data_from_json(writer.nodes, mock_data(writer.nodes, random))
                fastavro.schemaless_writer(stream, writer.parsed, data)
                stream.seek(0)
                read: Any = fastavro.schemaless_reader(stream, writer.parsed, reader)
                assert set(read) == {item["name"] for item in reader["fields"]}
