"""Which fields are sensitive, over all versions and names; what a schema is without them; which grants may be given."""

import json
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import granted_paths
from gateway.shaping.avro_bodies import AvroBodies
from gateway.shaping.projection import Projection
from gateway.shaping.sensitive import SensitiveFields, check_grant
from gateway.wire.catalog import Catalog, EventSchema, event_schema
from gateway.wire.errors import CatalogError
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_data
from gateway.wire.schema_nodes import SchemaNodes
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body
from tests.marked_schemas import MarkedValue, marked_values
from tests.schema_histories import histories, records_of

ADDRESS = {
    "type": "record",
    "name": "Address",
    "fields": [
        {"name": "street", "type": "string", "sensitive": True},
        {"name": "city", "type": "string"},
    ],
}


def record(*fields: dict[str, Any], name: str = "shop.Order") -> dict[str, Any]:
    """A record's schema."""
    return {"type": "record", "name": name, "fields": list(fields)}


def field(name: str, type_: Any = "string", **more: Any) -> dict[str, Any]:
    """A field of a record's schema."""
    return {"name": name, "type": type_, **more}


def secret(name: str, type_: Any = "string", **more: Any) -> dict[str, Any]:
    """A field that is marked."""
    return field(name, type_, sensitive=True, **more)


def fields_of(*versions: dict[str, Any]) -> SensitiveFields:
    """The sensitive fields of an event type with these versions."""
    return SensitiveFields([SchemaNodes(version) for version in versions])


def entry(event_type: str, version: int, schema: dict[str, Any]) -> EventSchema:
    """A version as the catalog reads it."""
    return event_schema(Path(f"{event_type}/{version}.avsc"), event_type, version, schema)


def projected(writer: dict[str, Any], granted: list[str], value: Any) -> Any:
    """A value as it is read without the sensitive fields that are not granted."""
    fields = fields_of(writer)
    reader = fields.schema_without(SchemaNodes(writer), fields.hidden_without(granted))
    stream = BytesIO()
    fastavro.schemaless_writer(stream, writer, value)
    stream.seek(0)
    return fastavro.schemaless_reader(stream, writer, reader)


@pytest.mark.parametrize(
    ("versions", "paths"),
    [
        ([record(field("a"))], []),
        ([record(secret("a"), field("b"))], ["a"]),
        ([record(field("a", record(secret("b"), name="A")))], ["a.b"]),
        ([record(secret("a", record(secret("b"), name="A")))], ["a", "a.b"]),
        ([record(field("a", {"type": "array", "items": ADDRESS}))], ["a.street"]),
        ([record(field("a", {"type": "map", "values": ["null", ADDRESS]}))], ["a.street"]),
        ([record(field("a", ["null", ADDRESS]), field("b", "Address"))], ["a.street", "b.street"]),
        ([record(secret("a"), field("next", ["null", "shop.Order"]))], ["a"]),
        # Marked in one version only, whichever it is.
        ([record(field("a")), record(secret("a"))], ["a"]),
        ([record(secret("a")), record(field("a"))], ["a"]),
        ([record(secret("a"), field("b")), record(field("b"))], ["a"]),
        # Called otherwise in another version.
        ([record(field("a")), record(secret("b", aliases=["a"]))], ["b"]),
        ([record(secret("a")), record(field("b", aliases=["a"]))], ["b"]),
        ([record(secret("a"), field("b")), record(field("c", aliases=["a", "b"]))], ["c"]),
        (
            [
                record(field("a", record(secret("x"), name="A"))),
                record(field("b", record(field("x"), name="A"), aliases=["a"])),
            ],
            ["b.x"],
        ),
        (
            [
                record(field("a", record(secret("x"), name="A")), field("b", record(field("x"), field("y"), name="B"))),
                record(field("c", record(field("x"), secret("y"), name="A"), aliases=["a", "b"])),
            ],
            ["c.x", "c.y"],
        ),
    ],
)
def test_a_field_is_sensitive_in_all_versions_if_one_marks_it(versions: list[dict[str, Any]], paths: list[str]) -> None:
    """Through records, arrays, maps, unions and renames, each under its newest name."""
    assert list(fields_of(*versions).paths) == paths


