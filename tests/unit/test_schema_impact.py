"""Which subscriptions a proposed state of the catalog breaks, and which it leaves alone."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.admin.schema_impact import list_impacts
from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import Subscription
from gateway.wire.catalog import catalog_of
from tests.compatibility_cases import array, decimal, enum, field, record
from tests.subscriptions import subscription

TYPE = "thing.made"
Catalogue = dict[str, dict[int, Any]]

STATE = enum("NEW", "OLD", default="NEW", name="State")
FIELDS = {
    "id": field("id", "string"),
    "total": field("total", decimal(9, 2), default=""),
    "note": field("note", ["null", "string"], default=None),
    "state": field("state", STATE, default="NEW"),
    "lines": field("lines", array(record(field("sku", "string", default=""), name="Line")), default=[]),
}


def thing(**changed: Any) -> dict[str, Any]:
    """Make the schema of a thing; a field that is changed to None is not there."""
    fields = {**FIELDS, **changed}
    return record(*(one for one in fields.values() if one is not None), name="Thing")


WITHOUT_OLD = thing(state=field("state", enum("NEW", default="NEW", name="State"), default="NEW"))


def pinned_to(version: int, **more: Any) -> Subscription:
    return replace(
        subscription("pinned", event_types=("thing.*",)), pins=((TYPE, version),), follow_latest=False, **more
    )


def following(**more: Any) -> Subscription:
    return replace(subscription("following", event_types=("thing.*",)), **more)


def impacts(one: Subscription, candidate: Catalogue, present: Catalogue | None = None) -> list[tuple[str, str]]:
    """Give field and rule of each way in which a subscription is affected."""
    before = catalog_of({TYPE: {1: thing()}} if present is None else present)
    found = list_impacts([one], before, catalog_of(candidate))
    assert all(impact.subscription is one for impact in found)
    return [(impact.finding.path, impact.finding.rule) for impact in found]


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        (thing(more=field("more", "int", default=0)), []),
        (thing(note=None), []),
        (WITHOUT_OLD, []),
        (thing(note=field("note", "int", default=0)), [("note", "unreadable")]),
        (thing(id=None), [("id", "unreadable")]),
        (thing(total=field("total", decimal(9, 3), default="")), [("total", "unreadable")]),
        (thing(total=field("total", "bytes", default="")), [("total", "unreadable")]),
        (
            thing(lines=field("lines", array(record(field("sku", "int"), name="Line")), default=[])),
            [("lines[].sku", "unreadable")],
        ),
    ],
)
def test_a_pinned_receiver_is_broken_by_what_cannot_be_sent_as_its_version(
    proposed: Any, expected: list[tuple[str, str]]
) -> None:
    """Its body does not change by a version that fits; one that does not fit can't be had any longer."""
    assert impacts(pinned_to(1), {TYPE: {1: thing(), 2: proposed}}) == expected


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        (thing(more=field("more", "int", default=0)), []),
        (thing(state=field("state", enum("NEW", "OLD", "LOST", default="NEW", name="State"), default="NEW")), []),
        (thing(note=None), [("note", "removed")]),
        (thing(lines=None), [("lines", "removed")]),
        (
            thing(note=None, remark=field("remark", ["null", "string"], default=None, aliases=["note"])),
            [("note", "renamed")],
        ),
        (WITHOUT_OLD, [("state", "values")]),
        (thing(note=field("note", "string", default="")), [("note", "unreadable"), ("note", "type")]),
        (thing(total=field("total", decimal(9, 3), default="")), [("total", "unreadable"), ("total", "type")]),
        (thing(note=field("note", ["null", "string"], default=None, sensitive=True)), [("note", "hidden")]),
    ],
)
def test_a_receiver_that_follows_is_broken_by_what_it_loses(proposed: Any, expected: list[tuple[str, str]]) -> None:
    """What comes in addition is what it asked for."""
    assert impacts(following(), {TYPE: {1: thing(), 2: proposed}}) == expected


def test_a_pinned_receiver_loses_what_becomes_sensitive() -> None:
    """A mark in any version holds for all of them; who was granted the field before keeps it."""
    marked = {TYPE: {1: thing(), 2: thing(note=field("note", ["null", "string"], default=None, sensitive=True))}}
    assert impacts(pinned_to(1), marked) == [("note", "hidden")]
    assert impacts(pinned_to(1, sensitive_grants=("thing.made:note",)), marked) == []
    assert impacts(pinned_to(1, sensitive_grants=("thing.made:note",)), {TYPE: {1: thing()}}, marked) == [
        ("", "sensitive_grants")
    ]


