"""Steps ① to ③ for one event record: decode, match, plan; gives the records to produce and does no I/O itself.

A body is rendered and encoded once per event and variant, whatever the number of subscriptions; bodies and records are
made one by one, while they are produced: of an event for ten thousand subscriptions only a few lie in memory at once. A
record that can't be decoded becomes one record for `events.rejected`, and so does an event that is too large for all
who want it; an event nobody wants becomes none. Who else can't be given what it wants gets a stillborn delivery.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import structlog

from gateway.domain.delivery import MAX_ERROR_CHARS, Priority, RejectedEvent, delivery_id_of
from gateway.domain.event import Event, SourcePosition
from gateway.domain.outcome import Reason
from gateway.domain.planning import DeliveryPlan
from gateway.domain.topics import DELIVERIES, PRIORITY_DELIVERIES, REJECTED
from gateway.kafka.producer import OutRecord
from gateway.shaping.drafts import Draft, draft_event
from gateway.shaping.routing import Failure, Router
from gateway.stream.plan_span import PlanSpan
from gateway.telemetry.clock import now_ms
from gateway.telemetry.spans import Spans
from gateway.wire.delivery_head import DeliveryFanOut
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.rejected_record import rejected_codec

_TOPICS = {Priority.NORMAL: DELIVERIES, Priority.HIGH: PRIORITY_DELIVERIES}
_log = structlog.get_logger()


class EventPipeline:
    """Turns event records into deliveries.

    Args:
        decoder: decodes both wire formats.
        router: knows who wants an event, and in which form.
        spans: where traces are exported: begins a span for each event.

    Attributes:
        decoded: how many events of each type were read.
        rejected: how many records became one for `events.rejected`, by reason.
        planned: how many deliveries were written, by priority.
        stillborn: how many of these have no body, by reason.
    """

    def __init__(self, decoder: EventDecoder, router: Router, spans: Spans | None = None) -> None:
        self._decoder = decoder
        self._router = router
        self._spans = spans
        self.decoded: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.planned: Counter[Priority] = Counter()
        self.stillborn: Counter[Reason] = Counter()

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

        What it gives may be read once, and is made as it is read; nothing of that fails, see `Router.shape_each`.

        Raises:
            RegistryUnavailableError: the schema registry can't be asked just now; try again.
        """
        span = self._begin_span(record)
        try:
            decoded = self._decoder.decode(record)
        except UndecodableError as error:
            return [self._reject(record, error.reason, error.message, span)]
        if span is not None:
            decoded = replace(decoded, traceparent=span.traceparent)
        self.decoded[decoded.event.event_type] += 1
        drafted = draft_event(self._router, decoded, now_ms=now_ms())
        if drafted.refusal is not None:
            return [self._reject(record, drafted.refusal.reason, drafted.refusal.detail, span)]
        return self._records_of(decoded.event, drafted.drafts, span)

    def reject(self, record: EventRecord, error: Exception) -> list[OutRecord]:
        """Give the record that rejects an event on which the gateway itself failed: the stream has to go on."""
        _log.error("stream.event_failed", topic=record.topic, offset=record.offset, exc_info=error)
        # A span of its own: the one that it failed in was never ended, and so is not exported.
        span = self._begin_span(record)
        return [self._reject(record, "internal_error", f"{type(error).__name__}: {error}", span)]

    def _begin_span(self, record: EventRecord) -> PlanSpan | None:
        return None if self._spans is None else PlanSpan(self._spans, record)

    def _records_of(self, event: Event, drafts: Iterable[Draft], span: PlanSpan | None) -> Iterator[OutRecord]:
        deliveries = 0
        for draft in drafts:
            if draft.failure is not None:
                subscriptions = sum(len(plan.subscription_ids) for plan, _ in draft.plans)
                self.stillborn[draft.failure.reason] += subscriptions
                _log_stillborn(event, draft, draft.failure, subscriptions)
            for plan, fan_out in draft.plans:
                self.planned[plan.first.priority] += len(plan.subscription_ids)
                deliveries += len(plan.subscription_ids)
                yield from _encode(plan, fan_out)
        if span is not None:
            span.planned(event, deliveries)

    def _reject(self, record: EventRecord, reason: str, detail: str, span: PlanSpan | None) -> OutRecord:
        self.rejected[reason] += 1
        if span is not None:
            span.rejected(reason)
        return _rejection(record, reason, detail)


def _log_stillborn(event: Event, draft: Draft, failure: Failure, subscriptions: int) -> None:
    _log.warning(
        "delivery.stillborn",
        event_id=event.event_id,
        event_type=event.event_type,
        subscriptions=subscriptions,
        first=draft.plans[0][0].first.subscription_id,
        reason=failure.reason.value,
        detail=failure.detail[:MAX_ERROR_CHARS],
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
