"""Who wants an event, and what each of them gets of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from gateway.domain.matching import SubscriptionIndex
from gateway.domain.outcome import Reason
from gateway.domain.subscription import ContentMode, OnFilterError, Subscription, SubscriptionState
from gateway.shaping.content_modes import Content
from gateway.shaping.expressions import Subject
from gateway.shaping.filters import Decision, Rule
from gateway.shaping.routing import Failure, Router, decide
from gateway.shaping.views import Views
from gateway.shaping.warming import warm_routes
from gateway.wire.catalog import Catalog, event_schema
from gateway.wire.event_codec import DecodedEvent, EventDecoder, EventRecord
from gateway.wire.event_encoder import EventEncoder, NewEvent
from gateway.wire.mocking import mock_data
from tests.subscriptions import CATALOG, subscription

FAILURES: list[tuple[Subscription, str, str]] = []


@pytest.fixture(autouse=True)
def no_failures() -> None:
    FAILURES.clear()


def decoded_event(
    event_type: str, version: int | None = None, *, catalog: Catalog = CATALOG, **data: Any
) -> DecodedEvent:
    """Give a believable event as it was read."""
    nodes = catalog.entry(event_type, version).nodes
    made = {**mock_data(nodes, Random(1)), **data}  # noqa: S311 - made up
    encoded = EventEncoder(catalog).encode(NewEvent(event_type, made, version), new_id="evt-1", now=datetime.now(UTC))
    record = EventRecord(encoded.topic, 0, 1, 1, encoded.key, encoded.value, encoded.headers)
    return EventDecoder(catalog).decode(record)


def router(*subscriptions: Subscription, catalog: Catalog = CATALOG) -> tuple[Router, SubscriptionIndex]:
    """Give a router for these subscriptions, and their table."""
    index = SubscriptionIndex()
    for one in subscriptions:
        index.put(one)
    return Router(Views(catalog), index, filter_failed=lambda *failed: FAILURES.append(failed)), index


def pinned(name: str, version: int, **more: Any) -> Subscription:
    """Give a subscription to order.created in a version."""
    return replace(subscription(name, **more), pins=(("order.created", version),))


def test_those_who_get_the_same_are_shaped_together() -> None:
    """By version, and within it by content mode."""
    modes = replace(pinned("d", 1), content_mode=ContentMode.DATA)
    router_, _ = router(pinned("a", 1), pinned("b", 1), subscription("c"), modes)
    shaped = router_.shape(decoded_event("order.created"))
    found = {tuple(one.subscription_id for one in each.subscriptions): each for each in shaped}
    assert set(found) == {("a", "b"), ("c",), ("d",)}
    assert [found[names].version for names in (("a", "b"), ("c",), ("d",))] == [1, 3, 1]
    data = {names: orjson.loads(content_of(each).body) for names, each in found.items()}
    assert data["a", "b"]["data"] == data["d",]
    assert "tags" in data["c",]["data"]


def content_of(shaped: Any) -> Content:
    assert isinstance(shaped.content, Content)
    return shaped.content


def test_what_follows_the_first_version_stays_with_it() -> None:
    """A type that came after the subscription does not change its shape under its receiver."""
    router_, _ = router(replace(subscription("s"), follow_latest=False))
    (shaped,) = router_.shape(decoded_event("order.created"))
    assert shaped.version == 1


@pytest.mark.parametrize(
    ("change", "versions"),
    [
        (lambda index: index.put(pinned("a", 2)), [2, 3]),
        (lambda index: index.put(subscription("c")), [1, 3, 3]),
        (lambda index: index.remove("b"), [1]),
        (lambda index: index.put(replace(subscription("b"), state=SubscriptionState.DISABLED)), [1]),
        (lambda index: index.put(subscription("x", tenant="other")), [1, 3]),
    ],
)
def test_a_change_of_a_subscription_counts_from_the_next_event(
    change: Callable[[SubscriptionIndex], None], versions: list[int]
) -> None:
    """What was found for earlier events is found anew."""
    router_, index = router(pinned("a", 1), subscription("b"))
    event = decoded_event("order.created")
    assert len(router_.shape(event)) == 2
    change(index)
    assert sorted(each.version for each in router_.shape(event) for _ in each.subscriptions) == versions


def test_routes_of_others_are_kept() -> None:
    """A change of one tenant's subscriptions costs the others nothing."""
    router_, index = router(subscription("a"), subscription("x", tenant="other"))
    before = router_.routes("default", "order.created")
    index.put(pinned("x", 1, tenant="other"))
    assert router_.routes("default", "order.created") is before
    assert [route.version for route in router_.routes("other", "order.created")] == [1]


