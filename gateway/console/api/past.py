"""Events that were published, over HTTP: who gets them by the subscriptions as they are, and what became of them.

What the index knows of an event's deliveries is not looked for again. The event's own record is read where a delivery
says that it lies; only where there is no delivery the topics are read back.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from gateway.admin.event_story import EventStory, SubscriptionStory
from gateway.admin.explanation import ExplainedEvent, Explainer
from gateway.admin.lifecycle import select_subscriptions
from gateway.admin.past_event import PastEvent, PastEvents
from gateway.console.access.caller import Caller, require_seen
from gateway.console.api.deliveries import view_of
from gateway.console.api.explaining import MAX_EXPLAINED
from gateway.console.api.explanation_models import ExplanationView, RefusalView, views_of, without_sensitive
from gateway.console.api.models import DeliveryView, Query, Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.stored_records import StoredRecords
from gateway.console.index_store import IndexConnection
from gateway.console.search import MAX_PAGE, DeliverySearch, IndexedDelivery, row_of, search_deliveries
from gateway.console.step_rows import read_steps
from gateway.console.steps import Place
from gateway.domain.access import Role
from gateway.domain.delivery import Delivery
from gateway.domain.errors import NotFoundError
from gateway.domain.event import SourcePosition
from gateway.domain.matching import SubscriptionIndex, matches_pattern
from gateway.domain.subscription import Subscription, granted_paths
from gateway.kafka.scan import ScanBounds
from gateway.wire.event_codec import DecodedEvent

MAX_HOURS = 168
_HOUR_MS = 3_600_000
_BOUNDS = ScanBounds(max_records=5_000_000, deadline_s=30)
# Each may read topics back for half a minute.
_AT_ONCE = 2


class PastQuery(Query):
    """Which event, and how far back its record is looked for where no delivery says where it lies."""

    event_id: Text
    event_type: Annotated[Text, Field(description="only the topic of this type is looked through")] | None = None
    subscription_id: Annotated[Text, Field(description="only this one, also where the tenant has many")] | None = None
    hours: Annotated[int, Field(ge=1, le=MAX_HOURS)] = 24


class PastEventView(BaseModel):
    """What an event is."""

    event_id: str
    event_type: str
    schema_version: int
    tenant: str
    time_ms: int
    source: str
    subject: str | None


class RecordView(BaseModel):
    """Where a record of the event lies."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class RejectionView(BaseModel):
    """What `events.rejected` says of the event."""

    reason: str
    detail: str
    rejected_at_ms: int


class StoryView(BaseModel):
    """What is told of the event and one subscription."""

    subscription_id: str
    note: str | None = Field(description="how the subscription has changed since the event was published")
    explanation: ExplanationView | None = Field(description="null where it is there no more, or the event is not read")
    delivery: DeliveryView | None = Field(description="what became of it; null where there is no delivery")


class PastExplanationView(BaseModel):
    """An event that was published: its records, what it means, and what became of it."""

    event: PastEventView | None = Field(description="null where its record is not there, or can't be read")
    records: list[RecordView]
    more_records: int
    undecodable: RefusalView | None = Field(description="why its record can't be read")
    rejections: list[RejectionView]
    refusal: RefusalView | None = Field(description="why it would go to events.rejected")
    is_processed: bool | None = Field(description="whether the stream has come so far; null without a record")
    looked_since_ms: int = Field(description="how far back its record was looked for")
    complete: bool = Field(description="all of that was looked through")
    items: list[StoryView]
    omitted: int = Field(description="how many more subscriptions the tenant has")


class PastApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._records = StoredRecords(parts.config)
        self._room = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/events/explanation", "explainPastEvent",
                "Say of an event that was published who gets it, why others do not, and what became of it.", "catalog",
                Role.VIEWER, self._explain, PastExplanationView, query=PastQuery, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _explain(self, call: Call) -> Answer:
        query: PastQuery = call.query
        known = await self._deliveries(query.event_id, call.caller)
        async with self._room:
            past = await self._past(query, known, call.caller)
        decoded = past.decoded
        if not (known or past.is_known):
            raise NotFoundError(
                f"no event '{query.event_id}' in the last {query.hours} h",
                hint="look further back; is it the ce_id of the event, and was it published to this Kafka?",
            )
        if decoded is None:
            return Answer(_view(EventStory(None, past, query.subscription_id), {}, known, omitted=0))
        asked, omitted = self._asked(query, decoded, known, call.caller)
        async with self._room:
            explained = await asyncio.to_thread(self._explained, decoded, past, asked)
            views = await asyncio.to_thread(_explanations, explained)
        return Answer(_view(EventStory(explained, past, query.subscription_id), views, known, omitted=omitted))

    async def _deliveries(self, event_id: str, caller: Caller) -> dict[str, IndexedDelivery]:
        wanted = DeliverySearch(event_id=event_id, tenant=caller.tenant)

        def look(connection: IndexConnection) -> tuple[IndexedDelivery, ...]:
            return search_deliveries(connection, wanted, limit=MAX_PAGE).deliveries

        return {one.subscription_id: one for one in await self._parts.reader.ask(look)}

    async def _past(self, query: PastQuery, known: dict[str, IndexedDelivery], caller: Caller) -> PastEvent:
        """Look for the event's record, or what of the event's id is the caller's: others may have the same id."""
        event_type = query.event_type or next((one.event_type for one in known.values()), None)
        if query.event_type is not None:
            self._parts.catalog.versions(query.event_type)  # refuses what there is not
        source = await self._source(next(iter(known.values()))) if known else None
        since_ms = self._parts.clock() - query.hours * _HOUR_MS
        if event_type not in self._parts.catalog.event_types():
            event_type = None

        def look() -> PastEvent:
            with self._parts.event_decoder() as decoder:
                looking = PastEvents(self._parts.config, self._parts.layout, decoder, bounds=_BOUNDS)
                return looking.find_record(
                    query.event_id, since_ms=since_ms, event_type=event_type, at=source, tenant=caller.tenant
                )

        return await asyncio.to_thread(look)

    async def _source(self, delivery: IndexedDelivery) -> SourcePosition | None:
        """Say where the event of a delivery lies, as far as a record of the delivery is still there."""

        def look(connection: IndexConnection) -> list[Place]:
            row = row_of(connection, delivery.delivery_id)
            steps = [] if row is None else read_steps(connection, row)
            return [step.place for step in steps if step.place is not None]

        found = await self._records.read(await self._parts.reader.ask(look))
        return next((record.source for record in found.values() if isinstance(record, Delivery)), None)

    def _asked(
        self, query: PastQuery, decoded: DecodedEvent, known: dict[str, IndexedDelivery], caller: Caller
    ) -> tuple[list[Subscription], int]:
        """Choose the subscriptions that are told of: where there are many, first those that it concerns."""
        table, event = self._parts.table.index, decoded.event
        if query.subscription_id is not None:
            if query.subscription_id in known and table.get(query.subscription_id) is None:
                return [], 0
            return [require_seen(table, query.subscription_id, caller)], 0

        def concern(one: Subscription) -> int:
            if one.subscription_id in known:
                return 0
            return 1 if any(matches_pattern(pattern, event.event_type) for pattern in one.event_types) else 2

        asked = sorted(select_subscriptions(table, tenant=event.tenant), key=concern)
        return asked[:MAX_EXPLAINED], max(0, len(asked) - MAX_EXPLAINED)

    def _explained(self, decoded: DecodedEvent, past: PastEvent, asked: Sequence[Subscription]) -> ExplainedEvent:
        # The table belongs to the event loop: what is looked at on another thread is a copy.
        index = SubscriptionIndex()
        for subscription in asked:
            index.put(subscription)
        explainer = Explainer(self._parts.catalog, index, max_body_bytes=self._parts.max_body_bytes)
        now_ms = self._parts.clock() if past.record is None else past.record.timestamp_ms
        only = asked[0].subscription_id if len(asked) == 1 else None
        return explainer.explain(decoded, now_ms=now_ms, subscription_id=only)


def _explanations(explained: ExplainedEvent) -> dict[str, ExplanationView]:
    event_type = explained.event.event_type
    granted = {
        one.subscription.subscription_id: sorted(granted_paths(one.subscription.sensitive_grants, event_type))
        for one in explained.explanations
    }
    return {
        view.subscription_id: without_sensitive(view, granted[view.subscription_id])
        for view in views_of(explained.explanations)
    }


def _view(
    story: EventStory,
    explanations: dict[str, ExplanationView],
    known: dict[str, IndexedDelivery],
    *,
    omitted: int,
) -> PastExplanationView:
    past, explained = story.past, story.explained
    if past is None:
        raise ValueError("the story of a past event has one")
    told = story.subscriptions()
    gone = sorted(known.keys() - {one.subscription_id for one in told})
    told += [SubscriptionStory(name, None, None) for name in gone if story.subscription_id in {None, name}]
    found, undecodable = past.found, past.undecodable
    refusal = None if explained is None else explained.refusal
    return PastExplanationView(
        event=None if explained is None else _event_view(explained),
        records=[RecordView(**{name: getattr(one, name) for name in RecordView.model_fields}) for one in found.records],
        more_records=found.omitted,
        undecodable=None if undecodable is None else RefusalView(reason=undecodable.reason, detail=undecodable.message),
        rejections=[
            RejectionView(reason=one.reason, detail=one.detail, rejected_at_ms=one.rejected_at_ms)
            for one in found.rejections
        ],
        refusal=None if refusal is None else RefusalView(reason=refusal.reason, detail=refusal.detail),
        is_processed=past.is_processed,
        looked_since_ms=found.report.scan.since_ms,
        complete=found.report.scan.complete,
        items=[
            StoryView(
                subscription_id=one.subscription_id,
                note=one.note,
                explanation=explanations.get(one.subscription_id),
                delivery=view_of(known[one.subscription_id]) if one.subscription_id in known else None,
            )
            for one in told
        ],
        omitted=omitted,
    )


def _event_view(explained: ExplainedEvent) -> PastEventView:
    return PastEventView(**{name: getattr(explained.event, name) for name in PastEventView.model_fields})
