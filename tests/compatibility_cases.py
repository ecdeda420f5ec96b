"""Pairs of schemas, whether one can read what the other wrote, and where the official Python library says otherwise.

The cases follow the rules of Avro 1.12, "Schema Resolution", and cover what the compatibility tests of its Java, Python
and Ruby libraries are about.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One pair.

    Attributes:
        about: what the case shows.
        reader: the schema of who reads.
        writer: the schema of who wrote.
        reasons: (path, rule) of all that is in the way; nothing where it can be read.
        official_errs: why the official Python library decides otherwise, or None.
    """

    about: str
    reader: Any
    writer: Any
    reasons: tuple[tuple[str, str], ...] = ()
    official_errs: str | None = None


def record(*fields: Any, name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name: str, type_: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def enum(*symbols: str, name: str = "E", **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": name, "symbols": list(symbols), **more}


def fixed(size: int, name: str = "F", **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size, **more}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def map_of(values: Any) -> dict[str, Any]:
    return {"type": "map", "values": values}


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


def linked(value: Any) -> dict[str, Any]:
    return record(field("head", value), field("tail", ["null", "List"]), name="List")


PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
_PROMOTED = {
    ("long", "int"),
    ("float", "int"),
    ("double", "int"),
    ("float", "long"),
    ("double", "long"),
    ("double", "float"),
    ("string", "bytes"),
    ("bytes", "string"),
}
COMPLEX = (record(field("a", "int")), enum("A", "B"), fixed(4), array("int"), map_of("int"))
A_INT = record(field("a", "int"))
POINT_2D = record(field("x", "double"), field("y", "double"), name="Point2D")
POINT_WRITTEN = record(field("x", "double"), field("y", "double"), name="written.Point")
POINT_3D_NO_DEFAULT = record(field("x", "double"), field("y", "double"), field("z", "double"), name="Point")
POINT_3D = record(field("x", "double"), field("y", "double"), field("z", "double", default=0.0), name="Point")

_SIMPLE = [
    *(
        Case(
            f"{writer} read as {reader}",
            reader,
            writer,
            () if reader == writer or (reader, writer) in _PROMOTED else (("", "type"),),
        )
        for reader in PRIMITIVES
        for writer in PRIMITIVES
    ),
    *(
        Case(f"{writer['type']} read as {reader['type']}", reader, writer, () if reader is writer else (("", "type"),))
        for reader in COMPLEX
        for writer in COMPLEX
    ),
    Case("a string is no fixed", fixed(4), "string", (("", "type"),)),
    Case("bytes are no fixed", fixed(4), "bytes", (("", "type"),)),
    Case("a fixed is no bytes", "bytes", fixed(4), (("", "type"),)),
    Case("an enum is no string", "string", enum("A"), (("", "type"),)),
    Case("a string is no enum", enum("A"), "string", (("", "type"),)),
    Case("items are promoted", array("long"), array("int")),
    Case("items are not demoted", array("int"), array("long"), (("[]", "type"),)),
    Case("values are promoted", map_of("long"), map_of("int")),
    Case("values are not demoted", map_of("int"), map_of("string"), (("{}", "type"),)),
    Case("nested containers", map_of(array("int")), map_of(array("long")), (("{}[]", "type"),)),
    Case(
        "attributes of a primitive mean nothing",
        {"type": "int", "default": 3, "name": "N"},
        {"type": "int", "name": "M"},
    ),
]

_NAMES = [
    Case("a record of another name", record(), record(name="Other"), (("", "name"),)),
    Case("an enum of another name", enum("A"), enum("A", name="Other"), (("", "name"),)),
    Case("a fixed of another name", fixed(4), fixed(4, name="Other"), (("", "name"),)),
    Case("names match without their namespace", record(name="a.R"), record(name="b.R")),
    Case("a namespace or none", record(), record(namespace="ns")),
    Case("enums match without their namespace", enum("A", name="a.E"), enum("A", name="b.E")),
    Case("fixed match without their namespace", fixed(4, name="a.F"), fixed(4, name="b.F")),
    Case(
        "the namespace of an inner record",
        record(field("f", ["null", array(record(name="a.I"))])),
        record(field("f", ["null", array(record(name="b.I"))])),
    ),
    Case(
        "an inner enum of another name",
        record(field("b", enum("A", name="E1"))),
        record(field("b", enum("A", name="E2"))),
        (("b", "name"),),
    ),
    Case("names are case-sensitive", record(name="r"), record(), (("", "name"),)),
    Case("an alias of a record", record(aliases=["Other"]), record(name="Other")),
    Case("an alias of an enum", enum("A", aliases=["Other"]), enum("A", name="Other")),
    Case("an alias of a fixed", fixed(4, aliases=["Other"]), fixed(4, name="Other")),
    Case("an alias of the writer is no alias", record(), record(name="Other", aliases=["R"]), (("", "name"),)),
    Case("an alias with a namespace", record(aliases=["x.Old"]), record(name="x.Old")),
    Case(
        "an alias is in the namespace of its type",
        record(name="a.R", aliases=["Old"]),
        record(name="a.Old"),
        official_errs="it compares an alias as it is written with a full name",
    ),
    Case(
        "and in no other",
        record(name="a.R", aliases=["Old"]),
        record(name="Old"),
        (("", "name"),),
        official_errs="it compares an alias as it is written with a full name",
    ),
    Case("an alias is a full name", record(aliases=["Old"]), record(name="x.Old"), (("", "name"),)),
]

_FIELDS = [
    Case("a field more is ignored", A_INT, record(field("a", "int"), field("b", "int"))),
    Case("fields in another order", record(field("b", "int"), field("a", "int")),
         record(field("a", "int"), field("b", "int"))),
    Case("a field is promoted", record(field("a", "long")), A_INT),
    Case("a field is not demoted", A_INT, record(field("a", "long")), (("a", "type"),)),
    Case("no field and no default", record(field("a", "int"), field("b", "int")), A_INT, (("b", "missing_default"),)),
    Case("every field that is missing", record(field("a", "int"), field("b", "int", default=0), field("c", "int")),
         record(), (("a", "missing_default"), ("c", "missing_default"))),
    Case("a default for a missing field", record(field("a", "int"), field("b", "int", default=0)), A_INT),
    Case("null is a default", record(field("b", ["null", "int"], default=None)), record()),
    Case("a default of a later branch", record(field("b", ["null", "int"], default=1)), record()),
    Case("no default, though null could be one", record(field("b", ["null", "int"])), record(),
         (("b", "missing_default"),)),
    Case("a default does not help where the types differ", record(field("a", "int", default=0)),
         record(field("a", "string")), (("a", "type"),)),
    Case("the writer's default is no help", record(field("a", "int")), record(field("b", "int", default=0)),
         (("a", "missing_default"),)),
    Case("a whole number for a double", record(field("a", {"type": "double"}, default=0)), record()),
    Case("a default that does not fit", record(field("a", "int", default="x")), record(), (("a", "default"),),
         official_errs="it looks at no default"),
    Case("the default symbol of an enum is no field's default", record(field("e", enum("A", default="A"))), record(),
         (("e", "missing_default"),)),
    Case("an alias of a field", record(field("new", "int", aliases=["old"])), record(field("old", "int"))),
    Case("the writer's alias is none", record(field("old", "int")), record(field("new", "int", aliases=["old"])),
         (("old", "missing_default"),)),
    Case("an alias and another type", record(field("new", "int", aliases=["old"])), record(field("old", "string")),
         (("new", "type"),)),
    Case("the name comes before the alias", record(field("a", "int", aliases=["b"])),
         record(field("b", "string"), field("a", "int"))),
    Case("crossed aliases", record(field("a", "int", aliases=["b"]), field("b", "string", aliases=["a"])),
         record(field("a", "string"), field("b", "int")), (("a", "type"), ("b", "type"))),
    Case("within a record", record(field("a", record(field("b", "int"), name="I"))),
         record(field("a", record(field("b", "string"), name="I"))), (("a.b", "type"),)),
    Case("a record where a number was", record(field("a", record(name="I"))), A_INT, (("a", "type"),)),
    Case("a record where a union was", record(field("a", record(field("b", "int"), name="I"))),
         record(field("a", ["null", record(field("b", "int"), name="I")])), (("a", "type"),)),
    Case("a union where a record was", record(field("a", ["null", record(field("b", "int"), name="I")])),
         record(field("a", record(field("b", "int"), name="I")))),
    Case("an error is a record", {"type": "error", "name": "R", "fields": []}, record(),
         official_errs="it knows errors in protocols only"),
]  # fmt: skip

_ENUMS_AND_FIXED = [
    Case("a symbol more", enum("A", "B"), enum("A")),
    Case("symbols in another order", enum("B", "A"), enum("A", "B")),
    Case("a symbol less", enum("A"), enum("A", "B"), (("", "symbols"),)),
    Case("a default symbol", enum("A", default="A"), enum("A", "B")),
    Case("the writer's default symbol is no help", enum("A"), enum("A", "B", default="A"), (("", "symbols"),)),
    Case("a field's default is no default symbol", record(field("e", enum("A"), default="A")),
         record(field("e", enum("A", "B"))), (("e", "symbols"),)),
    Case("both have a default symbol", record(field("e", enum("A", "B", default="B"), default="A")),
         record(field("e", enum("A", "B", "C", default="A"), default="B"))),
    Case("of the same size", fixed(4), fixed(4)),
    Case("of another size", fixed(4), fixed(8), (("", "size"),)),
    Case("of another size in a field", record(field("b", fixed(8))), record(field("b", fixed(4))), (("b", "size"),)),
]  # fmt: skip

_UNIONS = [
    Case("into a union", ["null", "string"], "string"),
    Case("into no branch", ["null", "string"], "int", (("", "union"),)),
    Case("promoted into a branch", ["null", "double"], "int"),
    Case("out of a union", "string", ["null", "string"], (("", "type"),)),
    Case("out of a union of one", "int", ["int"]),
    Case("each branch is promoted", "double", ["int", "long", "float", "double"]),
    Case("not each branch is promoted", "float", ["int", "long", "float", "double"], (("", "type"),)),
    Case("a long out of a union", "long", ["int", "float"], (("", "type"),)),
    Case("branches in another order", ["null", "string"], ["string", "null"]),
    Case("branches are promoted", ["null", "long"], ["null", "int"]),
    Case("branches become one", ["double"], ["int", "float"]),
    Case("text and bytes", ["bytes"], ["string"]),
    Case("a branch less", ["null", "int"], ["null", "int", "string"], (("", "union"),)),
    Case("each branch that is missing", ["int"], ["int", "long", "float"], (("", "union"), ("", "union"))),
    Case("an array is no branch", ["int"], ["int", array("int")], (("", "union"),)),
    Case("a map is no branch", ["int"], ["int", map_of("int")], (("", "union"),)),
    Case("null is no branch", ["int"], ["int", "null"], (("", "union"),)),
    Case("a boolean is no branch", ["int"], ["int", "boolean"], (("", "union"),)),
    Case("an enum is no branch", ["int"], ["int", enum("A")], (("", "union"),)),
    Case("the items of a branch", ["null", array("int")], array("long"), (("[]", "type"),)),
    Case("a union without branches writes nothing", ["int"], []),
    Case("two unions without branches", [], []),
    Case("into a union without branches", [], "int", (("", "union"),)),
    Case("a branch of another name", ["int", record(name="R1")], ["int", record(name="R2")], (("", "union"),)),
    Case("the same fields under another name", ["null", POINT_2D], POINT_WRITTEN, (("", "union"),)),
    Case("the name without namespace, and a field too many", ["null", POINT_3D_NO_DEFAULT], POINT_WRITTEN,
         (("z", "missing_default"),)),
    Case("the name without namespace, and a default", ["null", POINT_2D, POINT_3D], POINT_WRITTEN),
    Case("the full name among others", ["null", POINT_2D, POINT_3D_NO_DEFAULT, POINT_WRITTEN], POINT_WRITTEN),
    Case("a later branch can read it", [record(field("a", "int"), field("b", "int"), name="x.R"),
                                        record(field("a", "int"), name="y.R")], A_INT),
    Case("a fixed that is not of the size", ["null", fixed(8)], fixed(4), (("", "size"),)),
    Case("a union within a record", record(field("b", ["int"], default=0)),
         record(field("b", ["int", "string"], default=0)), (("b", "union"),)),
]  # fmt: skip

_RECURSIVE = [
    Case("a list of its own kind", linked("int"), linked("int")),
    Case("a list of larger numbers", linked("long"), linked("int")),
    Case("a list of smaller numbers", linked("int"), linked("long"), (("head", "type"),)),
    Case("a list without an end", record(field("tail", "R")), record(field("tail", "R"))),
    Case(
        "what a record was taken for within a branch that is not taken",
        [
            record(field("next", [record(field("up", "x.A"), name="B"), "null"]), field("more", "int"), name="x.A"),
            record(field("next", ["x.B", "null"]), name="y.A"),
        ],
        record(field("next", [record(field("up", "A"), name="B"), "null"]), name="A"),
        # B is readable only if x.A is, which it is not.
        (("more", "missing_default"),),
        official_errs="it keeps what it concluded from an assumption that turned out wrong",
    ),
]

_LOGICAL = [
    Case("a timestamp as a number", "long", {"type": "long", "logicalType": "timestamp-millis"}),
    Case("a number as a timestamp", {"type": "long", "logicalType": "timestamp-millis"}, "long"),
    Case("a logical type nobody knows", {"type": "string", "logicalType": "made-up"}, "string"),
    Case("the same decimal", decimal(9, 2), decimal(9, 2)),
    Case("no scale is scale 0", decimal(4, 0), {"type": "bytes", "logicalType": "decimal", "precision": 4}),
    Case("another scale", decimal(9, 2), decimal(9, 3), (("", "decimal"),),
         official_errs="it knows no logical types, though the specification has decimals match by their terms"),
    Case("another precision", decimal(9, 2), decimal(8, 2), (("", "decimal"),),
         official_errs="it knows no logical types, though the specification has decimals match by their terms"),
    Case("a decimal as bytes", "bytes", decimal(9, 2)),
    Case("a decimal that is none is bytes", decimal(2, 9), decimal(9, 2)),
]  # fmt: skip

CASES = [*_SIMPLE, *_NAMES, *_FIELDS, *_ENUMS_AND_FIXED, *_UNIONS, *_RECURSIVE, *_LOGICAL]
