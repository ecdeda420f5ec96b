"""Filters and transforms from the command line to the receiver: who asked for less gets less."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.kafka.publisher import EventPublisher
from gateway.wire.event_encoder import NewEvent
from tests.e2e.receiving import ARRIVAL_S, Receiver
from tests.e2e.running import GatewayHome, until_seen

ORDER_ID = "5d8f0c1e-8c1b-4f8e-9d53-0c3f6a2b7e11"

pytestmark = [pytest.mark.usefixtures("running"), pytest.mark.timeout(240, func_only=True)]


def payment(tenant: str, name: str, amount: str, method: str = "CARD") -> NewEvent:
    """Give a payment of this amount."""
    data = {
        "order_id": ORDER_ID,
        "payment_id": ORDER_ID,
        "paid_at": "2026-01-31T13:30:00.250Z",
        "method": method,
        "currency": "EUR",
        "amount": amount,
    }
    return NewEvent("order.paid", data, key=ORDER_ID, event_id=f"{tenant}-{name}", tenant=tenant)


def payment_file(folder: Path) -> Path:
    """Write the data of a payment of 50 euros into a file."""
    file = folder / "payment.json"
    file.write_bytes(orjson.dumps(payment("", "", "50.00").data))
    return file


def filter_failures(home: GatewayHome, subscription: str) -> list[dict[str, Any]]:
    """Give a subscription's signals of its filter: the first failure is told at once, the others a minute later."""
    (shown,) = home.read("subscriptions", "get", subscription)
    return [each for each in shown["signals"] if each["kind"] == "filter_failed"]


async def test_a_subscription_gets_what_its_filter_lets_through_in_the_form_that_it_asked_for(
    receiver: Receiver, publisher: EventPublisher, tmp_path: Path
) -> None:
    """Others get everything; a filter that fails sends or skips as it was told, and that is to be seen."""
    everything = await receiver.subscribe(event_type="order.paid")
    template = tmp_path / "template.json"
    template.write_text('{"order": "data.order_id", "euros": "data.amount", "large": "data.amount > 500"}')
    to = {"tenant": everything, "event_type": "order.paid"}
    large = await receiver.subscribe("--filter", "data.amount > 100", "--transform-file", str(template), **to)
    failing = "data.method == 'CARD' && 1 / int(data.amount - 99.5) == 0"
    sends = await receiver.subscribe("--filter", failing, **to)
    skips = await receiver.subscribe("--filter", failing, "--on-filter-error", "skip", **to)
    events = [payment(everything, "a", "99.99"), payment(everything, "b", "100.01"), payment(everything, "c", "900.00")]
    await asyncio.to_thread(publisher.publish_batch, events)

    await receiver.until_accepted(9, everything, large, sends, skips)

    def names(inbox: str) -> list[str]:
        return sorted(str(name).rpartition("-")[2] for name in receiver.ids(inbox))

    assert [names(inbox) for inbox in (everything, large, sends, skips)] == [
        ["a", "b", "c"],
        ["b", "c"],
        ["a", "b", "c"],
        ["c"],
    ]
    bodies = {request.webhook_id: orjson.loads(request.body)["data"] for request in receiver.requests(large)}
    assert bodies[f"{everything}-b"] == {"order": ORDER_ID, "euros": "100.01", "large": False}
    tested = await receiver.gateway("subscriptions", "test-filter", large, "--file", str(payment_file(tmp_path)))
    assert tested.splitlines() == ["false", '  data.amount  "50.00"']
    for inbox, words in ((sends, "divide by zero; the event was sent"), (skips, "the event was not sent")):
        signal = (await until_seen(partial(filter_failures, receiver.home, inbox), bool, ARRIVAL_S))[0]
        assert words in signal["reason"]
        assert signal["event_id"].startswith(everything)


async def test_a_transform_that_fails_becomes_a_dead_letter_that_says_so(
    receiver: Receiver, publisher: EventPublisher, tmp_path: Path
) -> None:
    """The others get the event."""
    everything = await receiver.subscribe(event_type="order.paid")
    template = tmp_path / "template.json"
    template.write_text('{"share": "100 / (int(data.amount) - 7)"}')
    divides = await receiver.subscribe("--transform-file", str(template), tenant=everything, event_type="order.paid")
    await asyncio.to_thread(
        publisher.publish_batch, [payment(everything, "a", "7.00"), payment(everything, "b", "9.00")]
    )

    await receiver.until_accepted(3, everything, divides)
    (letter,) = await receiver.until_dead(divides)
    assert (letter.event_id, letter.reason) == (f"{everything}-a", "transform_failed")
