"""`gateway explain` answers "why did I not get it" with the installed program, on what really was published."""

import asyncio
from typing import Any

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import publish_payments
from tests.e2e.receiving import ARRIVAL_S, Receiver
from tests.e2e.running import GatewayHome, until_seen

pytestmark = [pytest.mark.usefixtures("running"), pytest.mark.timeout(240, func_only=True)]

Told = dict[str, dict[str, Any]]


def explained(home: GatewayHome, *arguments: str) -> tuple[dict[str, Any], Told]:
    """Explain an event; give what is told of it, and of each subscription."""
    event, *others = home.read("explain", *arguments)
    assert event["kind"] == "event"
    assert {each["kind"] for each in others} <= {"subscription"}
    return event, {each["subscription_id"]: each for each in others}


async def test_why_one_did_not_get_it(receiver: Receiver, publisher: EventPublisher, script: Script) -> None:
    """Delivered, a dead letter, and each reason for nothing; what is told of the request is what arrived."""
    tenant, failing = "explaining", await script(Answer(400, {"X-Request-Id": "req-7"}))
    gone = await script(Answer(410))
    got = await receiver.subscribe("--header", "X-Api-Key: sesame", tenant=tenant)
    dead = await receiver.subscribe("--fail-fast", tenant=tenant, url=failing[1])
    disabled = await receiver.subscribe(tenant=tenant, url=gone[1])
    filtered = await receiver.subscribe("--filter", "data.amount > 100", tenant=tenant, event_type="order.paid")
    other_type = await receiver.subscribe(tenant=tenant, event_type="order.created")
    paused = await receiver.subscribe(tenant=tenant)
    await receiver.gateway("subscriptions", "pause", paused)
    foreign = await receiver.subscribe(tenant="explaining-2")
    (event_id,) = await publish_payments(publisher, tenant, 1)
    await receiver.until_accepted(1, got)
    await receiver.until_recorded(got, "delivered", 1)
    for each in (dead, disabled):
        await receiver.until_dead(each)
    await until_seen(
        lambda: receiver.home.read("subscriptions", "get", disabled)[0]["state"],
        lambda state: state == "disabled",
        ARRIVAL_S,
    )

    # The stream commits a moment after what it has planned.
    event, told = await until_seen(
        lambda: explained(receiver.home, event_id), lambda seen: seen[0]["past"]["is_processed"], ARRIVAL_S
    )

    assert (event["event_id"], event["event_type"], event["tenant"]) == (event_id, "order.paid", tenant)
    (record,) = event["past"]["records"]
    assert record["topic"] == "events.order"
    assert {name: (each["verdict"], each["rule"]) for name, each in told.items()} == {
        got: ("sent", "no_filter"),
        dead: ("sent", "no_filter"),
        disabled: ("nothing", "disabled"),
        filtered: ("nothing", "filter"),
        other_type: ("nothing", "event_type"),
        paused: ("kept", "no_filter"),
    }
    states = {name: each["delivery"] and each["delivery"]["state"] for name, each in told.items()}
    assert states == {
        got: "delivered",
        dead: "dead_lettered",
        disabled: "dead_lettered",
        filtered: None,
        other_type: None,
        paused: "pending",
    }
    assert told[disabled]["detail"].endswith("410 Gone")
    assert (told[got]["note"], told[disabled]["note"]) == (None, "changed after the event")
    (attempt,) = told[dead]["delivery"]["attempts"]
    assert (attempt["status"], attempt["response_headers"]["X-Request-Id"]) == (400, "req-7")
    assert told[filtered]["filter"] == {
        "text": "data.amount > 100",
        "result": False,
        "parts": [{"expression": "data.amount", "value": "12.30", "error": None}],
    }
    _, only = await asyncio.to_thread(
        explained, receiver.home, event_id, "--type", "order.paid", "--subscription", foreign
    )
    assert (only[foreign]["rule"], only[foreign]["delivery"]) == ("tenant", None)

    (arrived,) = receiver.requests(got)
    headers = {name.lower(): value for name, value in arrived.headers.items()}
    expected = {name.lower(): value for name, value in told[got]["request"]["headers"].items()}
    assert set(headers) == set(expected)
    assert {name: value for name, value in expected.items() if value is not None}.items() <= headers.items()
    assert {name for name, value in expected.items() if value is None} == {
        *("webhook-timestamp", "webhook-signature", "x-api-key")
    }
    assert told[got]["request"]["body"] == arrived.body

    text = await receiver.gateway("explain", event_id, "--details")
    for said in ("its filter is false", "dead lettered (client_error): HTTP 400", "X-Api-Key: <sealed>", "no delivery"):
        assert said in text
    assert "sesame" not in text