def test_a_tenant_without_subscriptions_has_no_routes() -> None:
    """Also after it had some."""
    router_, index = router(subscription("a"))
    assert router_.routes("default", "order.created")
    index.remove("a")
    assert router_.routes("default", "order.created") == ()
    assert router_.routes("nobody", "order.created") == ()
    assert not router_._routes


def test_a_form_in_which_the_gateway_fails_does_not_touch_the_others() -> None:
    """What came before it may be written already; its subscriptions are told."""
    router_, _ = router(subscription("latest"), pinned("old", 1))
    event = replace(decoded_event("order.created"), data={"no Avro": object()})
    found = {each.subscriptions[0].subscription_id: each.content for each in router_.shape(event)}
    failure = found["latest"]
    assert isinstance(failure, Failure)
    assert failure.reason is Reason.PROJECTION_FAILED
    assert isinstance(found["old"], Content)  # is read from the bytes


def test_a_version_that_the_catalog_does_not_have_fails_for_its_subscriptions_only() -> None:
    """A newer catalog was there when it was pinned."""
    router_, _ = router(pinned("a", 9), subscription("b"))
    found = {each.version: each.content for each in router_.shape(decoded_event("order.created"))}
    assert found[9] == Failure(Reason.PROJECTION_FAILED, "the catalog has no version 9")
    assert isinstance(found[3], Content)


def test_a_value_that_a_version_can_t_say_fails_in_that_version() -> None:
    """A symbol without a default, in a catalog that was not checked; the symbol is not told, it may be sensitive."""
    catalog = Catalog(
        event_schema(
            Path(f"{version}.avsc"),
            "a.b",
            version,
            {
                "type": "record",
                "name": "R",
                "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": symbols}}],
            },
        )
        for version, symbols in ((1, ["A"]), (2, ["A", "SECRET"]))
    )
    old = replace(subscription("old", event_types=("a.b",)), pins=(("a.b", 1),))
    router_, _ = router(old, subscription("new", event_types=("a.b",)), catalog=catalog)
    fine, wrong = (router_.shape(decoded_event("a.b", 2, catalog=catalog, e=symbol)) for symbol in ("A", "SECRET"))
    assert [orjson.loads(content_of(each).body)["data"] for each in fine] == [{"e": "A"}, {"e": "A"}]
    failure = wrong[0].content
    assert isinstance(failure, Failure)
    assert failure.reason is Reason.PROJECTION_FAILED
    assert "SECRET" not in failure.detail
    assert isinstance(wrong[1].content, Content)


def test_sensitive_fields_are_seen_by_those_who_were_granted_them() -> None:
    """Each view has a schema of its own; the others' bodies never had the field."""
    birth = "customer.updated:profile.date_of_birth"
    granted = replace(subscription("g", event_types=("*",)), sensitive_grants=(birth,))
    router_, _ = router(subscription("s", event_types=("*",)), granted)
    event = decoded_event("customer.updated")
    found = {each.subscriptions[0].subscription_id: each for each in router_.shape(event)}
    assert (found["g"].granted, found["s"].granted) == (("profile.date_of_birth",), ())
    assert "date_of_birth" in orjson.loads(content_of(found["g"]).body)["data"]["profile"]
    assert "date_of_birth" not in orjson.loads(content_of(found["s"]).body)["data"]["profile"]


def filtered(name: str, text: str, **more: Any) -> Subscription:
    """Give a subscription to order.created with a filter."""
    return replace(subscription(name), filter=text, **more)


def names(shaped: list[Any]) -> list[str]:
    return [one.subscription_id for each in shaped for one in each.subscriptions]


def test_a_filter_decides_on_the_data_of_its_view() -> None:
    """Those without one are asked nothing; all that get the same are shaped together."""
    router_, _ = router(
        subscription("all"),
        filtered("large", "data.total > 100 && event.tenant == 'default'"),
        filtered("small", "data.total <= 100"),
        filtered("old", "data.total > 100", pins=(("order.created", 1),)),
    )
    assert names(router_.shape(decoded_event("order.created", total="100.01"))) == ["all", "large", "old"]
    assert names(router_.shape(decoded_event("order.created", total="99.99"))) == ["all", "small"]
    assert FAILURES == []


