"""Follows one topic, from now on or from some offsets, without a group: for whoever wants to watch things happen."""

import time
from collections.abc import Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from gateway.domain.errors import UnavailableError
from gateway.kafka.access import denial, is_denied
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import translated_errors
from gateway.kafka.scan import RawRecord, raw_record

_BATCH = 1000
_TIMEOUT_S = 10.0
_LOOK_S = 1.0
# Between two looks for partitions that were added.
_ADDED_S = 5.0


class TopicTail:
    """The records written after it was opened. Blocking, for one thread.

    While Kafka is away it waits, and goes on where it was. Partitions that are added are read from their beginning.

    Args:
        config: how to reach Kafka.
        topic: the topic.
        begin_at: the offset to begin at in each partition; None for its end.

    Attributes:
        starts: the first offset of each partition that it reads.
        is_cut_off: whether no broker answers.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
    """

    def __init__(self, config: KafkaConfig, topic: str, begin_at: Mapping[int, int] | None = None) -> None:
        self._config = config
        self._topic = topic
        self.is_cut_off = False
        self._consumer = Consumer({**config.reader(**QUIET), "error_cb": self._note_error})
        with translated_errors(config):
            found = self._consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
            if found.error is not None and is_denied(found.error):
                raise denial(found.error, config, topic)
            if not found.partitions:
                raise UnavailableError(
                    f"Kafka at {config.bootstrap_servers} has no topic '{topic}'",
                    hint="`gateway topics apply` creates what is missing",
                )
            # Real offsets instead of "the end": that would only be looked up later, when some records are past.
            starts = [TopicPartition(topic, number) for number in found.partitions]
            for start in starts:
                if begin_at is None:
                    _, start.offset = self._consumer.get_watermark_offsets(start, timeout=_TIMEOUT_S)
                else:
                    start.offset = begin_at.get(start.partition, OFFSET_BEGINNING)
        self.starts = {start.partition: start.offset for start in starts}
        self._consumer.assign(starts)
        self._look_at_s = time.monotonic() + _ADDED_S

    def read(self, timeout_s: float) -> list[RawRecord]:
        """Give the next records: at once when there are any, else after `timeout_s` seconds at most.

        While Kafka is away, it may take a second longer.

        Raises:
            AccessRefusedError: an access rule is missing.
        """
        if time.monotonic() >= self._look_at_s:
            self._look_at_s = time.monotonic() + _ADDED_S
            self._take_added()
        messages = self._consumer.consume(1, timeout_s)
        if messages:
            messages += self._consumer.consume(_BATCH - 1, 0)
        records = []
        for message in messages:
            error = message.error()
            if error is None:
                records.append(raw_record(message))
            elif is_denied(error):
                raise denial(error, self._config, self._topic)
        if self.is_cut_off and (records or self._is_answered()):
            self.is_cut_off = False
        return records

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def _take_added(self) -> None:
        if self.is_cut_off:
            return
        try:
            there = self._consumer.list_topics(self._topic, timeout=_LOOK_S).topics[self._topic].partitions
        except KafkaException:
            return
        added = {number: OFFSET_BEGINNING for number in there if number not in self.starts}
        if added:
            self._consumer.incremental_assign([TopicPartition(self._topic, *start) for start in added.items()])
            self.starts |= added

    def _note_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self.is_cut_off = True

    def _is_answered(self) -> bool:
        try:
            self._consumer.get_watermark_offsets(TopicPartition(self._topic, min(self.starts)), timeout=_LOOK_S)
        except KafkaException:
            return False
        return True
