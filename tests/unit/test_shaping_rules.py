"""What a subscription may say about what it gets of an event, when it is written and when it is changed."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.admin.definition import Definition
from gateway.admin.field_errors import FieldError
from gateway.domain.subscription import MAX_FILTER_CHARS, MAX_GRANTS, MAX_TRANSFORM_CHARS, ContentMode, Subscription
from tests.subscriptions import RULES, subscription

ORDERS = replace(subscription("s1", event_types=("order.created", "order.paid")), follow_latest=False)


def settle(current: Subscription | None = None, **said: Any) -> dict[str, Any]:
    """Check a definition as the admin does."""
    definition = Definition(**said)
    return RULES.settled(RULES.check(definition, current=current), current)


def test_a_new_subscription_is_pinned_to_what_is_current() -> None:
    """Every type of its patterns, but for those whose version is said with the type or as a pin."""
    settled = settle(event_types=("order.created@1", "order.paid", "invoice.*"), pins=(("order.paid", 1),))
    assert settled["event_types"] == ("invoice.*", "order.created", "order.paid")
    assert settled["pins"] == (("invoice.issued", 2), ("order.created", 1), ("order.paid", 1))
    assert settled["follow_latest"] is False
    assert "pin_latest" not in settled


def test_following_is_asked_for() -> None:
    """Then there are no pins but those that are given."""
    settled = settle(event_types=("order.*",), follow_latest=True, pins=(("order.paid", 1),))
    assert (settled["pins"], settled["follow_latest"]) == ((("order.paid", 1),), True)


@pytest.mark.parametrize(
    ("said", "field", "says"),
    [
        ({"pins": (("order.created", 9),)}, "pins", "has no version 9"),
        ({"pins": (("order.creatd", 1),)}, "pins", "no event type 'order.creatd'"),
        ({"pins": (("invoice.issued", 1),)}, "pins", "none of the subscription's event types"),
        ({"pins": (("order.paid", 1), ("order.paid", 2))}, "pins", "pinned to 1 and to 2"),
        ({"event_types": ("order.paid@1",), "pins": (("order.paid", 2),)}, "pins", "pinned to 1 and to 2"),
        ({"event_types": ("order.*@1",)}, "event_types", "one event type"),
        ({"content_mode": "xml"}, "content_mode", "no content mode 'xml'"),
        ({"on_filter_error": "drop"}, "on_filter_error", "can't be 'drop'"),
        ({"filter": "x" * (MAX_FILTER_CHARS + 1)}, "filter", "longer than"),
        ({"sensitive_grants": ("customer.email",)}, "sensitive_grants", "names no field"),
        ({"sensitive_grants": ("invoice.issued:a.b",)}, "sensitive_grants", "none of the subscription's event types"),
        ({"sensitive_grants": ("order.crated:a.b",)}, "sensitive_grants", "not in the catalog"),
        ({"sensitive_grants": ("order.created:custmer",)}, "sensitive_grants", "there is no field custmer"),
        ({"sensitive_grants": ("order.created:order_id",)}, "sensitive_grants", "is not sensitive"),
        (
            {"sensitive_grants": tuple(f"order.paid:f{n}" for n in range(MAX_GRANTS + 1))},
            "sensitive_grants",
            "more than",
        ),
        ({"removed_grants": ("order.paid:a",)}, "sensitive_grants", "can't be withdrawn"),
        ({"filter": "data.nope == 1"}, "filter", r"order.created \d: position 6: there is no field 'nope'"),
        ({"filter": "data.total > 5"}, "filter", r"order.paid \d: position 6: there is no field 'total'"),
        ({"filter": "data.tags == []", "pins": (("order.created", 1),)}, "filter", "order.created 1: position 6"),
        ({"filter": "data.order_id"}, "filter", r"order.created \d: it gives uuid, not true or false"),
        ({"transform": '{"a": ["data.nope"]}'}, "transform", r"'a\[0\]', position 6: there is no field"),
        ({"transform": "[1]"}, "transform", "no JSON object"),
        ({"transform": '{"a": 1, "a": 2}'}, "transform", "there twice"),
        ({"transform": "{" + " " * MAX_TRANSFORM_CHARS + "}"}, "transform", "longer than"),
        ({"transform": "{}", "content_mode": "avro"}, "content_mode", "no Avro schema"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_field(said: dict[str, Any], field: str, says: str) -> None:
    """Of a new subscription, and of one that is changed."""
    for current, given in ((None, {"event_types": ORDERS.event_types, **said}), (ORDERS, said)):
        with pytest.raises(FieldError, match=says) as refused:
            settle(current, **given)
        assert refused.value.field == field


def test_what_was_written_before_is_not_checked_again() -> None:
    """A pin whose version the catalog has no more keeps nobody from setting a time-out."""
    old = replace(ORDERS, pins=(("order.created", 9),), transform="{}", content_mode=ContentMode.AVRO)
    assert settle(old, timeout_s=3)["pins"] == old.pins
    with pytest.raises(FieldError, match="no Avro schema"):
        settle(old, transform='{"a": "b"}')


def test_an_empty_text_ends_a_filter_and_a_transform() -> None:
    """Nothing else would say it."""
    shaped = replace(ORDERS, filter="true", transform="{}")
    settled = settle(shaped, filter="", transform="")
    assert (settled["filter"], settled["transform"]) == (None, None)


def test_a_template_has_one_form() -> None:
    """Blanks say nothing: they are no difference later."""
    assert settle(ORDERS, transform='{ "b": [1, null],\n "a": "\'é\'" }')["transform"] == '{"b":[1,null],"a":"\'é\'"}'


def test_a_sensitive_field_is_granted_by_its_name() -> None:
    """And withdrawn by the same."""
    granted = "customer.updated:profile.date_of_birth"
    settled = settle(event_types=("customer.*",), sensitive_grants=(granted,))
    assert settled["sensitive_grants"] == (granted,)
    with pytest.raises(FieldError, match="there is no field") as refused:
        settle(event_types=("customer.*",), sensitive_grants=("customer.updated:profile.birthdate",))
    assert refused.value.hint == "did you mean profile.date_of_birth?"


def test_a_filter_on_a_sensitive_field_needs_its_grant() -> None:
    """The refusal says which one; with it the filter is accepted."""
    filter_ = "data.profile.date_of_birth < '2008-01-01'"
    with pytest.raises(FieldError, match="'date_of_birth' of Profile is a sensitive field") as refused:
        settle(event_types=("customer.*",), filter=filter_)
    granted = "customer.updated:profile.date_of_birth"
    assert refused.value.hint == f"grant it to the subscription first: --allow-sensitive {granted}"
    assert settle(event_types=("customer.*",), filter=filter_, sensitive_grants=(granted,))["filter"] == filter_


def test_a_grant_that_a_filter_needs_is_not_withdrawn() -> None:
    granted = "customer.updated:profile.date_of_birth"
    current = replace(
        subscription("s", event_types=("customer.*",)),
        filter="data.profile.date_of_birth < '2008-01-01'",
        sensitive_grants=(granted,),
    )
    with pytest.raises(FieldError, match="is a sensitive field"):
        settle(current, removed_grants=(granted,))
