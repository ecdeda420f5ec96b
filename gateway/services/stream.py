"""The stream process: wires table, decoder, producer and the Faust app together, and watches that it moves."""

import asyncio

import structlog

from gateway.domain.matching import SubscriptionIndex
from gateway.domain.topics import SUBSCRIPTIONS
from gateway.kafka.acl_check import check_access
from gateway.kafka.acls import Role, permissions
from gateway.kafka.group_offsets import STREAM_GROUP_ID
from gateway.kafka.lag_reader import LagReader
from gateway.kafka.producer import ConfirmedProducer
from gateway.kafka.schema_registry import HttpSchemaRegistry
from gateway.kafka.signal_sender import SignalSender
from gateway.kafka.subscription_table import SubscriptionTable
from gateway.services.deployment import Deployment
from gateway.services.probes import PARTITIONS_ASSIGNED, TABLE_LOADED, Probes
from gateway.services.process import announce_ready, beat, progress_watch, rebalance_s, until_stopped_or_failed
from gateway.services.registry_access import registry_access
from gateway.services.shown_metrics import show_lag, show_shared, show_stream
from gateway.services.tracing import traced
from gateway.settings import Settings
from gateway.shaping.routing import Router
from gateway.shaping.views import Views
from gateway.shaping.warming import warm_routes
from gateway.stream.acks import InOrderAcks
from gateway.stream.app import SESSION_S, StreamApp
from gateway.stream.output import BoundedOutput
from gateway.stream.pipeline import EventPipeline
from gateway.stream.progress import StreamProgress
from gateway.telemetry.metrics import Process
from gateway.telemetry.process_state import ProcessState
from gateway.telemetry.spans import Spans
from gateway.telemetry.watchdog import Watchdog, end_within
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import EventDecoder

MAX_EVENTS_IN_FLIGHT = 5_000
MAX_EVENT_BYTES_IN_FLIGHT = 33_554_432
MAX_UNCONFIRMED_BYTES = 67_108_864
# Of the shutdown deadline: for events in flight, for Faust to commit and leave the group, for what is unconfirmed.
_DRAIN_SHARE = 0.5
_LEAVE_SHARE = 0.3
_FLUSH_SHARE = 0.1
_log = structlog.get_logger()


async def run_stream(settings: Settings) -> None:
    """Turn events into deliveries until a signal comes.

    Raises:
        GatewayError: something that the process can't do without failed.
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
    config = deployment.kafka("webhook-gateway-stream")
    access = registry_access(settings)
    topics = deployment.layout().event_topics()
    watch = progress_watch(config, (SUBSCRIPTIONS, *topics), settings)
    table = SubscriptionTable(config)
    watch.judge("the table of subscriptions", table.progress)
    watch.start()
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
    watch.judge("the producer", producer.progress)
    acks = InOrderAcks(MAX_EVENTS_IN_FLIGHT, MAX_EVENT_BYTES_IN_FLIGHT)
    output = BoundedOutput(producer, MAX_UNCONFIRMED_BYTES)
    signals = SignalSender(producer)
    registry = None if access is None else HttpSchemaRegistry(access)
    pipeline = _pipeline(deployment.catalog(), registry, table.index, signals, settings.max_body_bytes, spans)
    stream = StreamApp(config, topics, pipeline, output, acks)
    progress = StreamProgress(stream, acks, asyncio.get_running_loop())
    watch.judge("the stream", progress.look)
    rebalance = rebalance_s(settings, SESSION_S)
    watch.judge("the stream's place in its group", progress.membership, more_patience_s=rebalance)
    beating = asyncio.ensure_future(beat(watchdog))
    running = asyncio.ensure_future(stream.run())
    announcing = asyncio.ensure_future(_announce(stream, probes.state))
    lag = LagReader(config, STREAM_GROUP_ID, stream.owned)
    show_shared(probes.metrics, table, signals, producer)
    show_stream(probes.metrics, pipeline, acks, signals, stream)
    show_lag(probes.metrics, lag, stream.owned)
    lag.start()
    try:
        await until_stopped_or_failed((beating, running, table.failure, producer.failure))
        _log.info("stream.stopping", in_flight=acks.in_flight)
    finally:
        end_within(settings.shutdown_deadline_s)
        probes.state.stop()
        watchdog.stop()
        watch.stop()
        lag.stop()
        announcing.cancel()
        running.cancel()
        beating.cancel()
        await stream.stop(settings.shutdown_deadline_s * _DRAIN_SHARE, settings.shutdown_deadline_s * _LEAVE_SHARE)
        signals.close()
        await producer.stop(settings.shutdown_deadline_s * _FLUSH_SHARE)
        await table.stop()


def _pipeline(  # noqa: PLR0917 - a composition root's inner half
    catalog: Catalog,
    registry: HttpSchemaRegistry | None,
    index: SubscriptionIndex,
    signals: SignalSender,
    max_body_bytes: int,
    spans: Spans | None,
) -> EventPipeline:
    router = Router(Views(catalog), index, max_body_bytes=max_body_bytes, filter_failed=signals.filter_failed)
    warm_routes(router, index, catalog.event_types())
    return EventPipeline(EventDecoder(catalog, registry), router, spans)


async def _announce(stream: StreamApp, state: ProcessState) -> None:
    await stream.assigned.wait()
    state.has(PARTITIONS_ASSIGNED)
    announce_ready("stream")
