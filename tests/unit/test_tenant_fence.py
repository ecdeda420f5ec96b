"""A caller with a tenant changes nothing of another one's, whatever has happened since it was looked at."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.console.access.caller import ForbiddenError
from gateway.console.access.tenant_fence import TenantFence
from gateway.domain.changes import Change, Delete, Put
from gateway.domain.errors import NotFoundError
from tests.subscriptions import MemoryStore, subscription

OURS, THEIRS = subscription("ours", tenant="shop"), subscription("theirs", tenant="bank")


def fenced() -> tuple[MemoryStore, TenantFence]:
    """Give a table with a subscription of each of two tenants, and the fence of the first one."""
    store = MemoryStore()
    store.index.put(OURS)
    store.index.put(THEIRS)
    return store, TenantFence(store, "shop")


@pytest.mark.parametrize(
    "change",
    [Put(replace(OURS, description="new")), Delete("ours"), Put(subscription("more", tenant="shop"))],
    ids=["changed", "deleted", "made"],
)
def test_a_tenants_own_subscriptions_are_changed(change: Change) -> None:
    """As by anybody."""
    _, fence = fenced()
    assert fence.change(lambda _: [change]) == [change]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ([Put(replace(THEIRS, description="new"))], NotFoundError),
        ([Delete("theirs")], NotFoundError),
        ([Put(replace(THEIRS, tenant="shop"))], NotFoundError),
        ([Put(subscription("more", tenant="bank"))], ForbiddenError),
        ([Put(replace(OURS, tenant="bank"))], ForbiddenError),
        ([Put(replace(OURS, sensitive_grants=("card.number",)))], ForbiddenError),
        ([Put(replace(subscription("more", tenant="shop"), sensitive_grants=("a",)))], ForbiddenError),
        ([Put(replace(OURS, description="new")), Delete("theirs")], NotFoundError),
    ],
    ids=["changed", "deleted", "taken over", "made", "given away", "granted", "made with a grant", "one of two"],
)
def test_nothing_else_is(changes: Sequence[Change], refusal: type[Exception]) -> None:
    """And then nothing at all is written."""
    store, fence = fenced()
    with pytest.raises(refusal):
        fence.change(lambda _: changes)
    assert list(store.index) == [OURS, THEIRS]


@pytest.mark.parametrize("grants", [("card.number",), ()])
def test_a_grant_that_was_given_may_stay_or_be_taken_away(grants: tuple[str, ...]) -> None:
    """A change of something else does not lose it."""
    store, fence = fenced()
    granted = replace(OURS, sensitive_grants=("card.number",))
    store.index.put(granted)
    changes = [Put(replace(granted, sensitive_grants=grants))]
    fence.change(lambda _: changes)
    found = store.index.get("ours")
    assert found is not None
    assert found.sensitive_grants == grants
