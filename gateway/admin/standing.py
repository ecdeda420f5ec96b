"""Asks Kafka how far everything is: what the stages have not committed, how old it is, and who lags. Reads only.

No process of the gateway is asked, and no group is joined. A look costs some requests, and one record of each partition
that has something open, of those topics whose age is wanted: of the others no record is read.
"""

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from gateway.domain.cursor import subscription_of
from gateway.domain.errors import UnavailableError
from gateway.domain.overview import Depth
from gateway.domain.topics import CURSORS, DEAD_LETTERS, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.cursor_log import read_cursors
from gateway.kafka.group_offsets import EGRESS_GROUP_ID, STREAM_GROUP_ID, committed_offsets
from gateway.kafka.offset_lookup import OffsetLookup
from gateway.kafka.partitioning import Partition
from gateway.kafka.scan import RawRecord, ScanBounds, TopicScan

_HEAD_BOUNDS = ScanBounds(deadline_s=10)


class StandingReader:
    """Looks, again and again. Blocking, for one thread.

    Args:
        config: how to reach Kafka.
        layout: the deployment's topics.
        aged: the topics of which it is told how old the oldest open record is; those of the retry tiers if not given.

    Raises:
        UnavailableError: no broker answers, or a topic is missing.
    """

    def __init__(self, config: KafkaConfig, layout: TopicLayout, aged: Collection[str] | None = None) -> None:
        self._config = config
        self._events = layout.event_topics()
        self._deliveries = layout.delivery_topics()
        self._aged = frozenset(layout.retry_topics() if aged is None else aged)
        self._lookup = OffsetLookup(config)
        self._scan = TopicScan(config, _HEAD_BOUNDS)
        self._topics = (*self._events, *self._deliveries, DEAD_LETTERS)
        # Whether all are there is seen at once; the partitions are asked for at each look, for some may be added.
        self._lookup.partitions(dict.fromkeys((*self._topics, CURSORS)))

    def depths(self) -> dict[str, Depth]:
        """Give what is not committed of each topic that a stage reads, and what the dead-letter topic keeps.

        Raises:
            UnavailableError: no broker answers.
        """
        partitions = self._lookup.partitions(dict.fromkeys(self._topics))
        # Commits first: what is written in between then counts as open, and not as less than nothing.
        committed = {
            **self._committed(STREAM_GROUP_ID, self._events, partitions),
            **self._committed(EGRESS_GROUP_ID, self._deliveries, partitions),
        }
        kept = self._lookup.newest_span(partitions, 0, sys.maxsize).ranges
        opened = {at: range(max(offsets.start, committed.get(at, 0)), offsets.stop) for at, offsets in kept.items()}
        oldest = self._oldest_ms({at: offsets for at, offsets in opened.items() if at[0] in self._aged})
        records = _sum_by_topic((at[0], len(offsets)) for at, offsets in opened.items())
        return {topic: Depth(topic, count, oldest.get(topic)) for topic, count in records.items()}

    def cursors(self) -> Mapping[str, int]:
        """Give how many cursors each lagging subscription has.

        Raises:
            UnavailableError: no broker answers in time.
        """
        partitions = [number for _, number in self._lookup.partitions({CURSORS: None})]
        try:
            found = read_cursors(self._config, partitions)
        except TimeoutError as error:
            raise UnavailableError(str(error)) from error
        return Counter(subscription_of(strand) for strands in found.values() for strand in strands)

    def _committed(self, group_id: str, topics: Iterable[str], partitions: Iterable[Partition]) -> dict[Partition, int]:
        wanted = set(topics)
        asked = [at for at in partitions if at[0] in wanted]
        return {at: commit.offset for at, commit in committed_offsets(self._config, group_id, asked).items()}

    def _oldest_ms(self, opened: Mapping[Partition, range]) -> dict[str, int]:
        oldest: dict[str, int] = {}

        def take(record: RawRecord) -> None:
            oldest[record.topic] = min(record.timestamp_ms, oldest.get(record.topic, record.timestamp_ms))

        self._scan.read({at: offsets[:1] for at, offsets in opened.items() if offsets}, take)
        return oldest


def _sum_by_topic(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for topic, count in counts:
        sums[topic] += count
    return sums
