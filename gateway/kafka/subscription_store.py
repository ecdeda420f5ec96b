"""Writes the `subscriptions` topic so that no writer ever overwrites what it has not read.

Every writer is a transactional producer with the same transactional id. Beginning to write fences every other
writer and ends what it had under way; only then is the topic read to its end, the change decided, and the records
committed in one transaction, with what the audit trail says of them. If another writer begins meanwhile, the broker
refuses this one's commit and nothing of it is written
(docs/decisions/0002-subscription-writes-are-fenced.md). Where the broker's answer leaves open whether it was written,
the next try looks: it reads on from there, with every earlier transaction ended.
"""

import random
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

import structlog

from gateway.domain.audit import AuditRecord, DescribeChange
from gateway.domain.changes import Change, Decide, Put, changed_id
from gateway.domain.errors import ConflictError, UnavailableError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription
from gateway.domain.topics import AUDIT, SUBSCRIPTIONS
from gateway.kafka.audit_log import audit_out_record
from gateway.kafka.compacted_log import CompactedLog
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import translated_errors
from gateway.kafka.fenced_transaction import FencedError, FencedTransaction, InDoubtError, Place
from gateway.kafka.producer import OutRecord
from gateway.kafka.subscription_table import subscription_kind

TRANSACTIONAL_ID = "webhook-gateway-subscriptions"

_MAX_TRIES = 8
_FIRST_BACKOFF_S = 0.2
_MAX_BACKOFF_S = 3.0
_STEP_TIMEOUT_S = 10.0

_log = structlog.get_logger()


class _UnconfirmedError(Exception):
    """The broker neither confirmed nor refused a commit.

    Attributes:
        changes: what was to be written.
        place: where the first record of it lies, if it was written.
    """

    def __init__(self, changes: Sequence[Change], place: Place) -> None:
        super().__init__()
        self.changes = changes
        self.place = place


class SubscriptionStore:
    """Makes changes to the subscriptions, one writer at a time over all processes. Blocking; thread-safe.

    Args:
        config: how to reach Kafka.
        trail: describes each change for the audit trail, which is written in the same transaction; None for no trail.
        topic: where the subscriptions are.
        transactional_id: whose bearers fence each other.
        turn: has the threads of a process that use several stores take turns instead of fencing each other.
    """

    def __init__(
        self,
        config: KafkaConfig,
        trail: DescribeChange | None = None,
        *,
        topic: str = SUBSCRIPTIONS,
        transactional_id: str = TRANSACTIONAL_ID,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        self._config = config
        self._trail = trail
        self._topic = topic
        self._transactional_id = transactional_id
        self._kind = subscription_kind(topic)
        self._turn = turn or threading.Lock()

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
        log = CompactedLog(self._config, self._kind)
        with self._turn, translated_errors(self._config):
            try:
                log.open(_STEP_TIMEOUT_S)
                if self._trail is not None:
                    log.partitions_of(AUDIT, _STEP_TIMEOUT_S)
                # Most of the reading comes first, so that the time in which others can interfere is short.
                log.read_to_end(index, stall_timeout_s=_STEP_TIMEOUT_S)
                return self._change(decide, log, index)
            finally:
                log.close()

    def _change(self, decide: Decide, log: CompactedLog[Subscription], index: SubscriptionIndex) -> Sequence[Change]:
        doubt: _UnconfirmedError | None = None
        for attempt in range(_MAX_TRIES):
            if attempt:
                longest_s = min(_FIRST_BACKOFF_S * 2**attempt, _MAX_BACKOFF_S)
                time.sleep(longest_s * random.uniform(0.3, 1))  # noqa: S311 - spreads writers, guards nothing
            try:
                transaction = FencedTransaction(self._config, self._transactional_id)
                transaction.fence_others(self._topic)
                log.read_to_end(index, stall_timeout_s=_STEP_TIMEOUT_S)
                if doubt is not None and log.found:
                    return doubt.changes
                doubt = None
                return self._decide_and_write(decide, transaction, log, index)
            except FencedError:
                _log.debug("subscriptions.fenced", attempt=attempt + 1)
            except _UnconfirmedError as error:
                _log.warning("subscriptions.commit_in_doubt", error=str(error.__cause__))
                doubt = error
                log.look_for(*error.place)
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
        self, decide: Decide, transaction: FencedTransaction, log: CompactedLog[Subscription], index: SubscriptionIndex
    ) -> Sequence[Change]:
        changes = decide(index)
        if not changes:
            return ()
        told = [self._described(change, index) for change in changes]
        try:
            places = transaction.write([self._record(change) for change in changes], partial(_trail_records, told))
        except InDoubtError as error:
            raise _UnconfirmedError(changes, error.place) from error.__cause__
        log.aim_past(dict(sorted(places)))
        try:
            log.read_on(index, stall_timeout_s=_STEP_TIMEOUT_S)
        except UnavailableError:
            # It is committed: readers will see it, only later than this call returns.
            _log.warning("subscriptions.commit_not_yet_visible", topic=self._topic)
        return changes

    def _described(self, change: Change, index: SubscriptionIndex) -> AuditRecord | None:
        return None if self._trail is None else self._trail(index.get(changed_id(change)), change)

    def _undecided(self) -> UnavailableError:
        return UnavailableError(
            f"Kafka at {self._config.bootstrap_servers} did not confirm the change: it may or may not have been made",
            hint="look with: gateway subscriptions get",
        )

    def _record(self, change: Change) -> OutRecord:
        value = self._kind.codec.encode(change.subscription) if isinstance(change, Put) else None
        return OutRecord(self._topic, changed_id(change).encode(), value)


def _trail_records(told: Sequence[AuditRecord | None], places: Sequence[Place]) -> list[OutRecord]:
    return [
        audit_out_record(replace(record, table_offset=offset))
        for record, (_, offset) in zip(told, places, strict=True)
        if record is not None
    ]
