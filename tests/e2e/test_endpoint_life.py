"""An endpoint's life as its operator sees it: held at 410, given up after long failing, lagging, signalled."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.endpoints import Answer, Script
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, until, until_seen

SETTLED_S = 60.0
EVERY_SECOND = ("--retry-policy", ",".join(["1s"] * 15))

pytestmark = [pytest.mark.usefixtures("impatient"), pytest.mark.timeout(240, func_only=True)]


@pytest.fixture(scope="module")
def impatient(home: GatewayHome) -> Iterator[GatewayHome]:
    """One stream, and an egress that gives an endpoint up after six seconds of nothing but failures."""
    started = [home.start("stream"), home.start("egress", GATEWAY_DISABLE_AFTER_S="6")]
    try:
        for program in started:
            program.await_ready()
        yield home
        assert [program.stop() for program in started] == [0, 0]
    finally:
        home.end_all()


async def read(receiver: Receiver, *arguments: str) -> list[dict[str, Any]]:
    """Run a command that prints JSON while the receiver goes on answering."""
    return await asyncio.to_thread(receiver.home.read, *arguments)


async def get(receiver: Receiver, name: str) -> dict[str, Any]:
    """Look a subscription up, with what waits and its signals."""
    (shown,) = await read(receiver, "subscriptions", "get", name)
    return shown


async def until_waiting(receiver: Receiver, name: str, count: int) -> dict[str, Any]:
    """Look until exactly so many deliveries wait; offsets are committed a moment after what they stand for."""
    async with asyncio.timeout(SETTLED_S):
        while (shown := await get(receiver, name))["backlog"]["waiting"] != count:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.2)
    return shown


async def until_disabled(receiver: Receiver, name: str) -> dict[str, Any]:
    """Look until a subscription is disabled."""
    async with asyncio.timeout(SETTLED_S):
        while (shown := await get(receiver, name))["state"] != "disabled":  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.2)
    return shown


async def test_not_one_request_follows_the_first_410(
    receiver: Receiver, publisher: EventPublisher, script: Script
) -> None:
    """What was under way with it may end; all others end as `disabled`, and the table and a signal say why."""
    endpoint, url = await script(Answer(410, delay_s=1.5))
    name = await receiver.subscribe("--max-in-flight", "3", url=url)
    await publish_payments(publisher, name, 40)
    letters = await receiver.until_dead(name, 40)

    first_answer_ms = endpoint.arrivals[0].at_ms + 1500
    assert 1 <= len(endpoint.arrivals) <= 3
    assert all(arrival.at_ms <= first_answer_ms for arrival in endpoint.arrivals)
    reasons = Counter(letter.reason for letter in letters)
    assert reasons == {"gone": len(endpoint.arrivals), "disabled": 40 - len(endpoint.arrivals)}
    shown = await until_disabled(receiver, name)
    assert shown["state_reason"] == "the endpoint answered 410 Gone"
    assert shown["state_changed_at_ms"] >= first_answer_ms
    (disabled,) = await until_seen(
        lambda: receiver.home.read("signals", "--subscription", name, "--kind", "disabled"), bool, SETTLED_S
    )
    assert (disabled["reason"], disabled["tenant"]) == (shown["state_reason"], name)


async def test_a_pause_shows_what_waits_until_it_is_delivered(receiver: Receiver, publisher: EventPublisher) -> None:
    """Counted exactly while paused, with the reason; nothing waits once it is resumed and delivered."""
    name = await receiver.subscribe()
    witness = await receiver.subscribe(tenant=name)
    await receiver.gateway("subscriptions", "pause", name)
    await publish_payments(publisher, name, 30)
    await receiver.until_accepted(30, witness)

    shown = await until_waiting(receiver, name, 30)
    assert (shown["backlog"]["reason"], shown["backlog"]["complete"]) == ("paused", True)
    assert shown["backlog"]["oldest_waiting_at_ms"] >= shown["created_at_ms"]
    assert "\nwaiting             30, the oldest since " in await receiver.gateway("subscriptions", "get", name)

    await receiver.gateway("subscriptions", "resume", name)
    await receiver.until_accepted(30, name)
    assert (await until_waiting(receiver, name, 0))["backlog"]["oldest_waiting_at_ms"] is None
    assert sorted(map(str, receiver.ids(name))) == [event_id(name, number) for number in range(30)]


async def test_only_failures_disable_and_one_delivery_does_not(receiver: Receiver, publisher: EventPublisher) -> None:
    """An endpoint that fails for longer than it may is given up; one that takes something now and then is not."""
    dead = await receiver.subscribe(*EVERY_SECOND)
    flaky = await receiver.subscribe(*EVERY_SECOND)
    receiver.sandbox.set_mode(dead, "500")
    following = receiver.home.start("signals", "--follow", "--json", "--subscription", dead)
    await publish_payments(publisher, dead, 5)
    for round_number in range(4):
        receiver.sandbox.set_mode(flaky, "500")
        before = len(receiver.requests(flaky))
        await publish_payments(publisher, flaky, 1, first=round_number)
        await until(lambda: len(receiver.requests(flaky)) >= before + 2, SETTLED_S, lambda: receiver.requests(flaky))  # noqa: B023 - awaited before the next round
        receiver.sandbox.set_mode(flaky, "none")
        await receiver.until_accepted(round_number + 1, flaky)

    shown = await until_disabled(receiver, dead)
    assert shown["state_reason"].startswith("only failures since 20")
    assert (await get(receiver, flaky))["state"] == "active"

    await until(lambda: '"kind":"disabled"' in following.output, SETTLED_S, lambda: following.output)
    assert "disabled" in {told["kind"] for told in (await get(receiver, dead))["signals"]}
    assert following.stop(signal.SIGINT) == 0


async def test_dead_letters_are_counted_in_signals(receiver: Receiver, publisher: EventPublisher) -> None:
    """However many there are, a few signals count them all."""
    name = await receiver.subscribe("--retry-policy", "none", "--fail-fast")
    receiver.sandbox.set_mode(name, "400")
    await publish_payments(publisher, name, 50)
    await receiver.until_dead(name, 50)

    async with asyncio.timeout(SETTLED_S):
        while True:
            told = await read(receiver, "signals", "--subscription", name, "--kind", "dead_lettered")
            if sum(one["count"] for one in told) == 50:
                break
            await asyncio.sleep(0.5)
    assert len(told) <= 4
    assert told[0]["count"] == 1
