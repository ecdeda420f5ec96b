"""A subscription's states: pause, resume, delete. Needs neither the catalog nor the keys, so it works without them."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from gateway.domain.changes import Change, ChangeStore, Delete, Put, require, revised
from gateway.domain.errors import ConflictError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription, SubscriptionState

Clock = Callable[[], int]
"""Gives the present, in milliseconds since the epoch."""


def put_one(store: ChangeStore, decide_one: Callable[[SubscriptionIndex], Subscription]) -> Subscription:
    """Write the subscription that `decide_one` gives, unless the table has exactly that one already."""
    decided: list[Subscription] = []

    def decide(index: SubscriptionIndex) -> tuple[Change, ...]:
        wanted = decide_one(index)
        decided[:] = [wanted]
        return () if index.get(wanted.subscription_id) == wanted else (Put(wanted),)

    store.change(decide)
    return decided[0]


def select_subscriptions(
    subscriptions: Iterable[Subscription],
    *,
    tenant: str | None = None,
    state: SubscriptionState | None = None,
    text: str | None = None,
) -> list[Subscription]:
    """List the subscriptions of a tenant, in a state, with a text in what names them, or all, by tenant and id."""
    chosen = (
        subscription
        for subscription in subscriptions
        if tenant in {None, subscription.tenant}
        and state in {None, subscription.state}
        and (text is None or _is_named(subscription, text.casefold()))
    )
    return sorted(chosen, key=lambda subscription: (subscription.tenant, subscription.subscription_id))


def _is_named(subscription: Subscription, text: str) -> bool:
    names = (subscription.subscription_id, subscription.description, subscription.url, *subscription.event_types)
    return any(text in name.casefold() for name in names)


class SubscriptionLifecycle:
    """Pauses, resumes and deletes."""

    def __init__(self, store: ChangeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def pause(self, subscription_id: str, *, expected_revision: int | None = None) -> Subscription:
        """Hold deliveries back until a resume; a paused one stays as it is.

        Raises:
            NotFoundError: it does not exist.
            ConflictError: it is disabled, or its revision is another one.
        """

        def decide_one(index: SubscriptionIndex) -> Subscription:
            current = require(index, subscription_id, expected_revision=expected_revision)
            if current.state is SubscriptionState.DISABLED:
                raise ConflictError(
                    f"subscription {subscription_id} is disabled: {current.state_reason}",
                    hint="it gets no deliveries; `gateway subscriptions resume` makes it active again",
                )
            return self._in_state(current, SubscriptionState.PAUSED)

        return put_one(self._store, decide_one)

    def resume(self, subscription_id: str, *, expected_revision: int | None = None) -> Subscription:
        """Make a paused or disabled subscription active; an active one stays as it is.

        Raises:
            NotFoundError: it does not exist.
            ConflictError: its revision is another one.
        """

        def decide_one(index: SubscriptionIndex) -> Subscription:
            current = require(index, subscription_id, expected_revision=expected_revision)
            return self._in_state(current, SubscriptionState.ACTIVE)

        return put_one(self._store, decide_one)

    def delete(self, subscription_id: str, *, expected_revision: int | None = None) -> None:
        """Remove a subscription; deliveries that are under way to it are discarded.

        Raises:
            NotFoundError: it does not exist.
            ConflictError: its revision is another one.
        """

        def decide(index: SubscriptionIndex) -> tuple[Change, ...]:
            require(index, subscription_id, expected_revision=expected_revision)
            return (Delete(subscription_id),)

        self._store.change(decide)

    def _in_state(self, current: Subscription, state: SubscriptionState) -> Subscription:
        if replace(current, state=state, state_reason=None) == current:
            return current
        return revised(current, now_ms=self._clock(), state=state, state_reason=None)
