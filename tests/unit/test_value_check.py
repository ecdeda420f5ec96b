"""A record's bytes can neither crash nor hang a worker, nor claim what is not there."""

import time
import tracemalloc
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.varints import encode_varint
from gateway.wire.catalog import load_catalog
from gateway.wire.errors import UndecodableError
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.record_codec import RecordCodec
from gateway.wire.records import attempt_codec, cursor_codec, delivery_codec, subscription_codec
from gateway.wire.rejected_record import rejected_codec
from gateway.wire.schema_bounds import MAX_DEPTH, check_schema_bounds
from gateway.wire.schema_files import read_versions, schemas_root
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.single_object import HEADER_BYTES, MARKER, SingleObjectWriter, decode_body, fingerprint_of
from gateway.wire.value_check import ValueCheck

CATALOG = load_catalog(schemas_root() / "events")
SCHEMAS = [CATALOG.entry(name, version) for name in CATALOG.event_types() for version in CATALOG.versions(name)]
HUGE = 2**60


def record(*types: Any) -> dict[str, Any]:
    """A record with a field of each type; `R` is the record itself."""
    return {"type": "record", "name": "R", "fields": [{"name": f"f{at}", "type": one} for at, one in enumerate(types)]}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def number(value: int) -> bytes:
    """A long as Avro writes it."""
    return encode_varint(value << 1 if value >= 0 else (-value << 1) - 1)


def check(schema: Any, value: bytes) -> None:
    ValueCheck(SchemaNodes(schema)).check(value, 0)


