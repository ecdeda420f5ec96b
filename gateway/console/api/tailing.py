"""Attempts as they happen over HTTP: a stream of server-sent events."""

from collections.abc import AsyncGenerator
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.console.access.caller import Caller
from gateway.console.access.limits import Room
from gateway.console.api.models import Query, Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.streaming import HEARTBEAT_S, StreamEvent
from gateway.domain.access import Role
from gateway.domain.attempt_choice import AttemptChoice
from gateway.domain.delivery import Attempt
from gateway.domain.endpoint import host_as_given
from gateway.domain.errors import GatewayError

# Of one caller: enough for some pages side by side, and a quarter of all that may watch.
MAX_OF_ONE = 5
AttemptOutcome = Literal["delivered", "retry_scheduled", "put_off", "dead_lettered", "discarded"]


class TailQuery(Query):
    """Which attempts; what is left out is left open."""

    subscription_id: list[Text] = Field(
        default_factory=list, max_length=100, description="may be repeated: any of them"
    )
    event_type: Annotated[Text, Field(description="order.created, order.* or *")] | None = None
    tenant: Text | None = None
    outcome: list[AttemptOutcome] = Field(
        default_factory=list, max_length=10, description="may be repeated: any of them"
    )


class TailAttemptView(BaseModel):
    """An attempt that has just been made, or a delivery that has ended without one."""

    delivery_id: str
    event_id: str
    event_type: str
    subscription_id: str
    tenant: str
    host: str | None = Field(description="of the endpoint; null where the subscription was deleted")
    attempt_number: int
    max_attempts: int
    trigger: str
    started_at_ms: int
    duration_ms: int
    outcome: str
    reason: str | None
    status: int | None
    error: str | None
    error_detail: str | None
    due_at_ms: int | None = Field(description="when the next attempt is due")


class TailStateView(BaseModel):
    """Whether what happens is seen: Kafka may not answer. What happens meanwhile comes later."""

    live: bool


class DroppedView(BaseModel):
    """Attempts that were left out, because more came than were taken."""

    count: int


class BrokenOffView(BaseModel):
    """Why nothing more comes."""

    detail: str
    hint: str | None


class TailingApi:
    """The handler."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._room = Room(MAX_OF_ONE, f"{MAX_OF_ONE} of yours watch already; close a page that does")

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/tail", "tailAttempts", "Tell of attempts as they happen, until the connection is closed.",
                "deliveries", Role.VIEWER, self._tail, query=TailQuery, scope=Scope.TENANT,
                events={
                    "state": TailStateView, "attempt": TailAttemptView, "dropped": DroppedView, "broken": BrokenOffView
                },
            )
        ]  # fmt: skip

    async def _tail(self, call: Call) -> Answer:
        query: TailQuery = call.query
        tenant = call.caller.tenant_for(query.tenant)
        choice = AttemptChoice(tuple(query.subscription_id), tenant, query.event_type, tuple(query.outcome))
        return Answer(events=self._events(choice, call.caller))

    async def _events(self, choice: AttemptChoice, caller: Caller) -> AsyncGenerator[StreamEvent | None, None]:
        with self._room.of(caller.credential_id or caller.name):
            async with self._parts.live_tail.listening(choice) as listener:
                yield StreamEvent("state", TailStateView(live=True))
                was_cut_off = False
                while True:
                    try:
                        heard = await listener.hear(HEARTBEAT_S)
                    except GatewayError as error:
                        yield StreamEvent("broken", BrokenOffView(detail=error.message, hint=error.hint))
                        return
                    if heard is None:
                        return
                    for attempt in heard.attempts:
                        yield StreamEvent("attempt", self._view(attempt))
                    if heard.dropped:
                        yield StreamEvent("dropped", DroppedView(count=heard.dropped))
                    if heard.is_cut_off != was_cut_off:
                        was_cut_off = heard.is_cut_off
                        yield StreamEvent("state", TailStateView(live=not was_cut_off))
                    elif not heard.attempts and not heard.dropped:
                        yield None

    def _view(self, attempt: Attempt) -> TailAttemptView:
        subscription = self._parts.table.index.get(attempt.subscription_id)
        # Another tenant's may have its id now.
        known = subscription is not None and subscription.tenant == attempt.tenant
        host = host_as_given(subscription.url) if subscription is not None and known else None
        shown = {name: getattr(attempt, name) for name in TailAttemptView.model_fields if name != "host"}
        return TailAttemptView(host=host, **shown)
