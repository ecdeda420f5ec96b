"""Publishing events: what a service imports to send events through the gateway.

    with EventPublisher("localhost:9092") as publisher:
        publisher.publish("order.paid", {"order_id": ..., "amount": "12.30", ...}, key=order_id)

A call returns when Kafka has acknowledged everything, or raises. Nothing of a batch is sent before all of it is
checked. An event without a report in time may still have arrived: publishing it again under the same event id is
safe, because receivers de-duplicate on the id.
"""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from gateway.domain.delivery import DEFAULT_MAX_BODY_BYTES, Priority
from gateway.domain.errors import InvalidInputError, UnavailableError
from gateway.kafka.access import find_refusal
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import gateway_error, kept_interrupts
from gateway.wire.catalog import Catalog, load_catalog
from gateway.wire.confluent import SchemaIds
from gateway.wire.event_encoder import DEFAULT_SOURCE, EncodedEvent, EventEncoder, NewEvent
from gateway.wire.option_headers import DeliverAfter
from gateway.wire.schema_files import schemas_root

_POLL_S = 0.1
# Reports come within the client's own time-out; the margin lets the last of them be served.
_REPORT_MARGIN_S = 2.0
_TOPIC_WAIT_MS = 5000
_NO_TOPIC = frozenset({KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART})


@dataclass(frozen=True, slots=True)
class PublishReceipt:
    """Where Kafka has acknowledged an event."""

    topic: str
    partition: int
    offset: int
    event_id: str


class PublishError(UnavailableError):
    """Not every event of a call was acknowledged.

    Attributes:
        receipts: those that were.
        unconfirmed: the ids of those that were not, in the order given.
    """

    def __init__(
        self, message: str, *, hint: str | None, receipts: Sequence[PublishReceipt], unconfirmed: Sequence[str]
    ) -> None:
        super().__init__(message, hint=hint)
        self.receipts = tuple(receipts)
        self.unconfirmed = tuple(unconfirmed)


