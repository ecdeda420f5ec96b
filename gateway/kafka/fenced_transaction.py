"""One transaction of a writer that fences all others of its transactional id (KIP-98): all is written, or nothing.

What lies beside the records, and names the offsets that they got, is written in the same transaction.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from gateway.kafka.access import is_denied
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import gateway_error, kept_interrupts
from gateway.kafka.producer import OutRecord

_STEP_TIMEOUT_S = 10.0
_POLL_S = 0.1
# A writer that dies within its transaction holds readers back at most this long; the next writer ends it at once.
_TRANSACTION_TIMEOUT_MS = 20_000

Place = tuple[int, int]
"""A partition and an offset."""

_log = structlog.get_logger()
# Being fenced is part of the plan here, but librdkafka reports it as an emergency on standard error.
_librdkafka_log = logging.getLogger("gateway.kafka.fenced_transaction.librdkafka")
_librdkafka_log.addHandler(logging.NullHandler())
_librdkafka_log.propagate = False


class FencedError(Exception):
    """Another writer began: what was decided here may rest on an old table, and was not written."""


class InDoubtError(Exception):
    """The broker neither confirmed nor refused the commit.

    Attributes:
        place: where the first record lies, if it was written.
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class FencedTransaction:
    """One transactional producer, for one transaction. Blocking, for one thread.

    Args:
        config: how to reach Kafka.
        transactional_id: whose bearers fence each other.
    """

    def __init__(self, config: KafkaConfig, transactional_id: str) -> None:
        self._config = config
        self._places: dict[int, Place] = {}
        self._produced = 0
        self._is_refused = False
        properties = config.producer(
            **{
                "transactional.id": transactional_id,
                "transaction.timeout.ms": _TRANSACTION_TIMEOUT_MS,
                "message.timeout.ms": _TRANSACTION_TIMEOUT_MS,
            }
        )
        self._producer = Producer(properties, logger=_librdkafka_log)

    def fence_others(self, topic: str) -> None:
        """End what other writers have under way, and refuse what they do from now on (KIP-98, InitProducerId).

        Args:
            topic: one that will be written.
        """
        try:
            # It looks for a connection at once, and then every half second. So there is one before: the first question
            # waits for the address that was given, the second for the broker that was found there.
            for _ in range(2):
                self._producer.list_topics(topic, timeout=_STEP_TIMEOUT_S)
            self._producer.init_transactions(_STEP_TIMEOUT_S)
        except KafkaException as error:
            raise self._meaning(error) from error

    def write(
        self, records: Sequence[OutRecord], beside: Callable[[Sequence[Place]], Sequence[OutRecord]]
    ) -> Sequence[Place]:
        """Write all records or none; give where they lie.

        Args:
            records: at least one.
            beside: gives, from the places of `records`, what is written along with them.

        Raises:
            FencedError: another writer began; nothing was written.
            InDoubtError: they may have been written.
        """
        try:
            self._producer.begin_transaction()
            places = self._written(records)
            self._written(beside(places) if places else ())
            self._commit()
        except KafkaException as error:
            if len(self._places) == self._produced and _leaves_in_doubt(error.args[0]):
                raise InDoubtError(self._places[0]) from error
            self._abort(error)
            raise self._meaning(error) from error
        return places

    def _written(self, records: Sequence[OutRecord]) -> Sequence[Place]:
        """Produce records and wait for their places; none are given where the commit is going to say what is wrong."""
        first, self._produced = self._produced, self._produced + len(records)
        give_up_at = time.monotonic() + _TRANSACTION_TIMEOUT_MS / 1000
        for number, record in enumerate(records, start=first):
            while not self._is_queued(record, number):
                self._serve(give_up_at)
        while len(self._places) < self._produced and not self._is_refused:
            self._serve(give_up_at)
        return () if self._is_refused else [self._places[number] for number in range(first, self._produced)]

    def _is_queued(self, record: OutRecord, number: int) -> bool:
        try:
            self._producer.produce(
                record.topic, key=record.key, value=record.value, on_delivery=partial(self._note, number)
            )
        except BufferError:
            return False
        except KafkaException as error:
            self._leave_to_the_commit(error)
        return True

    def _serve(self, give_up_at: float) -> None:
        try:
            # Not a flush: in that, an error meets the reports of the other records, which it makes fail.
            with kept_interrupts():
                self._producer.poll(_POLL_S)
        except KafkaException as error:
            self._leave_to_the_commit(error)
        if time.monotonic() > give_up_at:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    def _leave_to_the_commit(self, error: KafkaException) -> None:
        """Pass over a fatal error: the commit is what names its cause."""
        if error.args[0].code() != KafkaError._FATAL:
            raise error
        self._is_refused = True

    def _note(self, number: int, error: KafkaError | None, message: Message) -> None:
        partition, offset = message.partition(), message.offset()
        if error is None and partition is not None and offset is not None:
            self._places[number] = partition, offset
        else:
            self._is_refused = True

    def _commit(self) -> None:
        """Commit; a commit that got no answer may be asked for again (KIP-360)."""
        try:
            self._producer.commit_transaction(_STEP_TIMEOUT_S)
        except KafkaException as error:
            if not error.args[0].retriable():
                raise
            self._producer.commit_transaction(_STEP_TIMEOUT_S)

    def _abort(self, cause: KafkaException) -> None:
        error = cause.args[0]
        if error.fatal():
            return
        try:
            self._producer.abort_transaction(_STEP_TIMEOUT_S)
        except KafkaException as abort_error:
            # The next writer, or the transaction's time-out, aborts it.
            _log.warning("subscriptions.abort_failed", error=str(abort_error))

    def _meaning(self, error: KafkaException) -> Exception:
        # librdkafka gives _FENCED for every way in which the broker says that a newer instance exists.
        if error.args[0].code() == KafkaError._FENCED:
            return FencedError()
        return gateway_error(error, self._config)


def _leaves_in_doubt(error: KafkaError) -> bool:
    """Tell whether a commit that failed so, with every record delivered, may have been made all the same.

    A fenced writer's is refused. Anything else is either no answer, or one that a commit gets which meets the next
    writer's beginning: Kafka 4 also says UNKNOWN_SERVER_ERROR or INVALID_TXN_STATE then, where older brokers always
    say that the writer was fenced (KAFKA-20785).
    """
    return error.code() != KafkaError._FENCED and not is_denied(error)
