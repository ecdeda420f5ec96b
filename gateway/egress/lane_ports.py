"""What the lanes need of those around them."""

from collections.abc import Iterable
from typing import Protocol

from gateway.domain.cursor import Strand
from gateway.domain.matching import SubscriptionIndex
from gateway.kafka.partitioning import Partition


class Subscriptions(Protocol):
    """The live table of subscriptions."""

    index: SubscriptionIndex

    async def refresh(self) -> None:
        """Wait until the table holds everything that was in the topic when this was called."""


class Backlog(Protocol):
    """Serves from the log what the lanes did not take."""

    def wake(self, subscription_id: str) -> None:
        """A lane has room, or its deliveries have to be looked at anew."""

    def lags(self, partition: Partition, strand: Strand) -> None:
        """Records of a strand are left in the log."""

    def forget(self, partitions: Iterable[Partition]) -> None:
        """These partitions were given up."""
