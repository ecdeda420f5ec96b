"""Filters and subscriptions as they are being written, over HTTP: what is wrong with them, and what they would do.

Nothing is written, and nothing sent.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.admin.draft import draft_of, position_of
from gateway.admin.explanation import Explainer
from gateway.admin.explanation_views import part_objects
from gateway.admin.filter_trial import trial_of
from gateway.console.access.caller import require_seen
from gateway.console.api.explanation_models import ExplanationView, views_of
from gateway.console.api.models import Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.subscription_models import LongText, SubscriptionChange
from gateway.domain.access import Role
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import DEFAULT_TENANT, check_tenant
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription, check_subscription_id
from gateway.domain.versions import covered_types
from gateway.shaping.trial_events import trial_event
from gateway.shaping.views import Views
from gateway.wire.event_codec import DecodedEvent
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_json

_MAX_GRANTS = 200
# It is made of computing: more at once would only take turns.
_AT_ONCE = 2
_DRAFT_ID = "draft"

T = TypeVar("T")


class Sample(BaseModel):
    """An event to try something on."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=1_000_000, description="of the data; the newest if left out")] | None = None
    data: Annotated[dict[str, JsonValue], Field(description="made up if left out")] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31, description="another one makes up other data")] = 0
    subject: Text | None = None


class FilterBody(Sample):
    """A filter, and an event to try it on. The version is that of the data, and the one that the filter sees."""

    filter: LongText
    event_type: Text
    sensitive_grants: list[Text] = Field(default=[], max_length=_MAX_GRANTS, description="fields that it may see")


class PreviewBody(Sample):
    """A subscription as far as it is written, and an event to try it on."""

    definition: SubscriptionChange
    subscription_id: (
        Annotated[Text, Field(description="the subscription that is changed; left out: it is a new one")] | None
    ) = None
    id: Annotated[Text, Field(description="of a new one")] | None = None
    tenant: Annotated[Text, Field(description="of a new one")] | None = None
    event_type: Annotated[Text, Field(description="the first that it gets if left out")] | None = None


