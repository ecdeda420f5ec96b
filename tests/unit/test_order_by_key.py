"""Order by key: deliveries of one event key arrive in order, also across retries and restarts; other keys flow."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.domain.cursor import KeyStrand
from gateway.domain.outcome import Answered
from gateway.domain.retry import QUICK_POLICY
from gateway.domain.subscription import DeliveryOrder, SubscriptionState
from gateway.domain.topics import ATTEMPTS
from gateway.egress import lane_pool
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, stays

ORDERED = replace(subscription("sub_1"), max_in_flight=8, retry_policy=QUICK_POLICY, order=DeliveryOrder.KEY)
BUSY = Answered(429)  # says "later", and opens no circuit
OK = Answered(200)
MAX_KEYS = 40  # in place of a thousand


def bring(world: World, *names: str, not_before_ms: int = 0) -> None:
    """Bring deliveries; the first letter of an event's id is its key."""
    for name in names:
        delivery = planned(name, at_ms=now_ms())
        world.bring(replace(delivery, event_key=name[:1].encode(), not_before_ms=not_before_ms))


def of_key(world: World, key: str) -> list[str]:
    """Give what was sent of a key."""
    return [name for name in world.endpoints.begun if name[:1] == key]


def many(key: str, count: int) -> list[str]:
    return [f"{key}{number}" for number in range(count)]


@in_virtual_time
async def test_later_ones_of_a_key_wait_for_the_one_that_fails() -> None:
    """It is tried again in its place, no earlier than its tier says; the others of its key follow, other keys flow."""
    async with running(ORDERED) as world:
        world.endpoints.answers["a0"] = [BUSY, BUSY, OK]
        begin_ms = now_ms()
        bring(world, "a0", "b0", "a1", "b1", "a2")
        await settle_down()
        assert of_key(world, "b") == ["b0", "b1"]
        await stays(lambda: of_key(world, "a") == ["a0"], for_s=0.99)
        await comes_true(lambda: len(of_key(world, "a")) == 2)
        assert now_ms() - begin_ms <= 1100 + 10, "as soon as it is due"
        await stays(lambda: of_key(world, "a") == ["a0", "a0"], for_s=4.9)
        await comes_true(lambda: len(of_key(world, "a")) == 5)
        assert of_key(world, "a") == ["a0", "a0", "a0", "a1", "a2"]
        assert world.tries_of("a0") == [1, 2, 3]
        await world.commit_all()
        assert world.outcomes() == {"delivered": 5, "retry_scheduled": 2}
        assert (world.committed, world.cursors()) == ({PARTITION: (5, "")}, {})


@in_virtual_time
async def test_one_of_a_key_is_under_way() -> None:
    """Whatever room the lane has, and until Kafka has what came of it; without a key nothing waits."""
    async with running(ORDERED) as world:
        world.endpoints.gate.clear()
        bring(world, *many("a", 5), *many("b", 5))
        for number in range(3):
            world.bring(replace(planned(f"-{number}", at_ms=now_ms()), event_key=None))
        await settle_down()
        assert sorted(world.endpoints.begun) == ["-0", "-1", "-2", "a0", "b0"]
        world.producer.acknowledges = False
        world.endpoints.gate.set()
        await settle_down()
        assert sorted(world.endpoints.begun) == ["-0", "-1", "-2", "a0", "b0"]
        world.producer.acknowledge_all()
        await comes_true(lambda: len(world.endpoints.begun) == 13)
        assert (of_key(world, "a"), of_key(world, "b")) == (many("a", 5), many("b", 5))


@pytest.mark.parametrize("state", [None, SubscriptionState.DISABLED], ids=["deleted", "disabled"])
@in_virtual_time
async def test_those_behind_one_of_which_kafka_does_not_know_yet_are_not_ended_before_it(
    state: SubscriptionState | None,
) -> None:
    """It may be retried in its place, and they go back to the log with it; then all of them are ended."""
    async with running(ORDERED) as world:
        world.endpoints.answers["a0"] = [BUSY]
        world.endpoints.gate.clear()
        bring(world, *many("a", 5))
        await settle_down()
        world.commit()
        await comes_true(lambda: world.pool.holds_any(ORDERED.subscription_id))
        world.producer.acknowledges = False
        world.endpoints.gate.set()
        await settle_down()
        if state is None:
            world.delete(ORDERED.subscription_id)
        else:
            world.change(replace(ORDERED, state=state))
        await settle_down()
        world.producer.acknowledge_all()
        outcome = "discarded" if state is None else "dead_lettered"
        await comes_true(lambda: world.outcomes()[outcome] == 5)
        assert of_key(world, "a") == ["a0"]


