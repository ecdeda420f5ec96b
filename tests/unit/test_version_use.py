"""Who gets which version of an event type, and why."""

from dataclasses import replace

from gateway.admin.version_use import uses_of
from gateway.domain.versions import VersionRule
from tests.subscriptions import CATALOG, subscription


def test_everybody_is_listed_at_the_version_that_they_get() -> None:
    """By a pin, as the latest, or as the first; who does not get the type is not listed."""
    newest = CATALOG.latest("order.created")
    pinned = replace(subscription("pinned"), pins=(("order.created", 2),))
    lost = replace(subscription("lost"), pins=(("order.created", 99),))
    latest = replace(subscription("latest", event_types=("order.*",)), follow_latest=True)
    first = replace(subscription("first", event_types=("*",)), follow_latest=False)
    other = subscription("other", event_types=("order.paid",))
    uses = uses_of([pinned, lost, latest, first, other], CATALOG, "order.created")
    told = {version: [(use.subscription.subscription_id, use.rule) for use in found] for version, found in uses.items()}
    assert told == {
        1: [("first", VersionRule.FIRST)],
        2: [("pinned", VersionRule.PINNED)],
        newest: [("latest", VersionRule.LATEST)],
        99: [("lost", VersionRule.PINNED)],
    }
