"""A definition that is still being written: every fault is told at once, each with its field."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.admin.definition import Definition
from gateway.admin.draft import draft_of, position_of
from gateway.domain.custom_headers import GivenHeader
from gateway.domain.subscription import ClientCertificate, CustomHeader, Sealed
from gateway.telemetry.clock import now_ms
from tests.certificates import Authority
from tests.subscriptions import NOW_MS, RULES, subscription

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
    draft = draft_of(RULES, definition, None, subscription_id="s", tenant="t", now_ms=NOW_MS)
    assert [fault.field for fault in draft.faults] == list(dict.fromkeys(fault.field for fault in draft.faults))
    assert {fault.field for fault in draft.faults} == fields


def test_a_filters_fault_has_its_place() -> None:
    """So that a form can mark it."""
    definition = Definition(url=URL, event_types=TYPES, filter="data.total > 1 && data.nope")
    (fault,) = draft_of(RULES, definition, None, subscription_id="s", tenant="t", now_ms=NOW_MS).faults
    assert position_of(fault) == len("data.total > 1 && data.")


def test_a_definition_without_faults_makes_a_subscription() -> None:
    """Its event types are pinned as they would be when it is written; no header has a value."""
    definition = Definition(url=URL, event_types=TYPES, headers=(GivenHeader("X-A", "hush"),))
    draft = draft_of(RULES, definition, None, subscription_id="s", tenant="t", now_ms=NOW_MS)
    assert draft.faults == ()
    assert draft.subscription is not None
    assert draft.subscription.pins == (("order.created", 3),)
    assert "hush" not in repr(draft.subscription)


def test_a_change_is_laid_over_what_there_is() -> None:
    """What is left out stays, what is wrong is left out."""
    current = subscription("s")
    draft = draft_of(
        RULES, Definition(timeout_s=3, filter="1"), current, subscription_id="s", tenant="t", now_ms=NOW_MS
    )
    assert [fault.field for fault in draft.faults] == ["filter"]
    assert draft.subscription is not None
    assert (draft.subscription.url, draft.subscription.timeout_s, draft.subscription.filter) == (current.url, 3, None)


def test_what_is_found_when_parts_are_sealed_is_told_before(tmp_path: Path) -> None:
    """A header without a value, a certificate without its key or past its time."""
    authority = Authority(tmp_path)
    good, old = authority.client(), authority.client(end=timedelta(hours=-1))
    there = Sealed("k1", b"sealed")
    current = replace(
        subscription("s"),
        headers=(CustomHeader("X-There", there),),
        client_certificate=ClientCertificate(old.certificate, there),
    )
    for definition, before, fields in (
        (Definition(headers=(GivenHeader("X-There", None), GivenHeader("X-New", "1"))), current, []),
        (Definition(headers=(GivenHeader("X-New", None),)), current, ["headers"]),
        (Definition(client_certificate=good.certificate, client_key=good.key), current, []),
        # Only the deployment's keys could tell whether it fits.
        (Definition(client_certificate=good.certificate), current, []),
        (Definition(client_certificate=good.certificate), subscription("s"), ["client_certificate"]),
        (Definition(client_certificate=old.certificate, client_key=old.key), subscription("s"), ["client_certificate"]),
    ):
        draft = draft_of(RULES, definition, before, subscription_id="s", tenant="t", now_ms=now_ms())
        assert [fault.field for fault in draft.faults] == fields, definition
        assert draft.subscription is not None
