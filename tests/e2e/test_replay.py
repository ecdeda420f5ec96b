"""Past events through the installed program: to a subscription that did not exist when they were published."""

import asyncio
from collections import Counter

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome

pytestmark = pytest.mark.timeout(240, func_only=True)


async def test_a_brand_new_subscription_gets_the_last_hour(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """Each event once and genuine; the attempts say that a replay sent them; the older one notices nothing."""
    for program in [programs.start(name) for name in ("stream", "egress")]:
        await asyncio.to_thread(program.await_ready)
    older = await receiver.subscribe()
    await publish_payments(publisher, older, 20)
    await receiver.until_accepted(20, older)
    newer = await receiver.subscribe(tenant=older)

    await receiver.gateway("replay", "start", "--subscription", newer, "--since", "1h", "--yes")
    await publish_payments(publisher, older, 1, first=20)

    await receiver.until_accepted(42, older, newer)
    assert sorted(str(each) for each in receiver.ids(newer)) == sorted(event_id(older, n) for n in range(21))
    assert len(receiver.requests(older)) == 21
    await receiver.until_recorded(newer, "delivered", 21)
    told = await asyncio.to_thread(programs.read, "deliveries", "list", "--subscription", newer)
    triggers = Counter(attempt["trigger"] for delivery in told for attempt in delivery["attempts"])
    assert triggers == {"replay": 20, "event": 1}
    replays = await asyncio.to_thread(programs.read, "replay", "list")
    (replay_id,) = (each["replay_id"] for each in replays if each["subscription_ids"] == [newer])
    assert {attempt["replay_id"] for delivery in told for attempt in delivery["attempts"]} == {replay_id, ""}
