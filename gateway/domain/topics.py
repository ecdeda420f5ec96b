"""The one table of the gateway's topics: names, partitions, cleanup and retention.

Everything else asks this table. `deliveries`, `deliveries.priority`, `deliveries.replay`, every retry tier and the
dead-letter topic have the same number of partitions and the same key, so that one egress worker owns a subscription in
all of them at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from gateway.domain.event import domain_of
from gateway.domain.tiers import DEFAULT_TIERS, Tier

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_LEAST_REST_MS = 100
_LONGEST_REST_MS = 5_000
# Replays are in no hurry, and most of the time there are none.
_REPLAY_REST_MS = 100
# How long Kafka keeps a delivery that waits; what may wait is bounded below it.
DELIVERIES_RETENTION_MS = 7 * _DAY_MS

EVENTS_PREFIX = "events."
REJECTED = "events.rejected"
SUBSCRIPTIONS = "subscriptions"
DELIVERIES = "deliveries"
PRIORITY_DELIVERIES = "deliveries.priority"
REPLAY_DELIVERIES = "deliveries.replay"
RETRY_PREFIX = "deliveries.retry."
DEAD_LETTERS = "deliveries.dlq"
CURSORS = "gateway.cursors"
SIGNALS = "gateway.signals"
REPLAYS = "gateway.replays"
AUDIT = "gateway.audit"
ACCESS = "gateway.access"
ATTEMPTS = "attempts"
# Where the stream plans deliveries.
BEGINNINGS = (DELIVERIES, PRIORITY_DELIVERIES)


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What one topic has to look like.

    Attributes:
        name: the topic's name.
        partitions: how many partitions it has.
        cleanup: `delete` or `compact`.
        retention_ms: how long records are kept, or None where compaction keeps the newest of each key.
        key: what the record key is, for people.
        value: what the record value is, for people.
    """

    name: str
    partitions: int
    cleanup: Literal["delete", "compact"]
    retention_ms: int | None
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class TopicLayout:
    """The deployment's topics.

    Attributes:
        domains: the first parts of the event types, e.g. `order`.
        event_partitions: partitions of each `events.<domain>` topic and of `events.rejected`.
        delivery_partitions: partitions of the co-partitioned delivery topics, of `gateway.signals` and `attempts`.
        tiers: the retry tiers, shortest first.
    """

    domains: tuple[str, ...]
    event_partitions: int = 6
    delivery_partitions: int = 6
    tiers: tuple[Tier, ...] = field(default=DEFAULT_TIERS)

    def event_topics(self) -> tuple[str, ...]:
        """Name the topics that producers write, in alphabetical order."""
        return tuple(f"{EVENTS_PREFIX}{domain}" for domain in sorted(self.domains))

    def retry_topics(self) -> dict[str, Tier]:
        """Map each retry topic's name to its tier, shortest first."""
        return {retry_topic(tier): tier for tier in sorted(self.tiers)}

    def delivery_topics(self) -> tuple[str, ...]:
        """Name the topics that deliveries wait in to be sent: where they begin, also anew, and the retry tiers."""
        return (*BEGINNINGS, REPLAY_DELIVERIES, *self.retry_topics())

    def rests_ms(self) -> dict[str, int]:
        """Say how long nobody needs to look into a topic that was read to its end, milliseconds; retries and replays.

        What is written to a retry topic is due a tier's delay later, or the shortest tier's earlier where a producer
        asked for a time. A tenth of the delay leaves enough of either.
        """
        retries = {
            name: min(max(tier.delay_ms // 10, _LEAST_REST_MS), _LONGEST_REST_MS)
            for name, tier in self.retry_topics().items()
        }
        return {REPLAY_DELIVERIES: _REPLAY_REST_MS, **retries}

    def specs(self) -> tuple[TopicSpec, ...]:
        """List every topic, in the order of an event's path."""
        events, deliveries = self.event_partitions, self.delivery_partitions
        return (
            *(
                TopicSpec(name, events, "delete", 7 * _DAY_MS, "producer's choice", "the event's own Avro record")
                for name in self.event_topics()
            ),
            TopicSpec(REJECTED, events, "delete", 30 * _DAY_MS, "source key", "rejected_event"),
            TopicSpec(SUBSCRIPTIONS, 1, "compact", None, "subscription id", "subscription; null = tombstone"),
            *(
                TopicSpec(name, deliveries, "delete", DELIVERIES_RETENTION_MS, "subscription id", "delivery")
                for name in (*BEGINNINGS, REPLAY_DELIVERIES)
            ),
            *(
                TopicSpec(
                    name, deliveries, "delete", DELIVERIES_RETENTION_MS + tier.delay_ms, "subscription id", "delivery"
                )
                for name, tier in self.retry_topics().items()
            ),
            TopicSpec(DEAD_LETTERS, deliveries, "delete", 30 * _DAY_MS, "subscription id", "delivery"),
            TopicSpec(CURSORS, deliveries, "compact", None, "subscription id + topic", "cursor; null = caught up"),
            TopicSpec(REPLAYS, 1, "compact", None, "replay id", "replay"),
            TopicSpec(SIGNALS, deliveries, "delete", 30 * _DAY_MS, "subscription id", "signal"),
            # One partition: the trail has one order, that of the changes.
            TopicSpec(AUDIT, 1, "delete", 365 * _DAY_MS, "subscription id", "audit"),
            TopicSpec(ACCESS, 1, "compact", None, "credential id", "credential; null = revoked"),
            TopicSpec(ATTEMPTS, deliveries, "delete", 7 * _DAY_MS, "delivery id", "attempt"),
        )


def event_topic(event_type: str) -> str:
    """Name the topic of an event type: `order.created` -> `events.order`."""
    return EVENTS_PREFIX + domain_of(event_type)


def retry_topic(tier: Tier) -> str:
    """Name the topic of a retry tier: 5m -> `deliveries.retry.5m`."""
    return RETRY_PREFIX + tier.name


def layout_for(event_types: Iterable[str], *, partitions: int, tiers: tuple[Tier, ...]) -> TopicLayout:
    """Derive the layout from the catalog's event types.

    Args:
        event_types: every event type of the catalog.
        partitions: partitions of every topic but those that have one.
        tiers: the deployment's retry tiers.
    """
    domains = tuple(sorted({domain_of(event_type) for event_type in event_types}))
    return TopicLayout(domains, partitions, partitions, tiers)
