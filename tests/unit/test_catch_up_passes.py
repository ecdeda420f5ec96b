"""Intake and catch-up passes together, over a log in memory: nothing is skipped, nothing is sent twice, order holds."""

import asyncio
from dataclasses import replace
from itertools import pairwise

from gateway.domain.cursor import DurableCursor
from gateway.domain.offsets import SettledBefore
from gateway.domain.subscription import SubscriptionState
from gateway.domain.topics import ATTEMPTS, CURSORS, DELIVERIES, REJECTED
from gateway.telemetry.clock import now_ms
from gateway.wire.rejected_record import rejected_codec
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down, until
from tests.egress_world import running
from tests.subscriptions import subscription

NARROW = replace(subscription("sub_1"), max_in_flight=1)
WIDE = replace(subscription("sub_2"), max_in_flight=8)
RETRIES = ("deliveries.retry.1s", 0)


async def test_a_full_lane_leaves_the_rest_in_the_log() -> None:
    """One hanging endpoint: its backlog costs no memory, and its neighbour gets everything at once."""
    async with running(NARROW, WIDE) as world:
        world.endpoints.gate.clear()
        world.publish("sub_1", 1000)
        assert world.readings[PARTITION].next_of("sub_1") is not None
        world.endpoints.gate.set()
        world.publish("sub_2", 5)
        await until(lambda: len(world.endpoints.begun) == 1005)
        assert world.sent_to("sub_1") == list(range(1000))


async def test_the_commit_passes_what_is_left_once_its_cursor_is_durable() -> None:
    """Before that, nothing stands for the records left in the log."""
    async with running(NARROW, WIDE) as world:
        world.endpoints.gate.clear()
        world.change(replace(NARROW, state=SubscriptionState.PAUSED))
        world.publish("sub_1", 3)
        world.producer.acknowledges = False
        world.commit()
        assert (world.committed, world.cursors()) == ({}, {"sub_1": DurableCursor(0)})
        world.producer.acknowledge(1)
        world.commit()
        assert world.committed == {PARTITION: (3, "")}


async def test_a_commit_is_given_once() -> None:
    """An offset that has not moved is not committed again."""
    async with running(WIDE) as world:
        world.publish("sub_2", 2)
        await until(lambda: world.readings[PARTITION].main.position == 2)
        assert world.intake.due_commits() == {PARTITION: (2, "")}
        assert world.intake.due_commits() == {}


async def test_what_is_settled_behind_the_first_is_committed() -> None:
    """Also while nothing below it is: the next owner does not send it again."""
    async with running(WIDE) as world:
        world.endpoints.hanging.add("sub_2:0")
        world.publish("sub_2", 6)
        await world.commit_all()
        offset, settled = world.committed[PARTITION]
        assert (offset, 0 in SettledBefore(offset, settled), 5 in SettledBefore(offset, settled)) == (0, False, True)
        world.endpoints.hanging.clear()
        await world.restart()
        await world.commit_all()
        assert world.sent_to("sub_2") == [0, 1, 2, 3, 4, 5, 0]
        assert world.committed == {PARTITION: (6, "")}


async def test_a_cursor_is_dropped_when_its_subscription_has_caught_up() -> None:
    """A tombstone, after which the main reader hands out what follows."""
    async with running(NARROW) as world:
        world.change(replace(NARROW, state=SubscriptionState.PAUSED))
        world.publish("sub_1", 5)
        world.commit()
        assert world.cursors() == {"sub_1": DurableCursor(0)}
        world.change(NARROW)
        await until(lambda: len(world.producer.to(ATTEMPTS)) == 5)
        for _ in range(3):
            await settle_down()
            world.commit()
        assert world.cursors() == {}
        assert world.producer.to(CURSORS)[-1].value is None
        reads = len(world.log.reads)
        world.publish("sub_1", 1)
        await until(lambda: len(world.endpoints.begun) == 6)
        assert len(world.log.reads) == reads, "read directly"


