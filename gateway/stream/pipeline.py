"""Steps ① to ③ for one event record: decode, match, plan; gives the records to produce and does no I/O itself.

A body is rendered and encoded once per event and variant, whatever the number of subscriptions; their records are made
one by one, while they are produced: of an event for ten thousand subscriptions only a few lie in memory at once. A
record that can't be decoded becomes one record for `events.rejected`, and so does an event that is too large for all
who want it; an event nobody wants becomes none. Who else can't be given what it wants gets a stillborn delivery.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from gateway.domain.delivery import (
    MAX_ERROR_CHARS,
    MAX_RECORD_BYTES,
    Priority,
    RejectedEvent,
    delivery_id_of,
)
from gateway.domain.event import Event, SourcePosition
from gateway.domain.options import MAX_DEFERRAL_TEXT, is_too_far_ahead
from gateway.domain.outcome import Reason
from gateway.domain.planning import DeliveryPlan, PlannedContent, plan_deliveries
from gateway.domain.topics import DELIVERIES, PRIORITY_DELIVERIES, REJECTED
from gateway.kafka.producer import OutRecord
from gateway.shaping.routing import Failure, Router, Shaped
from gateway.telemetry.clock import now_ms
from gateway.wire.delivery_head import DeliveryFanOut
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import DecodedEvent, EventDecoder, EventRecord
from gateway.wire.rejected_record import rejected_codec

_TOPICS = {Priority.NORMAL: DELIVERIES, Priority.HIGH: PRIORITY_DELIVERIES}
TOO_LARGE = Reason.TOO_LARGE.value
_log = structlog.get_logger()


class EventPipeline:
    """Turns event records into deliveries.

    Args:
        decoder: decodes both wire formats.
        router: knows who wants an event, and in which form.
    """

    def __init__(self, decoder: EventDecoder, router: Router) -> None:
        self._decoder = decoder
        self._router = router

    def prepare(self, record: EventRecord) -> Callable[[], None] | None:
        """Give what has to be done off the event loop before `process`, because it blocks; usually nothing.

        What is given raises RegistryUnavailableError while the schema registry can't be asked.
        """
        value = record.value
        if value is None or not self._decoder.must_ask_registry(value):
            return None

        def ask() -> None:
            # A schema that the registry does not know is `process`'s to reject.
            with contextlib.suppress(UndecodableError):
                self._decoder.ask_registry(value)

        return ask

    def process(self, record: EventRecord) -> Iterable[OutRecord]:
        """Give the delivery records of one event, or the one that rejects it.

        Everything that can fail is done when this returns; what it gives may be read once.

        Raises:
            RegistryUnavailableError: the schema registry can't be asked just now; try again.
        """
        try:
            decoded = self._decoder.decode(record)
        except UndecodableError as error:
            return [_rejection(record, error.reason, error.message)]
        event, present_ms = decoded.event, now_ms()
        if is_too_far_ahead(decoded.options.not_before_ms, present_ms):
            return [
                _rejection(record, "too_far_ahead", f"it is to be delivered more than {MAX_DEFERRAL_TEXT} from now")
            ]
        drafts = [_draft(shaped, decoded, present_ms) for shaped in self._router.shape(decoded)]
        if not drafts:
            return []
        excess = _excess(drafts)
        if excess is not None:
            return [_rejection(record, TOO_LARGE, excess)]
        for draft in drafts:
            if draft.failure is not None:
                _log_stillborn(event, draft)
        return (out for draft in drafts for plan, fan_out in draft.plans for out in _encode(plan, fan_out))

    def reject(self, record: EventRecord, error: Exception) -> list[OutRecord]:
        """Give the record that rejects an event on which the gateway itself failed: the stream has to go on."""
        _log.error("stream.event_failed", topic=record.topic, offset=record.offset, exc_info=error)
        return [_rejection(record, "internal_error", f"{type(error).__name__}: {error}")]


@dataclass(frozen=True, slots=True)
class _Draft:
    """The deliveries of one variant of an event, ready to be written.

    Attributes:
        plans: with what encodes them.
        failure: why they are stillborn, or None.
        largest: how many bytes the largest record has.
    """

    plans: list[tuple[DeliveryPlan, DeliveryFanOut]]
    failure: Failure | None
    largest: int


def _draft(shaped: Shaped, decoded: DecodedEvent, now_ms: int) -> _Draft:
    content = shaped.content
    if isinstance(content, Failure):
        return _stillborn(shaped, decoded, content, now_ms)
    planned = PlannedContent(shaped.version, content.content_type, content.body, content.headers, shaped.granted)
    draft = _planned(shaped, decoded, planned, None, now_ms)
    if draft.largest <= MAX_RECORD_BYTES:
        return draft
    detail = f"its delivery has {draft.largest} bytes, at most {MAX_RECORD_BYTES} fit"
    return _stillborn(shaped, decoded, Failure(Reason.TOO_LARGE, detail), now_ms)


def _stillborn(shaped: Shaped, decoded: DecodedEvent, failure: Failure, now_ms: int) -> _Draft:
    return _planned(shaped, decoded, PlannedContent(shaped.version, "", b"", reason=failure.reason), failure, now_ms)


def _planned(
    shaped: Shaped, decoded: DecodedEvent, content: PlannedContent, failure: Failure | None, now_ms: int
) -> _Draft:
    plans = plan_deliveries(decoded.event, decoded.options, content, shaped.subscriptions, now_ms=now_ms)
    encoders = [(plan, DeliveryFanOut(plan.first)) for plan in plans]
    return _Draft(encoders, failure, max(fan_out.largest(plan.subscription_ids) for plan, fan_out in encoders))


def _excess(drafts: Sequence[_Draft]) -> str | None:
    """Say what is too large where nobody can be given the event, or can't even be told of it; None where somebody can.

    A delivery without a body is as large as the event's key.
    """
    excesses = [draft.failure.detail for draft in drafts if draft.failure and draft.failure.reason is Reason.TOO_LARGE]
    if len(excesses) == len(drafts):
        return excesses[0]
    largest = max(draft.largest for draft in drafts)
    return None if largest <= MAX_RECORD_BYTES else f"its delivery has {largest} bytes, at most {MAX_RECORD_BYTES} fit"


def _log_stillborn(event: Event, draft: _Draft) -> None:
    _log.warning(
        "delivery.stillborn",
        event_id=event.event_id,
        event_type=event.event_type,
        subscriptions=sum(len(plan.subscription_ids) for plan, _ in draft.plans),
        first=draft.plans[0][0].first.subscription_id,
        reason=draft.failure and draft.failure.reason.value,
        detail=draft.failure and draft.failure.detail[:MAX_ERROR_CHARS],
    )


def _encode(plan: DeliveryPlan, fan_out: DeliveryFanOut) -> Iterator[OutRecord]:
    topic, first = _TOPICS[plan.first.priority], plan.first
    yield OutRecord(topic, first.subscription_id.encode(), fan_out.first)
    for subscription_id in plan.subscription_ids[1:]:
        key = subscription_id.encode()
        yield OutRecord(topic, key, fan_out.encode(delivery_id_of(first.event_id, subscription_id), key))


def _rejection(record: EventRecord, reason: str, detail: str) -> OutRecord:
    _log.warning(
        "event.rejected",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reason=reason,
        detail=detail[:MAX_ERROR_CHARS],
    )
    rejected = RejectedEvent(
        source=SourcePosition(record.topic, record.partition, record.offset),
        source_key=record.key,
        source_value=record.value,
        headers=tuple(record.headers),
        reason=reason,
        detail=detail[:MAX_ERROR_CHARS],
        rejected_at_ms=now_ms(),
    ).keepable()
    return OutRecord(REJECTED, rejected.source_key, rejected_codec().encode(rejected))
