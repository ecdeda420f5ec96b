"""To whom a replay is: the subscriptions that are named, or all there are, as they are now."""

from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.replay import Wanted
from gateway.domain.subscription import SubscriptionState


def choose_subscriptions(present: SubscriptionIndex, wanted: Wanted) -> SubscriptionIndex:
    """Give the table of those that a replay may be to; a disabled one is in it, and gets nothing.

    Raises:
        NotFoundError: one that is named does not exist.
        InvalidInputError: one that is named is disabled, or there is none.
    """
    chosen = SubscriptionIndex()
    for name in wanted.subscription_ids:
        found = present.get(name)
        if found is None:
            raise NotFoundError(f"there is no subscription '{name}'")
        if found.state is SubscriptionState.DISABLED:
            raise InvalidInputError(
                f"subscription '{name}' is disabled: what is replayed to it would become dead letters",
                hint=f"first: gateway subscriptions resume {name}",
            )
        chosen.put(found)
    if not wanted.subscription_ids:
        for one in present:
            if not wanted.tenants or one.tenant in wanted.tenants:
                chosen.put(one)
    if not len(chosen):
        raise InvalidInputError("there is no subscription to replay to")
    return chosen
