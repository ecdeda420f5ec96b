"""Writes the `subscriptions` topic so that no writer ever overwrites what it has not read.

Every writer is a transactional producer with the same transactional id. Beginning to write fences every other
writer and ends what it had under way; only then is the topic read to its end, the change decided, and the records
committed in one transaction. If another writer begins meanwhile, the broker refuses this one's commit and nothing of
it is written (docs/decisions/0002-subscription-writes-are-fenced.md). Where the broker's answer leaves open whether
it was written, the next try looks: it reads on from there, with every earlier transaction ended.
"""

import logging
import random
import threading
import time
from collections.abc import Sequence

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from gateway.domain.changes import Change, Decide, Put
from gateway.domain.errors import ConflictError, UnavailableError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.topics import SUBSCRIPTIONS
from gateway.kafka.access import is_denied
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import gateway_error, translated_errors
from gateway.kafka.subscription_log import SubscriptionLog
from gateway.wire.records import subscription_codec

TRANSACTIONAL_ID = "webhook-gateway-subscriptions"

_MAX_TRIES = 8
_FIRST_BACKOFF_S = 0.2
_MAX_BACKOFF_S = 3.0
_STEP_TIMEOUT_S = 10.0
# A writer that dies within its transaction holds readers back at most this long; the next writer ends it at once.
_TRANSACTION_TIMEOUT_MS = 20_000

_log = structlog.get_logger()
# Being fenced is part of the plan here, but librdkafka reports it as an emergency on standard error.
_librdkafka_log = logging.getLogger("gateway.kafka.subscription_store.librdkafka")
_librdkafka_log.addHandler(logging.NullHandler())
_librdkafka_log.propagate = False


class _FencedError(Exception):
    """Another writer began: what was decided here may rest on an old table, and was not written."""


class _InDoubtError(Exception):
    """The broker neither confirmed nor refused the commit.

    Attributes:
        changes: what was to be written.
        partition: where one record of it lies, if it was written.
        offset: of that record.
    """

    def __init__(self, changes: Sequence[Change], partition: int, offset: int) -> None:
        super().__init__()
        self.changes = changes
        self.partition = partition
        self.offset = offset


class SubscriptionStore:
    """Makes changes to the subscriptions, one writer at a time over all processes. Blocking; thread-safe."""

    def __init__(
        self, config: KafkaConfig, *, topic: str = SUBSCRIPTIONS, transactional_id: str = TRANSACTIONAL_ID
    ) -> None:
        self._config = config
        self._topic = topic
        self._transactional_id = transactional_id
        self._codec = subscription_codec()
        # Threads of one process take turns instead of fencing each other.
        self._turn = threading.Lock()

    def change(self, decide: Decide) -> Sequence[Change]:
        """Decide on the table as it is, write all changes or none, and return them once readers see them.

        Args:
            decide: gives the changes for a table it must not touch; called again when another writer was faster.

        Raises:
            ConflictError: others kept writing; nothing was written.
            TopicMissingError: the topic has not been created.
            UnavailableError: Kafka does not answer. The message says so if the change may have been made.
        """
        index = SubscriptionIndex()
        log = SubscriptionLog(self._config, self._topic)
        with self._turn, translated_errors(self._config):
            try:
                log.open(_STEP_TIMEOUT_S)
                # Most of the reading comes first, so that the time in which others can interfere is short.
                log.read_to_end(index, stall_timeout_s=_STEP_TIMEOUT_S)
                return self._change(decide, log, index)
            finally:
                log.close()

    def _change(self, decide: Decide, log: SubscriptionLog, index: SubscriptionIndex) -> Sequence[Change]:
        doubt: _InDoubtError | None = None
        for attempt in range(_MAX_TRIES):
            if attempt:
                longest_s = min(_FIRST_BACKOFF_S * 2**attempt, _MAX_BACKOFF_S)
                time.sleep(longest_s * random.uniform(0.3, 1))  # noqa: S311 - spreads writers, guards nothing
            try:
                transaction = _Transaction(self._config, self._transactional_id)
                transaction.fence_others()
                log.read_to_end(index, stall_timeout_s=_STEP_TIMEOUT_S)
                if doubt is not None and log.found:
                    return doubt.changes
                doubt = None
                return self._decide_and_write(decide, transaction, log, index)
            except _FencedError:
                _log.debug("subscriptions.fenced", attempt=attempt + 1)
            except _InDoubtError as error:
                _log.warning("subscriptions.commit_in_doubt", error=str(error.__cause__))
                doubt = error
                log.look_for(error.partition, error.offset)
            except UnavailableError as error:
                if doubt is None:
                    raise
                raise self._undecided() from error
        if doubt is not None:
            raise self._undecided() from doubt
        raise ConflictError(
            "the subscriptions were being changed by somebody else all the time; nothing was written",
            hint="run it again",
        )

    def _decide_and_write(
        self, decide: Decide, transaction: "_Transaction", log: SubscriptionLog, index: SubscriptionIndex
    ) -> Sequence[Change]:
        changes = decide(index)
        if not changes:
            return ()
        transaction.write(self._topic, [self._record(change) for change in changes], changes)
        log.aim_past(transaction.written)
        try:
            log.read_on(index, stall_timeout_s=_STEP_TIMEOUT_S)
        except UnavailableError:
            # It is committed: readers will see it, only later than this call returns.
            _log.warning("subscriptions.commit_not_yet_visible", topic=self._topic)
        return changes

    def _undecided(self) -> UnavailableError:
        return UnavailableError(
            f"Kafka at {self._config.bootstrap_servers} did not confirm the change: it may or may not have been made",
            hint="look with: gateway subscriptions get",
        )

    def _record(self, change: Change) -> tuple[bytes, bytes | None]:
        if isinstance(change, Put):
            return change.subscription.subscription_id.encode(), self._codec.encode(change.subscription)
        return change.subscription_id.encode(), None


