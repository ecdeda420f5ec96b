"""Who makes a request of the API, and what of it is theirs to see.

A caller with a tenant sees that tenant's things only. A thing of another tenant is answered like one that does not
exist, so that nobody learns what others have.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.access import Role
from gateway.domain.changes import require
from gateway.domain.errors import GatewayError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription


class ForbiddenError(GatewayError):
    """The caller may not do this."""


class BadCredentialsError(GatewayError):
    """What somebody shows is nothing that is good here."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request.

    Attributes:
        name: for the audit trail, like `token:deploy`.
        role: what they may do.
        tenant: whose things they see; None for everybody's.
        credential_id: of the token or session they have shown; None for none.
    """

    name: str
    role: Role
    tenant: str | None = None
    credential_id: str | None = None

    def sees(self, tenant: str) -> bool:
        """Tell whether what belongs to a tenant is theirs to see."""
        return self.tenant in {None, tenant}

    def tenant_for(self, asked: str | None) -> str | None:
        """Give the tenant to which a list, or something new, is limited; None for all.

        Args:
            asked: the tenant that they ask for; None for whichever they see.

        Raises:
            ForbiddenError: it is another than theirs.
        """
        if asked is not None and not self.sees(asked):
            raise ForbiddenError("this is for another tenant than yours", hint="leave the tenant out")
        return asked if self.tenant is None else self.tenant


ANONYMOUS = Caller("anonymous", Role.ANONYMOUS)


def require_seen(index: SubscriptionIndex, subscription_id: str, caller: Caller) -> Subscription:
    """Look a subscription up that has to be there, and has to be the caller's to see.

    Raises:
        NotFoundError: there is none, or it is another tenant's.
    """
    subscription = index.get(subscription_id)
    if subscription is not None and caller.sees(subscription.tenant):
        return subscription
    return require(SubscriptionIndex(), subscription_id)


def require_all_seen(index: SubscriptionIndex, subscription_ids: Iterable[str], caller: Caller) -> None:
    """Check subscriptions that are named by one who sees one tenant; who sees all may name those that are deleted.

    Raises:
        NotFoundError: there is none of a name, or it is another tenant's.
    """
    if caller.tenant is not None:
        for subscription_id in subscription_ids:
            require_seen(index, subscription_id, caller)