@in_virtual_time
async def test_the_last_failure_frees_the_key() -> None:
    """What was given up goes to the dead letters with its attempts; the next of its key follows."""
    async with running(ORDERED) as world:
        world.endpoints.answers["a0"] = [BUSY] * 4
        bring(world, "a0", "a1")
        await comes_true(lambda: "a1" in world.endpoints.begun)
        assert world.tries_of("a0") == [1, 2, 3, 4]
        assert world.letters() == [("a0", "attempts_exhausted")]


@in_virtual_time
async def test_a_long_line_waits_as_a_short_one() -> None:
    """Also what does not fit into the lane comes in order, and does not have the failing one tried early."""
    async with running(ORDERED) as world:
        world.endpoints.answers["a0"] = [OK, BUSY]
        world.endpoints.answers["a1"] = [BUSY, BUSY, BUSY, OK]
        names = many("a", 60)
        bring(world, *names)
        bring(world, *many("b", 10))
        await settle_down()
        await stays(lambda: of_key(world, "a") == ["a0", "a1"], for_s=0.99)
        await comes_true(lambda: len(of_key(world, "a")) == 3)
        await stays(lambda: world.tries_of("a1") == [1, 2], for_s=4.9)
        await comes_true(lambda: world.tries_of("a1") == [1, 2, 3])
        bring(world, *many("b", 20)[10:])
        await stays(lambda: world.tries_of("a1") == [1, 2, 3], for_s=29.9)
        await comes_true(lambda: len(of_key(world, "a")) == 63)
        assert of_key(world, "a") == ["a0", "a1", "a1", "a1", *names[1:]]
        assert of_key(world, "b") == many("b", 20)


@pytest.mark.parametrize("clean", [True, False])
@in_virtual_time
async def test_a_restart_goes_on_where_it_was(*, clean: bool) -> None:
    """The cursor of the key says what was tried, and until when it waits; what was settled is not sent again."""
    async with running(ORDERED) as world:
        world.endpoints.answers["a1"] = [BUSY, BUSY, OK]
        bring(world, "a0", "b0", "a1", "b1", "a2", "b2", "a3")
        await comes_true(lambda: world.tries_of("a1") == [1, 2])
        await world.commit_all()
        assert world.cursors()[KeyStrand("sub_1", b"a")].offset == 2
        sent = len(world.endpoints.begun)
        await world.restart(clean=clean)
        await stays(lambda: len(world.endpoints.begun) == sent, for_s=4.8)
        await comes_true(lambda: len(world.endpoints.begun) == sent + 3)
        assert world.endpoints.begun[sent:] == ["a1", "a2", "a3"]
        assert world.tries_of("a1") == [1, 2, 3]
        await world.commit_all()
        assert (world.committed, world.cursors()) == ({PARTITION: (7, "")}, {})


@in_virtual_time
async def test_a_restart_before_anything_was_written_repeats_in_order() -> None:
    """Then the attempt counts anew; what follows still waits for it."""
    async with running(ORDERED) as world:
        world.endpoints.answers["a0"] = [BUSY, OK]
        bring(world, "a0", "a1")
        await settle_down()
        await world.restart()
        await comes_true(lambda: len(world.endpoints.begun) == 3)
        assert world.endpoints.begun == ["a0", "a0", "a1"]
        assert world.tries_of("a0") == [1, 1]


@in_virtual_time
async def test_a_pause_in_the_middle() -> None:
    """Nothing is sent while it lasts, also not what becomes due; afterwards attempts count on, in order."""
    async with running(ORDERED) as world:
        world.endpoints.answers["a0"] = [BUSY, OK]
        bring(world, "a0", "a1", "b0")
        await settle_down()
        world.change(replace(ORDERED, state=SubscriptionState.PAUSED))
        bring(world, "b1", "a2")
        await stays(lambda: sorted(world.endpoints.begun) == ["a0", "b0"], for_s=60)
        world.change(ORDERED)
        await comes_true(lambda: len(world.endpoints.begun) == 6)
        assert of_key(world, "a") == ["a0", "a0", "a1", "a2"]
        assert of_key(world, "b") == ["b0", "b1"]
        assert world.tries_of("a0") == [1, 2]


