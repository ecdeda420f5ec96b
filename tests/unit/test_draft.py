"""A definition that is still being written: every fault is told at once, each with its field."""

import pytest

from gateway.admin.definition import Definition
from gateway.admin.draft import draft_of, position_of
from gateway.domain.custom_headers import GivenHeader
from tests.subscriptions import RULES, subscription

URL = "https://example.com/hooks"
TYPES = ("order.created",)


@pytest.mark.parametrize(
    ("definition", "fields"),
    [
        (Definition(), {"url", "event_types"}),
        (
            Definition(url="ftp://x", event_types=TYPES, filter="data.nope == 1", timeout_s=-1),
            {"url", "filter", "timeout_s"},
        ),
        (Definition(url=URL, event_types=("order.created@99",), filter="data.nope == 1"), {"pins", "filter"}),
        (
            Definition(url=URL, event_types=TYPES, filter="1", transform="x", pins=(("order.paid", 1),), rate_burst=3),
            {"filter", "transform", "pins", "rate_burst"},
        ),
        (Definition(url=URL, event_types=("order.creted",), filter="data.nope == 1"), {"event_types"}),
        (
            Definition(url=URL, event_types=TYPES, headers=(GivenHeader("a b", "x"),), sensitive_grants=("nope",)),
            {"headers", "sensitive_grants"},
        ),
        (Definition(url=URL, event_types=TYPES, content_mode="pigeon", order="maybe"), {"content_mode", "order"}),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_at_once(definition: Definition, fields: set[str]) -> None:
    """One fault for each field, and none for a field that is right."""
    draft = draft_of(RULES, definition, None, subscription_id="s", tenant="t")
    assert [fault.field for fault in draft.faults] == list(dict.fromkeys(fault.field for fault in draft.faults))
    assert {fault.field for fault in draft.faults} == fields


def test_a_filters_fault_has_its_place() -> None:
    """So that a form can mark it."""
    definition = Definition(url=URL, event_types=TYPES, filter="data.total > 1 && data.nope")
    (fault,) = draft_of(RULES, definition, None, subscription_id="s", tenant="t").faults
    assert position_of(fault) == len("data.total > 1 && data.")


def test_a_definition_without_faults_makes_a_subscription() -> None:
    """Its event types are pinned as they would be when it is written; no header has a value."""
    definition = Definition(url=URL, event_types=TYPES, headers=(GivenHeader("X-A", "hush"),))
    draft = draft_of(RULES, definition, None, subscription_id="s", tenant="t")
    assert draft.faults == ()
    assert draft.subscription is not None
    assert draft.subscription.pins == (("order.created", 3),)
    assert "hush" not in repr(draft.subscription)


def test_a_change_is_laid_over_what_there_is() -> None:
    """What is left out stays, what is wrong is left out."""
    current = subscription("s")
    draft = draft_of(RULES, Definition(timeout_s=3, filter="1"), current, subscription_id="s", tenant="t")
    assert [fault.field for fault in draft.faults] == ["filter"]
    assert draft.subscription is not None
    assert (draft.subscription.url, draft.subscription.timeout_s, draft.subscription.filter) == (current.url, 3, None)
