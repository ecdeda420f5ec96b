"""Why a subscription gets an event, or does not: each rule decides once, and what is told is what the stream does."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from gateway.admin.explanation import ExplainedEvent, Explainer, Explanation, Rule, Verdict
from gateway.admin.request_preview import preview_headers
from gateway.cli.explain_views import RULES_IN_WORDS
from gateway.domain.delivery import Delivery
from gateway.domain.errors import NotFoundError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.options import DeliveryOptions
from gateway.domain.outcome import WITHOUT_BODY, Reason
from gateway.domain.subscription import (
    ContentMode,
    CustomHeader,
    OnFilterError,
    Sealed,
    SignatureProfile,
    Subscription,
    SubscriptionState,
)
from gateway.domain.versions import VersionRule
from gateway.shaping.filters import Rule as FilterRule
from gateway.shaping.routing import Router
from gateway.shaping.trial_events import trial_event
from gateway.shaping.views import Views
from gateway.stream.pipeline import EventPipeline
from gateway.wire.event_codec import DecodedEvent, EventDecoder, EventRecord
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_data
from gateway.wire.moments import moment_text
from gateway.wire.records import delivery_codec
from tests.subscriptions import CATALOG, NOW_MS, subscription

DISABLED, PAUSED = SubscriptionState.DISABLED, SubscriptionState.PAUSED
SEND, SKIP = OnFilterError.SEND, OnFilterError.SKIP
# No element of it is there: a filter that looks at one fails.
FAILING = "data.lines[999].sku == 'x'"


def event(event_type: str = "order.created", tenant: str = "default", **data: Any) -> DecodedEvent:
    """Give a believable event, as if it was read."""
    made = {**mock_data(CATALOG.entry(event_type).nodes, Random(1)), **data}  # noqa: S311 - made up
    new = NewEvent(event_type, made, event_id="evt-1", tenant=tenant)
    return trial_event(CATALOG, new, datetime.now(UTC))


def explain(
    decoded: DecodedEvent, *subscriptions: Subscription, max_body_bytes: int = 262_144, only: str | None = None
) -> ExplainedEvent:
    """Explain an event to these subscriptions."""
    index = SubscriptionIndex()
    for each in subscriptions:
        index.put(each)
    explainer = Explainer(CATALOG, index, max_body_bytes=max_body_bytes)
    return explainer.explain(decoded, now_ms=NOW_MS, subscription_id=only)


def explain_one(decoded: DecodedEvent, one: Subscription, **more: Any) -> Explanation:
    """Explain an event to one subscription."""
    (explanation,) = explain(decoded, one, only=one.subscription_id, **more).explanations
    return explanation


def changed(name: str = "s", *, tenant: str = "default", **fields: Any) -> Subscription:
    """Give a subscription to order.created with some fields of its own."""
    return replace(subscription(name, tenant=tenant), **fields)


@pytest.mark.parametrize(
    ("one", "verdict", "rule", "detail"),
    [
        (changed(tenant="acme"), Verdict.NOTHING, Rule.TENANT, "of tenant default, the subscription of tenant acme"),
        (
            changed(state=DISABLED, state_reason="gone", state_changed_at_ms=NOW_MS),
            Verdict.NOTHING,
            Rule.DISABLED,
            "since 2026-09-21T14:13:20Z: gone",
        ),
        (changed(state=DISABLED), Verdict.NOTHING, Rule.DISABLED, "no reason was given"),
        (changed(event_types=("invoice.*",)), Verdict.NOTHING, Rule.EVENT_TYPE, "it gets invoice.*"),
        (
            changed(event_types=("invoice.*", "order.create")),
            Verdict.NOTHING,
            Rule.EVENT_TYPE,
            "it gets invoice.*, order.create; the nearest is order.create",
        ),
        (changed(pins=(("order.created", 9),)), Verdict.DEAD_LETTER, Rule.PROJECTION_FAILED, "no version 9"),
        (changed(filter="data.total > 1000"), Verdict.NOTHING, Rule.FILTER, None),
        (changed(filter="data.total > 100"), Verdict.SENT, Rule.FILTER, None),
        (changed(filter="data.total > 100", state=PAUSED), Verdict.KEPT, Rule.FILTER, None),
        (changed(filter=FAILING, on_filter_error=SKIP), Verdict.NOTHING, Rule.ON_FILTER_ERROR, "index"),
        (changed(filter=FAILING, on_filter_error=SEND), Verdict.SENT, Rule.ON_FILTER_ERROR, "index"),
        (changed(filter="data.totl > 1"), Verdict.SENT, Rule.ON_FILTER_ERROR, "no field 'totl'"),
        (
            changed(transform='{"first": "data.lines[999].sku"}'),
            Verdict.DEAD_LETTER,
            Rule.TRANSFORM_FAILED,
            "first: there is no 999",
        ),
        (changed(), Verdict.SENT, Rule.NO_FILTER, None),
        (changed(state=PAUSED), Verdict.KEPT, Rule.NO_FILTER, None),
    ],
    ids=lambda value: value.value if isinstance(value, Rule | Verdict) else "",
)
def test_the_first_rule_that_decides_is_told(
    one: Subscription, verdict: Verdict, rule: Rule, detail: str | None
) -> None:
    """Of all rules, in the order of the stream; with what it was about."""
    explanation = explain_one(event(), one)
    assert (explanation.verdict, explanation.rule) == (verdict, rule)
    assert (explanation.detail is None) == (detail is None)
    assert (detail or "") in (explanation.detail or "")
    assert (explanation.delivery is not None) == (verdict is not Verdict.NOTHING)


def test_every_rule_has_a_text_and_comes_from_somewhere() -> None:
    """What filters and failures are called is what the rules are called."""
    assert set(RULES_IN_WORDS) == set(Rule)
    assert {each.value for each in FilterRule} <= {each.value for each in Rule}
    assert {each.value for each in WITHOUT_BODY - {Reason.UNDECODABLE}} <= {each.value for each in Rule}


def test_an_event_that_is_too_late_to_be_kept_is_refused_for_all() -> None:
    """Whoever it would be for."""
    later = replace(event(), options=DeliveryOptions(not_before_ms=NOW_MS + 6 * 86_400_000))
    explained = explain(later, changed("a"), changed("b", filter="data.total > 100"), changed("c", state=DISABLED))
    assert explained.refusal is not None
    assert [each.rule for each in explained.explanations] == [Rule.TOO_FAR_AHEAD, Rule.TOO_FAR_AHEAD, Rule.DISABLED]


def test_a_body_that_is_too_large_is_a_dead_letter_unless_all_are() -> None:
    """Then the event is rejected, and nobody gets anything of it."""
    large, small = changed("large"), changed("small", transform='{"order": "data.order_id"}')
    both = explain(event(), large, small, max_body_bytes=600)
    assert [(each.verdict, each.rule) for each in both.explanations] == [
        (Verdict.DEAD_LETTER, Rule.TOO_LARGE),
        (Verdict.SENT, Rule.NO_FILTER),
    ]
    assert both.refusal is None
    alone = explain(event(), large, max_body_bytes=600)
    assert alone.refusal is not None
    assert alone.refusal.reason == "too_large"
    assert [(each.verdict, each.rule) for each in alone.explanations] == [(Verdict.NOTHING, Rule.TOO_LARGE)]


@pytest.mark.parametrize(
    ("terms", "version", "rule"),
    [
        ({"pins": (("order.created", 1),)}, 1, VersionRule.PINNED),
        ({"follow_latest": True}, 3, VersionRule.LATEST),
        ({"follow_latest": False}, 1, VersionRule.FIRST),
    ],
)
def test_the_version_is_told_with_its_reason(terms: dict[str, Any], version: int, rule: VersionRule) -> None:
    """Also of an event that its filter turns away."""
    for text in (None, "data.total > 1000"):
        sight = explain_one(event(), changed(filter=text, **terms)).sight
        assert sight is not None
        assert (sight.version, sight.version_rule) == (version, rule)


def test_a_sensitive_field_is_shown_to_those_who_were_granted_it_only() -> None:
    """Its name is told to all, its value is in the body of one."""
    birth = "profile.date_of_birth"
    decoded = event("customer.updated")
    value = str(decoded.data["profile"]["date_of_birth"])
    for grants, hidden in (((), (birth,)), ((f"customer.updated:{birth}",), ())):
        one = changed(event_types=("customer.*",), sensitive_grants=grants)
        explanation = explain_one(decoded, one)
        assert explanation.sight is not None
        assert explanation.sight.hidden == hidden
        assert explanation.delivery is not None
        assert (value.encode() in explanation.delivery.body) == (not hidden)


def test_only_the_tenants_subscriptions_are_told_or_the_one_that_is_asked_about() -> None:
    """In the order of their ids; one that there is not is said so."""
    those = changed("b"), changed("a", state=DISABLED), changed("x", tenant="acme")
    assert [each.subscription.subscription_id for each in explain(event(), *those).explanations] == ["a", "b"]
    assert [each.rule for each in explain(event(), *those, only="x").explanations] == [Rule.TENANT]
    with pytest.raises(NotFoundError, match="no subscription 'no-such'"):
        explain(event(), *those, only="no-such")


def test_what_is_told_is_what_the_stream_does() -> None:
    """The same deliveries, with the same ids, bodies and headers, and stillborn ones with the same reason."""
    those = [
        changed("plain"),
        changed("pinned", pins=(("order.created", 1),), content_mode=ContentMode.CLOUDEVENTS_BINARY),
        changed("avro", content_mode=ContentMode.AVRO, filter="data.currency == 'USD'"),
        changed("shaped", transform='{"order": "data.order_id"}', filter=FAILING),
        changed("unmoved", filter="data.currency == 'EUR'"),
        changed("skips", filter=FAILING, on_filter_error=SKIP),
        changed("newer", pins=(("order.created", 9),)),
        changed("paused", state=PAUSED),
        changed("disabled", state=DISABLED),
        changed("invoices", event_types=("invoice.*",)),
        changed("acme", tenant="acme"),
    ]
    index = SubscriptionIndex()
    for each in those:
        index.put(each)
    decoded = event()
    pipeline = EventPipeline(EventDecoder(CATALOG), Router(Views(CATALOG), index))
    written = [delivery_codec().decode(record.value) for record in pipeline.process(record_of(decoded))]
    told = [each.delivery for each in explain(decoded, *those).explanations if each.delivery is not None]
    assert {each.subscription_id: compared(each) for each in told} == {
        each.subscription_id: compared(each) for each in written
    }
    assert len(written) == 6


def compared(delivery: Delivery) -> Delivery:
    """Give a delivery without the time at which it was planned."""
    return replace(delivery, planned_at_ms=0)


def record_of(decoded: DecodedEvent) -> EventRecord:
    """Give the record that an event was read from."""
    at, headers = decoded.event.position, [("ce_id", b"evt-1"), ("ce_type", decoded.event.event_type.encode())]
    headers += [("ce_source", decoded.event.source.encode()), ("ce_time", moment_text(decoded.event.time_ms).encode())]
    return EventRecord(at.topic, at.partition, at.offset, NOW_MS, decoded.event.key, decoded.value, headers)


def test_headers_are_told_without_what_is_secret() -> None:
    """Every name that is sent; no value of the subscription's own headers, and nothing that signs."""
    one = changed(
        url="https://example.com:8443/in?x=1",
        headers=(CustomHeader("X-Api-Key", Sealed("k1", b"sealed")), CustomHeader("Accept", Sealed("k1", b"sealed"))),
        signature_profiles=(SignatureProfile.STANDARD, SignatureProfile.X_WEBHOOK),
        content_mode=ContentMode.CLOUDEVENTS_BINARY,
    )
    delivery = explain_one(event(), one).delivery
    assert delivery is not None
    headers = dict(preview_headers(one, delivery))
    assert {name for name, value in headers.items() if value is None} == {
        "Accept",
        "X-Api-Key",
        "webhook-timestamp",
        "webhook-signature",
        "X-Webhook-Timestamp",
        "X-Webhook-Signature",
    }
    assert headers["Host"] == "example.com:8443"
    assert headers["webhook-id"] == headers["ce-id"] == headers["X-Webhook-ID"] == "evt-1"
    assert (headers["Content-Type"], headers["webhook-schema-version"]) == ("application/json", "3")
    assert headers["Content-Length"] == str(len(delivery.body))


@pytest.mark.parametrize("url", ["ftp://example.com/", "http://[", "no url", ""])
def test_a_url_that_can_not_be_used_is_no_reason_to_fail(url: str) -> None:
    """A record may hold anything; what belongs to the request is told all the same."""
    one = changed(url=url)
    delivery = explain_one(event(), one).delivery
    assert delivery is not None
    headers = dict(preview_headers(one, delivery))
    assert (headers["webhook-id"], "Host" in headers) == ("evt-1", False)