CHAIN = record(["null", "R"])
TREE = record(array("R"))
MAPS = record({"type": "map", "values": "R"})
LETTER = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
ENUM = record(LETTER)
MIXED = record(array(array("long")), ["null", "bytes", LETTER, "boolean", "double", "int"])
HOSTILE: dict[str, tuple[Any, bytes]] = {
    "a chain to the end of the stack": (CHAIN, b"\x02" * 900_000 + b"\0"),
    "a chain without an end": (CHAIN, b"\x02" * 900_000),
    "a tree to the end of the stack": (TREE, b"\x02" * 900_000),
    "maps to the end of the stack": (MAPS, b"\x02\x00" * 400_000),
    "more items than bytes": (record(array("int")), number(HUGE) + b"\x02" * 9),
    "more doubles than bytes": (record(array("double")), number(HUGE)),
    "more entries than bytes": (record({"type": "map", "values": "null"}), number(HUGE) + b"\0" * 9),
    "more items in a sized block": (record(array("int")), number(-HUGE) + number(8) + b"\x02" * 8),
    "the least of all counts": (record(array("int")), number(-(2**63)) + number(3) + b"\x02" * 3),
    "a block of a negative size": (record(array("int")), number(-1) + number(-1) + b"\x02\0"),
    "a block of another size": (record(array("int")), number(-3) + number(300) + b"\x02\x02\x02\0"),
    "a string of an exabyte": (record("string"), number(HUGE) + b"a"),
    "bytes of a gigabyte": (record("bytes"), number(10**9) + b"a"),
    "a string of negative length": (record("string"), number(-1) + b"a"),
    "a fixed of a megabyte": (record({"type": "fixed", "name": "F", "size": 900_000}), b"a"),
    "a varint of a megabyte": (record("long"), b"\x80" * 900_000 + b"\0"),
    "a varint of eleven bytes": (record("long"), b"\x80" * 10 + b"\0"),
    "a long of 65 bits": (record("long"), b"\xff" * 9 + b"\x02"),
    "an int of 33 bits": (record("int"), number(2**31)),
    "a varint that is cut off": (record("long"), b"\x80"),
    "a branch before the first": (record(["null", "int"]), number(-1) + b"\x02"),
    "a branch beyond the last": (record(["null", "int"]), number(2)),
    "a branch far beyond": (record(["null", "int"]), number(2**31 - 1)),
    "a symbol before the first": (ENUM, number(-1)),
    "a symbol beyond the last": (ENUM, number(2)),
    "a boolean of 2": (record("boolean"), b"\x02"),
    "nothing": (record("int"), b""),
    "something left over": (record("int"), b"\x02\x02"),
    "half a double": (record("double"), b"\0" * 4),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_undecodable(name: str) -> None:
    """Soon, in little memory, and with the reason that a rejected event carries."""
    schema, value = HOSTILE[name]
    checking = ValueCheck(SchemaNodes(schema))
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(UndecodableError) as caught:
            checking.check(value, 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.reason == "not_avro"
    assert time.monotonic() - began < 10
    assert peak < 100_000


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: f"{schema.event_type}.{schema.version}")
def test_what_was_encoded_passes(schema: Any) -> None:
    """Every value of the catalog, and no beginning of one."""
    writer = SingleObjectWriter(schema.parsed)
    for seed in range(50):
        value = writer.encode(data_from_json(schema.nodes, mock_data(schema.nodes, Random(seed))))  # noqa: S311 - made-up data
        schema.values.check(value, HEADER_BYTES)
        with pytest.raises(UndecodableError):
            schema.values.check(value[:-1], HEADER_BYTES)
        with pytest.raises(UndecodableError):
            schema.values.check(value + b"\0", HEADER_BYTES)


@pytest.mark.parametrize("schema", [CHAIN, TREE, MAPS, MIXED], ids=["chain", "tree", "maps", "mixed"])
@given(value=st.binary(max_size=60))
def test_what_passes_is_decoded(schema: Any, value: bytes) -> None:
    """The decoder finds nothing wrong with it that the check did not."""
    nodes = SchemaNodes(schema)
    try:
        ValueCheck(nodes).check(value, 0)
    except UndecodableError:
        return
    decode_body(value, 0, nodes.root)


def test_blocks_with_their_size_pass() -> None:
    """Writers may split an array into blocks and say how long each is (Avro 1.12, "Arrays")."""
    check(record(array("int")), number(-2) + number(3) + b"\x02" + number(100) + number(1) + b"\x02\0")


def test_depth_is_bounded_where_it_can_be_decoded() -> None:
    """The deepest value that passes is decoded; one level more is refused."""
    deepest = b"\x02" * (MAX_DEPTH - 1) + b"\0"
    check(CHAIN, deepest)
    decode_body(deepest, 0, SchemaNodes(CHAIN).root)
    with pytest.raises(UndecodableError, match="nested more than"):
        check(CHAIN, b"\x02" + deepest)


def twice(levels: int) -> Any:
    """A schema of so many records, each of which has the one before twice: nothing in it takes a byte."""
    schema: Any = {"type": "record", "name": "R0", "fields": [{"name": "a", "type": "null"}]}
    for level in range(1, levels):
        fields = [{"name": "a", "type": schema}, {"name": "b", "type": f"R{level - 1}"}]
        schema = {"type": "record", "name": f"R{level}", "fields": fields}
    return schema


def either(levels: int) -> Any:
    """A schema of so many pairs of records, each of which has one of the pair before."""
    schema: Any = "int"
    for level in range(levels):
        first = {"type": "record", "name": f"A{level}", "fields": [{"name": "a", "type": schema}]}
        again = [f"A{level - 1}", f"B{level - 1}"] if level else "int"
        schema = [first, {"type": "record", "name": f"B{level}", "fields": [{"name": "b", "type": again}]}]
    return record(schema)


def each_in_each(count: int) -> Any:
    """A schema of so many records, each of which can have any of them."""
    names = [f"R{number}" for number in range(count)]
    schema: Any = "int"
    for name in names:  # each defined within the next, for a name has to be defined before it is used
        inner = [
            {"name": "inner", "type": ["null", schema]},
            *({"name": each, "type": ["null", each]} for each in names),
        ]
        schema = {"type": "record", "name": name, "fields": inner}
    return schema


def nested(levels: int) -> Any:
    schema: Any = "int"
    for _ in range(levels):
        schema = array(schema)
    return schema


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (record(array("null")), "take no bytes"),
        (record(array({"type": "record", "name": "E", "fields": []})), "take no bytes"),
        (record(array({"type": "fixed", "name": "F", "size": 0})), "take no bytes"),
        (record(array(twice(3))), "take no bytes"),
        (record("R"), "without an end"),
        (record(["R"]), "without an end"),
        (record([]), "without an end"),
        (twice(40), "more than 10000 values"),
        (either(20), "more than 10000 values"),
        (each_in_each(12), "more than 10000 values"),
        (record(*["int"] * 10_001), "more than 10000 values"),
        (record(nested(MAX_DEPTH + 1)), "levels deep"),
        (record({"type": "fixed", "name": "F", "size": 2**40}), "smallest value"),
        (record(array({"type": "fixed", "name": "F", "size": -1})), "no size"),
        (record({"type": "bytes", "logicalType": "decimal", "precision": 10**9}), "digits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_schemas_that_nothing_bounds_are_refused(schema: Any, why: str) -> None:
    """A few bytes would stand for any number of values."""
    with pytest.raises(ValueError, match=why):
        check_schema_bounds(SchemaNodes(schema))


def own_schemas() -> list[Any]:
    folders = sorted(path for path in (schemas_root() / "gateway").iterdir() if path.is_dir())
    return [schema for folder in folders for schema in read_versions(folder).values()]


@pytest.mark.parametrize("schema", [CHAIN, TREE, MAPS, ENUM, *own_schemas()], ids=lambda schema: schema["name"])
def test_other_schemas_are_accepted(schema: Any) -> None:
    """Types that contain themselves are no mistake. Of the gateway's own records, each item takes a byte at least."""
    check_schema_bounds(SchemaNodes(schema))


CODECS: list[tuple[str, RecordCodec[Any]]] = [
    ("delivery", delivery_codec()),
    ("attempt", attempt_codec()),
    ("cursor", cursor_codec()),
    ("rejected_event", rejected_codec()),
    ("subscription", subscription_codec()),
]


@pytest.mark.parametrize(("kind", "codec"), CODECS)
@given(body=st.binary(max_size=200))
def test_a_broken_record_of_our_own_is_undecodable(kind: str, codec: RecordCodec[Any], body: bytes) -> None:
    """With the right fingerprint in front, whatever follows: read, or refused; never another error."""
    versions = read_versions(schemas_root() / "gateway" / kind)
    for schema in versions.values():
        with suppress(UndecodableError):
            codec.decode(MARKER + fingerprint_of(schema) + body)
