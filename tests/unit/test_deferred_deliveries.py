"""Deliveries that their producers want later: they wait in the retry tiers, and are never sent early."""

from dataclasses import replace

from gateway.domain.delivery import Delivery, Priority
from gateway.domain.retry import QUICK_POLICY
from gateway.domain.subscription import DeliveryOrder
from gateway.domain.tiers import DEFAULT_TIERS
from gateway.domain.topics import PRIORITY_DELIVERIES, retry_topic
from gateway.kafka.due_times import DUE_HEADER
from gateway.telemetry.clock import now_ms
from gateway.wire.records import delivery_codec
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, in_virtual_time, stays

ONE = replace(subscription("sub_1"), max_in_flight=3, retry_policy=QUICK_POLICY)
RETRY_TOPICS = [retry_topic(tier) for tier in DEFAULT_TIERS]


def later(event_id: str, delay_ms: int) -> Delivery:
    """Give a delivery that is wanted in so many milliseconds."""
    return replace(planned(event_id, at_ms=now_ms()), not_before_ms=now_ms() + delay_ms)


def hops(world: World) -> list[tuple[str, Delivery]]:
    """Give what was written to the retry topics."""
    written = [(record.topic, record.value) for group in world.producer.produced for record in group]
    return [(topic, delivery_codec().decode(value)) for topic, value in written if topic in RETRY_TOPICS]


@in_virtual_time
async def test_it_waits_in_the_retry_tiers() -> None:
    """Its record says when it is due next, without an attempt; what is due now goes past it."""
    async with running(ONE) as world:
        wanted = later("evt-later", 90_000)
        world.bring(wanted)
        world.bring(planned("evt-now", at_ms=now_ms()))
        await settle_down()
        assert world.endpoints.begun == ["evt-now"]
        ((topic, waiting),) = hops(world)
        assert topic == "deliveries.retry.30s"
        assert waiting == replace(wanted, due_at_ms=now_ms() + 30_000)
        (record,) = world.producer.to(topic)
        assert (record.key, record.partition) == (b"sub_1", PARTITION[1])
        assert record.headers == [(DUE_HEADER, str(now_ms() + 30_000).encode())]
        assert world.outcomes() == {"delivered": 1}
        await world.commit_all()
        assert world.committed == {PARTITION: (2, "")}


@in_virtual_time
async def test_from_tier_to_tier_until_it_is_time() -> None:
    """Each hop is read when it is due; the last one is sent, as the first attempt."""
    async with running(ONE) as world:
        wanted = later("evt-later", 41_500)
        world.bring(wanted)
        await settle_down()
        seen = 0
        while not world.endpoints.begun:
            topic, waiting = hops(world)[seen]
            seen += 1
            await comes_true(lambda due=waiting.due_at_ms: now_ms() >= due)  # type: ignore[misc]
            if (topic, 0) not in world.readings:
                world.assign(partition=(topic, 0))
            world.bring(waiting, (topic, 0))
            await settle_down()
        assert now_ms() >= wanted.not_before_ms
        assert now_ms() < wanted.not_before_ms + 1000, "at most the shortest tier late"
        assert [topic for topic, _ in hops(world)] == [
            f"deliveries.retry.{tier}" for tier in ("30s", "5s", "5s", "1s", "1s")
        ]
        assert world.tries_of("evt-later") == [1]


@in_virtual_time
async def test_an_urgent_one_waits_too() -> None:
    """To be sent before others is not to be sent before its time."""
    async with running(ONE) as world:
        world.assign(partition=(PRIORITY_DELIVERIES, 0))
        world.bring(replace(later("evt-later", 5000), priority=Priority.HIGH), (PRIORITY_DELIVERIES, 0))
        await settle_down()
        assert world.endpoints.begun == []
        ((topic, waiting),) = hops(world)
        assert (topic, waiting.priority) == ("deliveries.retry.5s", Priority.HIGH)


@in_virtual_time
async def test_without_a_key_there_is_no_order_to_keep() -> None:
    """An ordered subscription's delivery that has no key waits as any other."""
    async with running(replace(ONE, order=DeliveryOrder.KEY)) as world:
        world.bring(replace(later("evt-later", 5000), event_key=None))
        await stays(lambda: world.endpoints.begun == [], for_s=1)
        assert [topic for topic, _ in hops(world)] == ["deliveries.retry.5s"]
