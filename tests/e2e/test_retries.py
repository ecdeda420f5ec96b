"""What fails is tried again at the policy's steps, never early, and ends in the dead-letter topic with its history."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import until
from tests.e2e.topic_contents import attempts, dead_letters

SETTLED_S = 60.0
# Three attempts within some seconds.
SHORT = ("--retry-policy", "1s,1s")
ONCE = ("--retry-policy", "none")
STEP_MS = 1000

pytestmark = [pytest.mark.usefixtures("running"), pytest.mark.timeout(240, func_only=True)]


def gaps_ms(times_ms: Sequence[int]) -> list[int]:
    """Give the times between arrivals."""
    return [later - earlier for earlier, later in pairwise(times_ms)]


async def test_a_flaky_endpoint_gets_everything(receiver: Receiver, publisher: EventPublisher) -> None:
    """A third of the attempts fail; with retries every event is accepted, and none goes to the dead letters."""
    inbox = await receiver.subscribe("--retry-policy", ",".join(["1s"] * 12))
    receiver.sandbox.set_mode(inbox, "flaky:0.33")
    ids = await publish_payments(publisher, inbox, 40)

    await receiver.until_accepted(40, inbox)

    assert set(receiver.ids(inbox)) == set(ids)
    assert dead_letters(receiver.home.kafka, inbox) == []
    assert all(request.verified for request in receiver.requests(inbox))


async def test_a_dead_endpoint_ends_in_the_dead_letters_and_is_replayed(
    receiver: Receiver, publisher: EventPublisher
) -> None:
    """A policy of two tiers makes three attempts; an operator sees why it was given up, and begins it again."""
    inbox = await receiver.subscribe(*SHORT)
    receiver.sandbox.set_mode(inbox, "500")
    ids = await publish_payments(publisher, inbox, 3)

    letters = await receiver.until_dead(inbox, 3)

    assert sorted(letter.event_id for letter in letters) == ids
    for letter in letters:
        times_ms = [r.received_at_ms for r in receiver.requests(inbox) if r.webhook_id == letter.event_id]
        assert len(times_ms) == 3
        assert min(gaps_ms(times_ms)) >= STEP_MS
        assert letter.reason == "attempts_exhausted"
        assert [(made.attempt_number, made.status) for made in letter.attempts] == [(1, 500), (2, 500), (3, 500)]

    (seen,) = await asyncio.to_thread(receiver.home.read, "deliveries", "get", ids[0])
    assert (seen["state"], seen["reason"], len(seen["attempts"])) == ("dead_lettered", "attempts_exhausted", 3)
    listed = await asyncio.to_thread(receiver.home.read, "dlq", "list", "--subscription", inbox)
    assert {(one["event_id"], one["waiting"]) for one in listed} == {(each, True) for each in ids}

    receiver.sandbox.set_mode(inbox, "none")
    await receiver.gateway("dlq", "replay", "--subscription", inbox, "--yes")
    await receiver.until_accepted(3, inbox)
    assert sorted(receiver.ids(inbox)[9:], key=str) == ids


async def test_a_client_error_under_fail_fast_is_not_tried_again(receiver: Receiver, publisher: EventPublisher) -> None:
    """A 400 goes to the dead letters after one attempt; without --fail-fast it is retried."""
    hasty, patient = await receiver.subscribe(*SHORT, "--fail-fast"), await receiver.subscribe(*SHORT)
    for inbox in (hasty, patient):
        receiver.sandbox.set_mode(inbox, "400")
        await publish_payments(publisher, inbox, 1)

    found = {inbox: (await receiver.until_dead(inbox))[0] for inbox in (hasty, patient)}

    assert (found[hasty].reason, len(found[hasty].attempts)) == ("client_error", 1)
    assert (found[patient].reason, len(found[patient].attempts)) == ("attempts_exhausted", 3)


async def test_retry_after_is_waited_for(receiver: Receiver, publisher: EventPublisher, script: Script) -> None:
    """A 503 that asks for three seconds is not tried again after the policy's one."""
    endpoint, url = await script(Answer(503, {"Retry-After": "3"}), Answer(200))
    inbox = await receiver.subscribe(*SHORT, url=url)
    await publish_payments(publisher, inbox, 1)

    await until(lambda: len(endpoint.arrivals) == 2, SETTLED_S, lambda: endpoint.arrivals)

    assert gaps_ms([arrival.at_ms for arrival in endpoint.arrivals])[0] >= 3000


async def test_a_redirect_is_a_failure_and_not_followed(
    receiver: Receiver, publisher: EventPublisher, script: Script
) -> None:
    """The place that a 302 points to gets nothing."""
    endpoint, url = await script(Answer(302, {"Location": f"{receiver.url}/hooks/elsewhere"}))
    inbox = await receiver.subscribe(*ONCE, url=url)
    await publish_payments(publisher, inbox, 1)

    (letter,) = await receiver.until_dead(inbox)

    assert [attempt.reason for attempt in attempts(receiver.home.kafka, inbox)] == ["attempts_exhausted"]
    assert [made.status for made in letter.attempts] == [302]
    assert len(endpoint.arrivals) == 1
    assert receiver.requests("elsewhere") == []


async def test_an_endpoint_that_does_not_answer_in_time(
    receiver: Receiver, publisher: EventPublisher, script: Script
) -> None:
    """The subscription's own time-out ends the attempt, and the next one may succeed."""
    endpoint, url = await script(Answer(200, delay_s=20.0), Answer(200))
    inbox = await receiver.subscribe(*SHORT, "--timeout-s", "1", url=url)
    (published,) = await publish_payments(publisher, inbox, 1)

    first, second = await receiver.until_recorded(inbox, "delivered", 1)

    assert (first.outcome, first.error, first.status) == ("retry_scheduled", "timeout", None)
    assert 1000 <= first.duration_ms < 15_000
    assert (second.outcome, second.status) == ("delivered", 200)
    assert {arrival.webhook_id for arrival in endpoint.arrivals} == {published}


async def test_nobody_listens(receiver: Receiver, publisher: EventPublisher, script: Script) -> None:
    """A refused connection is a failed attempt like any other."""
    endpoint, url = await script(Answer(200))
    await endpoint.stop()
    inbox = await receiver.subscribe(*ONCE, url=url)
    await publish_payments(publisher, inbox, 1)

    (letter,) = await receiver.until_dead(inbox)

    assert [made.error for made in letter.attempts] == ["connection_refused"]
