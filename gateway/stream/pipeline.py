"""Steps ① to ③ for one event record: decode, match, plan; gives the records to produce and does no I/O itself.

The body is rendered once per event, whatever the number of subscriptions. A record that can't be decoded becomes one
record for `events.rejected`; an event nobody wants becomes none.
"""

import contextlib
from collections.abc import Callable

import structlog

from gateway.domain.delivery import MAX_ERROR_CHARS, MAX_RECORD_BYTES, RejectedEvent
from gateway.domain.event import SourcePosition
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.planning import plan_deliveries
from gateway.domain.topics import DELIVERIES, REJECTED
from gateway.kafka.producer import OutRecord
from gateway.telemetry.clock import now_ms
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.records import delivery_codec, rejected_codec
from gateway.wire.rendering import CONTENT_TYPE, render_webhook

_log = structlog.get_logger()


class EventPipeline:
    """Turns event records into deliveries.

    Args:
        decoder: decodes both wire formats.
        index: the live table of subscriptions.
    """

    def __init__(self, decoder: EventDecoder, index: SubscriptionIndex) -> None:
        self._decoder = decoder
        self._index = index
        self._deliveries = delivery_codec()

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

    def process(self, record: EventRecord) -> list[OutRecord]:
        """Give the delivery records of one event, or the one that rejects it.

        Raises:
            RegistryUnavailableError: the schema registry can't be asked just now; try again.
        """
        try:
            decoded = self._decoder.decode(record)
        except UndecodableError as error:
            return [_rejection(record, error.reason, error.message)]
        event = decoded.event
        subscriptions = self._index.match_event(event.tenant, event.event_type)
        if not subscriptions:
            return []
        body = render_webhook(event, decoded.data)
        planned = plan_deliveries(event, body, CONTENT_TYPE, subscriptions, now_ms=now_ms())
        encoded = [(delivery.subscription_id.encode(), self._deliveries.encode(delivery)) for delivery in planned]
        largest = max(len(value) for _, value in encoded)
        if largest > MAX_RECORD_BYTES:
            return [
                _rejection(record, "too_large", f"its delivery has {largest} bytes, at most {MAX_RECORD_BYTES} fit")
            ]
        return [OutRecord(DELIVERIES, key, value) for key, value in encoded]

    def reject(self, record: EventRecord, error: Exception) -> list[OutRecord]:
        """Give the record that rejects an event on which the gateway itself failed: the stream has to go on."""
        _log.error("stream.event_failed", topic=record.topic, offset=record.offset, exc_info=error)
        return [_rejection(record, "internal_error", f"{type(error).__name__}: {error}")]


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
