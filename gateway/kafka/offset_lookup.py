"""Where a span of time begins and ends in the partitions of some topics, asked of the brokers. Reads only."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaException

from gateway.domain.errors import UnavailableError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import gateway_error, is_leader_moving, translated_errors
from gateway.kafka.offset_client import OffsetClient
from gateway.kafka.partitioning import Partition, partition_of

_REQUEST_TIMEOUT_S = 10.0
_NEW_TOPIC_TIMEOUT_S = 2.0
_RETRY_S = 0.2
# Records may carry the time of a producer whose clock is ahead.
_CLOCK_SKEW_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time as offsets.

    Attributes:
        since_ms: its beginning, milliseconds since the epoch.
        ranges: the offsets of each partition that lie in it.
    """

    since_ms: int
    ranges: Mapping[Partition, range]


class OffsetLookup:
    """Asks the brokers for partitions and offsets."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._client = OffsetClient(config, timeout_s=_REQUEST_TIMEOUT_S)

    def partitions(self, topics: Mapping[str, bytes | None]) -> list[Partition]:
        """List the partitions of topics: all of them, or where a key is given, the one that it lies on.

        Raises:
            UnavailableError: no broker answers, or a topic is missing.
        """
        counts = self._partition_counts(topics)
        found: list[Partition] = []
        for topic, key in topics.items():
            wanted = range(counts[topic]) if key is None else (partition_of(key, counts[topic]),)
            found += [(topic, partition) for partition in wanted]
        return found

    def _partition_counts(self, topics: Collection[str]) -> dict[str, int]:
        # A broker learns of a topic a moment after it was created.
        give_up_at = time.monotonic() + _NEW_TOPIC_TIMEOUT_S
        while True:
            known = self._refresh()
            missing = [topic for topic in topics if topic not in known]
            if not missing:
                return known
            if time.monotonic() > give_up_at:
                raise UnavailableError(
                    f"Kafka at {self._config.bootstrap_servers} has no topic '{missing[0]}'",
                    hint="`gateway topics apply` creates what is missing; with access control, the user may not see it",
                )
            time.sleep(_RETRY_S)

    def _refresh(self) -> dict[str, int]:
        """Learn every partition's leader anew; gives each topic's number of partitions."""
        with translated_errors(self._config):
            return self._client.partition_counts()

    def newest_span(self, partitions: Collection[Partition], since_ms: int, max_records: int) -> Span:
        """Give the span from `since_ms` to now, or its newest part of at most `max_records` records.

        Raises:
            UnavailableError: no broker answers.
        """
        ends = self._answered(lambda: self._client.ends(partitions))
        whole = self._ranges(ends, since_ms)
        if _count(whole) <= max_records:
            return Span(since_ms, whole)
        too_early, late_enough = since_ms, int(time.time() * 1000) + _CLOCK_SKEW_MS
        newest = {at: range(end, end) for at, end in ends.items()}
        # Half of what is allowed is near enough; each step is one round trip.
        while late_enough - too_early > 1 and _count(newest) < max_records // 2:
            middle = (too_early + late_enough) // 2
            ranges = self._ranges(ends, middle)
            if _count(ranges) > max_records:
                too_early = middle
            else:
                late_enough, newest = middle, ranges
        return Span(late_enough, newest)

    def kept(self, partitions: Collection[Partition]) -> dict[Partition, range]:
        """Give the offsets that each partition keeps now.

        Raises:
            UnavailableError: no broker answers.
        """
        starts = self._answered(lambda: self._client.beginnings(partitions))
        ends = self._answered(lambda: self._client.ends(partitions))
        return {at: range(starts[at], max(starts[at], ends[at])) for at in partitions}

    def between(self, kept: Mapping[Partition, range], since_ms: int, until_ms: int | None) -> dict[Partition, range]:
        """Give the offsets of a span of time: from the first record that is not older, to before the next that is.

        Args:
            kept: what the partitions keep, see `kept`.
            since_ms: the beginning, milliseconds since the epoch.
            until_ms: the end, not included; None for all that is kept.

        Raises:
            UnavailableError: no broker answers.
        """
        ends = {at: offsets.stop for at, offsets in kept.items()}
        if until_ms is not None:
            ends = {at: found.start for at, found in self._ranges(ends, until_ms).items()}
        spans = self._ranges(ends, since_ms)
        return {at: range(span.start, max(span.start, span.stop)) for at, span in spans.items()}

    def _ranges(self, ends: Mapping[Partition, int], since_ms: int) -> dict[Partition, range]:
        starts = self._answered(lambda: self._client.first_since(ends, since_ms))
        # Below zero: no record is that young.
        return {at: range(starts[at] if starts[at] >= 0 else end, end) for at, end in ends.items()}

    def _answered(self, question: Callable[[], dict[Partition, int]]) -> dict[Partition, int]:
        give_up_at = time.monotonic() + _REQUEST_TIMEOUT_S
        while True:
            try:
                return question()
            except KafkaException as error:
                if not is_leader_moving(error) or time.monotonic() > give_up_at:
                    raise gateway_error(error, self._config) from error
            time.sleep(_RETRY_S)
            self._refresh()


def _count(ranges: Mapping[Partition, range]) -> int:
    return sum(len(offsets) for offsets in ranges.values())
