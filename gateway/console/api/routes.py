"""What a route of the API is: the one description from which requests are served and the OpenAPI document is made."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

from gateway.console.access.caller import Caller
from gateway.console.api.streaming import StreamEvent
from gateway.domain.access import Role

PREFIX = "/api/v1"


class Scope(Enum):
    """How a route keeps tenants apart; docs/decisions/0048."""

    UNSCOPED = "unscoped"  # not at all: only for callers who see all tenants
    TENANT = "tenant"  # its handler limits what it does to what `call.caller` sees
    SHARED = "shared"  # it holds nothing of any tenant


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was checked.

    Attributes:
        caller: who makes it.
        path: the values of the path's parameters.
        query: the query's parameters, of the route's model, or None where it has none.
        body: the body, of the route's model, or None where it has none.
        if_match: the revision that `If-Match` asks for, or None for any.
    """

    caller: Caller
    path: Mapping[str, str]
    query: Any = None
    body: Any = None
    if_match: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        value: of the route's model; None for nothing.
        revision: sent as `ETag`.
        location: of what was made.
        events: of a route that has events: they are sent for as long as there are any; see `stream_events`.
        headers: further ones, such as cookies.
    """

    value: BaseModel | None = None
    revision: int | None = None
    location: str | None = None
    events: AsyncGenerator[StreamEvent | None, None] | None = None
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation.

    Attributes:
        method: of HTTP.
        path: below `PREFIX`, with parameters in braces.
        name: the operation's id.
        summary: a sentence for people.
        tag: what it is about.
        role: who may call it; ANONYMOUS for whoever comes.
        handle: does it.
        answers: the model of the answer, or None where it has no body.
        query: the model of the query, or None.
        body: the model of the body, or None.
        status: of an answer that is none of an error.
        matches: takes `If-Match`.
        repeats: takes `Idempotency-Key`.
        scope: how it keeps tenants apart.
        portal: is also open to a tenant's own people in the portal, who else may do less than a viewer.
        events: of a route that answers with a stream: the names of its events, with the models of their data.
    """

    method: str
    path: str
    name: str
    summary: str
    tag: str
    role: Role
    handle: Handler
    answers: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    status: int = 200
    matches: bool = False
    repeats: bool = False
    scope: Scope = Scope.UNSCOPED
    portal: bool = False
    events: Mapping[str, type[BaseModel]] | None = None

    @property
    def is_door(self) -> bool:
        """Tell whether it lets somebody in: by what is sent to it, whoever they were before."""
        return self.role is Role.ANONYMOUS and self.method != "GET"
