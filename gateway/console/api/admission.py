"""Who may call a route at all: the one place where roles are compared, and routes that know no tenants are closed."""

from http import HTTPStatus

from gateway.console.access.caller import Caller
from gateway.console.api.problems import ProblemError
from gateway.console.api.routes import Route, Scope
from gateway.domain.access import Role


def admit(caller: Caller, route: Route) -> None:
    """Let a caller through to a route.

    Raises:
        ProblemError: they have not said who they are, or may not do this.
    """
    if not (caller.role.includes(route.role) or (route.portal and caller.role is Role.SUBSCRIBER)):
        if caller.role is Role.ANONYMOUS:
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED, "unauthorized", "this needs credentials: a bearer token, or a log-in"
            )
        detail = f"this needs the role {route.role.value}; yours is {caller.role.value}"
        raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", detail)
    if caller.tenant is not None and route.scope is Scope.UNSCOPED:
        raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", "this is about all tenants, and you see one of them")