class _Transaction:
    """One transactional producer, for one transaction.

    Attributes:
        written: the last offset written in each partition.
    """

    def __init__(self, config: KafkaConfig, transactional_id: str) -> None:
        self.written: dict[int, int] = {}
        self._delivered = 0
        self._config = config
        properties = config.producer(
            **{
                "transactional.id": transactional_id,
                "transaction.timeout.ms": _TRANSACTION_TIMEOUT_MS,
                "message.timeout.ms": _TRANSACTION_TIMEOUT_MS,
            }
        )
        self._producer = Producer(properties, logger=_librdkafka_log)

    def fence_others(self) -> None:
        """End what other writers have under way, and refuse what they do from now on (KIP-98, InitProducerId)."""
        try:
            self._producer.init_transactions(_STEP_TIMEOUT_S)
        except KafkaException as error:
            raise self._meaning(error) from error

    def write(self, topic: str, records: Sequence[tuple[bytes, bytes | None]], changes: Sequence[Change]) -> None:
        """Write all records or none.

        Args:
            topic: where to.
            records: keys and values.
            changes: what they stand for.

        Raises:
            _FencedError: another writer began; nothing was written.
            _InDoubtError: they may have been written.
        """
        try:
            self._producer.begin_transaction()
            self._produce(topic, records)
            self._commit()
        except KafkaException as error:
            if self._delivered == len(records) and _leaves_in_doubt(error.args[0]):
                raise _InDoubtError(changes, *next(iter(self.written.items()))) from error
            self._abort(error)
            raise self._meaning(error) from error

    def _produce(self, topic: str, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        give_up_at = time.monotonic() + _TRANSACTION_TIMEOUT_MS / 1000
        for key, value in records:
            while not self._is_queued(topic, key, value):
                self._producer.poll(0.1)
                if time.monotonic() > give_up_at:
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    def _is_queued(self, topic: str, key: bytes, value: bytes | None) -> bool:
        try:
            self._producer.produce(topic, key=key, value=value, on_delivery=self._note)
        except BufferError:
            return False
        except KafkaException as error:
            # A fatal error while records are being queued: the commit is what names its cause.
            if error.args[0].code() != KafkaError._FATAL:
                raise
        return True

    def _note(self, error: KafkaError | None, message: Message) -> None:
        partition, offset = message.partition(), message.offset()
        if error is None and partition is not None and offset is not None:
            self.written[partition] = max(offset, self.written.get(partition, 0))
            self._delivered += 1

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
            return _FencedError()
        return gateway_error(error, self._config)


def _leaves_in_doubt(error: KafkaError) -> bool:
    """Tell whether a commit that failed so, with every record delivered, may have been made all the same.

    A fenced writer's is refused. Anything else is either no answer, or one that a commit gets which meets the next
    writer's beginning: Kafka 4 also says UNKNOWN_SERVER_ERROR or INVALID_TXN_STATE then, where older brokers always
    say that the writer was fenced (KAFKA-20785).
    """
    return error.code() != KafkaError._FENCED and not is_denied(error)
