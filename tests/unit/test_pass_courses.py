"""Any course of publishing, pauses, hanging endpoints and changes of owner: the passes skip and repeat nothing."""

import asyncio
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.subscription import SubscriptionState
from gateway.kafka.partitioning import Partition
from gateway.kafka.pending_commits import Commit
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription

NARROW = replace(subscription("sub_1"), max_in_flight=1)
WIDE = replace(subscription("sub_2"), max_in_flight=8)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from(["sub_1", "sub_2"]), st.integers(1, 400)),
        st.tuples(st.sampled_from(["pause", "resume"]), st.sampled_from(["sub_1", "sub_2"]), st.just(0)),
        st.tuples(st.sampled_from(["hold", "answer", "turn", "commit", "give up", "lose"]), st.just(""), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, chunk=st.sampled_from([1, 7, 100, 1000]))
def test_any_course_of_events(steps: list[tuple[str, str, int]], chunk: int) -> None:
    """In the end every delivery was sent, in order within each ownership, and the commit is at the end of the log."""
    with asyncio.Runner() as runner:
        runner.run(_course(steps, chunk))


async def _course(steps: list[tuple[str, str, int]], chunk: int) -> None:
    async with running(NARROW, WIDE, chunk=chunk) as world:
        world.log.partitions[PARTITION] = []
        for step in steps:
            await _take(world, *step)
        world.endpoints.gate.set()
        world.change(NARROW)
        world.change(WIDE)
        end = len(world.log.partitions[PARTITION])
        await _until_committed(world, end)
        assert world.cursors() == {}
        for name in ("sub_1", "sub_2"):
            mine = {message.offset() for message in world.log.partitions[PARTITION] if message.key() == name.encode()}
            assert set(world.sent_to(name)) == mine
        await _own_anew(world, await world.intake.revoked([PARTITION]))


async def _take(world: World, kind: str, name: str, count: int) -> None:
    active = {"sub_1": NARROW, "sub_2": WIDE}
    match kind:
        case "publish":
            world.publish(name, count)
        case "pause":
            world.change(replace(active[name], state=SubscriptionState.PAUSED))
        case "resume":
            world.change(active[name])
        case "hold":
            world.endpoints.gate.clear()
        case "answer":
            world.endpoints.gate.set()
        case "turn":
            await settle_down()
        case "commit":
            world.commit()
        case "give up":
            await _own_anew(world, await world.intake.revoked([PARTITION]))
        case _:
            world.intake.lost([PARTITION])
            await settle_down()
            await _own_anew(world, {})


async def _own_anew(world: World, commits: dict[Partition, Commit]) -> None:
    """Check what was sent in the ownership that ends; begin the next one as the main reader does."""
    for name in ("sub_1", "sub_2"):
        sent = world.sent_to(name)[world.sent_before[name] :]
        assert sent == sorted(set(sent))
        world.sent_before[name] += len(sent)
    world.committed.update(commits)
    commit = world.committed.get(PARTITION, (0, ""))
    world.assign(commit, world.cursors())
    world.intake.records(world.log.partitions[PARTITION][commit[0] :])


async def _until_committed(world: World, end: int) -> None:
    async with asyncio.timeout(10):
        while world.committed.get(PARTITION, (0, ""))[0] < end or world.cursors():
            await settle_down()
            world.commit()
