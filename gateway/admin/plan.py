"""The difference between what is wanted and what is there, as a value that can be shown, confirmed and compared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from gateway.admin.views import definition_view, parts_view
from gateway.admin.wanted import Wanted
from gateway.domain.errors import ConflictError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.secret import SigningSecret
from gateway.domain.subscription import Subscription, SubscriptionState

DISABLED_BY_MANIFEST = "disabled in the manifest"

IsCurrentSecret = Callable[[Subscription, SigningSecret], bool]
CompletedFields = Callable[[Wanted, Subscription | None], dict[str, Any]]


class Action(Enum):
    """What happens to one subscription."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    KEEP = "unchanged"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what it is and what it shall be, as plain values. What is sealed is never in it."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class PlanItem:
    """What happens to one subscription, and at which revision of it that was decided."""

    action: Action
    subscription_id: str
    tenant: str
    revision: int | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def new_secret(self) -> bool:
        """Whether an existing subscription gets another secret."""
        return any(difference.field == "secret" for difference in self.differences)


Plan = tuple[PlanItem, ...]


def make_plan(
    wanted: Sequence[Wanted],
    index: SubscriptionIndex,
    is_current_secret: IsCurrentSecret,
    completed: CompletedFields,
    *,
    prune: bool,
) -> Plan:
    """Compare a manifest with the table.

    Args:
        wanted: the manifest's subscriptions.
        index: the table as it is.
        is_current_secret: tells whether a secret is the one that a subscription has.
        completed: gives the fields that an entry wants of a subscription, as they are stored, state and secret apart.
        prune: delete what the manifest does not have, of the tenants that it names.

    Raises:
        ConflictError: an id belongs to another tenant.
        InvalidInputError: what an entry wants does not go together, or with what the subscription was before.
    """
    items = [_plan_one(one, index.get(one.subscription_id), is_current_secret, completed) for one in wanted]
    if prune:
        items += _deletions(wanted, index)
    return tuple(items)


def wanted_fields(current: Subscription, wanted: Wanted, attributes: dict[str, Any]) -> dict[str, Any]:
    """Give the fields that make a subscription what the manifest wants, its signing secret apart."""
    if wanted.state in {None, current.state}:
        return attributes
    reason = DISABLED_BY_MANIFEST if wanted.state is SubscriptionState.DISABLED else None
    return {**attributes, "state": wanted.state, "state_reason": reason}


def _plan_one(
    wanted: Wanted, current: Subscription | None, is_current_secret: IsCurrentSecret, completed: CompletedFields
) -> PlanItem:
    if current is None:
        completed(wanted, None)  # what is not right is told before anything is written
        return PlanItem(Action.CREATE, wanted.subscription_id, wanted.tenant)
    if current.tenant != wanted.tenant:
        raise ConflictError(
            f"subscription {wanted.subscription_id} belongs to tenant {current.tenant}, not {wanted.tenant}",
            hint="a tenant can't be changed: choose another id, or delete the subscription first",
        )
    attributes = completed(wanted, current)
    differences = list(_differences(current, replace(current, **wanted_fields(current, wanted, attributes))))
    if wanted.secret is not None and not is_current_secret(current, wanted.secret):
        differences.append(Difference("secret", "(the present one)", "(the manifest's)"))
    action = Action.UPDATE if differences else Action.KEEP
    return PlanItem(action, wanted.subscription_id, wanted.tenant, current.revision, tuple(differences))


def _differences(current: Subscription, new: Subscription) -> Iterator[Difference]:
    old_values, new_values = _shown(current), _shown(new)
    for field, old in old_values.items():
        if old != new_values[field]:
            yield Difference(field, old, new_values[field])
    for field in ("headers", "client_certificate"):
        if old_values[field] == new_values[field] and getattr(current, field) != getattr(new, field):
            yield Difference(field, "(the present values)", "(the manifest's)")


def _shown(subscription: Subscription) -> dict[str, Any]:
    return {**definition_view(subscription), **parts_view(subscription), "state": subscription.state.value}


def _deletions(wanted: Sequence[Wanted], index: SubscriptionIndex) -> list[PlanItem]:
    tenants = {one.tenant for one in wanted}
    kept = {one.subscription_id for one in wanted}
    return [
        PlanItem(Action.DELETE, subscription.subscription_id, subscription.tenant, subscription.revision)
        for subscription in sorted(index, key=lambda subscription: subscription.subscription_id)
        if subscription.tenant in tenants and subscription.subscription_id not in kept
    ]
