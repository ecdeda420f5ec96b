"""Order by key, through crashes and changes of owners: nothing of a key is begun before the earlier is accepted."""

import asyncio
from collections import defaultdict

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, payments
from tests.e2e.killing import Pair
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome

KEYS, EVENTS = 40, 1_200

pytestmark = pytest.mark.timeout(240, func_only=True)


def first_arrivals_by_key(receiver: Receiver, inbox: str) -> dict[int, list[str | None]]:
    """Give each key's webhook ids in the order in which they arrived for the first time.

    One that arrives before its predecessor was answered 200 is an error.
    """
    order: dict[int, list[str | None]] = defaultdict(list)
    accepted: set[str | None] = set()
    for request in receiver.requests(inbox):
        number = int(str(request.webhook_id).rpartition("-")[2])
        arrived = order[number % KEYS]
        if request.webhook_id not in arrived:
            assert not arrived or arrived[-1] in accepted, f"{request.webhook_id} overtook {arrived[-1]}"
            arrived.append(request.webhook_id)
        if request.answer == 200:
            accepted.add(request.webhook_id)
    return order


async def test_order_holds_through_kills_and_rebalances(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """A flaky endpoint, retries in place; egress is killed three times, a second worker comes, and goes again."""
    # The limit has a backlog behind every kill, on any machine.
    limited = ("--rate-limit", "150/s", "--retry-policy", ",".join(["1s"] * 12))
    inbox = await receiver.subscribe("--order", "key", *limited)
    receiver.sandbox.set_mode(inbox, "flaky:0.05")
    pair = Pair(programs)
    await pair.start()
    events = [payments(1, inbox, first=number, key=f"key-{number % KEYS}")[0] for number in range(EVENTS)]
    await asyncio.to_thread(publisher.publish_batch, events)
    for share in (0.1, 0.2, 0.3):
        await receiver.until_accepted(round(EVENTS * share), inbox)
        pair.kill("egress")
        await pair.replace("egress")
    await receiver.until_accepted(round(EVENTS * 0.45), inbox)
    second = programs.start("egress")
    await asyncio.to_thread(second.await_ready)
    await receiver.until_accepted(round(EVENTS * 0.6), inbox)
    assert await asyncio.to_thread(second.stop) == 0
    await receiver.until_accepted(EVENTS, inbox)

    expected = {key: [event_id(inbox, number) for number in range(key, EVENTS, KEYS)] for key in range(KEYS)}
    assert first_arrivals_by_key(receiver, inbox) == expected
    await pair.stop()