def test_grants_are_understood_in_the_names_of_any_version() -> None:
    """A field that was renamed stays granted."""
    fields = fields_of(record(secret("a"), secret("b")), record(secret("c", aliases=["a"]), secret("b")))
    assert fields.hidden_without([]) == {"b", "c"}
    assert fields.hidden_without(["a"]) == fields.hidden_without(["c"]) == {"b"}
    assert fields.hidden_without(["gone", "a.b", "b"]) == {"c"}


def test_each_version_spells_its_sensitive_fields_in_its_own_names() -> None:
    """Also inside a record that contains itself, where the outer one's path stands for all."""
    older = record(field("owner", record(field("mail"), name="Person")), field("note"))
    friends = field("friends", {"type": "array", "items": "Person"})
    person = record(secret("email", aliases=["mail"]), friends, name="Person")
    newer = record(field("buyer", person, aliases=["owner"]), secret("pin"))
    fields = fields_of(older, newer)
    assert fields.paths_in(SchemaNodes(older)) == {"owner.mail"}
    assert fields.paths_in(SchemaNodes(newer)) == {"buyer.email", "pin"}


def test_what_hides_a_field_is_found_for_messages() -> None:
    """The field itself, or the outermost one around it."""
    schema = record(secret("a", record(secret("b"), field("c"), name="A")), field("d"))
    fields = fields_of(schema)
    hidden = fields.hidden_without([])
    assert fields.hider_of("a.c", hidden) == fields.hider_of("a.b", hidden) == fields.hider_of("a", hidden) == "a"
    assert fields.hider_of("a.b", fields.hidden_without(["a"])) == "a.b"
    assert fields.hider_of("a.c", fields.hidden_without(["a"])) is None
    assert fields.hider_of("d", hidden) is None
    assert fields.hider_of("nowhere.at.all", hidden) is None


def test_a_value_is_read_without_the_hidden_fields() -> None:
    """In every place, and only there: a type that stands in two places may lose a field in one of them."""
    writer = record(
        field("ship", ADDRESS),
        field("bill", ["null", "Address"]),
        field("all", {"type": "array", "items": "Address"}),
        field("by_name", {"type": "map", "values": "Address"}),
        field("parts", {"type": "array", "items": "shop.Order"}),
        secret("pin", "int"),
    )
    address = {"street": "s", "city": "c"}
    inner: dict[str, Any] = {"ship": address, "bill": None, "all": [], "by_name": {}, "parts": [], "pin": 1}
    value = {**inner, "bill": address, "all": [address], "by_name": {"x": address}, "parts": [inner]}
    bare = {"city": "c"}
    bare_inner: dict[str, Any] = {"ship": bare, "bill": None, "all": [], "by_name": {}, "parts": []}
    assert projected(writer, [], value) == {
        **bare_inner, "bill": bare, "all": [bare], "by_name": {"x": bare}, "parts": [bare_inner],
    }  # fmt: skip
    assert projected(writer, ["bill.street", "by_name.street", "pin"], value) == {
        "ship": bare,
        "bill": address,
        "all": [bare],
        "by_name": {"x": address},
        "parts": [{**bare_inner, "pin": 1}],
        "pin": 1,
    }


def test_records_in_each_other_keep_their_places_apart() -> None:
    """B stands in A, and A in B: granted in one place, the field stays hidden in the other."""
    b = record(field("a", ["null", "shop.A"]), name="shop.B")
    a = record(secret("x"), field("b", ["null", b]), name="shop.A")
    writer = record(field("first", a), field("second", "shop.B"))
    fields = fields_of(writer)
    assert fields.paths == ("first.x", "second.a.x")
    leaf = {"x": "x", "b": None}
    value = {"first": {"x": "x", "b": {"a": leaf}}, "second": {"a": leaf}}
    assert projected(writer, ["first.x"], value) == {**value, "second": {"a": {"b": None}}}
    assert projected(writer, ["second.a.x"], value) == {**value, "first": {"b": {"a": {"b": None}}}}