async def test_a_cursor_of_an_earlier_owner_is_served_first() -> None:
    """After a restart the backlog is read from the cursor, and new deliveries wait behind it."""
    async with running(NARROW, WIDE) as world:
        for offset in range(6):
            name = "sub_1" if offset % 2 == 0 else "sub_2"
            world.log.append_delivery(planned(f"{name}:{offset}", name, at_ms=now_ms()))
        world.assign((6, ""), {"sub_1": DurableCursor(2)})
        world.publish("sub_1", 2)
        await until(lambda: len(world.sent_to("sub_1")) == 4)
        assert world.sent_to("sub_1") == [2, 4, 6, 7]
        assert world.sent_to("sub_2") == []


async def test_no_pass_is_made_for_a_paused_subscription() -> None:
    """It costs nothing until it is resumed, and then it gets everything, in order."""
    async with running(replace(NARROW, state=SubscriptionState.PAUSED)) as world:
        world.publish("sub_1", 20)
        await settle_down()
        assert world.log.reads == []
        world.change(NARROW)
        await until(lambda: len(world.endpoints.begun) == 20)
        assert world.sent_to("sub_1") == list(range(20))


async def test_what_goes_back_to_the_log_during_a_read_comes_first() -> None:
    """What the pass has read by then is not handed out before it."""
    async with running(WIDE) as world:
        world.endpoints.gate.clear()
        world.publish("sub_2", 1000)

        def pause_and_resume() -> None:
            world.change(replace(WIDE, state=SubscriptionState.PAUSED))
            world.change(WIDE)

        world.log.meanwhile = pause_and_resume
        world.endpoints.gate.set()
        await until(lambda: len(world.endpoints.begun) == 1000)
        assert world.sent_to("sub_2") == list(range(1000))


async def test_what_is_kept_is_not_read_again() -> None:
    """A pass reads what does not fit into the lane as well, and hands it out as soon as it does."""
    async with running(NARROW) as world:
        world.change(replace(NARROW, state=SubscriptionState.PAUSED))
        world.publish("sub_1", 1000)
        world.change(NARROW)
        await until(lambda: len(world.endpoints.begun) == 1000)
        assert world.sent_to("sub_1") == list(range(1000))
        assert world.log.reads == [(0, 1000)]


async def test_passes_wait_while_the_budget_is_used_up() -> None:
    """Memory is bounded over all lanes, and work goes on when there is room again."""
    hanging = [replace(subscription(f"sub_h{number}"), max_in_flight=1) for number in range(10)]
    async with running(WIDE, *hanging, budget_bytes=20_000) as world:
        world.endpoints.gate.clear()
        world.change(replace(WIDE, state=SubscriptionState.PAUSED))
        world.publish("sub_2", 20)
        for each in hanging:
            world.publish(each.subscription_id, 2)
        assert world.ledger.exhausted
        world.change(WIDE)
        await settle_down()
        assert world.sent_to("sub_2") == []
        world.endpoints.gate.set()
        await until(lambda: len(world.endpoints.begun) == 40)
        assert world.sent_to("sub_2") == list(range(20))


async def test_a_record_that_is_no_delivery_is_kept_and_passed_over() -> None:
    """Also in a catch-up pass: original bytes, reason and coordinates go to the rejected ones."""
    async with running(NARROW) as world:
        world.change(replace(NARROW, state=SubscriptionState.PAUSED))
        strange = [
            world.log.append(b"sub_1", b"no avro"),
            world.log.append_delivery(planned("x", "sub_1", at_ms=now_ms())),
            world.log.append(b"\xff", b""),
            world.log.append(None, b"no key"),
            world.log.append(b"sub_9", world.log.partitions[PARTITION][1].value() or b""),
        ]
        world.intake.records(strange)
        world.change(NARROW)
        await until(lambda: len(world.producer.to(REJECTED)) == 4)
        await until(lambda: len(world.endpoints.begun) == 1)
        rejected = [rejected_codec().decode(record.value) for record in world.producer.to(REJECTED)]
        assert sorted(one.source.offset for one in rejected) == [0, 2, 3, 4]
        assert {one.source.topic for one in rejected} == {DELIVERIES}
        assert {one.source_value for one in rejected} >= {b"no avro", b"no key"}
        for _ in range(3):
            world.commit()
            await settle_down()
        assert world.committed == {PARTITION: (5, "")}


async def test_records_of_a_partition_that_was_given_up_are_ignored() -> None:
    """A batch may arrive after its partition has gone."""
    async with running(WIDE) as world:
        world.intake.lost([PARTITION])
        world.publish("sub_2", 3)
        await settle_down()
        assert world.endpoints.begun == []