class FaultView(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str
    hint: str | None
    position: int | None = Field(description="index of the character of an expression that it is about, from 0")


class FilterAnswerView(BaseModel):
    """What a filter says."""

    errors: list[FaultView]
    event_type: str
    version: int
    data: JsonValue = Field(description="what it was tried on")
    result: bool | None = Field(description="null where it failed, or could not be tried")
    failure: str | None = Field(description="why it failed on this event")
    parts: list[dict[str, Any]] = Field(description="its parts with their values")


class PreviewView(BaseModel):
    """What a definition comes to."""

    errors: list[FaultView]
    versions: dict[str, int] = Field(description="the event types that it would get, each with its schema version")
    pins: dict[str, int]
    event_type: str | None = Field(description="of the event that it was tried on; null where there is none")
    data: JsonValue = Field(description="what it was tried on")
    explanation: ExplanationView | None = Field(description="what the event would mean for it, and the request")


class _Faults:
    """What is wrong, collected: at most one fault of each field."""

    def __init__(self) -> None:
        self._views: dict[str, FaultView] = {}

    @property
    def views(self) -> list[FaultView]:
        return list(self._views.values())

    def add(self, field: str, error: InvalidInputError) -> None:
        # The lines that follow show the expression and the place in it.
        message = error.message.partition("\n")[0]
        position = position_of(error)
        view = FaultView(field=field, message=message, hint=error.hint, position=position)
        self._views.setdefault(field, view)

    def catch(self, field: str, make: Callable[[], T]) -> T | None:
        """Give what is made, or None where that is refused."""
        try:
            return make()
        except InvalidInputError as error:
            self.add(field, error)
            return None


class TryingApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._room = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "POST", "/filters/check", "checkFilter",
                "Check a filter, and say what it says of given or made-up data.", "subscriptions",
                Role.VIEWER, self._check, FilterAnswerView, body=FilterBody, scope=Scope.SHARED,
            ),
            Route(
                "POST", "/subscriptions/preview", "previewSubscription",
                "Say all that is wrong with a definition, and what it would get. Nothing is written.", "subscriptions",
                Role.VIEWER, self._preview, PreviewView, body=PreviewBody, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _check(self, call: Call) -> Answer:
        async with self._room:
            return Answer(await asyncio.to_thread(self._answer, call.body))

    def _answer(self, body: FilterBody) -> FilterAnswerView:
        catalog = self._parts.catalog
        version = catalog.entry(body.event_type, body.version).version
        data, faults = self._data(body, body.event_type), _Faults()
        trial = faults.catch(
            "filter",
            lambda: trial_of(catalog, body.filter, body.event_type, version, body.sensitive_grants),
        )
        event = faults.catch("data", lambda: self._event(body, body.event_type, data, DEFAULT_TENANT))
        answer = None if trial is None or event is None else trial.on(event)
        failed = answer is not None and answer.failed
        return FilterAnswerView(
            errors=faults.views,
            event_type=body.event_type,
            version=version,
            data=data,
            result=None if answer is None or failed else answer.decision.is_wanted,
            failure=None if answer is None else answer.decision.detail,
            # Values of parts are written as a body has them.
            parts=[] if answer is None else orjson.loads(orjson.dumps(part_objects(answer.parts))),
        )

    async def _preview(self, call: Call) -> Answer:
        body: PreviewBody = call.body
        current = None
        if body.subscription_id is not None:
            current = require_seen(self._parts.table.index, body.subscription_id, call.caller)
        faults = _Faults()
        tenant = call.caller.tenant_for(body.tenant) or DEFAULT_TENANT
        faults.catch("tenant", lambda: check_tenant(tenant))
        if current is None and body.id is not None:
            self._check_id(body.id, faults)
        async with self._room:
            return Answer(await asyncio.to_thread(self._previewed, body, current, tenant, faults))

    def _check_id(self, subscription_id: str, faults: _Faults) -> None:
        faults.catch("id", lambda: check_subscription_id(subscription_id))
        if self._parts.table.index.get(subscription_id) is not None:
            faults.add("id", InvalidInputError("there is a subscription with this id already"))

    def _previewed(self, body: PreviewBody, current: Subscription | None, tenant: str, faults: _Faults) -> PreviewView:
        definition = body.definition.definition(current)
        draft = draft_of(
            self._parts.rules,
            definition,
            current,
            subscription_id=body.id or _DRAFT_ID,
            tenant=tenant,
            now_ms=self._parts.clock(),
        )
        for fault in draft.faults:
            faults.add(fault.field, fault)
        subscription, catalog = draft.subscription, self._parts.catalog
        if subscription is None:
            return PreviewView(errors=faults.views, versions={}, pins={}, event_type=None, data=None, explanation=None)
        views = Views(catalog)
        covered = covered_types(subscription.event_types, catalog.event_types())
        event_type = body.event_type or next(iter(covered), None)
        data, explanation = None, None
        if event_type is not None:
            data = self._data(body, event_type)
            event = faults.catch("data", lambda: self._event(body, event_type, data, subscription.tenant))
            explanation = None if event is None else self._explained(subscription, event)
        return PreviewView(
            errors=faults.views,
            versions={one: views.version(subscription, one) for one in covered},
            pins=dict(subscription.pins),
            event_type=event_type,
            data=data,
            explanation=explanation,
        )

    def _explained(self, subscription: Subscription, event: DecodedEvent) -> ExplanationView:
        index = SubscriptionIndex()
        index.put(subscription)
        explainer = Explainer(self._parts.catalog, index, max_body_bytes=self._parts.max_body_bytes)
        explained = explainer.explain(event, now_ms=self._parts.clock(), subscription_id=subscription.subscription_id)
        return views_of(explained.explanations)[0]

    def _data(self, sample: Sample, event_type: str) -> dict[str, Any]:
        if sample.data is not None:
            return sample.data
        return mock_json(self._parts.catalog.entry(event_type, sample.version).nodes, Random(sample.seed))  # noqa: S311 - made up

    def _event(self, sample: Sample, event_type: str, data: dict[str, Any], tenant: str) -> DecodedEvent:
        event = NewEvent(event_type, data, sample.version, tenant=tenant, subject=sample.subject)
        return trial_event(self._parts.catalog, event, datetime.now(UTC), max_body_bytes=self._parts.max_body_bytes)
