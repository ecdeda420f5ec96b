"""What each key is used for, and moving everything to the newest: whole, repeatable, and whatever others write."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.admin.key_use import KeyUse, Unopened, key_uses
from gateway.admin.rekeying import Rekeyed, Rekeying
from gateway.domain.changes import Change, Decide, Delete, Put
from gateway.domain.errors import ConflictError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription
from tests.sealed_subscriptions import (
    NEXT_SECRET,
    SECRET,
    ring,
    sealed_by,
    sealed_secret,
    with_client_key,
    with_header,
)
from tests.subscriptions import NOW_MS, MemoryStore

OLD, NEW, BOTH = ring("old"), ring("new"), ring("new", "old")
LATER_MS = NOW_MS + 1000


class StoreOfOthers(MemoryStore):
    """A store in which something happens before each change.

    Attributes:
        happenings: what happens, one before each of the first changes; an error is raised after it was decided.
        writes: how many subscriptions each change wrote.
    """

    def __init__(self, *subscriptions: Subscription) -> None:
        super().__init__()
        self.happenings: list[Change | Exception] = []
        self.writes: list[int] = []
        for each in subscriptions:
            self.index.put(each)

    def change(self, decide: Decide) -> Sequence[Change]:
        """See ChangeStore."""
        happening = self.happenings.pop(0) if self.happenings else None
        if isinstance(happening, Exception):
            decide(self.index)
            raise happening
        if happening is not None:
            super().change(lambda _: (happening,))
        changes = super().change(decide)
        self.writes.append(len(changes))
        return changes


def rekey(store: StoreOfOthers, seen: SubscriptionIndex | None = None) -> tuple[Rekeyed, list[tuple[int, int]]]:
    """Run a rekey at `LATER_MS`; gives what came of it, and its progress."""
    steps: list[tuple[int, int]] = []
    result = Rekeying(BOTH, lambda: LATER_MS).run(
        seen or store.index, store, lambda done, total: steps.append((done, total))
    )
    return result, steps


def stored(store: StoreOfOthers, name: str = "sub_1") -> Subscription:
    found = store.index.get(name)
    assert found is not None
    return found


def test_everything_sealed_moves_and_stays_what_it_was() -> None:
    """Secrets with their times, header values, the private key: one more revision, and the new key alone opens it."""
    owner = with_client_key(OLD, with_header(OLD, sealed_by(OLD), "X-Key", "token"), "pem")
    ending = sealed_secret(OLD, owner, NEXT_SECRET, expires_at_ms=LATER_MS + 1)
    store = StoreOfOthers(replace(owner, secrets=(*owner.secrets, ending)))
    result, _ = rekey(store)

    assert (result.subscriptions, result.unopened) == (1, [])
    moved = stored(store)
    assert (moved.revision, moved.updated_at_ms) == (2, LATER_MS)
    assert [(each.created_at_ms, each.expires_at_ms) for each in moved.secrets] == [
        (NOW_MS, None),
        (NOW_MS, LATER_MS + 1),
    ]
    opened = [NEW.open(each, tenant="default", subscription_id="sub_1") for each in moved.secrets]
    assert opened == [SECRET, NEXT_SECRET]
    (header,), certificate = moved.headers, moved.client_certificate
    assert certificate is not None
    assert (header.value.key_id, certificate.key.key_id) == ("new", "new")


def test_a_second_run_writes_nothing() -> None:
    """It does not even fence other writers."""
    store = StoreOfOthers(sealed_by(OLD), sealed_by(NEW, "sub_2"))
    assert rekey(store)[0].subscriptions == 1
    assert rekey(store) == (Rekeyed(), [])
    assert (store.writes, stored(store, "sub_2").revision) == ([1], 1)


def test_a_look_changes_nothing() -> None:
    """It says how many would be moved, and what would not open."""
    store = StoreOfOthers(sealed_by(OLD), sealed_by(ring("gone"), "sub_2"), sealed_by(NEW, "sub_3"))
    result = Rekeying(BOTH, lambda: LATER_MS).look(store.index)

    assert (result.subscriptions, [part.subscription_id for part in result.unopened]) == (1, ["sub_2"])
    assert (store.writes, stored(store).revision) == ([], 1)


def test_what_does_not_open_is_told_and_left() -> None:
    """A key that is missing, another key of the same id, a record that was moved; the rest of the same one moves."""
    lost = sealed_by(ring("gone"), "lost")
    copied = replace(sealed_by(OLD, "sub_9"), subscription_id="copied", tenant="acme")
    wrong = sealed_by(ring("new", seed=1), "wrong")
    store = StoreOfOthers(with_header(OLD, lost, "X-Key", "token"), copied, wrong, sealed_by(OLD))
    result, _ = rekey(store)

    assert result.unopened == [
        Unopened("copied", "acme", "secret", "old", missing=False),
        Unopened("lost", "default", "secret", "gone", missing=True),
        Unopened("wrong", "default", "secret", "new", missing=False),
    ]
    assert result.subscriptions == 2
    assert stored(store, "copied") == copied
    assert stored(store, "wrong") == wrong
    assert stored(store, "lost").secrets == lost.secrets
    assert stored(store, "lost").headers[0].value.key_id == "new"


def test_what_is_over_does_not_count() -> None:
    """A rotated secret whose time has passed neither keeps its key in use nor has to open."""
    owner = sealed_by(NEW)
    over = sealed_secret(ring("gone"), owner, NEXT_SECRET, expires_at_ms=LATER_MS)
    store = StoreOfOthers(replace(owner, secrets=(*owner.secrets, over)))

    assert rekey(store) == (Rekeyed(), [])
    assert [use.key_id for use in key_uses(store.index, BOTH, LATER_MS)] == ["new", "old"]
    assert [use.key_id for use in key_uses(store.index, BOTH, LATER_MS - 1)] == ["new", "old", "gone"]


@pytest.mark.parametrize(
    ("count", "writes", "told"), [(4001, [2000, 2000, 1], [2000, 4000, 4001]), (2000, [2000, 0], [2000])]
)
def test_many_are_moved_in_batches(count: int, writes: list[int], told: list[int]) -> None:
    """Each is told when it is written; none is written twice."""
    store = StoreOfOthers(*(sealed_by(OLD, f"sub_{number}") for number in range(count)))
    result, steps = rekey(store)

    assert (result.subscriptions, store.writes) == (count, writes)
    assert steps == [(done, count) for done in told]
    assert {each.revision for each in store.index} == {2}


def test_what_is_done_stays_done() -> None:
    """A run that ends between two batches is taken up where it was."""
    store = StoreOfOthers(*(sealed_by(OLD, f"sub_{number}") for number in range(2500)))
    store.happenings = [Delete("sub_0"), ConflictError("others kept writing")]
    with pytest.raises(ConflictError):
        rekey(store)
    result, _ = rekey(store)

    assert (store.writes, result.subscriptions) == ([2000, 499], 499)
    assert {each.secrets[0].key_id for each in store.index} == {"new"}


def test_what_others_write_meanwhile_is_neither_lost_nor_overlooked() -> None:
    """Decided is on the table as it is then: a rotated secret stays the new one, a new subscription moves too."""
    seen, store = SubscriptionIndex(), StoreOfOthers(sealed_by(OLD), sealed_by(OLD, "sub_2"))
    for each in store.index:
        seen.put(each)
    rotated = replace(stored(store), secrets=(sealed_secret(OLD, stored(store), NEXT_SECRET),), revision=7)
    store.index.put(rotated)
    store.happenings = [Put(sealed_by(OLD, "sub_3"))]
    result, steps = rekey(store, seen)

    assert (result.subscriptions, steps) == (3, [(3, 3)])
    assert stored(store).revision == 8
    assert NEW.open(stored(store).secrets[0], tenant="default", subscription_id="sub_1") == NEXT_SECRET
    assert stored(store, "sub_3").secrets[0].key_id == "new"


def test_key_uses_say_what_is_needed_and_what_may_go() -> None:
    """Each subscription counts once for a key; the keys of the ring come first."""
    owner = with_header(ring("gone"), sealed_by(OLD), "X-Key", "token")
    twice = replace(owner, secrets=(*owner.secrets, sealed_secret(OLD, owner, NEXT_SECRET, expires_at_ms=LATER_MS)))
    uses = key_uses([twice, sealed_by(OLD, "sub_2"), sealed_by(NEW, "sub_3")], ring("new", "old", "older"), NOW_MS)

    assert uses == [
        KeyUse("new", in_ring=True, newest=True, subscriptions=1),
        KeyUse("old", in_ring=True, newest=False, subscriptions=2),
        KeyUse("older", in_ring=True, newest=False),
        KeyUse("gone", in_ring=False, newest=False, subscriptions=1, unopened=1),
    ]
    assert [use.key_id for use in uses if use.may_go] == ["older"]
