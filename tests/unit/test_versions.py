"""Which version a subscription gets, and what it is pinned to when it is written."""

import pytest

from gateway.domain.errors import InvalidInputError
from gateway.domain.versions import (
    VersionTerms,
    covered_types,
    merge_pins,
    parse_pin,
    pinned,
    split_version,
    version_for,
)

LATEST = {"invoice.issued": 2, "order.created": 3, "order.paid": 2}
ORDERS = VersionTerms(("order.*",), (("order.created", 1),), follow_latest=False)
FLOATING = VersionTerms(("order.*",), (("order.paid", 1),), follow_latest=True)


@pytest.mark.parametrize(
    ("event_type", "follow_latest", "version"),
    [
        ("order.created", False, 2),
        ("order.created", True, 2),
        ("order.paid", False, 7),
        ("order.refunded", False, 1),
        ("order.refunded", True, 3),
        ("a.first", False, 1),
    ],
)
def test_a_pin_rules_then_the_latest_or_the_first(event_type: str, follow_latest: bool, version: int) -> None:  # noqa: FBT001 - parametrized
    """A pin may name a version that the catalog does not have."""
    pins = (("order.created", 2), ("order.paid", 7))
    assert version_for(pins, event_type, (1, 2, 3), follow_latest=follow_latest) == version


def test_patterns_cover_types_once() -> None:
    """In the catalog's order, whatever the number of patterns that match."""
    assert covered_types(("order.*", "order.paid"), LATEST) == ("order.created", "order.paid")
    assert covered_types(("*",), LATEST) == tuple(LATEST)


@pytest.mark.parametrize(
    ("event_types", "given", "asked", "current", "pins", "follows"),
    [
        # A new one is pinned to what is current, but for what is given.
        (("order.*",), {}, {}, None, {"order.created": 3, "order.paid": 2}, False),
        (("order.*",), {"order.created": 1}, {}, None, {"order.created": 1, "order.paid": 2}, False),
        (("order.*",), {"order.created": 1}, {"follow_latest": True}, None, {"order.created": 1}, True),
        # An unrelated change leaves types that came later without a pin: they stay at their first version.
        (("order.*",), {}, {}, ORDERS, {"order.created": 1}, False),
        (("order.*",), {"order.paid": 1}, {}, ORDERS, {"order.created": 1, "order.paid": 1}, False),
        (("order.*",), {}, {"follow_latest": False}, ORDERS, {"order.created": 1}, False),
        # New patterns: what they add is pinned to what is current, what they drop is forgotten.
        (("*",), {}, {}, ORDERS, {"order.created": 1, "invoice.issued": 2}, False),
        (("order.paid",), {}, {}, ORDERS, {}, False),
        (("invoice.issued",), {}, {}, ORDERS, {"invoice.issued": 2}, False),
        # All move to what is current.
        (("order.*",), {}, {"pin_latest": True}, ORDERS, {"order.created": 3, "order.paid": 2}, False),
        (("order.*",), {"order.paid": 1}, {"pin_latest": True}, ORDERS, {"order.created": 3, "order.paid": 1}, False),
        # From pins to the latest, and back: nothing changes at that moment.
        (("order.*",), {}, {"follow_latest": True}, ORDERS, {}, True),
        (("order.*",), {}, {"follow_latest": True}, FLOATING, {}, True),
        (("order.*",), {}, {}, FLOATING, {"order.paid": 1}, True),
        (("order.*",), {"order.created": 2}, {}, FLOATING, {"order.created": 2, "order.paid": 1}, True),
        (("order.*",), {}, {"follow_latest": False}, FLOATING, {"order.created": 3, "order.paid": 1}, False),
        (("*",), {}, {}, FLOATING, {"order.paid": 1}, True),
    ],
)
def test_pins_are_settled_when_a_subscription_is_written(  # noqa: PLR0917 - parametrized
    event_types: tuple[str, ...],
    given: dict[str, int],
    asked: dict[str, bool],
    current: VersionTerms | None,
    pins: dict[str, int],
    follows: bool,  # noqa: FBT001 - parametrized
) -> None:
    """What a receiver gets never moves by itself, and moves where it is asked for."""
    settled = pinned(event_types, given, LATEST, current=current, **asked)
    assert settled == VersionTerms(event_types, tuple(sorted(pins.items())), follow_latest=follows)


def test_pins_are_read() -> None:
    """From the option of their own, and off an event type."""
    assert parse_pin("order.created=12") == ("order.created", 12)
    assert split_version("order.created@2") == ("order.created", 2)
    assert split_version("order.*") == ("order.*", None)
    assert merge_pins([("order.paid", 1), ("order.created", 2), ("order.paid", 1)]) == {
        "order.paid": 1,
        "order.created": 2,
    }


@pytest.mark.parametrize("text", ["order.created", "order.created=", "order.created=0", "order.created=v1", "=1 "])
def test_what_is_no_pin_is_refused(text: str) -> None:
    """With what would be one."""
    with pytest.raises(InvalidInputError, match="is not a pin"):
        parse_pin(text)


@pytest.mark.parametrize("pattern", ["order.created@", "order.created@0", "order.created@1@2", "order.*@1", "*@1"])
def test_a_version_belongs_to_one_event_type(pattern: str) -> None:
    """And follows the @."""
    with pytest.raises(InvalidInputError, match="version"):
        split_version(pattern)


def test_one_event_type_has_one_pin() -> None:
    """Two versions are a contradiction, not the last one's win."""
    with pytest.raises(InvalidInputError, match="pinned to 1 and to 2"):
        merge_pins([("order.created", 1), ("order.created", 2)])
