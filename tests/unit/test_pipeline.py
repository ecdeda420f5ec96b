"""One event record becomes its deliveries, one rejection, or nothing."""

import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import orjson
import pytest

from gateway.domain.delivery import (
    DEFAULT_MAX_BODY_BYTES,
    LARGEST_MAX_BODY_BYTES,
    Delivery,
    Priority,
    delivery_id_of,
)
from gateway.domain.event import SourcePosition
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.outcome import Reason
from gateway.domain.subscription import DeliveryOrder, Subscription, SubscriptionState
from gateway.domain.topics import DELIVERIES, PRIORITY_DELIVERIES, REJECTED
from gateway.kafka.producer import OutRecord
from gateway.shaping.routing import Router
from gateway.shaping.views import Views
from gateway.stream.pipeline import EventPipeline
from gateway.wire.catalog import load_catalog
from gateway.wire.errors import RegistryUnavailableError, UndecodableError
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.event_encoder import EventEncoder, NewEvent
from gateway.wire.mocking import mock_data
from gateway.wire.records import delivery_codec
from gateway.wire.rejected_record import rejected_codec
from gateway.wire.schema_files import schemas_root
from tests.subscriptions import subscription

CATALOG = load_catalog(schemas_root() / "events")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
LATER_MS = 1_767_323_046_000


class Registry:
    """A schema registry that can't be asked, or does not know."""

    def __init__(self, answer: Exception) -> None:
        self.answer = answer

    def schema_of(self, schema_id: int) -> str:
        """See SchemaRegistry."""
        assert schema_id
        raise self.answer


def pipeline(
    *subscriptions: Subscription, registry: Registry | None = None, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
) -> EventPipeline:
    """Give a pipeline for these subscriptions."""
    index = SubscriptionIndex()
    for one in subscriptions:
        index.put(one)
    router = Router(Views(CATALOG), index, max_body_bytes=max_body_bytes)
    return EventPipeline(EventDecoder(CATALOG, registry), router)


def record_of(event: NewEvent, offset: int = 41, now: datetime = NOW) -> EventRecord:
    """Give an event as it is read from Kafka, from a producer that asks for no limit."""
    encoded = EventEncoder(CATALOG, max_body_bytes=2**30).encode(event, new_id="evt-1", now=now)
    return EventRecord(encoded.topic, 3, offset, 1_700_000_000_123, encoded.key, encoded.value, encoded.headers)


def created(version: int | None = None, tenant: str | None = None) -> NewEvent:
    """Give a believable order.created."""
    nodes = CATALOG.entry("order.created", version).nodes
    return NewEvent("order.created", mock_data(nodes, Random(1)), version, key="order-17", tenant=tenant)  # noqa: S311 - made up


def deliveries_of(produced: Iterable[OutRecord], topic: str = DELIVERIES) -> list[Delivery]:
    """Check that these are deliveries, keyed by subscription id, and read them."""
    records = list(produced)
    found = [delivery_codec().decode(record.value) for record in records]
    assert {record.topic for record in records} <= {topic}
    assert [record.key for record in records] == [delivery.subscription_id.encode() for delivery in found]
    assert {record.partition for record in records} <= {-1}
    return found


def test_every_subscription_that_wants_it_gets_one() -> None:
    """Exact, by prefix or all; paused ones too; disabled ones and those of other types or tenants get none."""
    wanting = {
        "exact": subscription("exact"),
        "prefix": subscription("prefix", event_types=("order.*",)),
        "all": subscription("all", event_types=("*", "order.created")),
        "paused": subscription("paused", state=SubscriptionState.PAUSED),
    }
    others = (
        subscription("disabled", state=SubscriptionState.DISABLED),
        subscription("type", event_types=("order.paid", "invoice.*")),
        subscription("tenant", tenant="other"),
    )
    planned = deliveries_of(pipeline(*wanting.values(), *others).process(record_of(created())))
    assert {delivery.subscription_id for delivery in planned} == set(wanting)
    assert len(planned) == len(wanting)


@pytest.mark.parametrize("tenant", ["acme", None])
def test_an_event_stays_within_its_tenant(tenant: str | None) -> None:
    """An event without a tenant is the default tenant's."""
    mine = subscription("mine", tenant=tenant or "default")
    (delivery,) = deliveries_of(
        pipeline(mine, subscription("other", tenant="x")).process(record_of(created(None, tenant)))
    )
    assert (delivery.subscription_id, delivery.tenant) == ("mine", tenant or "default")


