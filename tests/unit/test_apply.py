"""Applying a manifest: the plan that is shown is what is written, all of it or nothing."""

from dataclasses import replace

import pytest

from gateway.admin.apply import ManifestApplier
from gateway.admin.plan import Action, Difference, PlanItem
from gateway.admin.wanted import Wanted
from gateway.domain.changes import Put, revised
from gateway.domain.errors import ConflictError
from gateway.domain.secret import HmacSecret, SigningSecret
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.wire.sealing import generate_key_line, parse_key_ring
from tests.subscriptions import NOW_MS, RULES, MemoryStore, subscription

KEY_RING = parse_key_ring(generate_key_line())
OLD_SECRET, NEW_SECRET = HmacSecret(bytes(24)), HmacSecret(bytes([1] * 24))


def wanted_of(one: Subscription, secret: SigningSecret | None = None, **attributes: object) -> Wanted:
    """Want a subscription as it is, but for some attributes."""
    as_it_is = {"url": one.url, "event_types": one.event_types, "timeout_s": one.timeout_s}
    return Wanted(one.subscription_id, one.tenant, {**as_it_is, **attributes}, None, secret)


def sealed(one: Subscription, secret: SigningSecret) -> Subscription:
    """Give a subscription a secret that opens."""
    own = KEY_RING.seal(secret, tenant=one.tenant, subscription_id=one.subscription_id, now_ms=NOW_MS)
    return replace(one, secrets=(own,))


def stored(*subscriptions: Subscription) -> MemoryStore:
    store = MemoryStore()
    store.change(lambda _: [Put(one) for one in subscriptions])
    return store


def applier(store: MemoryStore, *wanted: Wanted, prune: bool = False) -> ManifestApplier:
    return ManifestApplier(store, wanted, prune=prune, rules=RULES, key_ring=lambda: KEY_RING, clock=lambda: NOW_MS + 1)


def test_a_plan_has_creations_updates_and_what_stays() -> None:
    """Each entry of the manifest gets one item; other subscriptions are left alone without prune."""
    same, other, unnamed, new = (subscription(name) for name in ("same", "other", "unnamed", "new"))
    store = stored(same, other, unnamed)

    plan = applier(store, wanted_of(same), wanted_of(other, timeout_s=3.0), wanted_of(new)).plan(store.index)

    assert plan == (
        PlanItem(Action.KEEP, "same", "default", 1),
        PlanItem(Action.UPDATE, "other", "default", 1, (Difference("timeout_s", 10.0, 3.0),)),
        PlanItem(Action.CREATE, "new", "default"),
    )


def test_a_plan_is_written_as_it_is() -> None:
    """New ones get a secret that is handed out once, changed ones a revision, others nothing."""
    same, other, new = (subscription(name) for name in ("same", "other", "new"))
    store = stored(same, other)
    apply = applier(store, wanted_of(same), wanted_of(other, timeout_s=3.0), wanted_of(new))

    made = apply.carry_out(apply.plan(store.index))

    assert store.index.get("same") == same
    assert store.index.get("other") == revised(other, now_ms=NOW_MS + 1, timeout_s=3.0)
    created = store.index.get("new")
    assert created is not None
    assert created.revision == 1
    assert set(made) == {"new"}
    assert KEY_RING.open(created.secrets[0], tenant="default", subscription_id="new") == made["new"]
    assert {item.action for item in apply.plan(store.index)} == {Action.KEEP}


def test_prune_deletes_only_of_tenants_that_the_manifest_names() -> None:
    """A tenant that the file does not speak of keeps everything."""
    kept, dropped, foreign = subscription("kept"), subscription("dropped"), subscription("foreign", tenant="acme")
    store = stored(kept, dropped, foreign)
    apply = applier(store, wanted_of(kept), prune=True)

    plan = apply.plan(store.index)
    apply.carry_out(plan)

    assert plan[-1] == PlanItem(Action.DELETE, "dropped", "default", 1)
    assert {one.subscription_id for one in store.index} == {"kept", "foreign"}
    assert applier(store, prune=True).plan(store.index) == ()


def test_a_table_that_moved_on_is_not_written() -> None:
    """If somebody changes a subscription after the plan was shown, nothing of the plan happens."""
    one, new = subscription("one"), subscription("new")
    store = stored(one)
    apply = applier(store, wanted_of(new), wanted_of(one, timeout_s=3.0))
    plan = apply.plan(store.index)
    moved = revised(one, now_ms=NOW_MS, description="meanwhile")
    store.change(lambda _: [Put(moved)])

    with pytest.raises(ConflictError, match="nothing was written"):
        apply.carry_out(plan)
    assert list(store.index) == [moved]


def test_a_tenant_can_not_be_changed() -> None:
    """An id of another tenant is refused: its secrets and its deliveries belong to that tenant."""
    theirs = subscription("s1", tenant="acme")
    store = stored(theirs)
    mine = replace(wanted_of(theirs), tenant="default")

    with pytest.raises(ConflictError, match="belongs to tenant acme"):
        applier(store, mine).plan(store.index)


def test_a_given_secret_is_compared_not_written_again() -> None:
    """The secret that a subscription has already is no difference, another one is a rotation."""
    one = sealed(subscription("s1"), OLD_SECRET)
    store = stored(one)

    assert applier(store, wanted_of(one, OLD_SECRET)).plan(store.index)[0].action is Action.KEEP

    apply = applier(store, wanted_of(one, NEW_SECRET))
    plan = apply.plan(store.index)
    assert apply.carry_out(plan) == {}

    assert [difference.field for difference in plan[0].differences] == ["secret"]
    assert NEW_SECRET.text not in repr(plan)
    changed = store.index.get("s1")
    assert changed is not None
    opened = [KEY_RING.open(secret, tenant="default", subscription_id="s1") for secret in changed.secrets]
    assert opened == [NEW_SECRET, OLD_SECRET]
    assert changed.secrets[1].expires_at_ms is not None


@pytest.mark.parametrize("state", list(SubscriptionState))
def test_a_state_that_is_not_named_stays(state: SubscriptionState) -> None:
    """Pausing by hand is not undone by the next apply."""
    one = replace(subscription("s1", state=state), state_reason="why")
    store = stored(one)

    assert applier(store, wanted_of(one)).plan(store.index)[0].action is Action.KEEP


def test_a_state_that_is_named_is_set() -> None:
    """Also for a new subscription."""
    one, new = subscription("s1"), subscription("new")
    store = stored(one)
    paused = replace(wanted_of(one), state=SubscriptionState.PAUSED)
    disabled = replace(wanted_of(new), state=SubscriptionState.DISABLED)
    apply = applier(store, paused, disabled)

    plan = apply.plan(store.index)
    apply.carry_out(plan)

    assert plan[0].differences == (Difference("state", "active", "paused"),)
    assert {found.subscription_id: found.state for found in store.index} == {
        "s1": SubscriptionState.PAUSED,
        "new": SubscriptionState.DISABLED,
    }