def test_what_was_published_and_is_gone_breaks_who_gets_it() -> None:
    """A version by who is pinned to it, a type by everybody."""
    present = {TYPE: {1: thing(), 2: thing(note=None)}}
    assert impacts(pinned_to(1), {TYPE: {2: thing(note=None)}}, present) == [("", "removed_version")]
    assert impacts(pinned_to(2), {TYPE: {2: thing(note=None)}}, present) == []
    assert impacts(following(), {"other.type": {1: thing()}}, present) == [("", "removed_type")]


def test_a_published_version_that_is_changed_in_place_is_a_change() -> None:
    """For those who are pinned to it, too."""
    assert impacts(pinned_to(1), {TYPE: {1: thing(note=None)}}) == [("note", "removed")]


def test_a_filter_and_a_transform_that_speak_of_what_changed_may_mean_something_else() -> None:
    """They may still be accepted, so it has to be said."""
    candidate = {TYPE: {1: thing(), 2: thing(state=field("state", enum("NEW", name="State"), default="NEW"))}}
    one = following(filter="data.state == 'NEW'", transform='{"is": "data.state"}')
    found = impacts(one, candidate)
    assert [rule for path, rule in found if path == "state"] == ["unreadable", "values", "meaning", "meaning"]
    other = following(filter="data.id == 'x'", transform='{"is": "data.id"}')
    assert "meaning" not in {rule for _, rule in impacts(other, candidate)}


@pytest.mark.parametrize(
    ("text", "proposed", "rules"),
    [
        ("data.note == 'x'", thing(note=None), ["removed", "filter"]),
        ("data.state == 'OLD'", WITHOUT_OLD, ["values", "filter"]),
        ("data.note.startsWith('x')", thing(note=field("note", "int", default=0)), ["unreadable", "type", "filter"]),
        ("data.id == 'x'", thing(note=None), ["removed"]),
        ("data.nope == 1", thing(more=field("more", "int", default=0)), []),
    ],
)
def test_a_filter_that_would_be_refused_is_said(text: str, proposed: Any, rules: list[str]) -> None:
    """Once, with the field that it speaks of; not where it was wrong before."""
    found = impacts(following(filter=text), {TYPE: {1: thing(), 2: proposed}})
    assert list(dict.fromkeys(rule for _, rule in found)) == rules


def test_a_filter_need_not_fit_a_type_that_is_new() -> None:
    """Its pattern takes in another event type, on whose data it would fail."""
    other = record(field("id", "string"), name="Other")
    found = impacts(following(filter="data.note == 'x'"), {TYPE: {1: thing()}, "thing.lost": {1: other}})
    assert found == [("", "filter")]


def test_only_who_gets_the_type_is_affected() -> None:
    """Other event types, and types that did not change, are passed over."""
    candidate = catalog_of({TYPE: {1: thing(), 2: thing(note=None)}, "order.made": {1: thing()}})
    present = catalog_of({TYPE: {1: thing()}, "order.made": {1: thing()}})
    others = [subscription("one", event_types=("order.made",)), subscription("two", event_types=("order.*",))]
    assert list_impacts(others, present, candidate) == []
    everybody = [*others, subscription("three", event_types=("*",))]
    found = list_impacts(everybody, present, candidate)
    assert [(impact.subscription.subscription_id, impact.event_type) for impact in found] == [("three", TYPE)]


def test_a_type_of_its_own_that_is_new_breaks_nobody() -> None:
    """Who gets it by a pattern did not get it before."""
    candidate = {TYPE: {1: thing()}, "thing.lost": {1: thing(), 2: thing(note=None)}}
    assert impacts(following(), candidate) == []


def test_what_is_no_schema_is_refused() -> None:
    """With the file's name, and where to look."""
    wrong = record(field("a", ["int", "int"]), name="Thing")
    with pytest.raises(InvalidInputError, match=r"thing\.made/2\.avsc is no Avro schema: a: union"):
        impacts(pinned_to(1), {TYPE: {1: thing(), 2: wrong}})
