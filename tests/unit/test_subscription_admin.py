"""A subscription's life: created, changed, rotated, paused, resumed, deleted."""

from collections.abc import Callable

import pytest

from gateway.admin.definition import Definition
from gateway.admin.lifecycle import SubscriptionLifecycle, select_subscriptions
from gateway.admin.subscriptions import SubscriptionAdmin
from gateway.admin.views import public_view
from gateway.domain.changes import Put, revised
from gateway.domain.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.domain.secret import HmacSecret, SigningSecret
from gateway.domain.subscription import MAX_SECRETS, Subscription, SubscriptionState
from gateway.wire.sealing import generate_key_line, parse_key_ring
from tests.subscriptions import NOW_MS, RULES, MemoryStore, StoreContract, subscription

HOUR_MS = 3_600_000
KEY_RING = parse_key_ring(generate_key_line())
ORDERS = Definition(url="https://example.com/hooks", event_types=("order.*",))


class TestMemoryStore(StoreContract):
    """The store in memory keeps the contract of the one on Kafka."""

    @pytest.fixture
    def store(self) -> MemoryStore:
        """An empty table."""
        return MemoryStore()


class Bench:
    """An admin over a table in memory, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.store = MemoryStore()
        self.admin = SubscriptionAdmin(self.store, rules=RULES, key_ring=lambda: KEY_RING, clock=lambda: self.now_ms)
        self.lifecycle = SubscriptionLifecycle(self.store, lambda: self.now_ms)

    def stored(self, subscription_id: str) -> Subscription:
        """What the table has."""
        found = self.store.index.get(subscription_id)
        assert found is not None
        return found

    def open_secrets(self, subscription_id: str) -> list[SigningSecret]:
        """The stored secrets, newest first."""
        stored = self.stored(subscription_id)
        return [
            KEY_RING.open(sealed, tenant=stored.tenant, subscription_id=subscription_id) for sealed in stored.secrets
        ]


@pytest.fixture
def bench() -> Bench:
    """A fresh bench."""
    return Bench()


def test_create_writes_the_first_revision_and_hands_out_the_secret(bench: Bench) -> None:
    """What is stored is what was asked for, with an id and a secret made; the secret opens from the record."""
    issued = bench.admin.create(ORDERS, tenant="acme")

    stored = bench.stored(issued.subscription.subscription_id)
    assert stored == issued.subscription
    assert (stored.revision, stored.state, stored.tenant) == (1, SubscriptionState.ACTIVE, "acme")
    assert stored.subscription_id.startswith("sub_")
    assert bench.open_secrets(stored.subscription_id) == [issued.secret]


def test_an_imported_secret_is_the_one_that_is_stored(bench: Bench) -> None:
    """A secret in the `whsec_` form is taken over."""
    imported = HmacSecret(bytes(range(24)))

    bench.admin.create(ORDERS, subscription_id="s1", secret_text=imported.text)

    assert bench.open_secrets("s1") == [imported]


@pytest.mark.parametrize(
    ("subscription_id", "tenant", "definition", "secret"),
    [
        ("has space", "default", ORDERS, None),
        ("s1", "no/tenant", ORDERS, None),
        ("s1", "default", Definition(url="https://example.com/"), None),
        ("s1", "default", Definition(event_types=("*",)), None),
        ("s1", "default", Definition(url="http://example.com/", event_types=("*",)), None),
        ("s1", "default", ORDERS, "whsec_short"),
    ],
)
def test_bad_input_writes_nothing(
    bench: Bench, subscription_id: str, tenant: str, definition: Definition, secret: str | None
) -> None:
    """Whatever is wrong, the table stays empty."""
    with pytest.raises(InvalidInputError):
        bench.admin.create(definition, subscription_id=subscription_id, tenant=tenant, secret_text=secret)
    assert len(bench.store.index) == 0


def test_an_id_is_taken_only_once(bench: Bench) -> None:
    """A second create with the id, even of another tenant, changes nothing."""
    first = bench.admin.create(ORDERS, subscription_id="s1").subscription

    with pytest.raises(ConflictError, match="already"):
        bench.admin.create(ORDERS, subscription_id="s1", tenant="other")
    assert bench.stored("s1") == first


def test_each_change_of_state_is_dated(bench: Bench) -> None:
    """A creation, a pause and a resume are; another change leaves the date."""
    bench.admin.create(ORDERS, subscription_id="s1")
    dates = [bench.stored("s1").state_changed_at_ms]
    changes: list[Callable[[], object]] = [
        lambda: bench.lifecycle.pause("s1"),
        lambda: bench.admin.update("s1", Definition(timeout_s=3)),
        lambda: bench.lifecycle.resume("s1"),
    ]
    for change in changes:
        bench.now_ms += 1
        change()
        dates.append(bench.stored("s1").state_changed_at_ms)

    assert dates == [NOW_MS, NOW_MS + 1, NOW_MS + 1, NOW_MS + 3]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (lambda bench: bench.admin.update("s1", Definition(timeout_s=3)), True),
        (lambda bench: bench.lifecycle.pause("s1"), True),
        (lambda bench: bench.admin.update("s1", Definition(url="https://example.com/new")), False),
        (lambda bench: (bench.lifecycle.pause("s1"), bench.lifecycle.resume("s1")), False),
    ],
)
def test_a_new_url_and_a_resume_are_a_new_beginning(
    bench: Bench,
    change: Callable[[Bench], object],
    kept: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    """What was noted of failures belongs to the endpoint that failed; other changes keep it."""
    created = bench.admin.create(ORDERS, subscription_id="s1").subscription
    bench.store.change(lambda _: (Put(revised(created, now_ms=NOW_MS, failing_since_ms=NOW_MS)),))

    change(bench)

    assert (bench.stored("s1").failing_since_ms is not None) is kept


def test_update_changes_what_is_given(bench: Bench) -> None:
    """One field changes, the revision and the time go on, everything else stays."""
    created = bench.admin.create(ORDERS, subscription_id="s1").subscription
    bench.now_ms += 1

    bench.admin.update("s1", Definition(timeout_s=3))

    expected = revised(created, now_ms=NOW_MS + 1, timeout_s=3)
    assert bench.stored("s1") == expected
    assert expected.revision == 2


def test_an_update_that_changes_nothing_writes_nothing(bench: Bench) -> None:
    """The same values again are no new revision."""
    created = bench.admin.create(ORDERS, subscription_id="s1").subscription

    assert bench.admin.update("s1", ORDERS) == created
    assert bench.stored("s1").revision == 1


def test_a_stale_revision_is_refused(bench: Bench) -> None:
    """Whoever saw revision 1 can't change revision 2, in any way."""
    bench.admin.create(ORDERS, subscription_id="s1")
    bench.admin.update("s1", Definition(timeout_s=3), expected_revision=1)
    before = bench.stored("s1")

    for stale in (
        lambda: bench.admin.update("s1", Definition(timeout_s=4), expected_revision=1),
        lambda: bench.admin.rotate_secret("s1", expected_revision=1),
        lambda: bench.lifecycle.pause("s1", expected_revision=1),
        lambda: bench.lifecycle.resume("s1", expected_revision=1),
        lambda: bench.lifecycle.delete("s1", expected_revision=1),
    ):
        with pytest.raises(ConflictError, match="revision 2, not 1"):
            stale()
    assert bench.stored("s1") == before


