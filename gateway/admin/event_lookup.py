"""Finds the record of an event by the event's id, and what events.rejected says of it. Reads only.

There is no index of events: the topics are read back, as far as the caller says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.domain.delivery import RejectedEvent
from gateway.domain.event import DEFAULT_TENANT, SourcePosition
from gateway.domain.topics import REJECTED, TopicLayout, event_topic
from gateway.kafka.config import KafkaConfig
from gateway.kafka.delivery_log import LogReport
from gateway.kafka.record_reader import read_records
from gateway.kafka.scan import RawRecord, ScanBounds, ScanReport, TopicScan, no_progress
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import EventRecord, position_id
from gateway.wire.event_headers import CE_ID, read_context
from gateway.wire.rejected_record import rejected_codec

# Of most records only the headers are looked at: as for deliveries, time is what bounds the look.
BOUNDS = ScanBounds(max_records=20_000_000, deadline_s=120)
# An event that is published again and again is the same one: so many are kept, each of up to a megabyte.
MAX_RECORDS = 20


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """What the topics hold of an event.

    Attributes:
        records: the records that carry it, oldest first; several where it was published several times.
        omitted: how many more there were.
        rejections: what was rejected of it, oldest first.
        report: how far the look went.
    """

    records: list[EventRecord]
    omitted: int
    rejections: list[RejectedEvent]
    report: LogReport


class EventLookup:
    """Looks events up.

    Args:
        config: how to reach the cluster.
        layout: the deployment's topics.
        progress: called with the records read and the records there are to read.
        bounds: how much one look may read.
    """

    def __init__(
        self,
        config: KafkaConfig,
        layout: TopicLayout,
        progress: Callable[[int, int], None] = no_progress,
        bounds: ScanBounds = BOUNDS,
    ) -> None:
        self._config = config
        self._topics = layout.event_topics()
        self._scan = TopicScan(config, bounds, progress)

    def at(self, event_id: str, position: SourcePosition, tenant: str | None = None) -> FoundRecords | None:
        """Give an event whose place is known; None where Kafka has it there no longer.

        Args:
            event_id: see `find`.
            position: where its record lies.
            tenant: see `find`.

        Raises:
            UnavailableError: no broker answers.
        """
        search = EventSearch(event_id, tenant)
        if position.topic in self._topics:
            place = (position.topic, position.partition), position.offset
            for raw in read_records(self._config, [place]).values():
                search.take(raw)
        if not search.records:
            return None
        # It was looked at, and nothing else.
        report = ScanReport(search.records[0].timestamp_ms, 1, narrowed=False, out_of_time=False)
        return FoundRecords(search.records, 0, [], LogReport(report, 0))

    def find(
        self, event_id: str, *, since_ms: int, event_type: str | None = None, tenant: str | None = None
    ) -> FoundRecords:
        """Find an event.

        Args:
            event_id: its `ce_id`, or `topic-partition-offset` where the producer gave none.
            since_ms: how far back to look, milliseconds since the epoch.
            event_type: only the topic of this type is read; None for every event topic.
            tenant: only what is this tenant's: events of others may have the same id. None for everybody's.

        Raises:
            UnavailableError: no broker answers, or a topic is missing.
        """
        search = EventSearch(event_id, tenant)
        topics = self._topics if event_type is None else (event_topic(event_type),)
        report = self._scan.run(dict.fromkeys((*topics, REJECTED)), since_ms, search.take)
        return FoundRecords(
            sorted(search.records, key=lambda record: (record.timestamp_ms, record.offset)),
            search.omitted,
            sorted(search.rejections, key=lambda rejected: rejected.rejected_at_ms),
            LogReport(report, search.undecodable),
        )


class EventSearch:
    """Collects what belongs to one event.

    Args:
        event_id: its id.
        tenant: see `EventLookup.find`.

    Attributes:
        records: the first `MAX_RECORDS` records that carry it, in the order in which they were taken.
        omitted: how many more there were.
        rejections: the first `MAX_RECORDS` that were rejected of it.
        undecodable: how many records of events.rejected could not be read.
    """

    def __init__(self, event_id: str, tenant: str | None = None) -> None:
        self._event_id = event_id
        self._needle = event_id.encode()
        self._tenant = tenant
        self.records: list[EventRecord] = []
        self.omitted = 0
        self.rejections: list[RejectedEvent] = []
        self.undecodable = 0

    def take(self, raw: RawRecord) -> None:
        """Keep a record where it is about the event."""
        if raw.topic == REJECTED:
            self._take_rejected(raw)
        elif self._is_it(raw.topic, raw.partition, raw.offset, raw.headers):
            if len(self.records) < MAX_RECORDS:
                self.records.append(_event_record(raw))
            else:
                self.omitted += 1

    def _take_rejected(self, raw: RawRecord) -> None:
        try:
            rejected = rejected_codec().decode(raw.value)
        except UndecodableError:
            self.undecodable += 1
            return
        source = rejected.source
        is_it = self._is_it(source.topic, source.partition, source.offset, rejected.headers)
        if is_it and len(self.rejections) < MAX_RECORDS:
            self.rejections.append(rejected)

    def _is_it(self, topic: str, partition: int, offset: int, headers: Sequence[tuple[str, bytes]]) -> bool:
        return self._has_id(topic, partition, offset, headers) and self._tenant in {None, _tenant_of(headers)}

    def _has_id(self, topic: str, partition: int, offset: int, headers: Sequence[tuple[str, bytes]]) -> bool:
        given = None
        for name, value in headers:
            if name == CE_ID:
                given = value
        if given is not None:
            return given == self._needle
        # Made only where the end of it fits: most records have an id.
        return self._event_id.endswith(f"-{offset}") and position_id(topic, partition, offset) == self._event_id


def _event_record(raw: RawRecord) -> EventRecord:
    return EventRecord(raw.topic, raw.partition, raw.offset, raw.timestamp_ms, raw.key, raw.value, raw.headers)


def _tenant_of(headers: Sequence[tuple[str, bytes]]) -> str | None:
    """Give the tenant that the headers of an event name; None where that can't be read."""
    try:
        return read_context(headers).tenant or DEFAULT_TENANT
    except UndecodableError:
        return None
