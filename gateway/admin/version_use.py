"""Which subscriptions get which version of an event type, and why."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.domain.matching import matches_pattern
from gateway.domain.subscription import Subscription
from gateway.domain.versions import VersionRule, version_for, version_rule
from gateway.wire.catalog import Catalog


@dataclass(frozen=True, slots=True)
class VersionUse:
    """A subscription that gets a version.

    Attributes:
        subscription: which one.
        rule: why it gets this one.
    """

    subscription: Subscription
    rule: VersionRule


def uses_of(subscriptions: Iterable[Subscription], catalog: Catalog, event_type: str) -> Mapping[int, list[VersionUse]]:
    """Give those who get an event type by the version that they get; a pin may name one that there is not.

    Args:
        subscriptions: those that there are.
        catalog: the known event types and versions.
        event_type: one of them.

    Raises:
        NotFoundError: there is no such event type.
    """
    versions = catalog.versions(event_type)
    found: defaultdict[int, list[VersionUse]] = defaultdict(list)
    for one in subscriptions:
        if not any(matches_pattern(pattern, event_type) for pattern in one.event_types):
            continue
        version = version_for(one.pins, event_type, versions, follow_latest=one.follow_latest)
        rule = version_rule(one.pins, event_type, follow_latest=one.follow_latest)
        found[version].append(VersionUse(one, rule))
    return found
