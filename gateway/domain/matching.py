"""Which subscriptions want an event.

The index holds every subscription that is not disabled, by tenant and pattern, so that matching costs what matches
and not what exists.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_type
from gateway.domain.subscription import Subscription, SubscriptionState

ALL_TYPES = "*"
_PREFIX_SUFFIX = ".*"


def check_pattern(pattern: str) -> str:
    """Return `pattern` if it is an event type, a prefix like `order.*`, or `*`.

    Raises:
        InvalidInputError: it is none of these.
    """
    if pattern == ALL_TYPES:
        return pattern
    if pattern.endswith(_PREFIX_SUFFIX):
        check_event_type(pattern.removesuffix(_PREFIX_SUFFIX) + ".any")
        return pattern
    if "*" in pattern:
        raise InvalidInputError(
            f"'{pattern}' is not an event type pattern",
            hint="a star stands alone (*) or at the end (order.*)",
        )
    return check_event_type(pattern)


def matches_pattern(pattern: str, event_type: str) -> bool:
    """Tell whether an event type falls under one pattern."""
    if pattern in {ALL_TYPES, event_type}:
        return True
    return pattern.endswith(_PREFIX_SUFFIX) and event_type.startswith(pattern[:-1])


def _patterns_for(event_type: str) -> Iterator[str]:
    """Every pattern that covers an event type: itself, each of its prefixes, and `*`."""
    yield event_type
    prefix = event_type
    while "." in prefix:
        prefix = prefix.rpartition(".")[0]
        yield prefix + _PREFIX_SUFFIX
    yield ALL_TYPES


@dataclass(slots=True)
class _Tenant:
    """How many subscriptions a tenant has, and the last change of one."""

    subscriptions: int = 0
    generation: int = 0


class SubscriptionIndex:
    """Subscriptions by id, and by (tenant, pattern) for matching."""

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._by_pattern: dict[tuple[str, str], dict[str, Subscription]] = {}
        self._tenants: dict[str, _Tenant] = {}
        self._changes = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_id.values())

    def get(self, subscription_id: str) -> Subscription | None:
        """Look one up."""
        return self._by_id.get(subscription_id)

    def put(self, subscription: Subscription) -> None:
        """Add a subscription or replace the one with its id."""
        self.remove(subscription.subscription_id)
        self._by_id[subscription.subscription_id] = subscription
        self._note_change(subscription.tenant, 1)
        if subscription.state is SubscriptionState.DISABLED:
            return
        for pattern in subscription.event_types:
            slot = self._by_pattern.setdefault((subscription.tenant, pattern), {})
            slot[subscription.subscription_id] = subscription

    def remove(self, subscription_id: str) -> None:
        """Forget a subscription; one that is not there is fine."""
        old = self._by_id.pop(subscription_id, None)
        if old is None:
            return
        self._note_change(old.tenant, -1)
        for pattern in old.event_types:
            slot = self._by_pattern.get((old.tenant, pattern))
            if slot is None:
                continue
            slot.pop(subscription_id, None)
            if not slot:
                del self._by_pattern[old.tenant, pattern]

    def generation(self, tenant: str) -> int:
        """Give a number that changes with every change of a tenant's subscriptions; 0 where it has none."""
        found = self._tenants.get(tenant)
        return 0 if found is None else found.generation

    def _note_change(self, tenant: str, more: int) -> None:
        self._changes += 1
        known = self._tenants.setdefault(tenant, _Tenant())
        known.generation = self._changes
        known.subscriptions += more
        if not known.subscriptions:
            del self._tenants[tenant]

    def match_event(self, tenant: str, event_type: str) -> tuple[Subscription, ...]:
        """List the active and paused subscriptions of a tenant that want an event type, each once."""
        found: dict[str, Subscription] = {}
        for pattern in _patterns_for(event_type):
            found.update(self._by_pattern.get((tenant, pattern), {}))
        return tuple(found.values())
