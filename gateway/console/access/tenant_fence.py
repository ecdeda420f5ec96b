"""Keeps changes of subscriptions within one tenant, at the moment at which they are decided.

What a handler has looked at may be gone when the change is made, and another tenant's subscription may have its id by
then. So the last look is here, at the table that the writer has read (docs/decisions/0002).
"""

from collections.abc import Sequence

from gateway.console.access.caller import ForbiddenError
from gateway.domain.changes import Change, ChangeStore, Decide, Put, changed_id, require
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription


class TenantFence:
    """A `ChangeStore` for callers who see one tenant.

    They can't give a subscription the sight of sensitive fields, either: that is for whoever sees all tenants.

    Args:
        store: makes the changes.
        tenant: whose subscriptions may be changed.
    """

    def __init__(self, store: ChangeStore, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    def change(self, decide: Decide) -> Sequence[Change]:
        """Do what the store does.

        Raises:
            NotFoundError: a subscription is another tenant's.
            ForbiddenError: a new one is for another tenant, or is granted sensitive fields.
        """

        def fenced(index: SubscriptionIndex) -> Sequence[Change]:
            changes = decide(index)
            for change in changes:
                self._check(index.get(changed_id(change)), change)
            return changes

        return self._store.change(fenced)

    def _check(self, before: Subscription | None, change: Change) -> None:
        if before is not None and before.tenant != self._tenant:
            require(SubscriptionIndex(), before.subscription_id)
        if not isinstance(change, Put):
            return
        after = change.subscription
        if after.tenant != self._tenant:
            raise ForbiddenError("this is for another tenant than yours", hint="leave the tenant out")
        if not set(after.sensitive_grants) <= set(before.sensitive_grants if before else ()):
            raise ForbiddenError(
                "sensitive fields are granted by those who see all tenants", hint="ask whoever runs the gateway"
            )
