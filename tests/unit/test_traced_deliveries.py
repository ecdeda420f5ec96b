"""Whatever becomes of a delivery, its attempts stay in the trace that it was planned in."""

from dataclasses import replace

from gateway.domain.delivery import Delivery
from gateway.domain.outcome import Answered
from gateway.domain.retry import policy_of
from gateway.domain.subscription import Subscription
from gateway.domain.tiers import parse_tier
from gateway.domain.topics import DEAD_LETTERS, retry_topic
from gateway.telemetry.clock import now_ms
from gateway.wire.records import delivery_codec
from tests.delivery_records import planned
from tests.egress_world import World, running
from tests.recorded_spans import TRACEPARENT, RecordedSpans
from tests.subscriptions import subscription

TIER = parse_tier("1s")
RETRIES = (retry_topic(TIER), 0)


async def test_retry_dead_letter_and_replay_are_siblings() -> None:
    """Each attempt is a child of the plan, and what waits in Kafka carries on the plan's context."""
    spans = RecordedSpans()
    async with running(_subscription(), spans=spans) as world:
        world.endpoints.result = Answered(500)
        world.bring(replace(planned("evt_1", "sub_1", at_ms=now_ms()), traceparent=TRACEPARENT))
        retry = await _only(world, retry_topic(TIER))
        world.assign(partition=RETRIES)
        world.bring(replace(retry, due_at_ms=0), RETRIES)
        letter = await _only(world, DEAD_LETTERS)
        world.bring(letter.replayed(now_ms()))
        await world.commit_all()
    assert [carried.traceparent for carried in (retry, letter)] == [TRACEPARENT] * 2
    assert [span.parent for span in spans.ended] == [TRACEPARENT] * 3
    told = [span.attributes for span in spans.ended]
    assert [each["webhook_gateway.attempt_number"] for each in told] == [1, 2, 1]
    assert [each["webhook_gateway.trigger"] for each in told] == ["event", "event", "replay"]


def _subscription() -> Subscription:
    return replace(subscription("sub_1"), retry_policy=policy_of(TIER.name))


async def _only(world: World, topic: str) -> Delivery:
    await world.commit_all()
    (record,) = world.producer.to(topic)
    return delivery_codec().decode(record.value)
