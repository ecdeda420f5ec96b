"""Attempts across deliveries over HTTP: searched in the index."""

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.console.api.cursors import read_cursor, write_cursor
from gateway.console.api.models import BACK_TO, NEXT_FOUND, TRIGGERS, Moment, Paged, Text, Trigger
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.attempt_search import (
    AttemptPage,
    AttemptPlace,
    AttemptSearch,
    IndexedAttempt,
    StatusClass,
    search_attempts,
)
from gateway.console.index_store import IndexConnection
from gateway.domain.access import Role

_Outcome = Literal["delivered", "retry_scheduled", "put_off", "dead_lettered", "discarded"]


class AttemptQuery(Paged):
    """Which attempts; what is left out is left open."""

    subscription_id: list[Text] = Field(default=[], max_length=100, description="may be repeated: any of them")
    event_type: Text | None = None
    tenant: Text | None = None
    outcome: list[_Outcome] = Field(default=[], max_length=10, description="may be repeated: any of them")
    status_class: list[StatusClass] = Field(
        default=[], max_length=10, description="may be repeated: any of them; `none`: there was no answer"
    )
    since_ms: Annotated[Moment, Field(description="begun then or later")] | None = None
    before_ms: Annotated[Moment, Field(description="begun before")] | None = None


class FoundAttemptView(BaseModel):
    """One attempt, and the delivery that it was made for."""

    delivery_id: str
    event_id: str
    event_type: str
    subscription_id: str
    tenant: str
    attempt_number: int
    trigger: Trigger
    started_at_ms: int
    duration_ms: int
    status: int | None
    error: str | None
    outcome: str | None
    reason: str | None
    due_at_ms: int | None = Field(description="when the next attempt was due after it")


class AttemptPageView(BaseModel):
    """Attempts, newest first."""

    items: list[FoundAttemptView]
    next: str | None = Field(description=NEXT_FOUND)
    back_to_ms: int | None = Field(description=BACK_TO)


class AttemptsApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/attempts", "listAttempts", "Search attempts across deliveries, newest first.", "deliveries",
                Role.SUBSCRIBER, self._list, AttemptPageView, query=AttemptQuery, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        query: AttemptQuery = call.query
        wanted = AttemptSearch(
            subscription_ids=tuple(query.subscription_id) or None,
            event_type=query.event_type,
            tenant=call.caller.tenant_for(query.tenant),
            outcomes=tuple(query.outcome) or None,
            status_classes=tuple(query.status_class) or None,
            since_ms=query.since_ms,
            before_ms=query.before_ms,
        )
        generation = self._parts.indexer.generation
        start = None if query.cursor is None else AttemptPlace(*read_cursor(query.cursor, generation, 4))

        def look(connection: IndexConnection) -> AttemptPage:
            return search_attempts(connection, wanted, limit=query.limit, start=start)

        page = await self._parts.reader.ask(look)
        items = [found_view(one) for one in page.attempts]
        if page.next is None:
            return Answer(AttemptPageView(items=items, next=None, back_to_ms=None))
        following = write_cursor(generation, page.next)
        return Answer(AttemptPageView(items=items, next=following, back_to_ms=page.next.at_ms))


def found_view(attempt: IndexedAttempt) -> FoundAttemptView:
    """Give an attempt as it is shown."""
    return FoundAttemptView(**asdict(attempt) | {"trigger": TRIGGERS[attempt.trigger]})
