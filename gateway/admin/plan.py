"""The difference between what is wanted and what is there, as a value that can be shown, confirmed and compared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from gateway.admin.views import definition_view
from gateway.admin.wanted import Wanted
from gateway.domain.errors import ConflictError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.secret import SigningSecret
from gateway.domain.subscription import Subscription, SubscriptionState

DISABLED_BY_MANIFEST = "disabled in the manifest"

IsCurrentSecret = Callable[[Subscription, SigningSecret], bool]


class Action(Enum):
    """What happens to one subscription."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    KEEP = "unchanged"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what it is and what it shall be, as plain values. A secret's values are never in it."""

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
    wanted: Sequence[Wanted], index: SubscriptionIndex, is_current_secret: IsCurrentSecret, *, prune: bool
) -> Plan:
    """Compare a manifest with the table.

    Args:
        wanted: the manifest's subscriptions.
        index: the table as it is.
        is_current_secret: tells whether a secret is the one that a subscription has.
        prune: delete what the manifest does not have, of the tenants that it names.

    Raises:
        ConflictError: an id belongs to another tenant.
    """
    items = [_plan_one(one, index.get(one.subscription_id), is_current_secret) for one in wanted]
    if prune:
        items += _deletions(wanted, index)
    return tuple(items)


def wanted_fields(current: Subscription, wanted: Wanted) -> dict[str, Any]:
    """Give the fields that make an existing subscription what the manifest wants, its secrets apart."""
    if wanted.state in {None, current.state}:
        return wanted.attributes
    reason = DISABLED_BY_MANIFEST if wanted.state is SubscriptionState.DISABLED else None
    return {**wanted.attributes, "state": wanted.state, "state_reason": reason}


def _plan_one(wanted: Wanted, current: Subscription | None, is_current_secret: IsCurrentSecret) -> PlanItem:
    if current is None:
        return PlanItem(Action.CREATE, wanted.subscription_id, wanted.tenant)
    if current.tenant != wanted.tenant:
        raise ConflictError(
            f"subscription {wanted.subscription_id} belongs to tenant {current.tenant}, not {wanted.tenant}",
            hint="a tenant can't be changed: choose another id, or delete the subscription first",
        )
    differences = list(_differences(current, replace(current, **wanted_fields(current, wanted))))
    if wanted.secret is not None and not is_current_secret(current, wanted.secret):
        differences.append(Difference("secret", "(the present one)", "(the manifest's)"))
    action = Action.UPDATE if differences else Action.KEEP
    return PlanItem(action, wanted.subscription_id, wanted.tenant, current.revision, tuple(differences))


def _differences(current: Subscription, new: Subscription) -> Iterator[Difference]:
    old_values = {**definition_view(current), "state": current.state.value}
    new_values = {**definition_view(new), "state": new.state.value}
    for field, old in old_values.items():
        if old != new_values[field]:
            yield Difference(field, old, new_values[field])


def _deletions(wanted: Sequence[Wanted], index: SubscriptionIndex) -> list[PlanItem]:
    tenants = {one.tenant for one in wanted}
    kept = {one.subscription_id for one in wanted}
    return [
        PlanItem(Action.DELETE, subscription.subscription_id, subscription.tenant, subscription.revision)
        for subscription in sorted(index, key=lambda subscription: subscription.subscription_id)
        if subscription.tenant in tenants and subscription.subscription_id not in kept
    ]
