"""The audit trail says who changed what, before and after, and nothing that is secret."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admin.audit_trail import ChangeTrail, changed_fields
from gateway.cli.audit_views import audit_json, audit_lines
from gateway.domain.audit import AuditRecord, Difference, differences
from gateway.domain.changes import Change, Delete, Put, revised
from gateway.domain.subscription import CustomHeader, Sealed, SealedSecret, Subscription, SubscriptionState
from tests.subscriptions import NOW_MS, subscription

BEFORE = replace(
    subscription("sub_1", tenant="acme"),
    url="https://example.com/hooks?token=hunter2&v=1",
    headers=(CustomHeader("Authorization", Sealed("k1", b"hunter2")),),
)

views = st.dictionaries(
    st.sampled_from("abcdef"), st.none() | st.integers(0, 3) | st.text(max_size=2) | st.lists(st.integers(0, 2))
)


def entry(before: Subscription | None, change: Change) -> AuditRecord:
    """What the trail says of alice's change."""
    record = ChangeTrail("alice@desk", lambda: NOW_MS + 5, "gateway subscriptions x")(before, change)
    assert record is not None
    return record


def update(**fields: Any) -> AuditRecord:
    """What the trail says of an update."""
    return entry(BEFORE, Put(revised(BEFORE, now_ms=NOW_MS + 5, **fields)))


@given(before=views, after=views)
def test_differences_lead_from_one_view_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Each named once; what is not named is the same on both sides, or empty on both."""
    found = differences(before, after)
    names = [one.field for one in found]
    assert len(names) == len(set(names))
    assert all((one.before, one.after) == (before.get(one.field), after.get(one.field)) for one in found)
    for name in {*before, *after} - set(names):
        assert before.get(name) == after.get(name) or {str(side.get(name) or "") for side in (before, after)} == {""}


@pytest.mark.parametrize(
    ("record", "action", "revision", "sides"),
    [
        (entry(None, Put(BEFORE)), "created", 1, (False, True)),
        (update(timeout_s=3.0), "updated", 2, (True, True)),
        (update(state=SubscriptionState.PAUSED), "paused", 2, (True, True)),
        (update(secrets=(SealedSecret("k1", b"n", NOW_MS + 5), *BEFORE.secrets)), "secret_rotated", 2, (True, True)),
        (entry(BEFORE, Delete("sub_1")), "deleted", None, (True, False)),
    ],
)
def test_a_change_has_its_entry(
    record: AuditRecord, action: str, revision: int | None, sides: tuple[bool, bool]
) -> None:
    """Who, when, by which command, of whom, and the views that there are."""
    assert (record.actor, record.at_ms, record.command) == ("alice@desk", NOW_MS + 5, "gateway subscriptions x")
    assert (record.subscription_id, record.tenant) == ("sub_1", "acme")
    assert (record.action, record.revision) == (action, revision)
    assert (record.before is not None, record.after is not None) == sides


def test_what_egress_notes_for_itself_has_no_entry() -> None:
    """That an endpoint is failing has its own signal."""
    assert ChangeTrail("egress", lambda: NOW_MS)(BEFORE, Put(replace(BEFORE, failing_since_ms=NOW_MS))) is None


def test_an_entry_shows_what_was_changed() -> None:
    """The changed fields with both sides; not what changes with everything."""
    record = update(timeout_s=3.0, description="for the shop")
    assert changed_fields(record) == [Difference("description", "", "for the shop"), Difference("timeout_s", 10.0, 3.0)]
    first, *changes = audit_lines(record)
    assert all(text in first for text in ("alice@desk", "updated", "sub_1", "tenant acme", "revision 2"))
    assert [line.split() for line in changes] == [
        ["description", "→", "for", "the", "shop"],
        ["timeout_s", "10.0", "→", "3.0"],
    ]


def test_nothing_secret_is_kept_but_that_it_changed() -> None:
    """Of the query the names, of headers the names, of secrets when they were made."""
    record = update(
        url="https://example.com/hooks?token=hunter3&v=1",
        headers=(CustomHeader("Authorization", Sealed("k1", b"hunter3")),),
        secrets=(SealedSecret("k1", b"hunter3", NOW_MS + 5),),
    )
    printed = orjson.dumps(audit_json(record)).decode() + "".join(audit_lines(record))
    assert "hunter" not in printed
    assert "https://example.com/hooks?token=…&v=…" in printed
    assert {one.field for one in changed_fields(record)} == {"url", "headers", "secrets"}
    assert sum("changed in what is not shown" in line for line in audit_lines(record)) == 2


@pytest.mark.parametrize("query", ["?hunter2", "?a=1&hunter2", "?a=hunter2#x", "?=hunter2"])
def test_a_token_without_a_name_is_hidden_too(query: str) -> None:
    """Wherever it stands in the query."""
    record = entry(None, Put(replace(BEFORE, url=f"https://example.com/hooks{query}")))
    assert "hunter2" not in str(record)


def test_an_entry_of_anybody_is_shown() -> None:
    """Text that is no JSON, and what is no view, hide nothing else."""
    record = AuditRecord(NOW_MS, "mallory", "updated", before="{", after="[]", details="no json")
    assert audit_json(record)["details"] == "no json"
    assert changed_fields(record) == []
    assert "mallory" in next(audit_lines(record))
