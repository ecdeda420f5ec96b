"""Changes of the subscriptions table, and the one port through which they are made.

A change is decided on the table as it is (`Decide`), by a pure function that may be run again: if somebody else
changed the table meanwhile, nothing of the first decision was written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gateway.domain.errors import ConflictError, NotFoundError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription, SubscriptionState


@dataclass(frozen=True, slots=True)
class Put:
    """Write a subscription: a new one, or the next revision of one."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a subscription: a tombstone."""

    subscription_id: str


class RevisionConflictError(ConflictError):
    """The subscription has another revision than the one that the caller has seen."""


Change = Put | Delete
Decide = Callable[[SubscriptionIndex], Sequence[Change]]


class ChangeStore(Protocol):
    """Where decisions about subscriptions take effect."""

    def change(self, decide: Decide) -> Sequence[Change]:
        """Decide on the table as it is and write all changes or none; return what was written.

        Raises:
            ConflictError: others kept changing the table; nothing was written.
            GatewayError: what `decide` raised, or why the table can't be written.
        """


def changed_id(change: Change) -> str:
    """Name the subscription that a change is of."""
    return change.subscription.subscription_id if isinstance(change, Put) else change.subscription_id


def revised(subscription: Subscription, *, now_ms: int, **fields: Any) -> Subscription:  # noqa: ANN401 - any field
    """Give the next revision of a subscription, with some fields changed.

    A change of its state is dated. What was noted of failures is forgotten with a new URL and with a resume: whoever
    changed that gives the endpoint a new beginning.
    """
    new = replace(subscription, revision=subscription.revision + 1, updated_at_ms=now_ms, **fields)
    if new.state is not subscription.state:
        new = replace(new, state_changed_at_ms=now_ms)
    resumed = new.state is SubscriptionState.ACTIVE and subscription.state is not SubscriptionState.ACTIVE
    return replace(new, failing_since_ms=None) if resumed or new.url != subscription.url else new


def require(index: SubscriptionIndex, subscription_id: str, *, expected_revision: int | None = None) -> Subscription:
    """Look a subscription up that has to be there.

    Args:
        index: the table as it is.
        subscription_id: which one.
        expected_revision: the revision that the caller has seen, or None for any.

    Raises:
        NotFoundError: it does not exist.
        RevisionConflictError: it has another revision by now.
    """
    subscription = index.get(subscription_id)
    if subscription is None:
        raise NotFoundError(f"there is no subscription '{subscription_id}'", hint="see: gateway subscriptions list")
    if expected_revision not in {None, subscription.revision}:
        raise RevisionConflictError(
            f"subscription {subscription_id} has revision {subscription.revision}, not {expected_revision}",
            hint="somebody changed it meanwhile: look at it again",
        )
    return subscription
