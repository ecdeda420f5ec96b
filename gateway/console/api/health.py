"""How a subscription fares over HTTP: its attempts over time, its circuit and lane, and what waits for it."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, Field

from gateway.admin.backlog import BacklogCounter
from gateway.console.access.caller import require_seen
from gateway.console.api.attempts import FoundAttemptView, found_view
from gateway.console.api.looking_models import SignalView
from gateway.console.api.models import Query
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.health import MAX_HOURS, Fare, fare_of
from gateway.console.index_store import IndexConnection
from gateway.domain.access import Role
from gateway.domain.overview import SignalBoard
from gateway.domain.signals import Signal, SignalKind, why_waiting
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.kafka.scan import ScanBounds

_BACKLOG_BOUNDS = ScanBounds(max_records=300_000, deadline_s=10)
# Each reads a partition of every delivery topic with a client of its own.
_COUNTED_AT_ONCE = 2


class HealthQuery(Query):
    """Over which time."""

    hours: Annotated[int, Field(ge=1, le=MAX_HOURS, description="how many hours up to now")] = 24


class SpanView(BaseModel):
    """The attempts that were begun in one span of time."""

    at_ms: int
    delivered: int
    failed: int
    mean_ms: int
    p95_ms: int | None


class CircuitView(BaseModel):
    """Whether attempts are held back because too many have failed, as signals tell."""

    open: bool
    since_ms: int | None = Field(description="when that became so; null where no signal tells")
    until_ms: int | None = Field(description="when the endpoint is tried again")
    reason: str | None


class LaneView(BaseModel):
    """Whether deliveries wait in the log, as signals told last; `waiting` and `oldest_waiting_at_ms` are of then."""

    lagging: bool
    since_ms: int | None = Field(description="when that became so; null where no signal tells")
    waiting: int | None
    oldest_waiting_at_ms: int | None
    reason: str | None = Field(description="why deliveries wait")


class SubscriptionHealthView(BaseModel):
    """How a subscription has fared. Quantiles of durations are upper bounds of buckets."""

    subscription_id: str
    state: SubscriptionState
    since_ms: int
    span_ms: int = Field(description="how long each of the spans is; those without any attempt are left out")
    attempts: int
    delivered: int
    success_rate: float | None
    mean_ms: int | None
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    spans: list[SpanView]
    circuit: CircuitView
    lane: LaneView
    last_delivered: FoundAttemptView | None
    last_failed: FoundAttemptView | None
    signals: list[SignalView] = Field(description="the newest, newest first")


class BacklogView(BaseModel):
    """What waits for a subscription, counted in Kafka."""

    waiting: int = Field(description="deliveries that are due: they wait for their turn, or are being sent")
    oldest_waiting_at_ms: int | None
    retrying: int = Field(description="deliveries that are due later")
    next_retry_at_ms: int | None
    complete: bool = Field(description="everything was looked at; if not, there may be more of both")


class HealthApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._room = asyncio.Semaphore(_COUNTED_AT_ONCE)

    def routes(self) -> list[Route]:
        """List the routes."""
        one = "/subscriptions/{subscription_id}"
        return [
            Route(
                "GET", f"{one}/health", "getSubscriptionHealth",
                "Say how a subscription has fared: attempts over time, circuit and lane, what happened to it.",
                "subscriptions", Role.SUBSCRIBER, self._health, SubscriptionHealthView, query=HealthQuery,
                scope=Scope.TENANT,
            ),
            Route(
                "GET", f"{one}/backlog", "countBacklog",
                "Count what waits for a subscription in Kafka: takes a second or more.", "subscriptions",
                Role.SUBSCRIBER, self._backlog, BacklogView, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _health(self, call: Call) -> Answer:
        query: HealthQuery = call.query
        subscription = require_seen(self._parts.table.index, call.path["subscription_id"], call.caller)

        def look(connection: IndexConnection) -> Fare:
            return fare_of(connection, subscription, hours=query.hours, now_ms=self._parts.clock())

        fare = await self._parts.reader.ask(look)
        fields = {name: value for name, value in asdict(fare).items() if name in _SHOWN}
        return Answer(
            SubscriptionHealthView(
                **fields,
                subscription_id=subscription.subscription_id,
                state=subscription.state,
                circuit=_circuit(fare.standing),
                lane=_lane(subscription, fare.standing),
                last_delivered=None if fare.last_delivered is None else found_view(fare.last_delivered),
                last_failed=None if fare.last_failed is None else found_view(fare.last_failed),
                signals=[SignalView(**asdict(one)) for one in fare.signals],
            )
        )

    async def _backlog(self, call: Call) -> Answer:
        subscription = require_seen(self._parts.table.index, call.path["subscription_id"], call.caller)
        counter = BacklogCounter(self._parts.config, self._parts.layout, bounds=_BACKLOG_BOUNDS)
        async with self._room:
            backlog = await asyncio.to_thread(counter.count, subscription.subscription_id, self._parts.clock())
        return Answer(BacklogView(**asdict(backlog)))


# What a fare and its view have in common.
_SHOWN = frozenset(
    {"since_ms", "span_ms", "attempts", "delivered", "success_rate", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "spans"}
)
_OF_CIRCUITS = frozenset({SignalKind.CIRCUIT_OPENED, SignalKind.CIRCUIT_CLOSED, SignalKind.DISABLED})
_OF_LANES = frozenset({SignalKind.LAGGING, SignalKind.CAUGHT_UP})


def _circuit(standing: tuple[Signal, ...]) -> CircuitView:
    board = SignalBoard()
    board.take(reversed(standing))
    told = next((one for one in standing if one.kind in _OF_CIRCUITS), None)
    return CircuitView(
        open=bool(board.open_circuits),
        since_ms=told and told.at_ms,
        until_ms=next(iter(board.open_circuits.values()), None),
        reason=told and told.reason,
    )


def _lane(subscription: Subscription, standing: tuple[Signal, ...]) -> LaneView:
    told = next((one for one in standing if one.kind in _OF_LANES), None)
    return LaneView(
        lagging=told is not None and told.kind is SignalKind.LAGGING,
        since_ms=told and told.at_ms,
        waiting=told and told.waiting,
        oldest_waiting_at_ms=told and told.oldest_waiting_at_ms,
        reason=why_waiting(subscription, standing[::-1]),
    )
