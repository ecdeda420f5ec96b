"""The delivery topics as a log of what happened: deliveries and attempts of a span of time, decoded.

Shared by looking (every topic) and by dead letters (one). Most records are turned away by a search in their raw
bytes, which is a hundred times cheaper than to decode them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.domain.folding import HistoryRecord
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.scan import RawRecord, ScanReport, TopicScan
from gateway.wire.errors import UndecodableError
from gateway.wire.records import attempt_codec, delivery_codec

# Past some tens of texts, a search in the bytes costs more than to decode them.
_MAX_MENTIONS = 20


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which records are wanted.

    Attributes:
        since_ms: not older than this, milliseconds since the epoch; 0 for everything there is.
        subscription_id: only this one's, or None. Only its partition of the delivery topics is read.
        mentions: texts of which a wanted record has one in its bytes; empty where that is not known. Only turns
            records away early: a record that is let through may be another one, so check it.
    """

    since_ms: int
    subscription_id: str | None = None
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogReport:
    """What was read: the scan's report, and how many records could not be decoded."""

    scan: ScanReport
    undecodable: int


class DeliveryLog:
    """Reads deliveries and attempts.

    Args:
        scan: the bounded reader.
        topics: which of `deliveries`, its retry tiers, the dead-letter topic and `attempts` to read.
    """

    def __init__(self, scan: TopicScan, topics: Collection[str]) -> None:
        self._scan = scan
        self._topics = topics

    def read(self, query: LogQuery, visit: Callable[[HistoryRecord], None]) -> LogReport:
        """Hand every wanted record to `visit`, in no particular order.

        Raises:
            UnavailableError: no broker answers, or a topic is missing.
        """
        undecodable = 0
        key = None if query.subscription_id is None else query.subscription_id.encode()
        needles = [text.encode() for text in query.mentions] if len(query.mentions) <= _MAX_MENTIONS else []

        def take(raw: RawRecord) -> None:
            nonlocal undecodable
            value = raw.value or b""
            if (needles and not any(needle in value for needle in needles)) or (key and key not in value):
                return
            try:
                record = _decode(raw)
            except UndecodableError:
                undecodable += 1
                return
            if query.subscription_id in {None, record.subscription_id}:
                visit(record)

        # Attempts are keyed by delivery: one subscription's lie on every partition.
        topics = {topic: None if topic == ATTEMPTS else key for topic in self._topics}
        report = self._scan.run(topics, query.since_ms, take)
        return LogReport(report, undecodable)


def _decode(raw: RawRecord) -> HistoryRecord:
    codec = attempt_codec() if raw.topic == ATTEMPTS else delivery_codec()
    return codec.decode(raw.value)
