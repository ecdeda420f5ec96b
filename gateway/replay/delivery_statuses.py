"""What became of the deliveries of a span of time, read from `attempts`: for replays that choose by it.

Kept is one small number for each delivery, and there is a bound to how many: beyond it the look is refused, for what is
not known would count as never delivered.
"""

from collections.abc import Callable

from gateway.domain.delivery import Attempt
from gateway.domain.errors import GatewayError
from gateway.domain.folding import HistoryRecord
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.replay import DeliveryStatus, status_after
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.delivery_log import DeliveryLog, LogQuery
from gateway.kafka.scan import ScanBounds, TopicScan, no_progress

# About 150 bytes each.
MAX_DELIVERIES = 1_000_000
_BOUNDS = ScanBounds(max_records=20_000_000, deadline_s=600)
_RANKED = tuple(DeliveryStatus)
_RANKS = {status: rank for rank, status in enumerate(_RANKED)}


class DeliveryStatuses:
    """The statuses of many deliveries.

    Args:
        max_deliveries: how many are kept at most.
    """

    def __init__(self, max_deliveries: int = MAX_DELIVERIES) -> None:
        self._max_deliveries = max_deliveries
        self._ranks: dict[int, int] = {}

    def note(self, attempt: Attempt) -> None:
        """Take an attempt into account.

        Raises:
            GatewayError: there are too many deliveries.
        """
        number, rank = _number_of(attempt.delivery_id), _RANKS[status_after((attempt.outcome,))]
        known = self._ranks.get(number)
        if known is None and len(self._ranks) >= self._max_deliveries:
            raise GatewayError(
                f"more than {self._max_deliveries:,} deliveries were attempted in that time",
                hint="choose by status in a shorter time, or for one subscription",
            )
        if known is None or rank < known:
            self._ranks[number] = rank

    def of(self, delivery_id: str) -> DeliveryStatus:
        """Give what became of a delivery."""
        rank = self._ranks.get(_number_of(delivery_id))
        return DeliveryStatus.NONE if rank is None else _RANKED[rank]


def read_statuses(
    config: KafkaConfig,
    subscriptions: SubscriptionIndex,
    *,
    since_ms: int,
    progress: Callable[[int, int], None] = no_progress,
) -> DeliveryStatuses:
    """Read what became of the deliveries to some subscriptions.

    Args:
        config: how to reach the cluster.
        subscriptions: whose.
        since_ms: what was attempted since then, milliseconds since the epoch; 0 for all that the topic keeps.
        progress: called with the records read and the records there are to read.

    Raises:
        UnavailableError: no broker answers, or the topic is missing.
        GatewayError: there is too much to read.
    """
    statuses = DeliveryStatuses()

    def take(record: HistoryRecord) -> None:
        if isinstance(record, Attempt) and subscriptions.get(record.subscription_id) is not None:
            statuses.note(record)

    names = [one.subscription_id for one in subscriptions]
    query = LogQuery(since_ms, names[0] if len(names) == 1 else None)
    report = DeliveryLog(TopicScan(config, _BOUNDS, progress), (ATTEMPTS,)).read(query, take)
    if not report.scan.complete:
        raise GatewayError(
            f"there is too much to read in `{ATTEMPTS}` to tell what became of every delivery",
            hint="choose by status in a shorter time",
        )
    return statuses


def _number_of(delivery_id: str) -> int:
    """Give a number for an id, in a third of its memory; that of any other text than a UUID is as good as none."""
    try:
        return int(delivery_id.replace("-", ""), 16)
    except ValueError:
        return hash(delivery_id)
