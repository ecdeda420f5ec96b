"""Publishes the benchmark's events, cheaply: the value is encoded once, only the id differs from event to event.

An id is the run's prefix and a number, so that the receiver can say with two integers what arrived when.
"""

import time
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

from confluent_kafka import KafkaError, Message, Producer

from gateway.domain.errors import GatewayError
from gateway.kafka.config import KafkaConfig
from gateway.wire.catalog import Catalog
from gateway.wire.event_encoder import EncodedEvent, EventEncoder, NewEvent
from gateway.wire.event_headers import CE_ID
from gateway.wire.mocking import mock_data

Headers = list[tuple[str, str | bytes | None]]

EVENT_TYPE = "order.paid"
# Keys spread the events over the partitions, as entities would.
_KEYS = 997
_FLUSH_TIMEOUT_S = 30.0
_POLL_S = 0.05


class EventSource:
    """The events of one run, numbered from 0.

    Attributes:
        published: how many were published; the next one's number.
        times_ns: when each was, nanoseconds since the epoch.
    """

    def __init__(
        self,
        config: KafkaConfig,
        catalog: Catalog,
        *,
        prefix: str,
        tenants: Sequence[str],
        linger_ms: int,
        event_type: str = EVENT_TYPE,
    ) -> None:
        """Take where to publish, the run's prefix, the tenants that take turns, and how long to wait for a batch."""
        self._prefix = prefix
        encoder = EventEncoder(catalog)
        self._templates = [_template(encoder, catalog, tenant, event_type) for tenant in tenants]
        self._keys = [f"entity-{number}".encode() for number in range(_KEYS)]
        self._errors: list[KafkaError] = []
        self._producer = Producer(
            config.producer(
                **{
                    "linger.ms": linger_ms,
                    "delivery.report.only.error": True,
                    "on_delivery": self._report,
                    "queue.buffering.max.messages": 500_000,
                }
            )
        )
        self.published = 0
        self.times_ns = array("q")

    def publish(self, count: int) -> None:
        """Hand so many events to the client.

        Raises:
            GatewayError: Kafka refused one.
        """
        for _ in range(count):
            topic, value, headers = self._templates[self.published % len(self._templates)]
            event_id = f"{self._prefix}{self.published}".encode()
            key = self._keys[self.published % _KEYS]
            self.times_ns.append(time.time_ns())
            self._produce(topic, key, value, [*headers, (CE_ID, event_id)])
            self.published += 1
        self._producer.poll(0)
        if self._errors:
            raise GatewayError(f"an event of the benchmark was refused: {self._errors[0].str()}")

    def flush(self) -> None:
        """Wait until Kafka has acknowledged everything.

        Raises:
            GatewayError: it does not.
        """
        if self._producer.flush(_FLUSH_TIMEOUT_S):
            raise GatewayError(f"Kafka did not acknowledge the benchmark's events for {_FLUSH_TIMEOUT_S:.0f} s")

    def _produce(self, topic: str, key: bytes, value: bytes, headers: Headers) -> None:
        while True:
            try:
                self._producer.produce(topic, value=value, key=key, headers=headers)
            except BufferError:
                self._producer.poll(_POLL_S)
            else:
                return

    def _report(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._errors.append(error)


def _template(encoder: EventEncoder, catalog: Catalog, tenant: str, event_type: str) -> tuple[str, bytes, Headers]:
    schema = catalog.entry(event_type, None)
    data = mock_data(schema.nodes, Random(0))  # noqa: S311 - made-up data
    event = NewEvent(event_type, data, tenant=tenant)
    encoded: EncodedEvent = encoder.encode(event, new_id="template", now=datetime.now(UTC))
    return encoded.topic, encoded.value, [header for header in encoded.headers if header[0] != CE_ID]
