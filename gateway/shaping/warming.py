"""Compiles filters and transforms before events come.

Each takes a quarter of a millisecond. Ten thousand at the first event would hold up all events, and a hundred thousand
take as long as Kafka waits for a member of a group.
"""

from collections.abc import Collection, Iterable
from itertools import islice

from gateway.domain.subscription import Subscription
from gateway.domain.versions import covered_types
from gateway.shaping.routing import MAX_ROUTES, Router


def warm_routes(router: Router, subscriptions: Iterable[Subscription], event_types: Collection[str]) -> None:
    """Find the routes of all subscriptions that have a filter or a transform.

    Args:
        router: keeps them.
        subscriptions: those of its table.
        event_types: those of its catalog.
    """
    known = frozenset(event_types)
    of_pattern: dict[str, tuple[str, ...]] = {}
    pairs: dict[tuple[str, str], None] = {}
    for one in subscriptions:
        if one.filter is None and one.transform is None:
            continue
        for pattern in one.event_types:
            if pattern not in of_pattern:
                of_pattern[pattern] = (pattern,) if pattern in known else covered_types((pattern,), event_types)
            pairs.update(((one.tenant, event_type), None) for event_type in of_pattern[pattern])
    for tenant, event_type in islice(pairs, MAX_ROUTES):
        router.routes(tenant, event_type)
