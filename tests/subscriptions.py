"""Subscriptions for tests, a store in memory, and the contract that it shares with the one on Kafka."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest

from gateway.admin.definition import DefinitionRules
from gateway.domain.addresses import PUBLIC_ONLY
from gateway.domain.changes import Change, ChangeStore, Decide, Delete, Put, revised
from gateway.domain.errors import GatewayError, NotFoundError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import SealedSecret, Subscription, SubscriptionState
from gateway.domain.tiers import DEFAULT_TIERS
from gateway.wire.catalog import load_catalog
from gateway.wire.schema_files import schemas_root

NOW_MS = 1_790_000_000_000
CATALOG = load_catalog(schemas_root() / "events")
RULES = DefinitionRules(CATALOG, DEFAULT_TIERS, PUBLIC_ONLY)


def subscription(
    subscription_id: str | None = None,
    *,
    tenant: str = "default",
    event_types: tuple[str, ...] = ("order.created",),
    state: SubscriptionState = SubscriptionState.ACTIVE,
) -> Subscription:
    """Make a subscription; its id is a new one where none is given."""
    return Subscription(
        subscription_id=subscription_id or f"sub_{uuid4().hex[:12]}",
        tenant=tenant,
        url="https://example.com/hooks",
        event_types=event_types,
        secrets=(SealedSecret("k1", b"sealed", NOW_MS),),
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
        state=state,
    )


class MemoryStore:
    """A table in memory, with one writer."""

    def __init__(self) -> None:
        self.index = SubscriptionIndex()

    def change(self, decide: Decide) -> Sequence[Change]:
        """See ChangeStore."""
        changes = decide(self.index)
        for change in changes:
            if isinstance(change, Put):
                self.index.put(change.subscription)
            else:
                self.index.remove(change.subscription_id)
        return changes


class StoreContract:
    """What every store promises. A subclass gives the fixture `store`."""

    def test_a_decision_sees_what_was_written_before(self, store: ChangeStore) -> None:
        """Put, revise and delete: each decision is made on the result of the one before."""
        first = subscription()
        seen: list[Subscription | None] = []

        def deciding(changes: Sequence[Change]) -> Callable[[SubscriptionIndex], Sequence[Change]]:
            def decide(index: SubscriptionIndex) -> Sequence[Change]:
                seen.append(index.get(first.subscription_id))
                return changes

            return decide

        second = revised(first, now_ms=NOW_MS + 1, description="second")
        for changes in ([Put(first)], [Put(second)], [Delete(first.subscription_id)], []):
            assert list(store.change(deciding(changes))) == list(changes)

        assert seen == [None, first, second, None]

    def test_what_a_decision_raises_is_raised_and_nothing_is_written(self, store: ChangeStore) -> None:
        """A refused change leaves the table as it was and the store usable."""
        kept = subscription()
        store.change(lambda _: (Put(kept),))

        def refuse(_: SubscriptionIndex) -> Sequence[Change]:
            raise NotFoundError("refused")

        with pytest.raises(GatewayError, match="refused"):
            store.change(refuse)

        found: list[Subscription | None] = []

        def look(index: SubscriptionIndex) -> Sequence[Change]:
            found.append(index.get(kept.subscription_id))
            return ()

        store.change(look)
        assert found == [kept]
