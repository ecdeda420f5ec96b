"""What became of an event that was published: its record, what was rejected of it, and every delivery of it.

All of it is read back from the topics: what they have forgotten, or what lies further back than the look, is not told.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.admin.event_lookup import BOUNDS, EventLookup, FoundRecords
from gateway.admin.lookup import DeliveryLookup, LookupResult
from gateway.domain.event import SourcePosition
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.group_offsets import STREAM_GROUP_ID, committed_offsets
from gateway.kafka.scan import ScanBounds, no_progress
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import DecodedEvent, EventDecoder, EventRecord


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event that was published.

    Attributes:
        event_id: its id.
        found: its records, and what was rejected of it.
        decoded: the event, as its first record can be read now; None where there is no record or it can't be.
        undecodable: why its first record can't be read, or None.
        is_processed: whether the stream has committed its first record; None where there is no record.
        deliveries: what became of its deliveries.
    """

    event_id: str
    found: FoundRecords
    decoded: DecodedEvent | None
    undecodable: UndecodableError | None
    is_processed: bool | None
    deliveries: LookupResult

    @property
    def is_known(self) -> bool:
        """Tell whether anything was found of it."""
        return bool(self.found.records or self.found.rejections or self.deliveries.histories)

    @property
    def other_event_id(self) -> str | None:
        """Give the event that is meant where a delivery's id was given; else None."""
        histories = self.deliveries.histories
        return histories[0].event_id if histories and histories[0].event_id != self.event_id else None

    @property
    def record(self) -> EventRecord | None:
        """Its first record: of several the first one counts."""
        return self.found.records[0] if self.found.records else None


class PastEvents:
    """Looks back.

    Args:
        config: how to reach the cluster.
        layout: the deployment's topics.
        decoder: decodes events.
        progress: called with the records read and the records there are to read.
        bounds: how much a look for the event's record may read.
    """

    def __init__(
        self,
        config: KafkaConfig,
        layout: TopicLayout,
        decoder: EventDecoder,
        progress: Callable[[int, int], None] = no_progress,
        bounds: ScanBounds = BOUNDS,
    ) -> None:
        self._config = config
        self._events = EventLookup(config, layout, progress, bounds)
        self._deliveries = DeliveryLookup(config, layout, progress)
        self._decoder = decoder

    def find(
        self, event_id: str, *, since_ms: int, event_type: str | None = None, tenant: str | None = None
    ) -> PastEvent:
        """Find what became of an event; where nothing did, the result says how far the look went.

        Args:
            event_id: which one.
            since_ms: how far back to look, milliseconds since the epoch.
            event_type: only the topic of this type is searched for the event's record; None for every event topic.
            tenant: only what is this tenant's: events of others may have the same id. None for everybody's.

        Raises:
            UnavailableError: no broker answers, a topic is missing, or the schema registry can't be asked.
        """
        past = self.find_record(event_id, since_ms=since_ms, event_type=event_type, tenant=tenant)
        return replace(past, deliveries=self._deliveries.find(event_id, since_ms=since_ms, tenant=tenant))

    def find_record(
        self,
        event_id: str,
        *,
        since_ms: int,
        event_type: str | None = None,
        at: SourcePosition | None = None,
        tenant: str | None = None,
    ) -> PastEvent:
        """Find an event, and nothing of its deliveries.

        Args:
            event_id: which one.
            since_ms: how far back to look, milliseconds since the epoch.
            event_type: see `find`.
            at: where its record is thought to lie; only where it is not there it is looked for.
            tenant: see `find`.

        Raises:
            UnavailableError: see `find`.
        """
        found = None if at is None else self._events.at(event_id, at, tenant)
        if found is None:
            found = self._events.find(event_id, since_ms=since_ms, event_type=event_type, tenant=tenant)
        decoded, undecodable, is_processed = None, None, None
        if found.records:
            # Before the deliveries are looked for: what was processed by then has all of them.
            is_processed = self._is_processed(found.records[0])
            try:
                decoded = self._decoder.decode(found.records[0])
            except UndecodableError as error:
                undecodable = error
        return PastEvent(event_id, found, decoded, undecodable, is_processed, LookupResult([], 0, found.report))

    def _is_processed(self, record: EventRecord) -> bool:
        at = (record.topic, record.partition)
        committed = committed_offsets(self._config, STREAM_GROUP_ID, [at]).get(at)
        return committed is not None and committed.offset > record.offset
