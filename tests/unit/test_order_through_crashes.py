"""Order by key under whatever happens: long backlogs, failures, crashes and stops at any turn of the event loop."""

import asyncio
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from gateway.domain.outcome import Answered
from gateway.domain.retry import QUICK_POLICY
from gateway.domain.subscription import DeliveryOrder
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import in_virtual_time

ORDERED = replace(subscription("sub_1"), retry_policy=QUICK_POLICY, order=DeliveryOrder.KEY)
KEYS = "abcdefghijklmnopqrstuvwxyz"
BUSY, OK = Answered(429), Answered(200)
DONE_WITHIN_S = 200


def backlog(chance: Random) -> list[str]:
    """Make up events, the first letter of each its key: their keys come in bursts, as entities do."""
    keys = KEYS[: chance.choice([4, 12, 26])]
    burst, count = chance.choice([1, 5, 30, 64]), chance.choice([400, 700])
    names: list[str] = []
    numbers: Counter[str] = Counter()
    while len(names) < count:
        at_once = chance.sample(keys, max(1, len(keys) // 4))
        for key in chance.choices(at_once, k=burst):
            names.append(f"{key}{numbers[key]}")
            numbers[key] += 1
    return names


async def live(world: World, chance: Random) -> None:
    """Let egress work for a moment, and write down how far it is now and then."""
    for _ in range(chance.randrange(5, 120)):
        await asyncio.sleep(0.3 if chance.random() < 0.02 else 0)
        if chance.random() < 0.1:
            world.commit()


def first_arrivals(world: World) -> dict[str, list[str]]:
    """Give the events of each key, in the order in which they were sent for the first time."""
    arrived: dict[str, list[str]] = {}
    for name in dict.fromkeys(world.endpoints.begun):
        arrived.setdefault(name[0], []).append(name)
    return arrived


@pytest.mark.parametrize("seed", range(19, 31))
@in_virtual_time
async def test_every_event_of_a_key_arrives_behind_the_earlier(seed: int) -> None:
    """A lane that is not full for long leaves the rest to passes, which are interrupted by what the lane then does."""
    chance = Random(seed)  # noqa: S311 - made-up data
    names = backlog(chance)
    async with running(replace(ORDERED, max_in_flight=chance.choice([2, 8, 32]))) as world:
        for name in names:
            world.bring(replace(planned(name, at_ms=now_ms()), event_key=name[:1].encode()))
            if chance.random() < 0.05:
                world.endpoints.answers[name] = [BUSY, OK]
        for _ in range(chance.choice([1, 2, 4])):
            await live(world, chance)
            await world.restart(clean=chance.random() < 0.2)
        for _ in range(DONE_WITHIN_S):
            await asyncio.sleep(1)
            world.commit()
        assert first_arrivals(world) == {
            key: [name for name in names if name[0] == key] for key in sorted({name[0] for name in names})
        }
