"""What an event would mean for the subscriptions as they are, over HTTP: by the stream's own code, nothing is sent."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.admin.explanation import ExplainedEvent, Explainer
from gateway.admin.lifecycle import select_subscriptions
from gateway.console.access.caller import Caller, require_seen
from gateway.console.api.explanation_models import ExplainedView, RefusalView, views_of
from gateway.console.api.models import Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.event import DEFAULT_TENANT
from gateway.domain.matching import SubscriptionIndex
from gateway.shaping.trial_events import trial_event
from gateway.wire.event_encoder import NewEvent

MAX_EXPLAINED = 200
# It is made of computing: more at once would only take turns.
_AT_ONCE = 2


class TrialBody(BaseModel):
    """An event that nobody has published."""

    model_config = ConfigDict(extra="forbid")

    event_type: Text
    data: dict[str, JsonValue]
    version: Annotated[int, Field(ge=1, le=1_000_000, description="the newest if left out")] | None = None
    tenant: Annotated[Text, Field(description="the caller's, else `default`, if left out")] | None = None
    subject: Text | None = None
    subscription_id: Annotated[Text, Field(description="only this one")] | None = None


class ExplainingApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._room = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "POST", "/explain", "explainEvent",
                "Say who would get an event, in which form, and why the others would not. Nothing is sent.", "catalog",
                Role.VIEWER, self._explain, ExplainedView, body=TrialBody, scope=Scope.TENANT,
            )
        ]  # fmt: skip

    async def _explain(self, call: Call) -> Answer:
        body: TrialBody = call.body
        table, tenant = self._parts.table.index, _tenant(call.caller, body)
        if body.subscription_id is None:
            asked = select_subscriptions(table, tenant=tenant)
        else:
            asked = [require_seen(table, body.subscription_id, call.caller)]
        # The table belongs to the event loop: what is looked at on another thread is a copy.
        index = SubscriptionIndex()
        for subscription in asked[:MAX_EXPLAINED]:
            index.put(subscription)
        async with self._room:
            explained = await asyncio.to_thread(self._explained, body, tenant, index)
            views = await asyncio.to_thread(views_of, explained.explanations)
        refusal = explained.refusal
        return Answer(
            ExplainedView(
                refusal=None if refusal is None else RefusalView(reason=refusal.reason, detail=refusal.detail),
                items=views,
                omitted=max(0, len(asked) - MAX_EXPLAINED),
            )
        )

    def _explained(self, body: TrialBody, tenant: str, index: SubscriptionIndex) -> ExplainedEvent:
        limit = self._parts.max_body_bytes
        event = NewEvent(body.event_type, body.data, body.version, tenant=tenant, subject=body.subject)
        decoded = trial_event(self._parts.catalog, event, datetime.now(UTC), max_body_bytes=limit)
        explainer = Explainer(self._parts.catalog, index, max_body_bytes=limit)
        return explainer.explain(decoded, now_ms=self._parts.clock(), subscription_id=body.subscription_id)


def _tenant(caller: Caller, body: TrialBody) -> str:
    """Give the tenant of the event."""
    return caller.tenant_for(body.tenant) or DEFAULT_TENANT
