"""Counts what waits for one subscription, by reading its partition of the delivery topics back. Reads only.

Where it begins is told by the group's commits and the subscription's cursors (`gateway.domain.backlog`), so what is
settled is not read again. The look is bounded, and a count that is cut short says so.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

from gateway.domain.backlog import Backlog, OpenRecords, Standing
from gateway.domain.topics import CURSORS, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.group_offsets import EGRESS_GROUP_ID, committed_offsets
from gateway.kafka.offset_client import CommittedOffset
from gateway.kafka.offset_lookup import OffsetLookup
from gateway.kafka.partitioning import Partition
from gateway.kafka.scan import RawRecord, ScanBounds, TopicScan, no_progress
from gateway.wire.errors import UndecodableError
from gateway.wire.records import CursorRecord, cursor_codec, delivery_codec

_CURSOR_BOUNDS = ScanBounds(max_records=2_000_000, deadline_s=30)
_BOUNDS = ScanBounds(max_records=5_000_000, deadline_s=30)


class BacklogCounter:
    """Counts backlogs.

    Args:
        config: how to reach the cluster.
        layout: the deployment's topics.
        progress: called with the records read and the records there are to read.
        bounds: how much one count may read.
    """

    def __init__(
        self,
        config: KafkaConfig,
        layout: TopicLayout,
        progress: Callable[[int, int], None] = no_progress,
        bounds: ScanBounds = _BOUNDS,
    ) -> None:
        self._config = config
        self._topics = layout.delivery_topics()
        self._cursors = TopicScan(config, _CURSOR_BOUNDS)
        self._deliveries = TopicScan(config, bounds, progress)

    def count(self, subscription_id: str, now_ms: int) -> Backlog:
        """Count what waits for a subscription, as the commits of this moment tell it.

        Args:
            subscription_id: whose.
            now_ms: the present, milliseconds since the epoch.

        Raises:
            UnavailableError: no broker answers, or a topic is missing.
        """
        key = subscription_id.encode()
        lookup = OffsetLookup(self._config)
        partitions = lookup.partitions(dict.fromkeys(self._topics, key))
        # Commits first: the cursors that stand for what a commit passed are durable before it.
        committed = committed_offsets(self._config, EGRESS_GROUP_ID, partitions)
        cursors, all_cursors = self._read_cursors(subscription_id)
        kept = lookup.newest_span(partitions, 0, sys.maxsize).ranges
        opened = {at: _open_records(kept[at].start, committed.get(at), cursors.get(at, ())) for at in partitions}
        ranges = {at: range(max(opened[at].lowest, kept[at].start), kept[at].stop) for at in partitions}
        backlog = self._count(key, opened, ranges, now_ms)
        backlog.complete &= all_cursors
        return backlog

    def _count(
        self, key: bytes, opened: Mapping[Partition, OpenRecords], ranges: Mapping[Partition, range], now_ms: int
    ) -> Backlog:
        backlog = Backlog()

        def take(record: RawRecord) -> None:
            if record.key != key:
                return
            try:
                delivery = delivery_codec().decode(record.value)
            except UndecodableError:
                return  # egress rejects it
            due_at_ms = opened[record.topic, record.partition].due_at_ms(record.offset, delivery.event_key)
            if due_at_ms is not None:
                backlog.add(delivery, now_ms, due_at_ms=due_at_ms)

        backlog.complete = self._deliveries.read(ranges, take).complete
        return backlog

    def _read_cursors(self, subscription_id: str) -> tuple[dict[Partition, list[CursorRecord]], bool]:
        """Give the subscription's cursors, and whether all were read."""
        newest: dict[bytes, CursorRecord | None] = {}

        def take(record: RawRecord) -> None:
            key = record.key or b""
            if not key.startswith(subscription_id.encode()):
                return
            try:
                newest[key] = None if record.value is None else cursor_codec().decode(record.value)
            except UndecodableError:
                return  # the cursor before it stands, as for egress

        # A cursor lies in the partition of its deliveries, which is that of the subscription's id.
        report = self._cursors.run({CURSORS: subscription_id.encode()}, 0, take)
        found: dict[Partition, list[CursorRecord]] = {}
        for cursor in newest.values():
            if cursor is not None and cursor.subscription_id == subscription_id:
                found.setdefault((cursor.topic, cursor.partition), []).append(cursor)
        return found, report.complete


def _open_records(begin: int, committed: CommittedOffset | None, cursors: Sequence[CursorRecord]) -> OpenRecords:
    commit = Standing(begin) if committed is None else Standing(committed.offset, committed.metadata)
    standings = {cursor.event_key: Standing(cursor.offset, cursor.settled, cursor.due_at_ms) for cursor in cursors}
    return OpenRecords(
        commit, standings.get(None), {key: standing for key, standing in standings.items() if key is not None}
    )
