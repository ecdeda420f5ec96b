"""Explanations as they are shown over HTTP: what an event means for subscriptions, and which rule decided that."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, Field

from gateway.admin.explanation import Explanation
from gateway.admin.explanation_views import explanation_view


class RefusalView(BaseModel):
    """Why an event would go to `events.rejected`."""

    reason: str
    detail: str


class FilterView(BaseModel):
    """What a filter says of the event."""

    text: str
    result: bool | None = Field(description="null where it failed")
    parts: list[dict[str, Any]] = Field(description="its parts with their values")


class RequestView(BaseModel):
    """The request that would be sent, but for what signs it."""

    delivery_id: str
    url: str
    headers: dict[str, str | None] = Field(description="null where a value is not shown")
    body: str | None
    body_base64: str | None


class ExplanationView(BaseModel):
    """What the event means for one subscription, and which rule decided that."""

    subscription_id: str
    tenant: str
    state: str
    verdict: str
    rule: str
    detail: str | None
    pattern: str | None
    version: int | None
    version_rule: str | None
    hidden_fields: list[str] | None
    filter: FilterView | None
    content_mode: str
    request: RequestView | None
    withheld: list[str] = Field(
        default=[], description="the sensitive fields for which neither the body nor the filter's values are shown"
    )


class ExplainedView(BaseModel):
    """What the event means for each subscription of its tenant."""

    refusal: RefusalView | None
    items: list[ExplanationView]
    omitted: int = Field(description="how many more subscriptions the tenant has")


def without_sensitive(view: ExplanationView, fields: Sequence[str]) -> ExplanationView:
    """Give an explanation of a real event without what may hold sensitive fields that its subscription was granted.

    Args:
        view: the explanation.
        fields: the sensitive fields that the subscription gets to see.
    """
    if not fields:
        return view
    hidden: dict[str, Any] = {"withheld": list(fields)}
    if view.filter is not None:
        hidden["filter"] = view.filter.model_copy(update={"parts": []})
    if view.request is not None:
        hidden["request"] = view.request.model_copy(update={"body": None, "body_base64": None})
    return view.model_copy(update=hidden)


def views_of(explanations: Iterable[Explanation]) -> list[ExplanationView]:
    """Give explanations as they are shown."""
    return [
        ExplanationView(
            subscription_id=one.subscription.subscription_id,
            # Values of a filter's parts are written as a body has them.
            **orjson.loads(orjson.dumps(explanation_view(one))),
        )
        for one in explanations
    ]
