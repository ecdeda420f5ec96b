"""What a replay makes of an event: the stream's deliveries for chosen subscriptions, and counts of all others."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.delivery import Delivery, Priority, delivery_id_of
from gateway.domain.errors import GatewayError, InvalidInputError, NotFoundError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.replay import DeliveryStatus, PassedOver, Tally, Wanted
from gateway.domain.subscription import ContentMode, Subscription, SubscriptionState
from gateway.domain.topics import DEAD_LETTERS, REPLAY_DELIVERIES
from gateway.kafka.scan import RawRecord
from gateway.replay.chosen_subscriptions import choose_subscriptions
from gateway.replay.delivery_statuses import DeliveryStatuses
from gateway.replay.event_choice import EventChoice
from gateway.replay.event_planner import EventPlanner, PlannedReplay, note_no_failure
from gateway.shaping.routing import Router
from gateway.shaping.views import Views
from gateway.wire.event_codec import EventDecoder
from gateway.wire.event_encoder import NewEvent
from gateway.wire.records import delivery_codec
from tests.delivery_records import attempt_of, planned
from tests.subscriptions import CATALOG, subscription
from tests.unit.test_pipeline import created, record_of

NOW_MS = 1_790_000_000_000
WINDOW_MS = 600_000


def planner(
    *subscriptions: Subscription, wanted: Wanted | None = None, statuses: DeliveryStatuses | None = None
) -> EventPlanner:
    """Give a planner for these subscriptions."""
    wanted, views, index = wanted or Wanted(), Views(CATALOG), SubscriptionIndex()
    for one in subscriptions:
        index.put(one)
    return EventPlanner(
        "rpl_1",
        wanted,
        EventChoice(CATALOG, views, wanted),
        EventDecoder(CATALOG),
        Router(views, index, filter_failed=note_no_failure),
        statuses=statuses,
        window_ms=WINDOW_MS,
        tally=Tally(),
    )


def raw(event: NewEvent, offset: int = 41, *, at_ms: int = NOW_MS) -> RawRecord:
    """Give an event's record as a scan does."""
    record = record_of(event, offset)
    return RawRecord(record.topic, 3, offset, at_ms, record.key, record.value, tuple(record.headers))


def deliveries(plans: Iterable[PlannedReplay]) -> list[Delivery]:
    """Read what is to be begun."""
    records = [one.record for one in plans]
    assert {record.topic for record in records} <= {REPLAY_DELIVERIES}
    found = [delivery_codec().decode(record.value) for record in records]
    assert [record.key for record in records] == [delivery.subscription_id.encode() for delivery in found]
    return found


def test_a_replay_is_the_delivery_that_the_stream_plans() -> None:
    """Same ids, and the form that each subscription gets now; begun by a replay."""
    plain, cloud = subscription("plain"), replace(subscription("cloud"), content_mode=ContentMode.CLOUDEVENTS_BINARY)
    plans = planner(plain, cloud)
    found = {one.subscription_id: one for one in deliveries(plans.plan(raw(created()), now_ms=NOW_MS))}
    assert set(found) == {"plain", "cloud"}
    for name, delivery in found.items():
        assert delivery.delivery_id == delivery_id_of("evt-1", name)
        assert (delivery.event_id, delivery.trigger, delivery.replay_id) == ("evt-1", "replay", "rpl_1")
        assert delivery.planned_at_ms == NOW_MS
    assert found["plain"].body != found["cloud"].body
    assert (plans.tally.deliveries, plans.tally.passed) == (2, Counter())
    assert plans.tally.by_subscription == {"plain": 1, "cloud": 1}


def test_what_the_producer_asked_for_is_over() -> None:
    """It is not sent later once more, nor before what waits."""
    event = replace(created(), deliver_after=timedelta(hours=1), priority=Priority.HIGH)
    (delivery,) = deliveries(planner(subscription("shop")).plan(raw(event), now_ms=0))
    assert (delivery.not_before_ms, delivery.priority) == (0, Priority.NORMAL)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (Wanted(event_types=("order.paid", "invoice.*")), PassedOver.TYPE),
        (Wanted(tenants=("acme",)), PassedOver.TENANT),
        (Wanted(event_types=("order.created",), filter="event.tenant == 'acme'"), PassedOver.FILTER),
        (
            Wanted(event_types=("order.created",), filter="1 / (size(event.id) - 5) == 0"),
            PassedOver.FILTER_FAILED,
        ),
    ],
)
def test_what_is_not_chosen_is_counted(wanted: Wanted, reason: PassedOver) -> None:
    """By the first thing that it is not."""
    plans = planner(subscription("shop"), wanted=wanted)
    assert not list(plans.plan(raw(created()), now_ms=NOW_MS))
    assert plans.tally.passed == {reason: 1}


def test_a_filter_that_is_true_chooses() -> None:
    """It sees the event as a subscription's filter does."""
    wanted = Wanted(event_types=("order.created",), filter="event.tenant == 'default'")
    assert len(list(planner(subscription("shop"), wanted=wanted).plan(raw(created()), now_ms=NOW_MS))) == 1


