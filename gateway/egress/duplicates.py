"""Step ④: keeps duplicates from the lanes; which they are is `gateway.domain.duplicates`' to say.

Judged is what is handed out of the topics that deliveries begin in, by the main reader and by catch-up passes alike.
Replays are an operator's wish and never duplicates; retries are no repeats.
"""

from collections.abc import Collection, Sequence

import structlog
from confluent_kafka import Message

from gateway.domain.delivery import Delivery
from gateway.domain.duplicates import DuplicateFilter
from gateway.domain.topics import BEGINNINGS
from gateway.kafka.partitioning import Partition
from gateway.kafka.recent_deliveries import RecentDelivery
from gateway.telemetry.clock import now_ms
from gateway.wire.delivery_head import read_delivery_id

_EVENT_TRIGGER = "event"
_log = structlog.get_logger()


class DuplicateGuard:
    """Knows the deliveries of this process's partitions.

    Args:
        window_ms: how far apart two records may be to be duplicates, milliseconds; 0 lets all pass.

    Attributes:
        suppressed: how many were found.
    """

    def __init__(self, window_ms: int) -> None:
        self._filter = DuplicateFilter(window_ms)
        self.suppressed = 0

    def recall(self, recent: Sequence[RecentDelivery]) -> None:
        """Take in what the log holds before the position of a partition that is about to come."""
        present_ms = now_ms()
        for one in recent:
            self._filter.judge(one.partition, one.offset, one.delivery_id, one.written_at_ms, now_ms=present_ms)

    def note_settled(self, message: Message, partition: Partition) -> None:
        """Take in a record that an earlier owner has settled."""
        delivery_id = read_delivery_id(message.value())
        if delivery_id is not None:
            self._seen_before(message, partition, delivery_id)

    def suppresses(self, message: Message, partition: Partition, delivery: Delivery) -> bool:
        """Tell whether a record that is handed out has to be settled without an attempt, and remember it."""
        if not self._seen_before(message, partition, delivery.delivery_id) or delivery.trigger != _EVENT_TRIGGER:
            return False
        self.suppressed += 1
        _log.debug(
            "delivery.duplicate",
            delivery_id=delivery.delivery_id,
            event_id=delivery.event_id,
            subscription_id=delivery.subscription_id,
            suppressed=self.suppressed,
        )
        return True

    def _seen_before(self, message: Message, partition: Partition, delivery_id: str) -> bool:
        if partition[0] not in BEGINNINGS:
            return False
        offset, written_at_ms = message.offset() or 0, message.timestamp()[1]
        return self._filter.judge(partition, offset, delivery_id, written_at_ms, now_ms=now_ms())

    def forget(self, partitions: Collection[Partition]) -> None:
        """Forget partitions that were given up."""
        self._filter.forget(partitions)
