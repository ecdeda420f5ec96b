"""Lanes on the event loop that egress really has: uvloop's timers are not asyncio's in everything."""

import asyncio
from dataclasses import replace

import uvloop

from gateway.domain.rate_limit import RateLimit
from tests.egress_world import running
from tests.subscriptions import subscription

# Less than a millisecond from one to the next: uvloop makes no timer of such a wait.
LIMITED = replace(subscription("sub_1"), rate_limit=RateLimit(4000, 1), max_in_flight=8)
SETTLED_S = 20.0


def test_waits_of_less_than_a_millisecond() -> None:
    """A rate limit that lets thousands a second through keeps the lane going."""

    async def course() -> None:
        async with running(LIMITED) as world, asyncio.timeout(SETTLED_S):
            world.publish("sub_1", 200)
            while len(world.endpoints.begun) < 200:  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0.001)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(course())