def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    """Every change of an unknown id says so."""
    for change in (
        lambda: bench.admin.update("s1", ORDERS),
        lambda: bench.admin.rotate_secret("s1"),
        lambda: bench.lifecycle.pause("s1"),
        lambda: bench.lifecycle.resume("s1"),
        lambda: bench.lifecycle.delete("s1"),
    ):
        with pytest.raises(NotFoundError, match="'s1'"):
            change()


def test_rotation_lets_the_old_secret_sign_for_the_overlap(bench: Bench) -> None:
    """Newest first; an old one keeps the earlier of its ends; an expired one is dropped by the next rotation."""
    first = bench.admin.create(ORDERS, subscription_id="s1").secret
    second = bench.admin.rotate_secret("s1", overlap_ms=2 * HOUR_MS).secret
    bench.now_ms += HOUR_MS
    third = bench.admin.rotate_secret("s1", overlap_ms=5 * HOUR_MS).secret

    assert bench.open_secrets("s1") == [third, second, first]
    ends = [sealed.expires_at_ms for sealed in bench.stored("s1").secrets]
    assert ends == [None, NOW_MS + 6 * HOUR_MS, NOW_MS + 2 * HOUR_MS]

    bench.now_ms = NOW_MS + 2 * HOUR_MS
    fourth = bench.admin.rotate_secret("s1", overlap_ms=HOUR_MS).secret
    assert bench.open_secrets("s1") == [fourth, third, second]


