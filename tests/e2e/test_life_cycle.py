"""What an operator does to a subscription holds at once, also for deliveries under way, and loses nothing."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.kafka.publisher import EventPublisher
from gateway.kafka.subscription_table import read_subscriptions
from gateway.receiver import verify
from gateway.receiver.errors import InvalidSignatureError
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.running import until, until_seen
from tests.e2e.topic_contents import attempts, dead_letters

SETTLED_S = 60.0
PERSISTENT = ("--retry-policy", ",".join(["1s"] * 15))
# Also behind an open circuit deliveries wait as long as their policy takes: longer than this test pauses.
PATIENT = ("--retry-policy", ",".join(["1s"] * 15 + ["5m"]))

pytestmark = [pytest.mark.usefixtures("running"), pytest.mark.timeout(240, func_only=True)]


def look_up(receiver: Receiver, subscription_id: str) -> Subscription:
    """Read a subscription from its topic."""
    found = read_subscriptions(receiver.home.kafka).get(subscription_id)
    assert found is not None
    return found


async def test_a_pause_holds_deliveries_back_in_their_order(receiver: Receiver, publisher: EventPublisher) -> None:
    """While paused nothing arrives; after the resume everything does, in order of publication for one key."""
    # One at a time: with more in flight the order of arrival is the network's.
    paused = await receiver.subscribe("--max-in-flight", "1")
    witness = await receiver.subscribe(tenant=paused)
    await receiver.gateway("subscriptions", "pause", paused)
    await publish_payments(publisher, paused, 700, key="one-order")
    await receiver.until_accepted(700, witness)
    assert receiver.requests(paused) == []

    await receiver.gateway("subscriptions", "resume", paused)
    await publish_payments(publisher, paused, 50, first=700, key="one-order")
    await receiver.until_accepted(750, paused)

    assert receiver.ids(paused) == [event_id(paused, number) for number in range(750)]


async def test_a_pause_holds_deliveries_in_retry_back(receiver: Receiver, publisher: EventPublisher) -> None:
    """A delivery whose retry comes due during the pause is attempted after the resume."""
    inbox = await receiver.subscribe(*PATIENT)
    witness = await receiver.subscribe(*PATIENT, tenant=inbox)
    for name in (inbox, witness):
        receiver.sandbox.set_mode(name, "500")
    # Fewer than failures open the circuit, so that each is tried once.
    await publish_payments(publisher, inbox, 8)
    await until(lambda: len(receiver.requests(inbox)) >= 8, SETTLED_S, lambda: receiver.sandbox.stats(inbox))

    await receiver.gateway("subscriptions", "pause", inbox)
    # Whoever delivers to a subscription that was created after the pause knows of the pause.
    later = await receiver.subscribe()
    await publish_payments(publisher, later, 1)
    await receiver.until_accepted(1, later)
    receiver.sandbox.set_mode(inbox, "none")
    receiver.sandbox.set_mode(witness, "none")
    await receiver.until_accepted(8, witness)
    assert receiver.accepted(inbox) == 0

    await receiver.gateway("subscriptions", "resume", inbox)
    await receiver.until_accepted(8, inbox)


async def test_a_subscription_that_was_deleted_comes_back_from_a_backup(
    receiver: Receiver, publisher: EventPublisher, tmp_path: Path
) -> None:
    """With the secret that its receiver has, and whatever else it was; others are left as they are."""
    deleted, kept = await receiver.subscribe("--header", "X-Team: payments"), await receiver.subscribe()
    before = look_up(receiver, deleted)
    saved = tmp_path / "saved.jsonl"
    await receiver.gateway("subscriptions", "backup", "--file", str(saved))
    assert SECRET not in saved.read_text()
    await receiver.gateway("subscriptions", "delete", deleted, "--yes")
    await receiver.gateway("subscriptions", "update", kept, "--description", "changed since")

    await receiver.gateway("subscriptions", "restore", "--file", str(saved))
    assert look_up(receiver, deleted) == before
    assert look_up(receiver, kept).description == "changed since"
    await publish_payments(publisher, deleted, 3)
    await receiver.until_accepted(3, deleted)


async def test_an_endpoint_that_is_gone_disables_its_subscription(
    receiver: Receiver, publisher: EventPublisher
) -> None:
    """A 410 disables it, with the reason; what was under way goes to the dead letters."""
    inbox = await receiver.subscribe(*PERSISTENT, "--max-in-flight", "2")
    receiver.sandbox.set_mode(inbox, "500")
    await publish_payments(publisher, inbox, 6)
    await until(lambda: len(receiver.requests(inbox)) >= 6, SETTLED_S, lambda: receiver.sandbox.stats(inbox))
    receiver.sandbox.set_mode(inbox, "410")
    letters = await receiver.until_dead(inbox, 6)

    # Written beside the deliveries, so perhaps a moment after their dead letters.
    disabled = await until_seen(
        lambda: look_up(receiver, inbox), lambda found: found.state is SubscriptionState.DISABLED, SETTLED_S
    )
    assert disabled.state_reason == "the endpoint answered 410 Gone"
    reasons = {letter.reason for letter in letters}
    assert "gone" in reasons
    assert reasons <= {"gone", "disabled"}


async def test_deliveries_of_a_disabled_subscription_become_dead_letters(
    receiver: Receiver, publisher: EventPublisher, script: Script
) -> None:
    """Deliveries that wait when the endpoint says 410 end as `disabled`; it is not asked again."""
    endpoint, url = await script(Answer(410, delay_s=0.3))
    inbox = await receiver.subscribe("--max-in-flight", "1", url=url)
    await publish_payments(publisher, inbox, 50)

    letters = await receiver.until_dead(inbox, 50)

    reasons = Counter(letter.reason for letter in letters)
    assert reasons == {"gone": 1, "disabled": 49}
    assert len(endpoint.arrivals) == 1


async def test_a_deleted_subscription_gets_nothing_more(receiver: Receiver, publisher: EventPublisher) -> None:
    """Retries under way are discarded, each with an attempt record that says so, and are no dead letters."""
    inbox = await receiver.subscribe(*PERSISTENT)
    receiver.sandbox.set_mode(inbox, "500")
    await publish_payments(publisher, inbox, 10)
    await until(lambda: len(receiver.requests(inbox)) >= 10, SETTLED_S, lambda: receiver.sandbox.stats(inbox))

    await receiver.gateway("subscriptions", "delete", inbox, "--yes")
    recorded = await receiver.until_recorded(inbox, "discarded", 10)
    assert [each.reason for each in recorded if each.outcome == "discarded"] == ["subscription_deleted"] * 10
    assert dead_letters(receiver.home.kafka, inbox) == []


async def test_a_new_secret_signs_at_once(receiver: Receiver, publisher: EventPublisher) -> None:
    """With no overlap only the new one verifies; with an overlap either does."""
    inbox = await receiver.subscribe()
    receiver.sandbox.set_secrets(inbox, [])
    secrets = [SECRET]
    for number, overlap in enumerate(("0", "1h"), 1):
        secrets.append(await rotated(receiver, inbox, overlap))
        await publish_payments(publisher, inbox, 1, first=number)
        await until(lambda: len(receiver.requests(inbox)) == len(secrets) - 1, SETTLED_S, lambda: secrets)

    alone, overlapping = receiver.requests(inbox)
    assert fitting(alone.headers, alone.body, secrets) == [False, True, False]
    assert fitting(overlapping.headers, overlapping.body, secrets) == [False, True, True]


async def rotated(receiver: Receiver, subscription_id: str, overlap: str) -> str:
    """Rotate a subscription's secret, and give the new one."""
    (issued,) = await asyncio.to_thread(
        receiver.home.read, "subscriptions", "rotate-secret", subscription_id, "--overlap", overlap
    )
    return str(issued["secret"])


def fitting(headers: dict[str, str], body: str, secrets: list[str]) -> list[bool]:
    """Tell for each secret whether the request verifies with it."""

    def fits(secret: str) -> bool:
        try:
            verify(headers, body.encode(), secret)
        except InvalidSignatureError:
            return False
        return True

    return [fits(secret) for secret in secrets]


async def test_a_new_subscription_is_never_taken_for_a_deleted_one(
    receiver: Receiver, publisher: EventPublisher
) -> None:
    """Events that follow a creation at once are delivered, and nothing is discarded."""
    for _ in range(3):
        inbox = await receiver.subscribe()
        await publish_payments(publisher, inbox, 20)
        await receiver.until_accepted(20, inbox)
        assert {attempt.outcome for attempt in attempts(receiver.home.kafka, inbox)} <= {"delivered"}
