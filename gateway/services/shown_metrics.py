"""Says where each metric of a process is read: the parts count for themselves, and know nothing of Prometheus."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import TypeVar

from gateway.console.indexer import Indexer
from gateway.domain.outcome import Reason
from gateway.domain.tiers import Tier
from gateway.egress.catch_up import CatchUp
from gateway.egress.duplicates import DuplicateGuard
from gateway.egress.intake import Intake
from gateway.egress.lane_pool import LanePool
from gateway.egress.ledger import Ledger
from gateway.kafka.lag_reader import LagReader
from gateway.kafka.partitioning import Partition
from gateway.kafka.producer import ConfirmedProducer
from gateway.kafka.signal_sender import SignalSender
from gateway.kafka.subscription_table import SubscriptionTable
from gateway.stream.acks import InOrderAcks
from gateway.stream.app import StreamApp
from gateway.stream.pipeline import EventPipeline
from gateway.telemetry import metrics
from gateway.telemetry.exposition import Exposition, Series

_DUPLICATE = "duplicate"

L = TypeVar("L", bound=str | Enum)


def show_shared(
    shown: Exposition,
    table: SubscriptionTable,
    signals: SignalSender,
    producer: ConfirmedProducer,
) -> None:
    """Show what both processes have."""
    shown.show_value(metrics.SUBSCRIPTIONS, lambda: len(table.index))
    shown.show_value(metrics.SUBSCRIPTIONS_SKIPPED, lambda: table.skipped)
    shown.show(metrics.SIGNALS, lambda: _each(signals.sent))
    shown.show_value(metrics.UNCONFIRMED, lambda: producer.unconfirmed)


def show_index(shown: Exposition, table: SubscriptionTable, indexer: Indexer) -> None:
    """Show what the console has."""
    shown.show_value(metrics.SUBSCRIPTIONS, lambda: len(table.index))
    shown.show_value(metrics.SUBSCRIPTIONS_SKIPPED, lambda: table.skipped)
    shown.show_value(metrics.INDEX_RECORDS, lambda: indexer.records)
    shown.show_value(metrics.INDEX_UNDECODABLE, lambda: indexer.undecodable)
    shown.show_value(metrics.INDEX_LAG, lambda: indexer.lag)
    shown.show_value(metrics.INDEX_BYTES, lambda: indexer.used_bytes)


def show_lag(shown: Exposition, lag: LagReader, owned: Callable[[], Collection[Partition]]) -> None:
    """Show how far the process's partitions are read and committed."""
    shown.show(metrics.ASSIGNED_PARTITIONS, lambda: _each(Counter(topic for topic, _ in owned())))
    shown.show(metrics.LAG, lambda: _behind(lag))
    shown.show(metrics.COMMIT_AGE, lambda: _each(_ages_s(lag)))
    shown.show_value(metrics.LAG_LOOK_AGE, lambda: time.monotonic() - lag.seen_at_s)


def show_stream(
    shown: Exposition, pipeline: EventPipeline, acks: InOrderAcks, signals: SignalSender, stream: StreamApp
) -> None:
    """Show what the stream has."""
    shown.show(metrics.EVENTS, lambda: _each(pipeline.decoded))
    shown.show(metrics.EVENTS_REJECTED, lambda: _each(pipeline.rejected))
    shown.show(metrics.DELIVERIES_PLANNED, lambda: _each(pipeline.planned))
    shown.show(metrics.DELIVERIES_STILLBORN, lambda: _each(pipeline.stillborn))
    shown.show_value(metrics.FILTER_ERRORS, lambda: signals.filters_failed)
    shown.show_value(metrics.EVENTS_IN_FLIGHT, lambda: acks.in_flight)
    shown.show_value(metrics.REGISTRY_WAITING, lambda: stream.holds_partitions)


def show_deliveries(shown: Exposition, pool: LanePool, duplicates: DuplicateGuard) -> None:
    """Show what egress's attempts and deliveries came to."""
    tally = pool.tally
    shown.show(metrics.ATTEMPTS, lambda: tally.attempts().items())
    shown.show_distributions(metrics.ATTEMPT_DURATION, lambda: tally.durations().items())
    shown.show(
        metrics.DELIVERIES_ENDED,
        lambda: [*tally.ends().items(), ((_DUPLICATE, Reason.NONE), duplicates.suppressed)],
    )
    shown.show_distributions(metrics.DELIVERY_AGE, lambda: [((), tally.age)])
    shown.show_distributions(metrics.RETRY_LATENESS, lambda: tally.lateness().items())


def show_lanes(shown: Exposition, pool: LanePool, ledger: Ledger, intake: Intake, catch_up: CatchUp) -> None:
    """Show what waits in egress, and where."""
    shown.show_value(metrics.ATTEMPTS_IN_FLIGHT, pool.lanes.in_flight)
    shown.show_value(metrics.DELIVERIES_WAITING, pool.lanes.waiting)
    shown.show(metrics.LANES, lambda: _each(pool.lanes.states()))
    shown.show_value(metrics.LAGGING, lambda: len(set(catch_up.lagging())))
    shown.show_value(metrics.TAKEN_BYTES, lambda: ledger.taken_bytes)
    shown.show_value(metrics.FETCHING_BLOCKED, lambda: ledger.exhausted)
    shown.show(metrics.EVENTS_REJECTED, lambda: [((Reason.UNDECODABLE,), intake.rejected)])


def show_tiers(shown: Exposition, lag: LagReader, tiers: Mapping[str, Tier]) -> None:
    """Show which retry topics have missed their time, by the tier of each."""

    def overdue() -> Series:
        ages_s = _ages_s(lag)
        return [
            ((topic,), max(ages_s[topic] - tier.delay_ms / 1000, 0.0))
            for topic, tier in tiers.items()
            if topic in ages_s
        ]

    shown.show(metrics.TIER_OVERDUE, overdue)


def _each(values: Mapping[L, float]) -> Series:
    return [((label,), value) for label, value in values.items()]


def _behind(lag: LagReader) -> Series:
    behind: Counter[str] = Counter()
    for (topic, _), reach in lag.ages.reaches.items():
        behind[topic] += reach.behind
    return _each(behind)


def _ages_s(lag: LagReader) -> dict[str, float]:
    """Give the greatest age among each topic's partitions, seconds."""
    ages, ages_s = lag.ages, dict[str, float]()
    for partition in ages.reaches:
        ages_s[partition[0]] = max(ages.age_s(partition), ages_s.get(partition[0], 0.0))
    return ages_s
