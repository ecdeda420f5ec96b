"""What is asked and answered about replays, as models; a replay of dead letters looks like one of events."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.console.access.caller import Caller
from gateway.console.api.models import Moment, Query, Text
from gateway.console.search import MAX_PAGE
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_tenant
from gateway.domain.matching import check_pattern
from gateway.domain.outcome import Reason
from gateway.domain.rate_limit import MAX_PER_S
from gateway.domain.replay import (
    DEFAULT_RATE_PER_S,
    DeliveryStatus,
    Replay,
    ReplaySource,
    ReplayState,
    Tally,
    Wanted,
    parse_offsets,
)
from gateway.domain.subscription import MAX_FILTER_CHARS
from gateway.kafka.scan import ScanReport
from gateway.replay.stretches import OffsetRanges, TimeSpan

_MAX_NAMES = 1_000
_MAX_COUNTED = 100
JobState = Literal["waiting", "running", "interrupted", "stopped", "finished", "cancelled"]


class ReplayRequest(BaseModel):
    """What is sent again, and to whom; what is left out is left open."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[ReplaySource, Field(description="past events, or deliveries that were given up")] = (
        ReplaySource.EVENTS
    )
    subscription_ids: Annotated[list[Text], Field(max_length=_MAX_NAMES, description="to these")] = []
    to_all: Annotated[bool, Field(description="to all that want an event, or have dead letters")] = False
    since_ms: Annotated[Moment, Field(description="of records that were written then or later")] | None = None
    until_ms: Annotated[Moment, Field(description="of records that were written before")] | None = None
    offsets: Annotated[
        list[Text], Field(max_length=_MAX_NAMES, description="instead of a time: events.order:3:100-200, …")
    ] = []
    event_types: Annotated[list[Text], Field(max_length=100, description="order.created, order.*, …")] = []
    tenants: Annotated[list[Text], Field(max_length=100, description="whose")] = []
    statuses: Annotated[
        list[DeliveryStatus], Field(max_length=10, description="of events: only deliveries that came to one of these")
    ] = []
    reasons: Annotated[
        list[Reason], Field(max_length=50, description="of dead letters: only those given up for one of these")
    ] = []
    filter: Annotated[str, Field(max_length=MAX_FILTER_CHARS, description="of events: a condition in CEL")] | None = (
        None
    )
    rate_per_s: (
        Annotated[float, Field(gt=0, le=MAX_PER_S, description="deliveries a second at most; null for no bound")] | None
    ) = DEFAULT_RATE_PER_S

    def wanted(self, caller: Caller) -> Wanted:
        """Give what is wanted, within what the caller sees.

        Raises:
            InvalidInputError: it says not to whom, or what does not go together, or has names that are none.
            ForbiddenError: it is for another tenant than the caller's.
        """
        if bool(self.subscription_ids) == self.to_all:
            raise InvalidInputError("say to whom: subscription_ids, or to_all")
        is_of_events = self.source is ReplaySource.EVENTS
        if is_of_events and self.reasons:
            raise InvalidInputError("reasons are of dead letters")
        if not is_of_events and (self.statuses or self.filter or self.offsets):
            raise InvalidInputError("statuses, filter and offsets are of events")
        tenants = [caller.tenant_for(check_tenant(each)) for each in self.tenants] or [caller.tenant]
        return Wanted(
            since_ms=self.since_ms or 0,
            event_types=tuple(map(check_pattern, self.event_types)) or ("*",),
            tenants=tuple(tenant for tenant in dict.fromkeys(tenants) if tenant is not None),
            subscription_ids=tuple(dict.fromkeys(self.subscription_ids)),
            statuses=tuple(dict.fromkeys(self.statuses)),
            filter=(self.filter or "").strip() or None,
            source=self.source,
            reasons=tuple(dict.fromkeys(reason.value for reason in self.reasons)),
        )

    def chosen(self) -> TimeSpan | OffsetRanges:
        """Give which part of the topics is meant.

        Raises:
            InvalidInputError: neither a time nor offsets, or both; a time that ends before it begins.
        """
        if self.offsets:
            if self.since_ms is not None or self.until_ms is not None:
                raise InvalidInputError("give a time, or offsets")
            return [parse_offsets(text) for text in self.offsets]
        if self.since_ms is None and self.source is ReplaySource.EVENTS:
            raise InvalidInputError("say which events: since_ms, or offsets")
        since_ms = self.since_ms or 0
        if self.until_ms is not None and self.until_ms <= since_ms:
            raise InvalidInputError("the span of time ends before it begins")
        return TimeSpan(since_ms, self.until_ms)


