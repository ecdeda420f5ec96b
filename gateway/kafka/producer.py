"""The producer both stages share: every record is confirmed, and whoever produced it learns so on the event loop.

Promises: a record is never dropped. While Kafka is away records wait here; how many is bounded by what the callers
allow themselves to have unconfirmed. A record that Kafka refuses for good fails the producer (`failure`), and with
it the process: going on would mean losing it.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from gateway.domain.errors import GatewayError
from gateway.domain.progress import Progress
from gateway.kafka.access import final_refusal
from gateway.kafka.config import KafkaConfig
from gateway.kafka.partitioning import Offsets

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


class RecordProducer(Protocol):
    """Produces records, and tells when Kafka has them: what the stages need of a ConfirmedProducer."""

    def produce(self, records: Sequence[OutRecord], done: Callable[[], None]) -> None:
        """Produce records; `done` is called on the event loop, later, once Kafka has acknowledged all of them."""


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
            self._owner.fail(_refused(message.topic(), error))
            return
        self._owner.confirmed += 1
        self._open -= 1
        if not self._open:
            self._owner.confirm(self.done)


class ConfirmedProducer:
    """Produces records and calls back on the event loop when all of a group are acknowledged.

    Attributes:
        failure: fails with a GatewayError when the producer can't go on.
        confirmed: how many records Kafka has acknowledged.
    """

    def __init__(self, config: KafkaConfig, loop: asyncio.AbstractEventLoop, **overrides: Any) -> None:  # noqa: ANN401 - any type
        self._config = config
        self._producer = Producer(config.producer(error_cb=self._on_error, **overrides))
        self._loop = loop
        self.failure: asyncio.Future[None] = loop.create_future()
        self.confirmed = 0
        self._confirmed: deque[Callable[[], None]] = deque()
        self._wake_scheduled = False
        # Records that did not fit the client's queue; produced again by the poll thread, in order.
        self._overflow: deque[tuple[OutRecord, _Confirmation]] = deque()
        self._stop_within_s: float | None = None
        self._left = 0
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
        except KafkaException as error:
            self.fail(_refused(record.topic, error.args[0]))
        return True

    @property
    def unconfirmed(self) -> int:
        """How many records Kafka has not acknowledged."""
        return len(self._producer) + len(self._overflow)

    def progress(self, _: Offsets) -> Progress:
        """Tell whether Kafka acknowledges what is produced. Callable on any thread."""
        return Progress(due=self.unconfirmed > 0, mark=self.confirmed)

    def _poll(self) -> None:
        try:
            while self._stop_within_s is None:
                self._producer.poll(_POLL_S)
                self._refill()
            self._left = self._flush(self._stop_within_s)
        except Exception as error:  # noqa: BLE001 - the thread must not die unseen; the failure ends the process
            self.fail(GatewayError(f"the producer thread failed: {error}"))

    def _refill(self) -> None:
        while self._overflow and self._try(*self._overflow[0]):
            self._overflow.popleft()

    def _flush(self, timeout_s: float) -> int:
        give_up_at = time.monotonic() + timeout_s
        while True:
            self._refill()
            left: int = self._producer.flush(max(give_up_at - time.monotonic(), 0)) + len(self._overflow)
            if not left or time.monotonic() >= give_up_at:
                return left

    def confirm(self, done: Callable[[], None]) -> None:
        """Hand a finished group to the event loop; called on the poll thread."""
        self._confirmed.append(done)
        if not self._wake_scheduled:
            self._wake_scheduled = True
            self._loop.call_soon_threadsafe(self._run_confirmed)

    def _run_confirmed(self) -> None:
        self._wake_scheduled = False
        try:
            while self._confirmed:
                self._confirmed.popleft()()
        except Exception as error:  # noqa: BLE001 - what was acknowledged but not taken note of must not go unseen
            _log.error("kafka.confirmation_failed", exc_info=error)
            self._set_failure(GatewayError(f"what Kafka acknowledged could not be settled: {error!r}"))

    def fail(self, error: GatewayError) -> None:
        """End the producer: `failure` gets the error. Callable on any thread."""
        self._loop.call_soon_threadsafe(self._set_failure, error)

    def _set_failure(self, error: GatewayError) -> None:
        if not self.failure.done():
            self.failure.set_exception(error)

    def _on_error(self, error: KafkaError) -> None:
        if refused := final_refusal(error, self._config):
            self.fail(refused)
        elif error.fatal():
            self.fail(ProduceRefusedError(f"the Kafka producer can't go on: {error.str()}"))
        elif error.code() == KafkaError._ALL_BROKERS_DOWN:
            # Of single connections the client's own log tells.
            _log.warning("kafka.unreachable", hint="what is to be produced waits")

    async def stop(self, timeout_s: float) -> int:
        """Flush for at most `timeout_s` seconds and stop. Gives how many records at most are left unconfirmed."""
        # The poll thread flushes: with a second thread serving reports, confirmations would lose their order.
        self._stop_within_s = timeout_s
        await asyncio.to_thread(self._thread.join)
        return self._left


def _refused(topic: str | None, error: KafkaError) -> ProduceRefusedError:
    return ProduceRefusedError(f"Kafka refused a record for {topic}: {error.str()}")
