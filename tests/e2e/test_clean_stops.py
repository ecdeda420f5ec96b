"""SIGTERM under load: within the deadline, with exit code 0; the successors make no attempt a second time."""

import asyncio
import time
from collections import Counter

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, payments
from tests.e2e.killing import Pair
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, until
from tests.e2e.topic_contents import attempts

# Each has its own deadline for what is under way; they stop one after the other.
DEADLINE_S = 45.0
SETTLED_S = 60.0
EVENTS, KEYS = 600, 30

pytestmark = pytest.mark.timeout(240, func_only=True)


class Endpoints:
    """Four endpoints of one tenant, each in a state of its own when the stop comes."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.slow = self.limited = self.ordered = self.failing = ""

    @property
    def all(self) -> tuple[str, str, str, str]:
        """Every inbox."""
        return self.slow, self.limited, self.ordered, self.failing

    async def subscribe(self) -> None:
        """Create the subscriptions, all in the same partitions."""
        sandbox = self._receiver.sandbox
        self.slow = tenant = await self._receiver.subscribe()
        self.limited = await self._receiver.subscribe("--rate-limit", "40/s", tenant=tenant, beside=tenant)
        retries = ("--retry-policy", ",".join(["1s"] * 15))
        self.ordered = await self._receiver.subscribe("--order", "key", *retries, tenant=tenant, beside=tenant)
        self.failing = await self._receiver.subscribe(*retries, tenant=tenant, beside=tenant)
        sandbox.set_mode(self.slow, "slow:0.05s")
        sandbox.set_mode(self.ordered, "flaky:0.2")
        sandbox.set_mode(self.failing, "500")

    def begun(self) -> bool:
        """Tell whether all are in the middle: some accepted, a retry in place waiting, a circuit open."""
        stats = {inbox: self._receiver.sandbox.stats(inbox) for inbox in self.all}
        ordered = stats[self.ordered]
        return (
            min(stats[self.slow].accepted, stats[self.limited].accepted) > EVENTS // 10
            and ordered.received - ordered.accepted > KEYS // 3
            and stats[self.failing].received >= 10
        )

    def check(self) -> None:
        """All arrived, each was accepted once, and no attempt was made twice."""
        expected = {event_id(self.slow, number) for number in range(EVENTS)}
        for inbox in self.all:
            stats = self._receiver.sandbox.stats(inbox)
            assert set(self._receiver.ids(inbox)) == expected
            assert (stats.accepted_ids, stats.accepted) == (EVENTS, EVENTS)
            recorded = attempts(self._receiver.home.kafka, inbox)
            made = Counter((attempt.delivery_id, attempt.attempt_number) for attempt in recorded)
            assert made.most_common(1)[0][1] == 1
            assert len(made) == stats.received


async def test_a_stop_in_the_middle_of_everything_repeats_nothing(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """A slow endpoint, a limited one, an ordered one with retries in place, and one with an open circuit."""
    endpoints = Endpoints(receiver)
    await endpoints.subscribe()
    pair = Pair(programs)
    await pair.start()
    events = [payments(1, endpoints.slow, first=n, key=f"key-{n % KEYS}")[0] for n in range(EVENTS)]
    await asyncio.to_thread(publisher.publish_batch, events)
    await until(endpoints.begun, SETTLED_S, lambda: [receiver.sandbox.stats(inbox) for inbox in endpoints.all])

    stopping_at_s = time.monotonic()
    await pair.stop()
    assert time.monotonic() - stopping_at_s < DEADLINE_S
    assert receiver.sandbox.stats(endpoints.limited).accepted < EVENTS

    receiver.sandbox.set_mode(endpoints.failing, "none")
    await pair.start()
    await receiver.until_accepted(4 * EVENTS, *endpoints.all)
    await pair.stop()
    endpoints.check()
