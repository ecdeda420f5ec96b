"""What is open to a tenant's own people in the portal: this list, and nothing else."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from gateway.console.access.caller import Caller
from gateway.console.api.admission import admit
from gateway.console.api.all_routes import all_routes
from gateway.console.api.catalog import catalog_for
from gateway.console.api.problems import ProblemError
from gateway.console.api.routes import Route, Scope
from gateway.domain.access import Role
from gateway.domain.errors import NotFoundError
from gateway.domain.matching import SubscriptionIndex
from tests.subscriptions import CATALOG, subscription

PORTAL = Caller("portal:shop:5f1c09ab37de2460", Role.SUBSCRIBER, "shop")
ROUTES = {route.name: route for route in all_routes(Mock())}
# To add to these is a decision: docs/decisions/0050.
OPEN = {
    "listSubscriptions", "getSubscription", "getSubscriptionHealth", "countBacklog", "listRecentHours",
    "pauseSubscription", "resumeSubscription", "rotateSecret", "sendTestEvent",
    "listDeliveries", "getDelivery", "listAttempts", "resendDelivery",
    "listDeadLetters", "groupDeadLetters", "replayDeadLetters",
    "listEventTypes", "getEventType", "getEventSchema", "getExample",
    "getSession", "logIn", "logOut", "openPortal",
}  # fmt: skip


def is_admitted(route: Route) -> bool:
    """Tell whether the portal gets through to a route."""
    try:
        admit(PORTAL, route)
    except ProblemError:
        return False
    return True


def test_the_portal_reaches_what_it_is_for_and_nothing_else() -> None:
    """A new route is closed to it until it is put here."""
    assert {name for name, route in ROUTES.items() if is_admitted(route)} == OPEN


def test_a_viewer_changes_nothing_of_what_the_portal_may() -> None:
    """Who only looks must not be let in by what a tenant's own people may do."""
    changing = {name for name in OPEN if ROUTES[name].method != "GET" and ROUTES[name].scope is Scope.TENANT}
    assert len(changing) == 6
    for caller in (Caller("all", Role.VIEWER), Caller("own", Role.VIEWER, "shop")):
        for name in changing:
            with pytest.raises(ProblemError):
                admit(caller, ROUTES[name])
            admit(replace(caller, role=Role.OPERATOR), ROUTES[name])


@pytest.mark.parametrize("name", sorted(OPEN))
def test_each_of_these_keeps_tenants_apart(name: str) -> None:
    """Or holds nothing of any: then a wrong tenant can't be a mistake of one handler."""
    route = ROUTES[name]
    assert route.scope in {Scope.TENANT, Scope.SHARED}
    if route.scope is Scope.SHARED:
        assert route.tag in {"catalog", "session", "portal"}


def parts(*patterns: str, tenant: str = "shop") -> Any:
    """Give the parts with one subscription that gets some event types."""
    index = SubscriptionIndex()
    index.put(replace(subscription("s", tenant=tenant), event_types=patterns))
    return SimpleNamespace(catalog=CATALOG, table=SimpleNamespace(index=index))


@pytest.mark.parametrize(
    ("patterns", "seen"),
    [
        (("order.paid",), {"order.paid"}),
        (("order.*",), {name for name in CATALOG.event_types() if name.startswith("order.")}),
        (("*",), set(CATALOG.event_types())),
        (("no.such",), set()),
    ],
)
def test_a_subscriber_sees_the_event_types_that_it_gets(patterns: tuple[str, ...], seen: set[str]) -> None:
    """With all of their versions; the others are answered like those that do not exist."""
    catalog = catalog_for(parts(*patterns), PORTAL)
    assert set(catalog.event_types()) == seen
    assert all(catalog.versions(name) == CATALOG.versions(name) for name in seen)
    for hidden in set(CATALOG.event_types()) - seen:
        with pytest.raises(NotFoundError) as refused:
            catalog.entry(hidden)
        told = str(refused.value.hint)
        assert not any(f" {other}" in told for other in set(CATALOG.event_types()) - seen)


def test_what_other_tenants_get_is_not_for_a_subscriber_and_operators_see_all() -> None:
    """The catalog is shared among those who work with it."""
    assert catalog_for(parts("*", tenant="bank"), PORTAL).event_types() == ()
    for caller in (Caller("all", Role.VIEWER), Caller("own", Role.VIEWER, "shop")):
        assert catalog_for(parts("order.paid"), caller) is CATALOG