class CountedView(BaseModel):
    """How many deliveries one subscription would get."""

    subscription_id: str
    deliveries: int


class ReplayCountView(BaseModel):
    """What a replay would do. What callers with a tenant may not know of others is null."""

    complete: bool = Field(description="all of it was looked at; else it takes too long, and is more than is said here")
    kept: bool = Field(description="the topics keep all that was asked for")
    deliveries: int
    by_subscription: list[CountedView] = Field(description="those that get most, at most 100")
    events_total: int | None = Field(description="records that are read")
    passed_over: dict[str, int] | None = Field(description="by reason")
    takes_s: float | None = Field(description="how long it takes at its rate; null without one")


class ReplayView(BaseModel):
    """A replay, and how far it is. What callers with a tenant may not know of others is null."""

    replay_id: str
    source: ReplaySource
    state: JobState = Field(
        description="waiting: for its turn in this console; interrupted: its process is gone; "
        "stopped and interrupted ones can be resumed"
    )
    problem: str | None = Field(description="why its last process in this console failed")
    progress: float = Field(description="from 0 to 1")
    deliveries: int = Field(description="how many were begun")
    events_read: int | None
    events_total: int | None
    passed_over: dict[str, int] | None = Field(description="by reason")
    actor: str
    started_at_ms: int
    updated_at_ms: int
    since_ms: int | None
    rate_per_s: float | None
    subscription_ids: list[str] = Field(description="empty for all")
    event_types: list[str]
    tenants: list[str] = Field(description="empty for all")
    statuses: list[DeliveryStatus]
    reasons: list[str]
    filter: str | None


class ReplaysView(BaseModel):
    """Replays of the last 30 days, the newest first."""

    items: list[ReplayView]


class ReplayListQuery(Query):
    """How many."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="how many at most")] = 50


def count_view(replay: Replay, tally: Tally, report: ScanReport, *, is_kept: bool, caller: Caller) -> ReplayCountView:
    """Give what was counted as it is shown."""
    sees_all = caller.tenant is None
    most = tally.by_subscription.most_common(_MAX_COUNTED)
    return ReplayCountView(
        complete=report.complete,
        kept=is_kept,
        deliveries=tally.deliveries,
        by_subscription=[CountedView(subscription_id=name, deliveries=count) for name, count in most],
        events_total=replay.events_total if sees_all else None,
        passed_over={reason.value: count for reason, count in tally.passed.items()} if sees_all else None,
        takes_s=None if replay.rate_per_s is None else round(tally.deliveries / replay.rate_per_s, 1),
    )


def replay_view(replay: Replay, state: JobState, problem: str | None, caller: Caller) -> ReplayView:
    """Give a replay as it is shown."""
    wanted, sees_all = replay.wanted, caller.tenant is None
    is_finished = replay.state is ReplayState.FINISHED
    return ReplayView(
        replay_id=replay.replay_id,
        source=wanted.source,
        state=state,
        # The process of one that was cancelled fails with that; one that went on elsewhere may have failed before.
        problem=None if replay.is_over else problem,
        progress=1.0 if is_finished else round(replay.events_read / max(replay.events_total, 1), 4),
        deliveries=replay.deliveries,
        events_read=replay.events_read if sees_all else None,
        events_total=replay.events_total if sees_all else None,
        passed_over=dict(replay.passed) if sees_all else None,
        actor=replay.actor,
        started_at_ms=replay.started_at_ms,
        updated_at_ms=replay.updated_at_ms,
        since_ms=wanted.since_ms or None,
        rate_per_s=replay.rate_per_s,
        subscription_ids=list(wanted.subscription_ids),
        event_types=list(wanted.event_types),
        tenants=list(wanted.tenants),
        statuses=list(wanted.statuses),
        reasons=list(wanted.reasons),
        filter=wanted.filter,
    )
