"""Reads the compacted `subscriptions` topic: every partition from its beginning, to its end, then on.

The reading core of the live table, of one-shot reads and of the writer. It uses no consumer group and commits
nothing. A record that can't be read is skipped, logged and counted: one bad record must not take the table away.
"""

import time
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from gateway.domain.errors import UnavailableError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import QUIET, translated_errors
from gateway.wire.errors import UndecodableError
from gateway.wire.records import subscription_codec

BATCH_RECORDS = 2_000
METADATA_TIMEOUT_S = 8.0

TableChange = tuple[str, Subscription | None]
"""A subscription's id, and what it is now: None after a tombstone."""

_log = structlog.get_logger()


class TopicMissingError(UnavailableError):
    """The topic has not been created."""


class SubscriptionLog:
    """The topic as a stream of changes. Blocking, for one thread."""

    def __init__(self, config: KafkaConfig, topic: str) -> None:
        self.skipped = 0
        self._bootstrap_servers = config.bootstrap_servers
        self._topic = topic
        self._codec = subscription_codec()
        self._reached: dict[int, int] = {}
        self._target: dict[int, int] = {}
        overrides: dict[str, Any] = {**QUIET, "enable.partition.eof": True}
        # The client wants a group id; nothing joins or commits under it.
        self._consumer = Consumer(config.consumer("webhook-gateway-subscription-log", **overrides))

    def open(self, timeout_s: float = METADATA_TIMEOUT_S) -> None:
        """Begin at the first record of every partition, and aim at the present end.

        Raises:
            TopicMissingError: there is no such topic.
            UnavailableError: Kafka did not answer within `timeout_s` seconds.
        """
        with translated_errors(self._bootstrap_servers):
            metadata = self._consumer.list_topics(self._topic, timeout=timeout_s).topics[self._topic]
        if metadata.error is not None or not metadata.partitions:
            raise TopicMissingError(f"there is no topic '{self._topic}'", hint="run: gateway topics apply")
        self._reached = dict.fromkeys(metadata.partitions, 0)
        self.aim(timeout_s)
        self._consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in self._reached])

    def aim(self, timeout_s: float = METADATA_TIMEOUT_S) -> None:
        """Take the present end of every partition as the point from which on `behind` is false.

        Raises:
            UnavailableError: Kafka did not answer within `timeout_s` seconds.
        """
        with translated_errors(self._bootstrap_servers):
            for number in self._reached:
                partition = TopicPartition(self._topic, number)
                _, self._target[number] = self._consumer.get_watermark_offsets(partition, timeout=timeout_s)

    def aim_past(self, offsets: dict[int, int]) -> None:
        """Take the points behind one record in each of some partitions as those from which on `behind` is false."""
        self._target = {number: offset + 1 for number, offset in offsets.items()}

    @property
    def behind(self) -> bool:
        """Whether records are still to be read that were there at the last `aim`."""
        return any(self._reached[number] < target for number, target in self._target.items())

    def read(self, timeout_s: float) -> list[TableChange]:
        """Give the next changes in order: at once when there are any, else after `timeout_s` seconds at most."""
        messages: list[Message] = self._consumer.consume(1, timeout_s)
        if messages:
            messages += self._consumer.consume(BATCH_RECORDS - 1, 0)
        changes = (self._change(message) for message in messages)
        return [change for change in changes if change is not None]

    def read_to_end(self, index: SubscriptionIndex, *, stall_timeout_s: float) -> None:
        """Bring an index up to what is in the topic when this is called.

        Args:
            index: is changed.
            stall_timeout_s: how long there may be no progress, in seconds.

        Raises:
            UnavailableError: no progress for that long.
        """
        self.aim(stall_timeout_s)
        self.read_on(index, stall_timeout_s=stall_timeout_s)

    def read_on(self, index: SubscriptionIndex, *, stall_timeout_s: float) -> None:
        """Bring an index up to the point aimed at; arguments and errors as for `read_to_end`."""
        give_up_at = time.monotonic() + stall_timeout_s
        while self.behind:
            before = dict(self._reached)
            apply_changes(index, self.read(timeout_s=0.1))
            if self._reached != before:
                give_up_at = time.monotonic() + stall_timeout_s
            elif time.monotonic() > give_up_at:
                raise UnavailableError(f"Kafka at {self._bootstrap_servers} stopped answering while it was being read")

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def _change(self, message: Message) -> TableChange | None:
        error = message.error()
        if error is None:
            self._reached[message.partition()] = message.offset() + 1
            return self._decode(message)
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public code for the end
            # Control records have offsets too, but are not handed out: only the end tells that they were passed.
            self._reached[message.partition()] = message.offset()
        else:
            # librdkafka reconnects and goes on by itself.
            _log.warning("subscriptions.read_error", error=error.str())
        return None

    def _decode(self, message: Message) -> TableChange | None:
        key, value = message.key(), message.value()
        try:
            subscription_id = (key or b"").decode()
            subscription = None if value is None else self._codec.decode(value)
        except (UnicodeDecodeError, UndecodableError) as error:
            return self._skip(message, str(error))
        if subscription is not None and subscription.subscription_id != subscription_id:
            return self._skip(message, "the record's key is not its subscription id")
        return subscription_id, subscription

    def _skip(self, message: Message, why: str) -> None:
        self.skipped += 1
        _log.warning("subscriptions.record_skipped", partition=message.partition(), offset=message.offset(), reason=why)


def apply_changes(index: SubscriptionIndex, changes: list[TableChange]) -> None:
    """Carry changes out on an index, in order."""
    for subscription_id, subscription in changes:
        if subscription is None:
            index.remove(subscription_id)
        else:
            index.put(subscription)