def test_a_filter_that_fails_sends_or_skips_and_is_told_of() -> None:
    text = "data.lines[99].quantity == 1"
    skipping = filtered("skips", text, on_filter_error=OnFilterError.SKIP)
    router_, _ = router(filtered("sends", text), skipping, subscription("other"))
    event = decoded_event("order.created")
    assert names(router_.shape(event)) == ["other", "sends"]
    assert [(one.subscription_id, event_id) for one, event_id, _ in FAILURES] == [
        ("sends", "evt-1"),
        ("skips", "evt-1"),
    ]
    assert all("Index error" in reason for _, _, reason in FAILURES)


def test_a_filter_that_the_catalog_does_not_fit_any_more_fails_on_every_event() -> None:
    router_, _ = router(filtered("s", "data.gone == 1"))
    assert names(router_.shape(decoded_event("order.created"))) == ["s"]
    assert [reason for *_, reason in FAILURES] == ["position 6: there is no field 'gone' in OrderCreated"]


def test_a_decision_says_which_rule_made_it() -> None:
    event = decoded_event("order.created", total="5.00")
    view = Views(CATALOG).find("order.created", 3, ())
    subject = Subject(event.event, view.data_of(event))
    found = {
        text: decide(filtered("s", text, on_filter_error=OnFilterError.SKIP), view, subject)
        for text in ("data.total > 1", "data.total > 9", "1 / 0 == 1")
    }
    assert decide(subscription("s"), view, subject) == Decision(is_wanted=True, rule=Rule.NO_FILTER)
    assert found == {
        "data.total > 1": Decision(is_wanted=True, rule=Rule.FILTER),
        "data.total > 9": Decision(is_wanted=False, rule=Rule.FILTER),
        "1 / 0 == 1": Decision(is_wanted=False, rule=Rule.ON_FILTER_ERROR, detail="divide by zero"),
    }


def test_a_filter_is_compiled_once_while_a_route_has_it() -> None:
    """Also where a subscription that has nothing to do with it is changed."""
    router_, index = router(filtered("a", "data.total > 1"), filtered("b", "data.total > 1"))
    (route,) = router_.routes("default", "order.created")
    first, second = (filter_ for _, filter_ in route.variants[0].conditional)
    index.put(subscription("c"))
    (again,) = router_.routes("default", "order.created")
    assert first is second is again.variants[0].conditional[0][1]


def test_filters_and_transforms_can_be_compiled_before_events_come() -> None:
    """For every event type that those who have one want, and nobody else's."""
    wide = replace(filtered("wide", "event.source != ''"), event_types=("order.*", "customer.updated", "gone.type"))
    reshaped = replace(subscription("r", tenant="other"), transform='{"a":"data.total"}')
    router_, index = router(wide, reshaped, subscription("plain", tenant="third"))
    warm_routes(router_, index, CATALOG.event_types())
    found = dict(router_._routes)
    assert set(found) == {
        ("default", "order.created"),
        ("default", "order.paid"),
        ("default", "order.cancelled"),
        ("default", "customer.updated"),
        ("other", "order.created"),
    }
    assert router_.routes("default", "order.paid") is found["default", "order.paid"][1]


def test_a_transform_reshapes_the_data_of_those_who_have_it() -> None:
    template = '{"order":"data.order_id","big":"data.total > 100","sum":"data.total"}'
    router_, _ = router(subscription("s"), replace(subscription("t"), transform=template))
    event = decoded_event("order.created", total="100.50")
    found = {
        each.subscriptions[0].subscription_id: orjson.loads(content_of(each).body) for each in router_.shape(event)
    }
    assert found["t"]["data"] == {"order": found["s"]["data"]["order_id"], "big": True, "sum": "100.50"}
    assert {**found["t"], "data": None} == {**found["s"], "data": None}


@pytest.mark.parametrize(
    ("template", "detail"),
    [
        ('{"a":{"b":"data.lines[99].sku"}}', "a.b: there is no 99"),
        ('{"a":"data.gone"}', "'a', position 6: there is no field 'gone' in OrderCreated"),
    ],
)
def test_a_transform_that_fails_is_its_subscriptions_alone(template: str, detail: str) -> None:
    router_, _ = router(subscription("s"), replace(subscription("t"), transform=template))
    found = {
        each.subscriptions[0].subscription_id: each.content for each in router_.shape(decoded_event("order.created"))
    }
    assert found["t"] == Failure(Reason.TRANSFORM_FAILED, detail)
    assert isinstance(found["s"], Content)
