"""Deliveries are searched by the host of their endpoints: of those subscriptions that the caller sees."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.console.access.caller import Caller
from gateway.console.api.deliveries import DeliveriesApi
from gateway.console.api.models import DeliveryQuery
from gateway.console.api.parts import Parts
from gateway.domain.access import Role
from gateway.domain.matching import SubscriptionIndex
from gateway.kafka.config import KafkaConfig
from tests.subscriptions import subscription

URLS = {
    ("a1", "acme"): "https://Hooks.Example.com:8443/a",
    ("a2", "acme"): "https://elsewhere.test/hooks.example.com",
    ("a3", "acme"): "https://[2001:db8::1]/hooks",
    ("r1", "rival"): "https://hooks.example.com/r",
}


@pytest.mark.parametrize(
    ("query", "tenant", "found"),
    [
        ({"host": "hooks.example.com"}, None, ("a1", "r1")),
        ({"host": "HOOKS.example.com"}, "acme", ("a1",)),
        ({"host": "2001:db8::1"}, None, ("a3",)),
        ({"host": "example.com"}, None, ()),
        ({"host": "hooks.example.com", "subscription_id": ["r1", "a2"]}, None, ("r1",)),
        ({"host": "hooks.example.com", "subscription_id": ["r1"]}, "acme", ()),
        ({"subscription_id": ["r1"]}, "acme", ("r1",)),
        ({}, "acme", None),
    ],
)
def test_a_host_stands_for_the_subscriptions_that_have_it(
    query: dict[str, object], tenant: str | None, found: tuple[str, ...] | None
) -> None:
    """As a whole, and together with those that are named."""
    index = SubscriptionIndex()
    for (subscription_id, owner), url in URLS.items():
        index.put(replace(subscription(subscription_id, tenant=owner), url=url))
    parts = SimpleNamespace(config=KafkaConfig("127.0.0.1:1"), table=SimpleNamespace(index=index))
    api, caller = DeliveriesApi(cast("Parts", parts)), Caller("me", Role.VIEWER, tenant)
    assert api._subscriptions(DeliveryQuery.model_validate(query), caller) == found
