"""The producer both stages share: every record is confirmed, and whoever produced it learns so on the event loop.

Promises: a record is never dropped. While Kafka is away records wait here; how many is bounded by what the callers
allow themselves to have unconfirmed. A record that Kafka refuses for good fails the producer (`failure`), and with
it the process: going on would mean losing it.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import KafkaError, Message, Producer

from gateway.domain.errors import GatewayError
from gateway.kafka.config import KafkaConfig

_POLL_S = 0.1
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OutRecord:
    """A record to produce.

    Attributes:
        topic: where to.
        key: its key; decides the partition where none is given.
        value: its value; None is a tombstone.
        partition: the partition, or -1 for the partitioner's choice.
        headers: its headers.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = -1
    headers: list[tuple[str, str | bytes | None]] | None = None


class ProduceRefusedError(GatewayError):
    """Kafka refused a record for good (too large, not authorised, no such topic, fenced)."""


class _Confirmation:
    """Counts the reports of the records that were produced together."""

    __slots__ = ("_open", "_owner", "done")

    def __init__(self, owner: "ConfirmedProducer", count: int, done: Callable[[], None]) -> None:
        self._owner = owner
        self._open = count
        self.done = done

    def report(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._owner.fail(ProduceRefusedError(f"Kafka refused a record for {message.topic()}: {error.str()}"))
            return
        self._open -= 1
        if not self._open:
            self._owner.confirm(self.done)


class ConfirmedProducer:
    """Produces records and calls back on the event loop when all of a group are acknowledged.

    Attributes:
        failure: fails with a GatewayError when the producer can't go on.
    """

    def __init__(self, config: KafkaConfig, loop: asyncio.AbstractEventLoop, **overrides: Any) -> None:  # noqa: ANN401
        self._producer = Producer(config.producer(error_cb=self._on_error, **overrides))
        self._loop = loop
        self.failure: asyncio.Future[None] = loop.create_future()
        self._confirmed: deque[Callable[[], None]] = deque()
        self._wake_scheduled = False
        # Records that did not fit the client's queue; produced again by the poll thread, in order.
        self._overflow: deque[tuple[OutRecord, _Confirmation]] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._poll, name="producer-poll", daemon=True)

    def start(self) -> None:
        """Start the thread that serves delivery reports."""
        self._thread.start()

    def produce(self, records: Sequence[OutRecord], done: Callable[[], None]) -> None:
        """Produce records; `done` is called on the event loop once all of them are acknowledged."""
        confirmation = _Confirmation(self, len(records), done)
        for record in records:
            if self._overflow or not self._try(record, confirmation):
                self._overflow.append((record, confirmation))

    def _try(self, record: OutRecord, confirmation: _Confirmation) -> bool:
        try:
            self._producer.produce(
                record.topic,
                value=record.value,
                key=record.key,
                partition=record.partition,
                headers=record.headers,
                on_delivery=confirmation.report,
            )
        except BufferError:
            return False
        return True

    def _poll(self) -> None:
        try:
            while not self._stopping:
                self._producer.poll(_POLL_S)
                while self._overflow and self._try(*self._overflow[0]):
                    self._overflow.popleft()
        except Exception as error:  # noqa: BLE001 - the thread must not die unseen; the failure ends the process
            self.fail(GatewayError(f"the producer thread failed: {error}"))

    def confirm(self, done: Callable[[], None]) -> None:
        """Hand a finished group to the event loop; called on the poll thread."""
        self._confirmed.append(done)
        if not self._wake_scheduled:
            self._wake_scheduled = True
            self._loop.call_soon_threadsafe(self._run_confirmed)

    def _run_confirmed(self) -> None:
        self._wake_scheduled = False
        while self._confirmed:
            self._confirmed.popleft()()

    def fail(self, error: GatewayError) -> None:
        """End the producer: `failure` gets the error. Callable on any thread."""
        self._loop.call_soon_threadsafe(self._set_failure, error)

    def _set_failure(self, error: GatewayError) -> None:
        if not self.failure.done():
            self.failure.set_exception(error)

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self.fail(ProduceRefusedError(f"the Kafka producer can't go on: {error.str()}"))
        else:
            _log.warning("kafka.producer_trouble", error=error.str())

    async def stop(self, timeout_s: float) -> int:
        """Flush for at most `timeout_s` seconds and stop. Gives the number of records left unconfirmed."""
        left = await asyncio.to_thread(self._producer.flush, timeout_s)
        self._stopping = True
        await asyncio.to_thread(self._thread.join, 1.0)
        return left + len(self._overflow)