def test_rotation_without_overlap_leaves_one_secret(bench: Bench) -> None:
    """An overlap of 0 ends the old ones at once."""
    bench.admin.create(ORDERS, subscription_id="s1")

    issued = bench.admin.rotate_secret("s1", overlap_ms=0)

    assert bench.open_secrets("s1") == [issued.secret]


def test_too_many_secrets_are_refused_not_dropped(bench: Bench) -> None:
    """A secret that a receiver may rely on does not vanish because of a bound."""
    bench.admin.create(ORDERS, subscription_id="s1")
    for _ in range(MAX_SECRETS - 1):
        bench.admin.rotate_secret("s1")
    before = bench.stored("s1")

    with pytest.raises(ConflictError, match="at most 8"):
        bench.admin.rotate_secret("s1")
    assert bench.stored("s1") == before


@pytest.mark.parametrize("overlap_ms", [-1, 31 * 24 * HOUR_MS])
def test_an_overlap_has_bounds(bench: Bench, overlap_ms: int) -> None:
    """Negative and more than 30 days are refused."""
    bench.admin.create(ORDERS, subscription_id="s1")

    with pytest.raises(InvalidInputError):
        bench.admin.rotate_secret("s1", overlap_ms=overlap_ms)


def test_pause_and_resume_are_idempotent(bench: Bench) -> None:
    """The second of each writes nothing."""
    bench.admin.create(ORDERS, subscription_id="s1")

    assert [bench.lifecycle.pause("s1").revision for _ in range(2)] == [2, 2]
    assert bench.stored("s1").state is SubscriptionState.PAUSED
    assert [bench.lifecycle.resume("s1").revision for _ in range(2)] == [3, 3]
    assert bench.stored("s1").state is SubscriptionState.ACTIVE


def test_a_disabled_subscription_is_resumed_but_not_paused(bench: Bench) -> None:
    """Pause would make it match again; resume makes it active and forgets the reason."""
    disabled = revised(subscription("s1"), now_ms=NOW_MS, state=SubscriptionState.DISABLED, state_reason="gone")
    bench.store.change(lambda _: (Put(disabled),))

    with pytest.raises(ConflictError, match="gone"):
        bench.lifecycle.pause("s1")
    resumed = bench.lifecycle.resume("s1")

    assert (resumed.state, resumed.state_reason) == (SubscriptionState.ACTIVE, None)


def test_delete_removes_and_the_id_is_free_again(bench: Bench) -> None:
    """A new subscription under the id begins at revision 1."""
    bench.admin.create(ORDERS, subscription_id="s1")
    bench.lifecycle.pause("s1")

    bench.lifecycle.delete("s1")

    assert bench.store.index.get("s1") is None
    assert bench.admin.create(ORDERS, subscription_id="s1").subscription.revision == 1


def test_what_is_shown_holds_no_secret(bench: Bench) -> None:
    """Neither the secret nor its ciphertext is in the view."""
    issued = bench.admin.create(ORDERS, subscription_id="s1")

    shown = repr(public_view(issued.subscription))

    assert issued.secret.text not in shown
    assert repr(issued.subscription.secrets[0].ciphertext) not in shown
    assert issued.secret.text not in repr(issued)


def test_lists_are_by_tenant_and_id() -> None:
    """Filters combine; the order does not depend on the table's."""
    rows = [
        subscription("b", tenant="y"),
        subscription("a", tenant="y", state=SubscriptionState.PAUSED),
        subscription("c", tenant="x"),
    ]

    assert [row.subscription_id for row in select_subscriptions(rows)] == ["c", "a", "b"]
    assert [row.subscription_id for row in select_subscriptions(rows, tenant="y")] == ["a", "b"]
    assert select_subscriptions(rows, tenant="x", state=SubscriptionState.PAUSED) == []


@pytest.mark.parametrize(
    ("text", "found"), [("SHOP", ["shop-1"]), ("example.com/HOOKS", ["b", "shop-1"]), ("paid", ["b"])]
)
def test_lists_are_searched_by_a_part_of_what_names_a_subscription(text: str, found: list[str]) -> None:
    """Id, URL and event types, in any case."""
    rows = [subscription("shop-1"), subscription("b", event_types=("order.paid",))]

    assert [row.subscription_id for row in select_subscriptions(rows, text=text)] == found
