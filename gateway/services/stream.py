"""The stream process: wires table, decoder, producer and the Faust app together, and watches that it moves."""

import asyncio
import time
from dataclasses import replace

import structlog

from gateway.domain.errors import GatewayError
from gateway.kafka.acl_check import check_access
from gateway.kafka.acls import Role, permissions
from gateway.kafka.group_offsets import STREAM_GROUP_ID
from gateway.kafka.lag import EndOffsets
from gateway.kafka.lag_reader import LagReader
from gateway.kafka.producer import ConfirmedProducer
from gateway.kafka.schema_registry import HttpSchemaRegistry
from gateway.kafka.signal_sender import SignalSender
from gateway.kafka.subscription_table import SubscriptionTable
from gateway.services.deployment import Deployment
from gateway.services.probes import PARTITIONS_ASSIGNED, TABLE_LOADED, Probes
from gateway.services.process import announce_ready, beat, begin_anew, until_stopped_or_failed
from gateway.services.registry_access import registry_access
from gateway.services.shown_metrics import show_lag, show_shared, show_stream
from gateway.services.tracing import traced
from gateway.settings import Settings
from gateway.shaping.routing import Router
from gateway.shaping.views import Views
from gateway.shaping.warming import warm_routes
from gateway.stream.acks import InOrderAcks
from gateway.stream.app import StreamApp
from gateway.stream.output import BoundedOutput
from gateway.stream.pipeline import EventPipeline
from gateway.stream.progress import Observation, ProgressJudge
from gateway.telemetry.metrics import Process
from gateway.telemetry.process_state import ProcessState
from gateway.telemetry.spans import Spans
from gateway.telemetry.watchdog import Watchdog, end_within
from gateway.wire.event_codec import EventDecoder

MAX_EVENTS_IN_FLIGHT = 5_000
MAX_EVENT_BYTES_IN_FLIGHT = 33_554_432
MAX_UNCONFIRMED_BYTES = 67_108_864
_OBSERVE_S = 2.0
# Of the shutdown deadline: for events in flight, for Faust to commit and leave the group, for what is unconfirmed.
_DRAIN_SHARE = 0.5
_LEAVE_SHARE = 0.3
_FLUSH_SHARE = 0.1
_log = structlog.get_logger()


async def run_stream(settings: Settings) -> None:
    """Turn events into deliveries until a signal comes.

    Raises:
        GatewayError: something that the process can't do without failed, or Faust stalled.
    """
    deployment = Deployment(settings)
    watchdog = Watchdog(settings.stall_timeout_s)
    watchdog.start()
    probes = Probes(Process.STREAM, watchdog)
    async with probes.served(settings), traced(settings, Process.STREAM, probes.metrics) as spans:
        await _run(settings, deployment, watchdog, probes, spans)


async def _run(
    settings: Settings, deployment: Deployment, watchdog: Watchdog, probes: Probes, spans: Spans | None
) -> None:
    config = replace(deployment.kafka("webhook-gateway-stream"), on_brokers_lost=begin_anew)
    access = registry_access(settings)
    registry = None if access is None else HttpSchemaRegistry(access)
    topics = deployment.layout().event_topics()
    table = SubscriptionTable(config)
    await table.start()
    await table.ready()
    probes.state.has(TABLE_LOADED)
    await asyncio.to_thread(check_access, config, permissions(deployment.layout())[Role.STREAM])
    # A record goes out at once; what comes while a request is under way goes together with the next one. So batches
    # grow with the load, and at a low rate nothing waits.
    producer = ConfirmedProducer(
        config, asyncio.get_running_loop(), **{"linger.ms": 0, "max.in.flight.requests.per.connection": 1}
    )
    producer.start()
    acks = InOrderAcks(MAX_EVENTS_IN_FLIGHT, MAX_EVENT_BYTES_IN_FLIGHT)
    output = BoundedOutput(producer, MAX_UNCONFIRMED_BYTES)
    catalog = deployment.catalog()
    signals = SignalSender(producer)
    router = Router(
        Views(catalog),
        table.index,
        max_body_bytes=settings.max_body_bytes,
        filter_failed=signals.filter_failed,
    )
    warm_routes(router, table.index, catalog.event_types())
    pipeline = EventPipeline(EventDecoder(catalog, registry), router, spans)
    stream = StreamApp(config, topics, pipeline, output, acks)
    observing = asyncio.ensure_future(_observe(stream, acks, EndOffsets(config, topics), settings.stall_timeout_s))
    beating = asyncio.ensure_future(beat(watchdog))
    running = asyncio.ensure_future(stream.run())
    announcing = asyncio.ensure_future(_announce(stream, probes.state))
    lag = LagReader(config, STREAM_GROUP_ID, stream.owned)
    show_shared(probes.metrics, table, signals, producer)
    show_stream(probes.metrics, pipeline, acks, signals, stream)
    show_lag(probes.metrics, lag, stream.owned)
    lag.start()
    try:
        await until_stopped_or_failed((observing, beating, running, table.failure, producer.failure))
        _log.info("stream.stopping", in_flight=acks.in_flight)
    finally:
        end_within(settings.shutdown_deadline_s)
        probes.state.stop()
        watchdog.stop()
        lag.stop()
        announcing.cancel()
        observing.cancel()
        running.cancel()
        beating.cancel()
        await stream.stop(settings.shutdown_deadline_s * _DRAIN_SHARE, settings.shutdown_deadline_s * _LEAVE_SHARE)
        signals.close()
        await producer.stop(settings.shutdown_deadline_s * _FLUSH_SHARE)
        await table.stop()


async def _announce(stream: StreamApp, state: ProcessState) -> None:
    await stream.assigned.wait()
    state.has(PARTITIONS_ASSIGNED)
    announce_ready("stream")


async def _observe(stream: StreamApp, acks: InOrderAcks, end_offsets: EndOffsets, patience_s: float) -> None:
    """End the process, by raising, when the stream stops moving although Kafka answers and has events for it."""
    judge = ProgressJudge(patience_s, time.monotonic())
    acknowledged = 0
    while True:
        await asyncio.sleep(_OBSERVE_S)
        if acks.acknowledged != acknowledged or stream.holds_partitions:
            # It moves, or waits for the schema registry and says so itself. Its positions are not asked for under load:
            # Faust reads nothing until it has answered.
            acknowledged = acks.acknowledged
            judge.moved(time.monotonic())
            continue
        ends = await asyncio.to_thread(end_offsets.ask)
        positions = await stream.positions()
        behind = ends is not None and any(ends.get(partition, 0) > at for partition, at in positions.items())
        seen = Observation(
            reachable=ends is not None,
            assigned=stream.assigned.is_set(),
            behind=behind or acks.in_flight > 0,
            mark=acks.acknowledged + sum(positions.values()),
        )
        if judge.stalled(seen, time.monotonic()):
            raise GatewayError(
                f"the stream made no progress for {patience_s:.0f} s although Kafka answers",
                hint="its supervisor should start it again; if it happens often, look at the log above",
            )
