"""Who is let through to a route: by the role, and by whether the route keeps tenants apart."""

from http import HTTPStatus

import pytest

from gateway.console.access.caller import ANONYMOUS, Caller, ForbiddenError, require_seen
from gateway.console.api.admission import admit
from gateway.console.api.problems import ProblemError
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.errors import NotFoundError
from gateway.domain.matching import SubscriptionIndex
from tests.subscriptions import subscription

LADDER = [Role.ANONYMOUS, Role.SUBSCRIBER, Role.VIEWER, Role.OPERATOR, Role.ADMIN]


async def handle(_: Call) -> Answer:
    """Do nothing."""
    return Answer()


def route(role: Role, scope: Scope) -> Route:
    """Give a route for a role."""
    return Route("GET", "/things", "listThings", "List.", "things", role, handle, scope=scope)


def refusal(caller: Caller, asked: Route) -> tuple[int, str] | None:
    """Give the status and the code of the refusal, or None."""
    try:
        admit(caller, asked)
    except ProblemError as error:
        return error.problem.status, error.problem.code
    return None


@pytest.mark.parametrize("has", LADDER)
@pytest.mark.parametrize("needs", LADDER)
def test_a_role_may_do_what_those_below_may(has: Role, needs: Role) -> None:
    """And nothing else; who has shown nothing is asked for credentials."""
    enough = LADDER.index(has) >= LADDER.index(needs)
    told = (HTTPStatus.UNAUTHORIZED, "unauthorized") if has is Role.ANONYMOUS else (HTTPStatus.FORBIDDEN, "forbidden")
    assert refusal(Caller("one", has), route(needs, Scope.UNSCOPED)) == (None if enough else told)


@pytest.mark.parametrize(
    ("tenant", "scope", "admitted"),
    [
        (None, Scope.UNSCOPED, True),
        (None, Scope.TENANT, True),
        (None, Scope.SHARED, True),
        ("shop", Scope.UNSCOPED, False),
        ("shop", Scope.TENANT, True),
        ("shop", Scope.SHARED, True),
    ],
)
def test_a_route_that_knows_no_tenants_is_closed_to_who_sees_one(
    tenant: str | None, scope: Scope, *, admitted: bool
) -> None:
    """Also to an admin of that tenant: a route that nobody thought about is closed."""
    refused = refusal(Caller("one", Role.ADMIN, tenant), route(Role.VIEWER, scope))
    assert refused == (None if admitted else (HTTPStatus.FORBIDDEN, "forbidden"))


def test_another_tenants_subscription_is_answered_like_none() -> None:
    """In the same words, so that nobody learns which ids there are."""
    index = SubscriptionIndex()
    index.put(subscription("s", tenant="shop"))
    assert require_seen(index, "s", Caller("all", Role.VIEWER)).tenant == "shop"
    assert require_seen(index, "s", Caller("own", Role.VIEWER, "shop")).tenant == "shop"
    with pytest.raises(NotFoundError) as hidden:
        require_seen(index, "s", Caller("other", Role.ADMIN, "bank"))
    with pytest.raises(NotFoundError) as absent:
        require_seen(SubscriptionIndex(), "s", Caller("all", Role.VIEWER))
    assert (hidden.value.message, hidden.value.hint) == (absent.value.message, absent.value.hint)


def test_what_is_asked_for_is_limited_to_the_callers_tenant() -> None:
    """To ask for another one is refused, whether it exists or not."""
    own, every = Caller("own", Role.VIEWER, "shop"), Caller("all", Role.VIEWER)
    assert [own.tenant_for(None), own.tenant_for("shop"), every.tenant_for(None), every.tenant_for("bank")] == [
        "shop",
        "shop",
        None,
        "bank",
    ]
    with pytest.raises(ForbiddenError):
        own.tenant_for("bank")
    assert not ANONYMOUS.role.includes(Role.SUBSCRIBER)
