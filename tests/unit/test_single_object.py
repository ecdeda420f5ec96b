"""Fingerprints and single-object encoding against what the Avro project publishes."""

from typing import Any

import pytest

from gateway.wire.errors import UndecodableError
from gateway.wire.single_object import SingleObjectWriter, decode_body, fingerprint_of, split_header

# apache/avro, share/test/data/schema-tests.txt: the fingerprint of the canonical form, as a signed long.
VECTORS: list[tuple[Any, int]] = [
    ("null", 7195948357588979594),
    ("boolean", -6970731678124411036),
    ("int", 8247732601305521295),
    ({"type": "long"}, -3434872931120570953),
    ("double", -8181574048448539266),
    ("bytes", 5746618253357095269),
    ("string", -8142146995180207161),
    (["int", {"type": "boolean"}], 5392556393470105090),
    ({"fields": [], "type": "record", "name": "foo", "namespace": "x.y"}, 5916914534497305771),
    ({"fields": [], "type": "record", "name": "a.b.foo", "namespace": "x.y"}, -4616218487480524110),
    ({"fields": [], "type": "record", "name": "foo", "doc": "d", "aliases": ["foo", "bar"]}, -4824392279771201922),
    ({"type": "enum", "namespace": "x.y.z", "name": "foo", "symbols": ["A1", "A2"]}, -4448647247586288245),
    ({"name": "foo", "type": "fixed", "size": 15}, 1756455273707447556),
    ({"items": {"type": "null"}, "type": "array"}, -589620603366471059),
    ({"values": "string", "type": "map"}, -8732877298790414990),
    (
        {
            "name": "PigValue",
            "type": "record",
            "fields": [{"name": "value", "type": ["null", "int", "long", "PigValue"]}],
        },
        -1759257747318642341,
    ),
]


@pytest.mark.parametrize(("schema", "expected"), VECTORS)
def test_fingerprints_are_the_published_ones(schema: Any, expected: int) -> None:
    """Another implementation must find our schemas by their fingerprint, and we theirs."""
    assert int.from_bytes(fingerprint_of(schema), "little", signed=True) == expected


def test_the_header_is_marker_and_little_endian_fingerprint() -> None:
    """The bytes of the specification: C3 01, then the fingerprint, then the value."""
    value = SingleObjectWriter("int").encode(-1)
    assert value.hex() == "c3018f5c393f1ad57572" + "01"
    assert split_header(value).hex() == "8f5c393f1ad57572"
    assert decode_body(value, 10, "int") == -1


@pytest.mark.parametrize("value", [b"", b"\xc3", b"\xc3\x01\x00", b"\xc3\x02" + b"\0" * 8, b"{}"])
def test_other_bytes_are_no_single_object(value: bytes) -> None:
    """A wrong marker or a cut header is told apart from an unknown schema."""
    with pytest.raises(UndecodableError) as caught:
        split_header(value)
    assert caught.value.reason == "not_avro"


@pytest.mark.parametrize(
    "body", [b"", b"\x02", b"\x02a\x00", b"\xff" * 20, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01a"]
)
def test_a_body_that_does_not_fit_is_undecodable(body: bytes) -> None:
    """Too short, too long, or a length that no memory holds: an error with a reason, at once."""
    with pytest.raises(UndecodableError):
        decode_body(body, 0, "string")