@pytest.mark.parametrize("written", [1, 2, 3])
def test_a_body_has_the_version_that_its_subscription_gets(written: int) -> None:
    """Whichever the producer wrote: the pinned one, or the latest for who follows; with the version noted."""
    pinned = [replace(subscription(f"v{one}"), pins=(("order.created", one),)) for one in (1, 2, 3)]
    first = replace(subscription("first"), follow_latest=False)
    worker = pipeline(*pinned, first, subscription("latest"))
    planned = deliveries_of(worker.process(record_of(created(written))))
    versions = {delivery.subscription_id: delivery.schema_version for delivery in planned}
    assert versions == {"v1": 1, "v2": 2, "v3": 3, "first": 1, "latest": 3}
    for delivery in planned:
        body = orjson.loads(delivery.body)
        assert (body["id"], body["type"]) == ("evt-1", "order.created")
        fields = CATALOG.entry("order.created", delivery.schema_version).source["fields"]
        assert list(body["data"]) == [field["name"] for field in fields]


def test_a_delivery_carries_its_event_s_context() -> None:
    """Ids, key, coordinates and trace go along; the body is compact JSON, the same for all."""
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = replace(created(), traceparent=traceparent)
    one, two = deliveries_of(pipeline(subscription("one"), subscription("two")).process(record_of(event)))
    assert one.delivery_id == delivery_id_of("evt-1", one.subscription_id)
    assert (one.event_id, one.event_type, one.event_key) == ("evt-1", "order.created", b"order-17")
    assert one.source == SourcePosition("events.order", 3, 41)
    assert (one.traceparent, one.content_type, one.trigger) == (traceparent, "application/json", "event")
    assert one.body == two.body == orjson.dumps(orjson.loads(one.body))
    assert one.attempts == ()


def test_an_urgent_event_goes_to_a_topic_of_its_own() -> None:
    """Not for a subscription that keeps order: there it waits its turn."""
    ordered = replace(subscription("ordered"), order=DeliveryOrder.KEY)
    worker = pipeline(subscription("free"), ordered)
    urgent, normal = worker.process(record_of(replace(created(), priority=Priority.HIGH)))
    assert deliveries_of([urgent], PRIORITY_DELIVERIES)[0].subscription_id == "free"
    assert deliveries_of([normal])[0].subscription_id == "ordered"


@pytest.mark.parametrize("deliver_after", [timedelta(minutes=10), LATER + timedelta(minutes=10)])
def test_an_event_to_be_delivered_later_says_when(deliver_after: timedelta | datetime) -> None:
    """A delay counts from the event record's timestamp; the delivery is planned at once, and waits."""
    event = replace(created(), deliver_after=deliver_after)
    record = replace(record_of(event, now=LATER), timestamp_ms=LATER_MS)
    (delivery,) = deliveries_of(pipeline(subscription("one")).process(record))
    assert (delivery.not_before_ms, delivery.due_at_ms) == (LATER_MS + 600_000, 0)


def test_an_event_to_be_delivered_too_far_ahead_is_rejected() -> None:
    """Kafka would delete it while it waits: its producer has to learn of it, and it is kept."""
    moment = datetime.now(UTC) + timedelta(days=5, minutes=1)
    record = replace(GOOD, headers=[*GOOD.headers, ("gateway-deliver-after", moment.isoformat().encode())])
    reason, detail = rejection_of(pipeline(subscription("one")).process(record), record)
    assert (reason, "5 days" in detail) == ("too_far_ahead", True)


def test_deliveries_of_many_subscriptions_are_made_one_by_one() -> None:
    """Ten thousand subscriptions of one event: the first record is there before the others are made."""
    worker = pipeline(*(subscription(f"sub_{number}") for number in range(10_000)))
    records = iter(worker.process(record_of(created())))
    tracemalloc.start()
    names = {record.key for record in records}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(names) == 10_000
    assert peak < 2_500_000  # the names and a record; all records together are 10 MB


def test_bodies_of_many_forms_are_made_one_by_one() -> None:
    """A large event that each of many subscriptions gets in a form of its own takes the memory of a few."""
    transforms = (f'{{"number":{number},"note":"data.note"}}' for number in range(100))
    worker = pipeline(*(replace(subscription(f"s{n}"), transform=text) for n, text in enumerate(transforms)))
    event = created()
    record = record_of(replace(event, data={**event.data, "note": "x" * 100_000}))
    list(worker.process(record))  # compiles
    tracemalloc.start()
    sizes = [len(out.value or b"") for out in worker.process(record)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(sizes), min(sizes) > 100_000) == (100, True)
    assert peak < 2_500_000  # all bodies together are 10 MB


def test_a_key_that_leaves_no_room_rejects_the_event() -> None:
    """Not even a delivery without a body would fit."""
    record = record_of(replace(created(), key="k" * 940_000))
    (out,) = pipeline(subscription("one")).process(record)
    rejected = rejected_codec().decode(out.value)
    assert (out.topic, rejected.reason) == (REJECTED, "too_large")
    assert "its key has 940000 bytes" in rejected.detail
    assert list(pipeline().process(record)) == []


