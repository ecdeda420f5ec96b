"""Follows whole topics from positions that somebody else keeps: without a group, and without commits.

For whoever writes what it reads together with how far it read, so that the two never disagree.
"""

import sys
from collections.abc import Collection, Mapping

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from gateway.domain.errors import GatewayError
from gateway.kafka.access import denial, is_denied
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import translated_errors
from gateway.kafka.offset_lookup import OffsetLookup
from gateway.kafka.partitioning import Offsets, Partition, place_of
from gateway.kafka.scan import RawRecord, raw_record

_BATCH = 5_000
_PREFETCH_KBYTES = 32_768
_TIMEOUT_S = 10.0
_log = structlog.get_logger()


class PositionsLostError(GatewayError):
    """A position lies behind the end of its partition: the topic is not the one that was read."""


class TopicFollower:
    """The records of some topics, in order within a partition. Blocking, for one thread.

    Args:
        config: how to reach Kafka.
        topics: which topics; all of their partitions are read.
    """

    def __init__(self, config: KafkaConfig, topics: Collection[str]) -> None:
        self._config = config
        self._topics = topics
        self._reached: dict[Partition, int] = {}
        self._targets: dict[Partition, int] = {}
        overrides = {"enable.partition.eof": True, "queued.max.messages.kbytes": _PREFETCH_KBYTES}
        # It never seeks: a request may wait for the next record.
        self._consumer = Consumer(config.reader(**{**overrides, "fetch.wait.max.ms": 100}, **QUIET))

    def cluster_id(self) -> str:
        """Give the id of the cluster.

        Raises:
            UnavailableError: no broker answers.
        """
        with translated_errors(self._config):
            return str(self._consumer.list_topics(timeout=_TIMEOUT_S).cluster_id)

    def open(self, positions: Mapping[Partition, int], since_ms: int) -> None:
        """Begin to read.

        Args:
            positions: the offset from which to read each partition on; what Kafka keeps no longer is passed over.
            since_ms: where the others begin: at the first record that is not older, milliseconds since the epoch.

        Raises:
            PositionsLostError: a partition ends before its position.
            UnavailableError: no broker answers, or a topic is missing.
        """
        lookup = OffsetLookup(self._config)
        found = lookup.newest_span(lookup.partitions(dict.fromkeys(self._topics)), since_ms, sys.maxsize).ranges
        self._targets = {partition: offsets.stop for partition, offsets in found.items()}
        starts = {partition: positions.get(partition, offsets.start) for partition, offsets in found.items()}
        for partition, start in starts.items():
            if start > self._targets[partition]:
                raise PositionsLostError(f"{partition[0]} has less than was read of it: it is another topic")
        self._reached = starts
        with translated_errors(self._config):
            self._consumer.assign([TopicPartition(*partition, start) for partition, start in starts.items()])

    @property
    def reached(self) -> Offsets:
        """The next offset to read of each partition."""
        return self._reached

    @property
    def behind(self) -> int:
        """How many records that were there when it was opened are still to be read."""
        return sum(max(0, end - self._reached[partition]) for partition, end in self._targets.items())

    def lag(self) -> int:
        """Count the records that the brokers had when they last answered, and that were not read; asks nobody."""
        total = 0
        for partition, reached in self._reached.items():
            _, end = self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
            total += max(0, end - reached)
        return total

    def has_grown(self) -> bool:
        """Tell whether a topic has partitions that are not read; no where no broker answers."""
        try:
            known = self._consumer.list_topics(timeout=_TIMEOUT_S).topics
        except KafkaException:
            return False
        there = {
            (topic, partition) for topic in self._topics if topic in known for partition in known[topic].partitions
        }
        return not there <= set(self._reached)

    def read(self, timeout_s: float) -> list[RawRecord]:
        """Give the next records: at once when there are any, else after `timeout_s` seconds at most.

        Raises:
            AccessRefusedError: an access rule is missing.
        """
        messages = self._consumer.consume(1, timeout_s)
        if messages:
            messages += self._consumer.consume(_BATCH - 1, 0)
        return [record for message in messages if (record := self._take(message)) is not None]

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def _take(self, message: Message) -> RawRecord | None:
        error = message.error()
        if error is None:
            record = raw_record(message)
            self._reached[record.topic, record.partition] = record.offset + 1
            return record
        if error.code() == KafkaError._PARTITION_EOF:
            # Offsets without a record, such as those of a transaction's end, are told only so.
            self._reached[place_of(message)] = message.offset() or 0
        elif is_denied(error):
            raise denial(error, self._config)
        else:
            # librdkafka reconnects and goes on by itself.
            _log.warning("kafka.read_error", error=error.str())
        return None
