"""Duplicates are settled without an attempt, whichever reader hands them out, whoever owned the partition before."""

from dataclasses import replace

from gateway.domain.delivery import Delivery
from gateway.domain.subscription import SubscriptionState
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.recent_deliveries import RecentDelivery
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down, until
from tests.egress_world import World, running
from tests.subscriptions import subscription

SUBSCRIPTION = replace(subscription("sub_1"), max_in_flight=1)
# The log in memory dates no records.
WRITTEN_AT_MS = 0
RETRIES = ("deliveries.retry.1s", 0)


def delivery(event_id: str = "evt-1") -> Delivery:
    return planned(event_id, at_ms=now_ms())


async def sent(world: World, count: int) -> list[str]:
    """Wait until so many deliveries were sent and nothing is left to do; gives the events' ids."""
    await until(lambda: len(world.producer.to(ATTEMPTS)) == count)
    await world.commit_all()
    return world.endpoints.begun


async def test_a_duplicate_is_settled_without_an_attempt() -> None:
    """It leaves no record, and the commit passes it."""
    async with running(SUBSCRIPTION) as world:
        for event_id in ("evt-1", "evt-2", "evt-1", "evt-1"):
            world.bring(delivery(event_id))
        assert await sent(world, 2) == ["evt-1", "evt-2"]
        assert world.committed == {PARTITION: (4, "")}


async def test_a_duplicate_does_not_wait_for_the_first() -> None:
    """That one is in the log until it is settled, whatever becomes of it."""
    async with running(SUBSCRIPTION) as world:
        world.endpoints.gate.clear()
        world.bring(delivery())
        world.bring(delivery())
        assert world.duplicates.suppressed == 1
        assert world.readings[PARTITION].main.highest_settled == 1
        world.endpoints.gate.set()
        assert await sent(world, 1) == ["evt-1"]
        assert world.committed == {PARTITION: (2, "")}


async def test_what_was_given_back_is_no_duplicate_of_itself() -> None:
    """A pause puts both back into the log; after the resume the first is sent, the second is not."""
    async with running(SUBSCRIPTION) as world:
        world.endpoints.gate.clear()
        for event_id in ("evt-0", "evt-1", "evt-1"):
            world.bring(delivery(event_id))
        world.change(replace(SUBSCRIPTION, state=SubscriptionState.PAUSED))
        world.endpoints.gate.set()
        await settle_down()
        world.change(SUBSCRIPTION)
        assert await sent(world, 2) == ["evt-0", "evt-1"]
        assert world.committed == {PARTITION: (3, "")}


async def test_catch_up_passes_judge_too() -> None:
    """A duplicate that was left in the log is one when it is handed out."""
    async with running(SUBSCRIPTION) as world:
        world.change(replace(SUBSCRIPTION, state=SubscriptionState.PAUSED))
        for event_id in ("evt-1", "evt-1", "evt-2"):
            world.bring(delivery(event_id))
        world.change(SUBSCRIPTION)
        assert await sent(world, 2) == ["evt-1", "evt-2"]
        assert world.cursors() == {}


async def test_replays_and_retries_are_never_duplicates() -> None:
    """An operator asked for the one; the other is the same delivery, tried again."""
    async with running(SUBSCRIPTION) as world:
        world.assign(partition=RETRIES)
        world.bring(delivery())
        world.bring(delivery().replayed(now_ms()))
        world.bring(delivery(), RETRIES)
        world.bring(delivery(), RETRIES)
        assert await sent(world, 4) == ["evt-1"] * 4


async def test_a_new_owner_knows_what_was_settled_before_it() -> None:
    """From the window before the position, and from what the commit says of the records beyond it."""
    async with running(SUBSCRIPTION) as world:
        for event_id in ("evt-1", "evt-2"):
            world.bring(delivery(event_id))
        await sent(world, 2)
        world.endpoints.gate.clear()
        world.bring(delivery("evt-3"))
        world.bring(delivery("evt-2"))
        await world.commit_all()
        assert world.committed[PARTITION][0] == 2
        world.intake.lost([PARTITION])
        world.endpoints.gate.set()
        world.duplicates.recall([RecentDelivery(PARTITION, 0, delivery("evt-1").delivery_id, WRITTEN_AT_MS)])
        world.assign(world.committed[PARTITION])
        world.intake.records(world.log.partitions[PARTITION][2:])
        for event_id in ("evt-1", "evt-2", "evt-4"):
            world.bring(delivery(event_id))
        await until(lambda: world.endpoints.begun[-1] == "evt-4")
        assert world.endpoints.begun == ["evt-1", "evt-2", "evt-3", "evt-3", "evt-4"]


async def test_what_belonged_to_a_lost_partition_is_forgotten() -> None:
    """Its next owner may not have settled it: only the log may tell."""
    async with running(SUBSCRIPTION) as world:
        world.bring(delivery())
        await sent(world, 1)
        world.intake.lost([PARTITION])
        world.assign()
        world.bring(delivery())
        assert await sent(world, 2) == ["evt-1"] * 2