def test_a_schema_keeps_the_rest_as_it_is() -> None:
    """Names, namespaces, docs, logical types; a name whose definition was hidden is defined where it comes next."""
    color = {"type": "enum", "name": "Color", "symbols": ["RED"]}
    writer = {
        "type": "record",
        "name": "Order",
        "namespace": "shop",
        "doc": "An order.",
        "fields": [
            secret("a", color),
            field("b", "Color", doc="Of it.", default="RED"),
            field("at", {"type": "long", "logicalType": "timestamp-millis"}),
        ],
    }
    fields = fields_of(writer)
    reduced = fields.schema_without(SchemaNodes(writer), fields.hidden_without([]))
    assert reduced == {
        "type": "record",
        "name": "shop.Order",
        "doc": "An order.",
        "fields": [
            field("b", {**color, "name": "shop.Color"}, doc="Of it.", default="RED"),
            field("at", {"type": "long", "logicalType": "timestamp-millis"}),
        ],
    }


def test_a_new_name_is_nobody_elses() -> None:
    """A type that becomes two does not take the name of a third."""
    other = record(field("n", "int"), name="shop.Address_2")
    writer = record(
        field("ship", {**ADDRESS, "name": "shop.Address"}), field("bill", "shop.Address"), field("o", other)
    )
    address, bare = {"street": "s", "city": "c"}, {"city": "c"}
    value = {"ship": address, "bill": address, "o": {"n": 1}}
    assert projected(writer, ["bill.street"], value) == {"ship": bare, "bill": address, "o": {"n": 1}}


@pytest.mark.parametrize(
    ("type_", "default", "reduced"),
    [
        (ADDRESS, {"street": "s", "city": "c"}, {"city": "c"}),
        (["null", ADDRESS], None, None),
        ([ADDRESS, "null"], {"street": "s", "city": "c"}, {"city": "c"}),
        ({"type": "array", "items": ADDRESS}, [{"street": "s", "city": "c"}], [{"city": "c"}]),
        ({"type": "map", "values": ADDRESS}, {"street": {"street": "s", "city": "c"}}, {"street": {"city": "c"}}),
        ([{"type": "map", "values": "string"}, ADDRESS], {"street": "s"}, {"street": "s"}),
        (record(field("inner", ADDRESS), name="R"), {"inner": {"street": "s", "city": "c"}}, {"inner": {"city": "c"}}),
    ],
)
def test_a_default_loses_the_hidden_fields_too(type_: Any, default: Any, reduced: Any) -> None:
    """Libraries refuse a default with a field that its record does not have."""
    writer = record(field("a", type_, default=default))
    fields = fields_of(writer)
    [of_a] = fields.schema_without(SchemaNodes(writer), fields.hidden_without([]))["fields"]
    assert of_a["default"] == reduced


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (record(field("a", {"type": "string", "sensitive": True})), 'a: "sensitive" marks a field'),
        (record(field("a", {"type": "array", "items": {**ADDRESS, "sensitive": True}})), "a: "),
        ({**record(field("a")), "sensitive": False}, "Order: "),
        (record(field("a", sensitive="yes")), 'a: "sensitive" is neither true nor false'),
        (record(field("a", record(field("b", sensitive=1), name="A"))), "a.b: "),
    ],
)
def test_a_mark_that_would_hide_nothing_is_refused(schema: dict[str, Any], says: str) -> None:
    """Beside a type, or of another value: its author believes that it hides."""
    with pytest.raises(CatalogError, match=says):
        entry("order.created", 1, schema)


CATALOG = Catalog(
    [
        entry("order.created", 1, record(secret("mail"), field("note"))),
        entry("order.created", 2, record(secret("email", aliases=["mail"]), field("note"))),
        entry("order.paid", 1, record(field("amount"), name="shop.Paid")),
    ]
)


def test_grants_are_told_apart_by_event_type() -> None:
    """One type's name may be the beginning of another's."""
    assert granted_paths(("order.created:email", "order.created_too:x"), "order.created") == ("email",)


