"""What is asked and answered about the whole: statistics, what waits, signals, and the console itself, as models."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.console.api.models import Limit, Moment, Query, Text
from gateway.console.overview import MAX_MINUTES
from gateway.domain.signals import SignalKind


class SignalQuery(Query):
    """Which signals; what is left out is left open."""

    subscription_id: Text | None = None
    tenant: Text | None = None
    kind: list[SignalKind] = Field(default=[], max_length=10, description="may be repeated: any of them")
    since_ms: Moment = 0
    limit: Limit = 50


class StatsQuery(Query):
    """Over which time."""

    minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES, description="how many minutes up to now")] = 60
    tenant: Text | None = None


class SignalView(BaseModel):
    """Something that happened to an endpoint."""

    subscription_id: str
    tenant: str
    at_ms: int
    kind: SignalKind
    reason: str | None
    count: int | None
    delivery_id: str | None
    event_id: str | None
    until_ms: int | None
    failures: int | None
    waiting: int | None
    oldest_waiting_at_ms: int | None


class SignalsView(BaseModel):
    """Signals, newest first."""

    items: list[SignalView]


class MinuteView(BaseModel):
    """The attempts that were begun in one minute."""

    at_ms: int
    delivered: int
    failed: int
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None


class EndpointView(BaseModel):
    """The attempts to one subscription, by whole hours."""

    subscription_id: str
    attempts: int
    failed: int
    mean_ms: int


class DepthView(BaseModel):
    """What of a topic a stage has not committed."""

    topic: str
    records: int
    oldest_at_ms: int | None = Field(description="when the oldest of them was written; null where there is none")


class StandingView(BaseModel):
    """How far the stages are, and what waits where."""

    at_ms: int = Field(description="when Kafka was asked")
    stream: list[DepthView] = Field(description="topics of events")
    egress: list[DepthView] = Field(description="topics where deliveries begin")
    tiers: list[DepthView] = Field(description="retry tiers, the shortest first")
    dead_letters: int = Field(description="records that the dead-letter topic keeps; a replay's note is one of them")


class LaggingView(BaseModel):
    """A subscription whose deliveries wait; what no signal has told yet is null."""

    subscription_id: str
    cursors: int = Field(description="how many of its partitions and keys are read apart")
    waiting: int | None
    oldest_waiting_at_ms: int | None
    reason: str | None


class OpenCircuitView(BaseModel):
    """A subscription that nothing is sent to, because its attempts failed."""

    subscription_id: str
    until_ms: int | None = Field(description="when its endpoint is tried again")


class StatsView(BaseModel):
    """How attempts went, and what waits. Durations are upper bounds of buckets; `lagging` is as last told."""

    since_ms: int
    attempts: int
    delivered: int
    success_rate: float | None
    per_s: float
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    open: dict[str, int] = Field(description="deliveries planned since then that are not delivered, by state")
    minutes: list[MinuteView]
    worst: list[EndpointView]
    lagging: list[LaggingView] = Field(description="subscriptions whose deliveries wait, those with most first")
    lagging_count: int = Field(description="how many subscriptions lag")
    open_circuits: list[OpenCircuitView]
    open_circuit_count: int
    standing: StandingView | None = Field(
        description="how far everything is; null for those who see one tenant only, and where Kafka has not told yet"
    )


class HealthView(BaseModel):
    """The console itself."""

    version: str
    caught_up: bool = Field(description="everything that Kafka had at the start is in the index")
    lag: int = Field(description="records that are not in the index yet")
    undecodable: int = Field(description="records that could not be read")
    index_bytes: int
    subscriptions: int
