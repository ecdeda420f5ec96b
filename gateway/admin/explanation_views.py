"""Explanations as programs see them: plain values, with the parts of the filter and the request."""

import base64
from collections.abc import Sequence
from typing import Any

import orjson

from gateway.admin.explanation import Explanation, FilterAnswer
from gateway.admin.request_preview import preview_headers
from gateway.domain.content_headers import AVRO_TYPE
from gateway.domain.delivery import Delivery
from gateway.shaping.filter_parts import PartValue
from gateway.wire.rendering import render_data


def explanation_view(explanation: Explanation) -> dict[str, Any]:
    """Give what is told of an event and a subscription; only what the subscription may see is in it."""
    subscription, sight = explanation.subscription, explanation.sight
    return {
        "tenant": subscription.tenant,
        "state": subscription.state.value,
        "verdict": explanation.verdict.value,
        "rule": explanation.rule.value,
        "detail": explanation.detail,
        "pattern": explanation.pattern,
        "version": None if sight is None else sight.version,
        "version_rule": None if sight is None else sight.version_rule.value,
        "hidden_fields": None if sight is None else list(sight.hidden),
        "filter": None if explanation.filter is None else _filter_object(explanation.filter),
        "content_mode": subscription.content_mode.value,
        "request": _request_object(explanation),
    }


def _filter_object(answer: FilterAnswer) -> dict[str, Any]:
    return {"text": answer.text, "result": answer.result, "parts": part_objects(answer.parts())}


def _request_object(explanation: Explanation) -> dict[str, Any] | None:
    delivery = explanation.delivery
    if delivery is None or delivery.reason is not None:
        return None
    return {
        "delivery_id": delivery.delivery_id,
        "url": explanation.subscription.url,
        "headers": dict(preview_headers(explanation.subscription, delivery)),
        **_body_fields(delivery),
    }


def _body_fields(delivery: Delivery) -> dict[str, str | None]:
    if delivery.content_type == AVRO_TYPE:
        return {"body": None, "body_base64": base64.b64encode(delivery.body).decode()}
    return {"body": delivery.body.decode(), "body_base64": None}


def part_objects(parts: Sequence[PartValue]) -> list[dict[str, Any]]:
    """Give an object for each part; its value is written as a body has it."""
    return [
        {"expression": part.text, "value": orjson.Fragment(render_data(part.value)), "error": part.error}
        for part in parts
    ]