@pytest.mark.parametrize("grant", ["order.created:email", "order.created:mail"])
def test_a_grant_names_a_sensitive_field_as_any_version_does(grant: str) -> None:
    """No error is all there is to it."""
    check_grant(CATALOG, grant)


@pytest.mark.parametrize(
    ("grant", "message", "hint"),
    [
        ("order.created:emial", "there is no field emial", "did you mean email?"),
        ("order.created:zzz", "there is no field zzz", "sensitive are: email"),
        ("order.created:note", "is not sensitive", "sensitive are: email"),
        ("order.paid:amount", "is not sensitive", "no field of this event type"),
        ("order.craeted:email", "no event type 'order.craeted'", "did you mean order.created?"),
    ],
)
def test_a_grant_that_means_nothing_is_refused(grant: str, message: str, hint: str) -> None:
    """With what was meant, where that can be guessed."""
    with pytest.raises(InvalidInputError, match=message) as refused:
        check_grant(CATALOG, grant)
    assert hint in (refused.value.hint or "")


@given(marked_values(), st.data())
def test_only_what_is_granted_is_ever_read(made: MarkedValue, data: st.DataObject) -> None:
    """A text is in the body exactly if no hidden field is around it, and what is left is a valid value."""
    fields = SensitiveFields([made.nodes])
    granted = data.draw(st.lists(st.sampled_from(fields.paths), unique=True) if fields.paths else st.just([]))
    hidden = fields.hidden_without(granted)
    reduced = SchemaNodes(json.loads(json.dumps(fields.schema_without(made.nodes, hidden))))
    value = SingleObjectWriter(made.nodes.root).encode(made.data)
    view = Projection(made.nodes, reduced).read(value, HEADER_BYTES)

    seen = {text for text, within in made.texts.items() if hidden.isdisjoint(within)}
    body = render_data(view).decode()
    assert {text for text in made.texts if text in body} == seen
    avro = AvroBodies(reduced.root).encode(view)
    assert decode_body(avro, HEADER_BYTES, reduced.root) == view
    assert not any(text.encode() in avro for text in made.texts.keys() - seen)
    if not hidden:
        assert view == made.data


@given(histories(), st.data())
def test_a_mark_in_one_version_hides_the_field_in_all_of_them(
    history: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Whatever was renamed, and whichever version was written or is wanted: the rest is what it would have been."""
    fields_by_version = [[each for one in records_of(version) for each in one["fields"]] for version in history]
    for marked in data.draw(
        st.lists(st.sampled_from([each for some in fields_by_version for each in some]), max_size=4)
    ):
        marked["sensitive"] = True
    everything = [each for some in fields_by_version for each in some]
    # Of such a history, a name stands for one field only.
    hidden_names = {each["name"] for each in everything if each.get("sensitive")}
    while more := {
        name
        for each in everything
        if not hidden_names.isdisjoint(names := {each["name"], *each.get("aliases", ())})
        for name in names - hidden_names
    }:
        hidden_names |= more

    nodes = [SchemaNodes(version) for version in history]
    writer, reader = data.draw(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)))
    made = mock_data(writer, Random(data.draw(st.integers(0, 100))))  # noqa: S311 - made-up data
    value = SingleObjectWriter(writer.root).encode(data_from_json(writer, made))
    fields = SensitiveFields(nodes)
    view = SchemaNodes(fields.schema_without(reader, fields.hidden_without([])))
    seen, whole = (Projection(writer, each).read(value, HEADER_BYTES) for each in (view, reader))
    assert seen == without_names(whole, hidden_names)
    assert decode_body(AvroBodies(view.root).encode(seen), HEADER_BYTES, view.root) == seen


def without_names(value: Any, names: set[str]) -> Any:
    """Take the fields of these names out of a value, wherever they are."""
    match value:
        case dict():
            return {name: without_names(inner, names) for name, inner in value.items() if name not in names}
        case list():
            return [without_names(item, names) for item in value]
        case _:
            return value
