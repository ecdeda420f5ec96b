"""Finds what became of events and deliveries, by reading the gateway's topics back.

There is no index to ask: Kafka is the only store. So every look names how far back it goes, and says when that was
too much to read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain.folding import HistoryBook, HistoryRecord
from gateway.domain.history import DeliveryHistory, DeliveryState
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.delivery_log import DeliveryLog, LogQuery, LogReport
from gateway.kafka.scan import ScanBounds, TopicScan, no_progress

# Records that don't mention the id are turned away undecoded: only time bounds this look.
FIND_BOUNDS = ScanBounds(max_records=20_000_000, deadline_s=120)
# A list keeps what it reads, about 1 KB a record, until it is folded.
LIST_BOUNDS = ScanBounds(max_records=200_000, deadline_s=60)


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which deliveries to list; None leaves a property open."""

    subscription_id: str | None = None
    tenant: str | None = None
    state: DeliveryState | None = None

    def admits(self, history: DeliveryHistory) -> bool:
        """Tell whether a delivery is wanted."""
        return (
            self.subscription_id in {None, history.subscription_id}
            and self.tenant in {None, history.tenant}
            and self.state in {None, history.state}
        )


@dataclass(frozen=True, slots=True)
class LookupResult:
    """What was found, and what was really looked at.

    Attributes:
        histories: the deliveries found; the one that changed last comes first.
        omitted: how many more there were than the limit allowed.
        report: how far the look went.
    """

    histories: list[DeliveryHistory]
    omitted: int
    report: LogReport


class DeliveryLookup:
    """Looks deliveries up.

    Args:
        config: how to reach the cluster.
        layout: the deployment's topics.
        progress: called with the records read and the records there are to read.
    """

    def __init__(
        self, config: KafkaConfig, layout: TopicLayout, progress: Callable[[int, int], None] = no_progress
    ) -> None:
        self._config = config
        self._topics = (*layout.delivery_topics(), DEAD_LETTERS, ATTEMPTS)
        self._progress = progress

    def find(self, sought_id: str, *, since_ms: int, tenant: str | None = None) -> LookupResult:
        """Find one delivery by its id, or all deliveries of an event by the event's id.

        Args:
            sought_id: a delivery id or an event id.
            since_ms: how far back to look, milliseconds since the epoch.
            tenant: only this one's deliveries: events of others may have the same id. None for everybody's.

        Raises:
            UnavailableError: no broker answers, or a topic is missing.
        """
        book = HistoryBook()

        def take(record: HistoryRecord) -> None:
            if sought_id in {record.delivery_id, record.event_id} and tenant in {None, record.tenant}:
                book.add(record)

        report = self._log(FIND_BOUNDS).read(LogQuery(since_ms, mentions=(sought_id,)), take)
        return LookupResult(book.histories(), 0, report)

    def list(self, wanted: HistoryFilter, *, since_ms: int, limit: int) -> LookupResult:
        """List the deliveries that something happened to since `since_ms`, at most `limit` of them.

        Args:
            wanted: which ones.
            since_ms: how far back to look, milliseconds since the epoch.
            limit: how many at most.

        Raises:
            UnavailableError: no broker answers, or a topic is missing.
        """
        book = HistoryBook()

        def take(record: HistoryRecord) -> None:
            if wanted.tenant in {None, record.tenant}:
                book.add(record)

        query = LogQuery(since_ms, wanted.subscription_id, () if wanted.tenant is None else (wanted.tenant,))
        report = self._log(LIST_BOUNDS).read(query, take)
        histories = [history for history in book.histories() if wanted.admits(history)]
        return LookupResult(histories[:limit], max(0, len(histories) - limit), report)

    def _log(self, bounds: ScanBounds) -> DeliveryLog:
        return DeliveryLog(TopicScan(self._config, bounds, self._progress), self._topics)
