"""The parts of egress between Kafka and the lanes: the main reader, the catch-up passes, what watches endpoints."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from gateway.domain.catch_up import PartitionReading
from gateway.domain.duplicates import MAX_REMEMBERED
from gateway.domain.progress import Progress
from gateway.domain.subscription import Subscription
from gateway.domain.topics import BEGINNINGS, TopicLayout
from gateway.egress.attempt import Attempter
from gateway.egress.catch_up import CatchUp
from gateway.egress.duplicates import DuplicateGuard
from gateway.egress.endpoint_watch import EndpointWatch
from gateway.egress.intake import Intake
from gateway.egress.lag_watch import TICK_S, LagWatch
from gateway.egress.lane_pool import LanePool
from gateway.egress.ledger import Ledger
from gateway.egress.life_cycle import EndpointLifeCycle
from gateway.egress.locks import SubscriptionLocks
from gateway.kafka.catch_up_reader import CatchUpReader
from gateway.kafka.config import KafkaConfig
from gateway.kafka.delivery_consumer import SESSION_S, DeliveryConsumer
from gateway.kafka.group_offsets import EGRESS_GROUP_ID
from gateway.kafka.lag_reader import LagReader
from gateway.kafka.partitioning import Offsets, Partition
from gateway.kafka.producer import ConfirmedProducer
from gateway.kafka.recent_deliveries import RecentDeliveries
from gateway.kafka.signal_sender import SignalSender
from gateway.kafka.subscription_table import SubscriptionTable
from gateway.services.audit import Actor, audited_store
from gateway.services.probes import PARTITIONS_ASSIGNED, Probes
from gateway.services.process import announce_ready, rebalance_s, until_stopped_or_failed
from gateway.services.shown_metrics import show_deliveries, show_lag, show_lanes, show_shared, show_tiers
from gateway.settings import Settings
from gateway.telemetry.clock import now_ms
from gateway.telemetry.exposition import Exposition
from gateway.telemetry.progress_watch import ProgressWatch
from gateway.telemetry.watchdog import Watchdog, end_within

_COMMIT_INTERVAL_S = 0.2
# Of the shutdown deadline. Giving partitions up takes the drain and twice the confirmation at most; what is left is
# for the commit, for leaving the group, for what is being written about endpoints and for the last flush.
_DRAIN_SHARE = 0.5
_CONFIRM_SHARE = 0.1
_GIVE_UP_SHARE = 0.75
_log = structlog.get_logger()


class EgressParts:
    """The parts, and their life.

    Args:
        settings: the deployment's.
        config: how to reach Kafka.
        layout: the topics.
        table: the subscriptions, loaded.
        attempter: makes attempts.
        forget: told of a subscription that is gone.
        locks: which subscriptions can't be signed for.
        producer: produces what deliveries come to.
        watchdog: watches the loops.
        watch: judges whether the readers move.
        probes: told how far the process has come, and what to show.
    """

    def __init__(  # noqa: PLR0917 - a composition root's inner half
        self,
        settings: Settings,
        config: KafkaConfig,
        layout: TopicLayout,
        table: SubscriptionTable,
        attempter: Attempter,
        forget: Callable[[str], None],
        locks: SubscriptionLocks,
        producer: ConfirmedProducer,
        watchdog: Watchdog,
        watch: ProgressWatch[Offsets],
        probes: Probes,
    ) -> None:
        self._watchdog, self._watch_progress, self._state = watchdog, watch, probes.state
        self._loop_beat, self._shutdown_deadline_s = watchdog.watch("event loop"), settings.shutdown_deadline_s
        self._table, self._producer = table, producer
        self._signals = SignalSender(producer)
        self._life_cycle = EndpointLifeCycle(
            audited_store(config, Actor("egress")),
            table,
            on_signal=self._signals.send,
            on_released=self._released,
            disable_after_s=settings.disable_after_s,
        )
        self._readings: dict[Partition, PartitionReading] = {}
        self._ledger = Ledger(producer, self._on_pressure)
        self._forget, self._locks = forget, locks
        events, max_age_ms = EndpointWatch(self._life_cycle, locks, self._signals), settings.max_delivery_age_s * 1000
        self._pool = LanePool(table, attempter, self._ledger, layout.tiers, events, self._backlog, max_age_ms)
        window_ms = settings.duplicate_window_s * 1000
        duplicates = DuplicateGuard(window_ms)
        self._intake = Intake(
            self._readings,
            self._pool,
            self._ledger,
            producer,
            drain_s=settings.shutdown_deadline_s * _DRAIN_SHARE,
            confirm_s=settings.shutdown_deadline_s * _CONFIRM_SHARE,
            backlog=self._backlog,
            duplicates=duplicates,
            on_given_up=self._given_up,
        )
        self._reader = CatchUpReader(config)
        self._catch_up = CatchUp(self._readings, self._reader, self._pool, self._ledger, self._intake)
        why, tell = _first_of(locks.why_locked, self._pool.lanes.why_barred), self._signals.send
        self._lag_watch = LagWatch(self._catch_up, self._readings, lambda: table.index, why, tell)
        self._consumer = DeliveryConsumer(
            config,
            EGRESS_GROUP_ID,
            layout.delivery_topics(),
            layout.rests_ms(),
            self._intake,
            revoke_timeout_s=settings.shutdown_deadline_s * _GIVE_UP_SHARE,
            beat=watchdog.watch("delivery consumer"),
            recall=_recalling(config, window_ms, duplicates),
        )
        self._lag = LagReader(config, EGRESS_GROUP_ID, self._owned)
        self._judge(watch, settings)
        self._show(probes.metrics, layout, duplicates)

    def _owned(self) -> list[Partition]:
        return list(self._readings)

    def _judge(self, watch: ProgressWatch[Offsets], settings: Settings) -> None:
        watch.judge("the delivery consumer", self._reading)
        membership, rebalance = self._consumer.progress.membership, rebalance_s(settings, SESSION_S)
        watch.judge("the delivery consumer's place in its group", membership, more_patience_s=rebalance)

    def _reading(self, ends: Offsets) -> Progress:
        reached = {partition: reading.position for partition, reading in tuple(self._readings.items())}
        return self._consumer.progress.reading(reached, ends)

    def _show(self, shown: Exposition, layout: TopicLayout, duplicates: DuplicateGuard) -> None:
        show_shared(shown, self._table, self._signals, self._producer)
        show_deliveries(shown, self._pool, duplicates)
        show_lanes(shown, self._pool, self._ledger, self._intake, self._catch_up)
        show_lag(shown, self._lag, self._owned)
        show_tiers(shown, self._lag, layout.retry_topics())

    async def run(self) -> None:
        """Read and deliver until a signal comes; then drain."""
        self._table.subscribe(self._subscription_changed)
        self._consumer.start()
        self._lag.start()
        catching_up = asyncio.ensure_future(self._catch_up.run())
        committing = asyncio.ensure_future(self._commit())
        watching = asyncio.ensure_future(self._watch())
        ready = asyncio.ensure_future(self._announce())
        try:
            await until_stopped_or_failed(
                (
                    catching_up,
                    committing,
                    watching,
                    self._table.failure,
                    self._producer.failure,
                    self._pool.failure,
                    self._life_cycle.failure,
                    self._consumer.failure,
                )
            )
            _log.info("egress.stopping")
        finally:
            end_within(self._shutdown_deadline_s)
            self._state.stop()
            self._watchdog.stop()
            self._watch_progress.stop()
            self._lag.stop()
            ready.cancel()
            watching.cancel()
            catching_up.cancel()
            await self._consumer.stop()
            await self._life_cycle.close(self._shutdown_deadline_s * _CONFIRM_SHARE)
            self._signals.close()
            committing.cancel()
            await self._reader.close()

    def _subscription_changed(self, subscription_id: str, subscription: Subscription | None) -> None:
        # First: whether it is locked decides what its lane may do.
        self._locks.changed(subscription_id, subscription)
        if subscription is None:
            self._forget(subscription_id)
            self._life_cycle.forget(subscription_id)
        self._pool.subscription_changed(subscription_id)

    async def _announce(self) -> None:
        await self._consumer.first_assignment.wait()
        self._state.has(PARTITIONS_ASSIGNED)
        announce_ready("egress")

    async def _commit(self) -> None:
        while True:
            self._loop_beat()
            await asyncio.sleep(_COMMIT_INTERVAL_S)
            due = self._intake.due_commits()
            if due:
                self._consumer.request_commit(due)

    def _on_pressure(self, exhausted: bool) -> None:  # noqa: FBT001 - the one argument there is
        self._consumer.block(blocked=exhausted)
        if not exhausted:
            self._catch_up.wake_all()

    def _backlog(self) -> CatchUp:
        return self._catch_up

    def _given_up(self) -> None:
        # What went is for others to tell; what comes back then has been theirs.
        self._lag_watch.reset()
        self._life_cycle.forget_runs()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._lag_watch.tick(now_ms())
            self._pool.sweep()

    def _released(self, subscription_id: str) -> None:
        self._pool.subscription_changed(subscription_id)


def _first_of(*reasons: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Give the first reason that there is, or None."""
    return lambda name: next((said for reason in reasons if (said := reason(name)) is not None), None)


def _recalling(
    config: KafkaConfig, window_ms: int, duplicates: DuplicateGuard
) -> Callable[[Mapping[Partition, int]], None]:
    loop = asyncio.get_running_loop()
    recent = RecentDeliveries(config, BEGINNINGS, window_ms, MAX_REMEMBERED)

    def recall(positions: Mapping[Partition, int]) -> None:
        # On the consumer's thread; the event loop takes it in before it is told of the assignment.
        for batch in recent.read(positions):
            loop.call_soon_threadsafe(duplicates.recall, batch)

    return recall