class EventPublisher:
    """Publishes events of the catalog. Safe to share between threads; one per process is enough.

    Args:
        kafka: bootstrap servers (`host:port`, comma separated) or a whole configuration.
        catalog: the known event types; None for the catalog that comes along.
        timeout_s: how long one call may wait for Kafka, in seconds.
        max_body_bytes: an event with a larger body is refused; what the stream is configured with.
        schema_ids: where schemas are registered, for events in the Confluent format; None for single-object encoding.
    """

    def __init__(
        self,
        kafka: KafkaConfig | str,
        catalog: Catalog | None = None,
        *,
        timeout_s: float = 30.0,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        schema_ids: SchemaIds | None = None,
    ) -> None:
        config = KafkaConfig(kafka) if isinstance(kafka, str) else kafka
        self._config = config
        self._timeout_s = timeout_s
        self._encoder = EventEncoder(
            catalog or load_catalog(schemas_root() / "events"), max_body_bytes=max_body_bytes, schema_ids=schema_ids
        )
        self._producer = Producer(
            config.producer(
                **{"message.timeout.ms": int(timeout_s * 1000), "topic.metadata.propagation.max.ms": _TOPIC_WAIT_MS},
                **QUIET,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what other threads still have under way, at most the time-out."""
        self._producer.flush(self._timeout_s)

    def publish(
        self,
        event_type: str,
        data: Mapping[str, Any],
        *,
        version: int | None = None,
        key: str | bytes | None = None,
        event_id: str | None = None,
        tenant: str | None = None,
        source: str = DEFAULT_SOURCE,
        subject: str | None = None,
        time: datetime | None = None,
        traceparent: str | None = None,
        deliver_after: DeliverAfter | None = None,
        priority: Priority = Priority.NORMAL,
    ) -> PublishReceipt:
        """Publish one event and wait for Kafka's acknowledgement; see `NewEvent` for the arguments.

        Raises:
            NotFoundError: there is no such event type or version, or it is not registered.
            InvalidInputError: the data or the context does not fit; nothing was sent.
            PublishError: Kafka did not acknowledge it in time.
        """
        event = NewEvent(
            event_type,
            data,
            version,
            key,
            event_id,
            tenant,
            source,
            subject,
            time,
            traceparent,
            deliver_after,
            priority,
        )
        return self.publish_batch([event])[0]

    def publish_batch(self, events: Iterable[NewEvent]) -> list[PublishReceipt]:
        """Publish events and wait for all acknowledgements; the receipts are in the events' order.

        All events are held in memory: call it with some thousands at a time.

        Raises:
            NotFoundError: there is no such event type or version, or it is not registered; nothing was sent.
            InvalidInputError: an event does not fit; nothing was sent.
            PublishError: Kafka did not acknowledge all of them in time; it tells which.
        """
        batch = _Batch(self._encode(list(events)))
        deadline_s = time.monotonic() + self._timeout_s
        for index in range(len(batch.events)):
            self._produce(batch, index, deadline_s)
        while not batch.is_reported() and time.monotonic() < deadline_s + _REPORT_MARGIN_S:
            with kept_interrupts():
                self._producer.poll(_POLL_S)
        return batch.receipts(self._config)

    def _encode(self, events: Sequence[NewEvent]) -> list[EncodedEvent]:
        now = datetime.now(UTC)
        encoded: list[EncodedEvent] = []
        for number, event in enumerate(events, 1):
            try:
                encoded.append(self._encoder.encode(event, new_id=str(uuid.uuid4()), now=now))
            except InvalidInputError as error:
                if len(events) == 1:
                    raise
                raise InvalidInputError(f"event {number} of {len(events)}: {error.message}", hint=error.hint) from error
        return encoded

    def _produce(self, batch: "_Batch", index: int, deadline_s: float) -> None:
        """Hand one record to the client. One that finds no room in its queue until the deadline stays unreported."""
        event = batch.events[index]
        report = partial(batch.report, index)
        while True:
            try:
                self._producer.produce(
                    event.topic, value=event.value, key=event.key, headers=list(event.headers), on_delivery=report
                )
            except BufferError:
                if time.monotonic() >= deadline_s:
                    return
                self._producer.poll(_POLL_S)
            except KafkaException as error:
                batch.report(index, error.args[0], None)
                return
            else:
                self._producer.poll(0)
                return


class _Batch:
    """The events of one call and what was reported of each; reports may come on any thread."""

    def __init__(self, events: Sequence[EncodedEvent]) -> None:
        self.events = events
        self._receipts: dict[int, PublishReceipt] = {}
        self._errors: dict[int, KafkaError | None] = {}

    def report(self, index: int, error: KafkaError | None, message: Message | None) -> None:
        event = self.events[index]
        if error is not None or message is None:
            self._errors[index] = error
        else:
            self._receipts[index] = PublishReceipt(
                event.topic, int(message.partition() or 0), int(message.offset() or 0), event.event_id
            )

    def is_reported(self) -> bool:
        return len(self._receipts) + len(self._errors) == len(self.events)

    def receipts(self, config: KafkaConfig) -> list[PublishReceipt]:
        """Give the receipts of all events, or raise what the first failure means."""
        receipts = [self._receipts[index] for index in sorted(self._receipts)]
        if len(receipts) == len(self.events):
            return receipts
        missing = [index for index in range(len(self.events)) if index not in self._receipts]
        message, hint = self._explain(missing[0], config)
        if len(self.events) > 1:
            message = f"{len(missing)} of {len(self.events)} events were not acknowledged: {message}"
        raise PublishError(
            message,
            hint=hint,
            receipts=receipts,
            unconfirmed=[self.events[index].event_id for index in missing],
        )

    def _explain(self, index: int, config: KafkaConfig) -> tuple[str, str | None]:
        error = self._errors.get(index)
        if error is not None and error.code() in _NO_TOPIC:
            return f"there is no topic {self.events[index].topic}", "`gateway topics apply` creates it"
        if error is None or error.code() == KafkaError._MSG_TIMED_OUT:
            refused = find_refusal(config)
            if refused is not None:
                return refused.message, refused.hint
            return f"Kafka at {config.bootstrap_servers} did not acknowledge in time", "is it running?"
        explained = gateway_error(error, config)
        return explained.message, explained.hint
