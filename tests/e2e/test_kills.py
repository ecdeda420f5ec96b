"""Processes killed with SIGKILL in the middle of much work: nothing is lost, and little is repeated, under its old id.

What a killed egress leaves to repeat is what it had under way, and what was settled and not yet committed; also
where an endpoint hangs, whose first delivery holds the committed offset back.
"""

import asyncio

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, publish_payments
from tests.e2e.killing import Pair
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, until

UNDER_WAY = 200
# Egress commits every 0.2 s; acknowledgement by the broker, of the attempt and of the commit, comes on top, and what it
# was seen to take on a machine that is busy.
UNCOMMITTED_MS = 200 + 400
SETTLED_S = 60.0
# What one part of it waits for is more than what happens meanwhile takes on a busy machine.
SLOW_S = 2.0
UNHURRIED_S = 0.02
EVERY_SECOND = ("--retry-policy", ",".join(["1s"] * 12))

pytestmark = pytest.mark.timeout(240, func_only=True)


def holds_all(receiver: Receiver, inbox: str, tenant: str, count: int) -> bool:
    """Tell whether an inbox has had every event, under the events' ids only, and every request was signed."""
    expected = {event_id(tenant, number) for number in range(count)}
    return set(receiver.ids(inbox)) == expected and receiver.sandbox.stats(inbox).rejected == 0


def answered_before(receiver: Receiver, inbox: str, at_ms: int, commit_ms: int, answer_ms: int = 0) -> int:
    """Count the requests that an inbox answered in the time for which a commit may be due before `at_ms`."""
    answered_at_ms = (request.received_at_ms + answer_ms for request in receiver.requests(inbox))
    return sum(at_ms - commit_ms - UNCOMMITTED_MS <= answered <= at_ms for answered in answered_at_ms)


async def test_egress_is_killed_three_times_with_hundreds_of_sends_under_way(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """A slow endpoint, a quick one and one that hangs share a partition; all get everything, with few repeats."""
    quick = await receiver.subscribe()
    slow = await receiver.subscribe("--max-in-flight", "300", tenant=quick, beside=quick)
    hanging = await receiver.subscribe("--timeout-s", "60", tenant=quick, beside=quick)
    receiver.sandbox.set_mode(slow, f"slow:{SLOW_S}s")
    receiver.sandbox.set_mode(hanging, "timeout")
    pair = Pair(programs)
    await pair.start()
    part = 1_200
    broken_off = settled_late = never_accepted = 0

    def under_way() -> int:
        stats = receiver.sandbox.stats(slow)
        return stats.received - stats.accepted - never_accepted

    for kill in range(3):
        await publish_payments(publisher, quick, part, first=kill * part)
        await receiver.until_accepted(kill * part + part // 2, quick)
        commit_ms = await pair.until_committed()
        await until(lambda: under_way() >= UNDER_WAY, SETTLED_S, under_way)
        pair.kill("egress")
        broken_off += under_way()
        settled_late += answered_before(receiver, quick, pair.killed_at_ms[-1], commit_ms)
        settled_late += answered_before(receiver, slow, pair.killed_at_ms[-1], commit_ms, round(SLOW_S * 1000))
        # Some are accepted all the same: their time is over before the receiver hears that nobody waits for the answer.
        await asyncio.sleep(SLOW_S + 0.2)
        never_accepted += under_way()
        if kill == 2:
            receiver.sandbox.set_mode(hanging, "none")
        await pair.replace("egress")
    await receiver.until_accepted(3 * 3 * part, quick, slow, hanging)

    assert all(holds_all(receiver, inbox, quick, 3 * part) for inbox in (quick, slow, hanging))
    repeats = sum(receiver.sandbox.stats(inbox).repeats for inbox in (quick, slow))
    print(f"{repeats} repeats: {broken_off} were under way, {settled_late} just settled")  # noqa: T201 - for -s
    assert broken_off >= 3 * UNDER_WAY
    assert repeats <= broken_off + settled_late
    await pair.stop()


async def test_the_stream_is_killed_three_times(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """What the successor plans again is recognised by egress: both endpoints get each event once."""
    one = await receiver.subscribe()
    other = await receiver.subscribe(tenant=one)
    pair = Pair(programs)
    await pair.start()
    part = 2_000
    for kill in range(3):
        await publish_payments(publisher, one, part, first=kill * part)
        await receiver.until_accepted(2 * kill * part + part // 4, one, other)
        pair.kill("stream")
        await pair.replace("stream")
    await receiver.until_accepted(3 * 2 * part, one, other)
    # Whatever was planned twice comes before this in the topic of the events.
    await publish_payments(publisher, one, 200, first=3 * part)
    await receiver.until_accepted(2 * (3 * part + 200), one, other)

    assert all(holds_all(receiver, inbox, one, 3 * part + 200) for inbox in (one, other))
    assert [receiver.sandbox.stats(inbox).repeats for inbox in (one, other)] == [0, 0]
    await pair.stop()


async def test_both_are_killed_at_once(programs: GatewayHome, receiver: Receiver, publisher: EventPublisher) -> None:
    """Also what waits in a retry tier comes, when Kafka has found out by itself that they are dead."""
    healthy = await receiver.subscribe()
    flaky = await receiver.subscribe(*EVERY_SECOND, tenant=healthy)
    receiver.sandbox.set_mode(flaky, "flaky:0.1")
    pair = Pair(programs)
    await pair.start()
    # Slow enough that there is work left when it is killed.
    receiver.sandbox.set_mode(healthy, f"slow:{UNHURRIED_S}s")
    count = 4_000
    await publish_payments(publisher, healthy, count)
    await receiver.until_accepted(count, healthy, flaky)
    commit_ms = await pair.until_committed()
    pair.kill("stream", "egress")
    may_repeat = answered_before(receiver, healthy, pair.killed_at_ms[-1], commit_ms, round(UNHURRIED_S * 1000)) + 32
    await pair.start()
    await receiver.until_accepted(2 * count, healthy, flaky)

    assert all(holds_all(receiver, inbox, healthy, count) for inbox in (healthy, flaky))
    assert receiver.sandbox.stats(healthy).repeats <= may_repeat
    await pair.stop()
