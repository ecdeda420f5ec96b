"""Delivery ids, and the steps of a delivery's life."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import AttemptSummary, Delivery, delivery_id_of
from gateway.domain.event import SourcePosition
from gateway.domain.outcome import Reason

DELIVERY = Delivery(
    delivery_id=delivery_id_of("evt_1", "shop"),
    subscription_id="shop",
    tenant="default",
    event_id="evt_1",
    event_type="order.created",
    schema_version=2,
    event_key=b"order-7",
    source=SourcePosition("events.order", 3, 41),
    traceparent=None,
    content_type="application/json",
    body=b"{}",
    planned_at_ms=1000,
)
ATTEMPT = AttemptSummary(attempt_number=1, started_at_ms=1100, duration_ms=20, status=500, error=None)

event_ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
subscription_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)


def test_a_delivery_id_is_fixed_for_good() -> None:
    """The id of one pair is a constant of the format: another value would repeat every delivery under way."""
    assert delivery_id_of("evt_1", "shop") == "c528fd56-502f-8665-8b90-8651bf15008f"


@given(event_id=event_ids, subscription_id=subscription_ids)
def test_a_delivery_id_is_a_uuid_of_version_8(event_id: str, subscription_id: str) -> None:
    """The id is the same each time, and a UUID in the form of RFC 9562 section 5.8."""
    delivery_id = delivery_id_of(event_id, subscription_id)
    assert delivery_id == delivery_id_of(event_id, subscription_id)
    parsed = uuid.UUID(delivery_id)
    assert str(parsed) == delivery_id
    assert (parsed.version, parsed.variant) == (8, uuid.RFC_4122)


@given(pairs=st.sets(st.tuples(event_ids, subscription_ids), min_size=2, max_size=20))
def test_different_pairs_have_different_ids(pairs: set[tuple[str, str]]) -> None:
    """No two pairs share an id, also where their texts run into one another."""
    assert len({delivery_id_of(*pair) for pair in pairs}) == len(pairs)


def test_texts_that_join_to_the_same_are_told_apart() -> None:
    """The boundary between the two ids counts."""
    assert delivery_id_of("1-evt", "a") != delivery_id_of("evt", "a-1")
    assert delivery_id_of("b", "a") != delivery_id_of("a", "b")


def test_a_retry_counts_the_attempt() -> None:
    """A retried delivery carries its attempts and its due time, and is otherwise the same duty."""
    retried = DELIVERY.retried(ATTEMPT, due_at_ms=6000)
    assert (DELIVERY.next_attempt_number, retried.next_attempt_number) == (1, 2)
    assert retried.attempts == (ATTEMPT,)
    assert retried.due_at_ms == 6000
    assert (retried.delivery_id, retried.event_id, retried.body) == (DELIVERY.delivery_id, "evt_1", b"{}")


def test_a_replay_begins_again_as_the_same_delivery() -> None:
    """A replayed dead letter keeps its ids and body, and its attempts are counted from 1."""
    dead = DELIVERY.retried(ATTEMPT, 6000).dead_lettered((ATTEMPT,), Reason.ATTEMPTS_EXHAUSTED, 7000)
    assert (dead.reason, dead.dead_lettered_at_ms, dead.due_at_ms) == ("attempts_exhausted", 7000, 0)
    again = dead.replayed(9000)
    assert again.trigger == "replay"
    assert again.next_attempt_number == 1
    assert (again.reason, again.dead_lettered_at_ms, again.planned_at_ms) == (None, None, 9000)
    assert (again.delivery_id, again.event_id, again.body) == (dead.delivery_id, dead.event_id, dead.body)
