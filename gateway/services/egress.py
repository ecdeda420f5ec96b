"""The egress process: wires table, readers, lanes and producer together, and takes them down within one deadline."""

import asyncio

import structlog

from gateway.domain.topics import SUBSCRIPTIONS
from gateway.egress.attempt import SigningAttempter
from gateway.egress.locks import SubscriptionLocks
from gateway.egress.traced_attempts import TracedAttempter
from gateway.http.client import WebhookClient
from gateway.kafka.acl_check import check_access
from gateway.kafka.acls import Role, permissions
from gateway.kafka.producer import ConfirmedProducer
from gateway.kafka.subscription_table import SubscriptionTable
from gateway.services.deployment import Deployment
from gateway.services.egress_parts import EgressParts
from gateway.services.probes import TABLE_LOADED, Probes
from gateway.services.process import progress_watch
from gateway.services.tracing import traced
from gateway.settings import Settings
from gateway.telemetry.metrics import Process
from gateway.telemetry.spans import Spans
from gateway.telemetry.watchdog import Watchdog

# Of the shutdown deadline: the rest of it is what `gateway.services.egress_parts` takes.
_FLUSH_SHARE = 0.1
_log = structlog.get_logger()


async def run_egress(settings: Settings) -> None:
    """Deliver until a signal comes.

    Raises:
        GatewayError: something that the process can't do without failed.
    """
    deployment = Deployment(settings)
    watchdog = Watchdog(settings.stall_timeout_s)
    watchdog.start()
    probes = Probes(Process.EGRESS, watchdog)
    async with probes.served(settings), traced(settings, Process.EGRESS, probes.metrics) as spans:
        await _run(settings, deployment, watchdog, probes, spans)


async def _run(
    settings: Settings, deployment: Deployment, watchdog: Watchdog, probes: Probes, spans: Spans | None
) -> None:
    config = deployment.kafka("webhook-gateway-egress")
    key_ring = deployment.key_ring()
    proxy = deployment.egress_proxy()
    if proxy is not None:
        _log.info("egress.proxy", proxy=str(proxy), authorized=proxy.authorization is not None)
    watch = progress_watch(config, (SUBSCRIPTIONS, *deployment.layout().delivery_topics()), settings)
    table = SubscriptionTable(config)
    watch.judge("the table of subscriptions", table.progress)
    watch.start()
    await table.start()
    await table.ready()
    probes.state.has(TABLE_LOADED)
    await asyncio.to_thread(check_access, config, permissions(deployment.layout())[Role.EGRESS])
    locks = SubscriptionLocks(key_ring)
    locks.start(table.index)
    client = WebhookClient(settings.address_policy(), proxy=proxy)
    signing = SigningAttempter(client, key_ring)
    # No delivery waits for what is produced here, and fewer, larger requests cost the broker less.
    producer = ConfirmedProducer(config, asyncio.get_running_loop(), **{"linger.ms": 20})
    producer.start()
    watch.judge("the producer", producer.progress)
    egress = EgressParts(
        settings,
        config,
        deployment.layout(),
        table,
        signing if spans is None else TracedAttempter(signing, spans),
        signing.forget,
        locks,
        producer,
        watchdog,
        watch,
        probes,
    )
    try:
        await egress.run()
    finally:
        await client.close()
        unconfirmed = await producer.stop(settings.shutdown_deadline_s * _FLUSH_SHARE)
        await table.stop()
    if unconfirmed:
        _log.warning("egress.unconfirmed", records=unconfirmed)