async def test_giving_up_waits_for_what_is_under_way() -> None:
    """What finishes within the drain time is settled and committed; what waits is left to the next owner."""
    async with running(replace(WIDE, max_in_flight=2)) as world:
        world.endpoints.gate.clear()
        world.publish("sub_2", 5)
        given_up = asyncio.ensure_future(world.intake.revoked([PARTITION]))
        await settle_down()
        assert not given_up.done()
        world.endpoints.gate.set()
        assert await given_up == {PARTITION: (2, "")}
        assert len(world.endpoints.begun) == 2


async def test_giving_up_is_told_before_and_after() -> None:
    """What is known of its endpoints does not outlive a partition, nor does what its last attempts still told."""
    async with running(replace(WIDE, max_in_flight=2)) as world:
        world.endpoints.gate.clear()
        world.publish("sub_2", 2)
        giving_up = asyncio.ensure_future(world.intake.revoked([PARTITION]))
        await settle_down()
        assert world.given_up == [0]
        world.endpoints.gate.set()
        await giving_up
        assert world.given_up == [0, 2]
        world.assign()
        world.intake.lost([PARTITION])
        assert world.given_up == [0, 2, 2]


async def test_giving_up_does_not_wait_for_ever() -> None:
    """An attempt that outlives the drain time is broken off, and its offset is not committed."""
    async with running(WIDE) as world:
        world.publish("sub_2", 1)
        await until(lambda: world.readings[PARTITION].main.position == 1)
        world.endpoints.gate.clear()
        world.publish("sub_2", 1)
        await until(lambda: len(world.endpoints.begun) == 2)
        assert await world.intake.revoked([PARTITION]) == {PARTITION: (1, "")}
        assert len(world.producer.to(ATTEMPTS)) == 1


async def test_giving_up_writes_the_cursors() -> None:
    """What was left in the log is found again by the next owner, and the commit may pass it."""
    async with running(NARROW) as world:
        world.change(replace(NARROW, state=SubscriptionState.PAUSED))
        world.publish("sub_1", 4)
        assert await world.intake.revoked([PARTITION]) == {PARTITION: (4, "")}
        assert world.cursors() == {"sub_1": DurableCursor(0)}


async def test_partitions_are_given_up_one_by_one() -> None:
    """The lanes go on with what was read from the others."""
    async with running(NARROW) as world:
        world.assign(partition=RETRIES)
        world.endpoints.gate.clear()
        world.publish("sub_1", 2)
        world.publish("sub_1", 2, RETRIES)
        await settle_down()
        given_up = asyncio.ensure_future(world.intake.revoked([PARTITION]))
        await settle_down()
        world.endpoints.gate.set()
        assert await given_up == {PARTITION: (1, "")}
        await until(lambda: world.readings[RETRIES].main.position == 2)
        assert len(world.endpoints.begun) == 3


async def test_a_lost_partition_s_deliveries_stop() -> None:
    """Somebody else sends them already: nothing is committed, and what is under way is broken off."""
    async with running(WIDE) as world:
        world.endpoints.gate.clear()
        world.publish("sub_2", 12)
        reading = world.readings[PARTITION]
        world.intake.lost([PARTITION])
        world.endpoints.gate.set()
        await settle_down()
        assert reading.main.position is None
        assert world.producer.to(ATTEMPTS) == []
        assert world.intake.due_commits() == {}


async def test_a_long_pass_lets_others_have_their_turn() -> None:
    """What it reads for one subscription is not felt by all, and a partition that is lost meanwhile leaves nothing."""
    async with running(NARROW, chunk=5000) as world:
        world.change(replace(NARROW, state=SubscriptionState.PAUSED))
        world.endpoints.gate.clear()
        world.publish("sub_1", 1500)
        world.change(NARROW)
        kept, record_bytes = world.catch_up._kept, len(world.log.partitions[PARTITION][0]) + 1024
        seen = [0]
        while seen[-1] < 1000 * record_bytes:
            await asyncio.sleep(0)
            seen.append(kept.size_bytes)
        assert max(after - before for before, after in pairwise(seen)) < 210 * record_bytes
        world.intake.lost([PARTITION])
        await until(lambda: kept.size_bytes == 0)
