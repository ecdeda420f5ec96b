"""Steps ① to ③ for one event record: decode, match, plan; gives the records to produce and does no I/O itself.

The body is rendered and encoded once per event, whatever the number of subscriptions; their records are made one by
one, while they are produced: of an event for ten thousand subscriptions only a few lie in memory at once. A record
that can't be decoded becomes one record for `events.rejected`; an event nobody wants becomes none.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import structlog

from gateway.domain.delivery import (
    DEFAULT_MAX_BODY_BYTES,
    MAX_ERROR_CHARS,
    MAX_RECORD_BYTES,
    Priority,
    RejectedEvent,
    delivery_id_of,
)
from gateway.domain.event import SourcePosition
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.options import MAX_DEFERRAL_TEXT, is_too_far_ahead
from gateway.domain.planning import DeliveryPlan, plan_deliveries
from gateway.domain.topics import DELIVERIES, PRIORITY_DELIVERIES, REJECTED
from gateway.kafka.producer import OutRecord
from gateway.telemetry.clock import now_ms
from gateway.wire.delivery_head import DeliveryFanOut
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.rejected_record import rejected_codec
from gateway.wire.rendering import CONTENT_TYPE, render_webhook

_TOPICS = {Priority.NORMAL: DELIVERIES, Priority.HIGH: PRIORITY_DELIVERIES}
TOO_LARGE = "too_large"
_log = structlog.get_logger()


class EventPipeline:
    """Turns event records into deliveries.

    Args:
        decoder: decodes both wire formats.
        index: the live table of subscriptions.
        max_body_bytes: an event with a larger body is rejected.
    """

    def __init__(
        self, decoder: EventDecoder, index: SubscriptionIndex, *, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    ) -> None:
        self._decoder = decoder
        self._index = index
        self._max_body_bytes = max_body_bytes

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
        subscriptions = self._index.match_event(event.tenant, event.event_type)
        if not subscriptions:
            return []
        body = render_webhook(event, decoded.data)
        if len(body) > self._max_body_bytes:
            detail = f"its body has {len(body)} bytes, the limit is {self._max_body_bytes}"
            return [_rejection(record, TOO_LARGE, detail)]
        plans = plan_deliveries(event, decoded.options, body, CONTENT_TYPE, subscriptions, now_ms=present_ms)
        return _records_of(record, plans)

    def reject(self, record: EventRecord, error: Exception) -> list[OutRecord]:
        """Give the record that rejects an event on which the gateway itself failed: the stream has to go on."""
        _log.error("stream.event_failed", topic=record.topic, offset=record.offset, exc_info=error)
        return [_rejection(record, "internal_error", f"{type(error).__name__}: {error}")]


def _records_of(record: EventRecord, plans: Sequence[DeliveryPlan]) -> Iterable[OutRecord]:
    fan_outs = [(plan, DeliveryFanOut(plan.first)) for plan in plans]
    largest = max(fan_out.largest(plan.subscription_ids) for plan, fan_out in fan_outs)
    if largest > MAX_RECORD_BYTES:
        return [_rejection(record, TOO_LARGE, f"its delivery has {largest} bytes, at most {MAX_RECORD_BYTES} fit")]
    return (out for plan, fan_out in fan_outs for out in _encode(plan, fan_out))


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
