"""The table of subscriptions: live, or read once."""

from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription
from gateway.domain.topics import SUBSCRIPTIONS
from gateway.kafka.compacted_log import TableKind, read_table
from gateway.kafka.compacted_table import CompactedTable
from gateway.kafka.config import KafkaConfig
from gateway.wire.records import subscription_codec


def subscription_kind(topic: str = SUBSCRIPTIONS) -> TableKind[Subscription]:
    """Tell what a reader of tables needs to know of the subscriptions."""
    return TableKind("subscriptions", topic, subscription_codec(), lambda one: one.subscription_id)


class SubscriptionTable(CompactedTable[Subscription, SubscriptionIndex]):
    """All subscriptions, kept up to date; see `CompactedTable`."""

    def __init__(self, config: KafkaConfig, *, topic: str = SUBSCRIPTIONS) -> None:
        super().__init__(config, subscription_kind(topic), SubscriptionIndex())


def read_subscriptions(config: KafkaConfig, *, topic: str = SUBSCRIPTIONS) -> SubscriptionIndex:
    """Read the table once, blocking, as it is now; errors as for `read_table`."""
    index = SubscriptionIndex()
    read_table(config, subscription_kind(topic), index)
    return index
