"""What a change of a subscription was, in words for a log: which fields, never what is in them."""

from dataclasses import dataclass, fields

from gateway.domain.changes import Change, Delete
from gateway.domain.subscription import Subscription, SubscriptionState

_STATE_WORDS = {
    SubscriptionState.ACTIVE: "resumed",
    SubscriptionState.PAUSED: "paused",
    SubscriptionState.DISABLED: "disabled",
}
# They follow from a change, or are what egress notes down for itself.
_BOOKKEEPING = {"created_at_ms", "updated_at_ms", "revision", "state_changed_at_ms", "failing_since_ms"}


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """One change.

    Attributes:
        subscription_id: of which subscription.
        action: created, updated, secret_rotated, paused, resumed, disabled or deleted.
        fields: the names of the fields that are others now, in order; none where it was created or deleted.
        revision: what it has now, or None where it was deleted.
    """

    subscription_id: str
    action: str
    fields: tuple[str, ...]
    revision: int | None


def note_change(before: Subscription | None, change: Change) -> ChangeNote | None:
    """Describe a change; None where only egress's own notes are changed.

    Args:
        before: the subscription as the change finds it, or None if there is none.
        change: what is written.
    """
    if isinstance(change, Delete):
        return ChangeNote(change.subscription_id, "deleted", (), None)
    after = change.subscription
    if before is None:
        return ChangeNote(after.subscription_id, "created", (), after.revision)
    changed = tuple(
        name
        for name in (field.name for field in fields(Subscription))
        if name not in _BOOKKEEPING and getattr(before, name) != getattr(after, name)
    )
    return ChangeNote(after.subscription_id, _action(before, after), changed, after.revision) if changed else None


def _action(before: Subscription, after: Subscription) -> str:
    if after.state is not before.state:
        return _STATE_WORDS[after.state]
    return "secret_rotated" if _newest_made_ms(after) != _newest_made_ms(before) else "updated"


def _newest_made_ms(subscription: Subscription) -> int | None:
    return max((secret.created_at_ms for secret in subscription.secrets), default=None)