@pytest.mark.parametrize("text", ["data.nope == 1", "1 +", "data.order_id"])
def test_a_filter_is_checked_before_anything_is_read(text: str) -> None:
    """On every event type that it would be asked about."""
    with pytest.raises(InvalidInputError, match=r"order\.created"):
        planner(wanted=Wanted(event_types=("order.created",), filter=text))


def test_an_event_that_nobody_wants_or_can_read_is_counted() -> None:
    """A disabled subscription wants nothing."""
    plans = planner(
        subscription("off", state=SubscriptionState.DISABLED), subscription("paid", event_types=("order.paid",))
    )
    assert not list(plans.plan(raw(created()), now_ms=NOW_MS))
    assert not list(plans.plan(replace(raw(created()), value=b"hello"), now_ms=NOW_MS))
    assert plans.tally.passed == {PassedOver.NOT_WANTED: 1, PassedOver.UNDECODABLE: 1}


def test_what_has_no_body_is_no_dead_letter_twice() -> None:
    """A transform that fails is counted; the others get theirs."""
    broken = replace(subscription("broken"), transform='{"x": "data.nope"}')
    plans = planner(broken, subscription("shop"))
    assert [one.subscription_id for one in deliveries(plans.plan(raw(created()), now_ms=NOW_MS))] == ["shop"]
    assert plans.tally.passed == {PassedOver.NO_BODY: 1}


def test_an_event_that_was_published_again_is_replayed_once() -> None:
    """Within the window in which egress would suppress it; a later one is another delivery."""
    plans = planner(subscription("shop"))
    counts = [
        len(list(plans.plan(raw(created(), offset, at_ms=at_ms), now_ms=NOW_MS)))
        for offset, at_ms in ((1, NOW_MS), (2, NOW_MS + 1000), (3, NOW_MS + 2 * WINDOW_MS))
    ]
    assert counts == [1, 0, 1]
    assert plans.tally.passed == {PassedOver.DUPLICATE: 1}


@pytest.mark.parametrize("status", list(DeliveryStatus))
def test_deliveries_are_chosen_by_what_became_of_them(status: DeliveryStatus) -> None:
    """A dead letter that is replayed so leaves a note, as `gateway dlq replay` does: without its body."""
    outcomes = {"delivered": "delivered", "failed": "dead_lettered", "retrying": "retry_scheduled"}
    statuses = DeliveryStatuses()
    names = [each.value for each in DeliveryStatus]
    for name in names:
        if name in outcomes:
            statuses.note(attempt_of(planned("evt-1", name), 1, outcomes[name], at_ms=NOW_MS))
    plans = planner(*map(subscription, names), wanted=Wanted(statuses=(status,)), statuses=statuses)

    (one,) = plans.plan(raw(created()), now_ms=NOW_MS)

    (delivery,) = deliveries([one])
    assert delivery.subscription_id == status.value
    assert plans.tally.passed == {PassedOver.STATUS: 3}
    if status is DeliveryStatus.FAILED:
        assert one.note is not None
        assert (one.note.topic, one.note.key) == (DEAD_LETTERS, b"failed")
        assert delivery_codec().decode(one.note.value) == replace(delivery, body=b"")
    else:
        assert one.note is None


def test_statuses_are_bounded() -> None:
    """What is not known would count as never attempted: rather none at all."""
    statuses = DeliveryStatuses(max_deliveries=1)
    statuses.note(attempt_of(planned("evt-1"), 1, "retry_scheduled", at_ms=NOW_MS))
    statuses.note(attempt_of(planned("evt-1"), 2, "delivered", at_ms=NOW_MS))
    assert statuses.of(planned("evt-1").delivery_id) is DeliveryStatus.DELIVERED
    with pytest.raises(GatewayError, match="more than 1 deliveries"):
        statuses.note(attempt_of(planned("evt-2"), 1, "delivered", at_ms=NOW_MS))


def test_a_replay_is_to_those_who_are_named_or_all() -> None:
    """Of the tenants that are chosen; whoever is named has to be able to get something."""
    present = SubscriptionIndex()
    for one in (
        subscription("a"),
        subscription("b", tenant="acme"),
        subscription("off", state=SubscriptionState.DISABLED),
    ):
        present.put(one)

    def chosen(wanted: Wanted) -> set[str]:
        return {one.subscription_id for one in choose_subscriptions(present, wanted)}

    assert chosen(Wanted(subscription_ids=("a",))) == {"a"}
    assert chosen(Wanted()) == {"a", "b", "off"}
    assert chosen(Wanted(tenants=("acme",))) == {"b"}
    with pytest.raises(NotFoundError, match="'nobody'"):
        chosen(Wanted(subscription_ids=("a", "nobody")))
    with pytest.raises(InvalidInputError, match="is disabled"):
        chosen(Wanted(subscription_ids=("off",)))
    with pytest.raises(InvalidInputError, match="no subscription to replay to"):
        chosen(Wanted(tenants=("nobody",)))