def test_the_same_event_read_twice_is_the_same_delivery() -> None:
    """After a crash the stream repeats itself: receivers and operators see one delivery."""
    worker = pipeline(subscription("one"))
    first, second = (deliveries_of(worker.process(record_of(created()))) for _ in range(2))
    assert first[0].delivery_id == second[0].delivery_id
    assert first[0].body == second[0].body


def test_an_event_nobody_wants_is_passed_over() -> None:
    """No record at all."""
    assert list(pipeline(subscription("type", event_types=("invoice.*",))).process(record_of(created()))) == []


def rejection_of(records: Iterable[OutRecord], record: EventRecord) -> tuple[str, str]:
    """Check that the original is kept with its coordinates; give reason and detail."""
    (out,) = records
    assert (out.topic, out.key) == (REJECTED, record.key)
    rejected = rejected_codec().decode(out.value)
    assert (rejected.source_key, rejected.source_value) == (record.key, record.value)
    assert rejected.headers == tuple(record.headers)
    assert rejected.source == SourcePosition(record.topic, record.partition, record.offset)
    return rejected.reason, rejected.detail


GOOD = record_of(created())


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (replace(GOOD, value=None), "empty_value"),
        (replace(GOOD, value=b""), "empty_value"),
        (replace(GOOD, value=b"{}"), "not_avro"),
        (replace(GOOD, value=(GOOD.value or b"")[:20]), "not_avro"),
        (replace(GOOD, value=b"\xc3\x01" + bytes(8) + b"data"), "unknown_schema"),
        (replace(GOOD, value=b"\x00\x00\x00\x00\x07data"), "unknown_schema"),
        (replace(GOOD, headers=[("ce_id", b"1"), ("ce_type", b"order.paid")]), "unknown_type"),
        (replace(GOOD, headers=[("ce_id", b"a b")]), "bad_header"),
        (replace(GOOD, headers=[("gateway-deliver-after", b"soon")]), "bad_header"),
        (replace(GOOD, headers=[("gateway-priority", b"urgent")]), "bad_header"),
    ],
)
def test_what_can_not_be_decoded_is_rejected_with_its_reason(record: EventRecord, reason: str) -> None:
    """Whether anybody would have wanted it does not matter."""
    assert rejection_of(pipeline().process(record), record)[0] == reason


def test_an_event_with_too_large_a_body_is_rejected() -> None:
    """As JSON an event may outgrow a limit that it respects as Avro; one byte decides."""
    event = created()
    record = record_of(replace(event, data={**event.data, "note": '"' * 500_000}))
    wanted = subscription("one")
    (out,) = pipeline(wanted, max_body_bytes=LARGEST_MAX_BODY_BYTES + 100_000).process(record_of(event))
    size = len(delivery_codec().decode(out.value).body)
    assert list(pipeline(wanted, max_body_bytes=size).process(record_of(event)))
    for large, worker in ((record, pipeline(wanted)), (record_of(event), pipeline(wanted, max_body_bytes=size - 1))):
        reason, detail = rejection_of(worker.process(large), large)
        assert reason == "too_large"
        assert f"the limit is {DEFAULT_MAX_BODY_BYTES if large is record else size - 1}" in detail


def test_who_can_t_be_given_an_event_is_told_and_nobody_else_is_hurt() -> None:
    """By a delivery without a body that says why; those that get another form of the event get it."""
    event = created(3)
    lost = replace(subscription("lost"), pins=(("order.created", 9),))
    worker = pipeline(subscription("one"), lost)
    planned = {delivery.subscription_id: delivery for delivery in deliveries_of(worker.process(record_of(event)))}
    assert planned["one"].body
    assert planned["one"].reason is None
    stillborn = planned["lost"]
    assert (stillborn.body, stillborn.content_headers, stillborn.reason) == (b"", (), "projection_failed")
    assert (stillborn.schema_version, stillborn.dead_lettered_at_ms) == (9, None)


def test_what_becomes_of_events_is_counted() -> None:
    """Events by type, deliveries by priority, those without a body and rejections by reason."""
    worker = pipeline(subscription("one"), replace(subscription("lost"), pins=(("order.created", 9),)))
    for _ in range(2):
        list(worker.process(record_of(created(3))))
    list(worker.process(replace(record_of(created(3)), value=b"nonsense")))
    assert worker.decoded == {"order.created": 2}
    assert worker.planned == {Priority.NORMAL: 4}
    assert worker.stillborn == {Reason.PROJECTION_FAILED: 2}
    assert worker.rejected == {"not_avro": 1}