@in_virtual_time
async def test_one_that_is_wanted_later_holds_its_key() -> None:
    """In its place: it needs no retry tier, and what follows comes after it."""
    async with running(ORDERED) as world:
        begin_ms = now_ms()
        bring(world, "a0")
        bring(world, "a1", not_before_ms=begin_ms + 10_000)
        bring(world, "a2", "b0")
        await stays(lambda: sorted(world.endpoints.begun) == ["a0", "b0"], for_s=9.9)
        await comes_true(lambda: of_key(world, "a") == ["a0", "a1", "a2"], within_s=1)
        assert world.tries_of("a1") == [1]
        assert {record.topic for group in world.producer.produced for record in group} == {ATTEMPTS}


@in_virtual_time
async def test_one_that_is_wanted_later_waits_behind_one_that_fails() -> None:
    """The attempts of the one are not forgotten for the other, nor is the other sent before its time."""
    async with running(ORDERED) as world:
        begin_ms = now_ms()
        world.endpoints.answers["a0"] = [BUSY, BUSY, OK]
        bring(world, "a0")
        await settle_down()
        bring(world, "a1", not_before_ms=begin_ms + 20_000)
        bring(world, "a2")
        await comes_true(lambda: world.tries_of("a0") == [1, 2, 3])
        assert now_ms() - begin_ms < 7000
        await comes_true(lambda: "a1" in world.endpoints.begun)
        assert now_ms() >= begin_ms + 20_000
        await comes_true(lambda: "a2" in world.endpoints.begun)
        assert of_key(world, "a") == ["a0", "a0", "a0", "a1", "a2"]


@in_virtual_time
async def test_a_line_that_waited_for_too_long_ends() -> None:
    """All of it, not only its first; and the key goes on."""
    async with running(ORDERED, max_age_ms=60_000) as world:
        world.endpoints.gate.clear()
        bring(world, *many("a", 6))
        await stays(lambda: world.endpoints.begun == ["a0"], for_s=61)
        world.endpoints.gate.set()
        await settle_down()
        bring(world, "a6")
        await comes_true(lambda: of_key(world, "a") == ["a0", "a6"])
        assert world.letters() == [(name, "max_age") for name in many("a", 6)[1:]]
        await world.commit_all()
        assert (world.committed, world.cursors()) == ({PARTITION: (7, "")}, {})


@in_virtual_time
async def test_keys_that_fail_all_at_once_are_served_each_in_order() -> None:
    """Many blocked keys, more than the lane may have under way."""
    keys = [chr(number) for number in range(ord("A"), ord("A") + 50)]
    async with running(ORDERED) as world:
        for key in keys:
            world.endpoints.answers[f"{key}0"] = [BUSY, OK]
        order: Sequence[str] = [f"{key}{number}" for number in range(4) for key in keys]
        bring(world, *order)
        await comes_true(lambda: len(world.endpoints.begun) == 250)
        for key in keys:
            assert of_key(world, key) == [f"{key}0", *many(key, 4)]
            assert world.tries_of(f"{key}0") == [1, 2]


@in_virtual_time
async def test_keys_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many of them no others are begun; as they are freed, the others come, and nothing is lost."""
    monkeypatch.setattr(lane_pool, "MAX_KEYS", MAX_KEYS)
    count = MAX_KEYS + 60
    async with running(ORDERED) as world:
        world.endpoints.result = BUSY
        for number in range(count):
            delivery = planned(f"{number}", at_ms=now_ms())
            world.bring(replace(delivery, event_key=b"key-%d" % number))
        reading = world.readings[PARTITION]
        for _ in range(40):
            await settle_down()
            await asyncio.sleep(0.5)
            world.commit()
            assert reading.keys_with_cursors("sub_1") <= MAX_KEYS + ORDERED.max_in_flight
        assert reading.keys_with_cursors("sub_1") >= MAX_KEYS
        assert f"{count - 1}" not in world.endpoints.begun
        world.endpoints.result = OK

        for _ in range(120):
            await asyncio.sleep(1)
            world.commit()
        await world.commit_all()
        assert len(set(world.endpoints.begun)) == count
        assert world.cursors() == {}
        assert world.committed == {PARTITION: (count, "")}