def test_an_event_is_too_large_for_those_whose_form_of_it_is() -> None:
    """It is rejected where nobody can be given it."""
    event = created(3)
    data = {**event.data, "tags": ["x" * 300]}
    record = record_of(replace(event, data=data))
    old, new = replace(subscription("old"), pins=(("order.created", 1),)), subscription("new")
    sizes = {
        delivery.subscription_id: len(delivery.body) for delivery in deliveries_of(pipeline(old, new).process(record))
    }
    assert sizes["old"] < sizes["new"]
    planned = deliveries_of(pipeline(old, new, max_body_bytes=sizes["old"]).process(record))
    assert {delivery.subscription_id: delivery.reason for delivery in planned} == {"old": None, "new": "too_large"}
    reason, _ = rejection_of(pipeline(old, new, max_body_bytes=sizes["old"] - 1).process(record), record)
    assert reason == "too_large"


def test_a_delivery_too_large_for_a_record_is_stillborn_where_another_fits() -> None:
    """The body of the newer version does not fit beside the event's key."""
    event = created(3)
    data = {**event.data, "attributes": {"x": "y" * 895_000}}
    record = record_of(replace(event, data=data, key="k" * 60_000))
    old = replace(subscription("old"), pins=(("order.created", 1),))
    worker = pipeline(old, subscription("new"), max_body_bytes=LARGEST_MAX_BODY_BYTES)
    planned = deliveries_of(worker.process(record))
    assert {delivery.subscription_id: delivery.reason for delivery in planned} == {"old": None, "new": "too_large"}


def test_an_event_nobody_wants_is_never_too_large() -> None:
    """Its body is not even rendered."""
    assert list(pipeline(max_body_bytes=1).process(record_of(created()))) == []


def test_an_event_too_large_for_a_record_is_rejected() -> None:
    """The event's key, which the delivery carries along, counts too: the stream has to go on."""
    event = created()
    data = {**event.data, "note": '"' * 450_000}
    record = record_of(replace(event, data=data, key="k" * 60_000))
    worker = pipeline(subscription("one"), subscription("two"), max_body_bytes=LARGEST_MAX_BODY_BYTES)
    reason, detail = rejection_of(worker.process(record), record)
    assert reason == "too_large"
    assert "its delivery has" in detail


def test_what_is_too_large_to_be_kept_is_told_by_its_coordinates() -> None:
    """A rejection must never be refused by Kafka itself."""
    for large in (
        replace(GOOD, value=b"\x01" * 1_000_000),
        replace(GOOD, value=b"\x01", key=bytes(1_000_000)),
        replace(GOOD, value=b"\x01", headers=[("x", bytes(1_000_000))]),
    ):
        (out,) = pipeline().process(large)
        rejected = rejected_codec().decode(out.value)
        assert (rejected.source_value, rejected.source_key, rejected.headers) == (None, None, ())
        assert (rejected.source, rejected.reason) == (SourcePosition("events.order", 3, 41), "not_avro")
        assert "too large" in rejected.detail


def test_a_failure_of_ours_is_rejected_too() -> None:
    """The stream goes on, and the event is kept with what went wrong, in one bounded line."""
    reason, detail = rejection_of(pipeline().reject(GOOD, RuntimeError("x" * 1000)), GOOD)
    assert reason == "internal_error"
    assert detail.startswith("RuntimeError: xxx")
    assert len(detail) == 300


def test_an_unreachable_registry_rejects_nothing() -> None:
    """The event waits: asking again is the caller's, off the event loop."""
    record = replace(GOOD, value=b"\x00\x00\x00\x00\x07data")
    worker = pipeline(registry=Registry(RegistryUnavailableError("down")))
    ask = worker.prepare(record)
    assert ask is not None
    for step in (ask, lambda: worker.process(record)):
        with pytest.raises(RegistryUnavailableError):
            step()


def test_an_id_that_the_registry_does_not_know_is_rejected() -> None:
    """Asking ahead hides nothing from the decision."""
    record = replace(GOOD, value=b"\x00\x00\x00\x00\x07data")
    worker = pipeline(registry=Registry(UndecodableError("unknown_schema", "no such id")))
    ask = worker.prepare(record)
    assert ask is not None
    ask()
    assert rejection_of(worker.process(record), record)[0] == "unknown_schema"


@pytest.mark.parametrize("record", [GOOD, replace(GOOD, value=None), replace(GOOD, value=b"\x00\x00")])
def test_most_events_need_no_registry(record: EventRecord) -> None:
    """There is nothing to do beforehand, so the event loop is not left."""
    assert pipeline(registry=Registry(RegistryUnavailableError("down"))).prepare(record) is None
