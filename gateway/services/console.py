"""The console process: the table of subscriptions, the index that follows the topics, and the API on both."""

import asyncio
import threading
from functools import partial
from typing import Any

import structlog

import gateway
from gateway.admin.definition import DefinitionRules
from gateway.console.access.caller import Caller
from gateway.console.access.entrance import Entrance
from gateway.console.access.tenant_fence import TenantFence
from gateway.console.api.all_routes import all_routes
from gateway.console.api.parts import Parts
from gateway.console.api.server import ApiServer
from gateway.console.index_reader import IndexReader
from gateway.console.indexer import IndexBounds, Indexer, indexed_topics
from gateway.console.live_tail import LiveTail
from gateway.console.page_files import PageFiles
from gateway.console.replay_desk import Replaying
from gateway.domain.changes import ChangeStore
from gateway.domain.topics import ACCESS, REPLAYS, SUBSCRIPTIONS
from gateway.kafka.acl_check import check_access
from gateway.kafka.acls import Role as KafkaRole
from gateway.kafka.acls import permissions
from gateway.kafka.attempt_tail import attempt_tail
from gateway.kafka.compacted_table import CompactedTable
from gateway.kafka.config import KafkaConfig
from gateway.kafka.credential_book import CredentialBook, CredentialTable
from gateway.kafka.subscription_table import SubscriptionTable
from gateway.services.audit import Actor, audit_action, audited_store
from gateway.services.console_replays import replaying_of
from gateway.services.deployment import Deployment
from gateway.services.entrance import open_ways_in, portal_framers
from gateway.services.index_place import index_place
from gateway.services.probes import INDEX_CAUGHT_UP, TABLE_LOADED, Probes
from gateway.services.process import announce_ready, beat, progress_watch, until_stopped_or_failed
from gateway.services.registry_access import event_decoder
from gateway.services.shown_metrics import show_index
from gateway.settings import Settings
from gateway.telemetry.clock import now_ms
from gateway.telemetry.metrics import Process
from gateway.telemetry.process_state import ProcessState
from gateway.telemetry.watchdog import Watchdog, end_within

_DAY_MS = 86_400_000
_log = structlog.get_logger()


async def run_console(settings: Settings) -> None:
    """Keep the index and serve the API until a signal comes.

    Raises:
        GatewayError: something that the process can't do without failed.
    """
    watchdog = Watchdog(settings.stall_timeout_s)
    watchdog.start()
    probes = Probes(Process.CONSOLE, watchdog)
    async with probes.served(settings):
        await _run(settings, Deployment(settings), watchdog, probes)


async def _run(settings: Settings, deployment: Deployment, watchdog: Watchdog, probes: Probes) -> None:
    config = deployment.kafka("webhook-gateway-console")
    indexer = _indexer(settings, deployment, config, watchdog)
    watch = progress_watch(config, (SUBSCRIPTIONS, ACCESS, REPLAYS, *indexed_topics(deployment.layout())), settings)
    table = SubscriptionTable(config)
    watch.judge("the table of subscriptions", table.progress)
    watch.start()
    await _begin(table)
    probes.state.has(TABLE_LOADED)
    await asyncio.to_thread(check_access, config, permissions(deployment.layout())[KafkaRole.CONSOLE])
    credentials = CredentialTable(config)
    watch.judge("the table of credentials", credentials.progress)
    await _begin(credentials)
    book = CredentialBook(config, credentials.index)
    reader = IndexReader(indexer)
    replaying = replaying_of(settings, config)
    watch.judge("the table of replays", replaying.table.progress)
    await _begin(replaying.table)
    live_tail = LiveTail(partial(attempt_tail, config))
    ways_in = open_ways_in(settings, deployment, book, lambda: server.port)
    routes = all_routes(
        _parts(settings, deployment, config, table, book, indexer, reader, live_tail, replaying, ways_in.entrance)
    )
    server = ApiServer(
        routes,
        gateway.__version__,
        ways_in.authentication,
        ways_in.site,
        PageFiles(portal_framers=portal_framers(settings)),
        log_in_pages=ways_in.log_in_pages,
    )
    show_index(probes.metrics, table, indexer)
    address = str(settings.console_address)
    await server.start(address, settings.console_port)
    _log.info("console.listening", address=address, port=server.port)
    indexer.start()
    watch.judge("the index", indexer.progress)
    announcing = asyncio.ensure_future(_announce(indexer, probes.state))
    beating = asyncio.ensure_future(beat(watchdog))
    try:
        failures = (table.failure, credentials.failure, replaying.table.failure, indexer.failure)
        await until_stopped_or_failed((beating, *failures))
        _log.info("console.stopping")
    finally:
        end_within(settings.shutdown_deadline_s)
        probes.state.stop()
        watchdog.stop()
        watch.stop()
        announcing.cancel()
        beating.cancel()
        await live_tail.stop()
        await server.stop()
        await replaying.stop()
        await indexer.stop()
        await asyncio.to_thread(reader.close)
        await credentials.stop()
        await table.stop()


async def _begin(table: CompactedTable[Any, Any]) -> None:
    await table.start()
    await table.ready()


def _indexer(settings: Settings, deployment: Deployment, config: KafkaConfig, watchdog: Watchdog) -> Indexer:
    return Indexer(
        config,
        indexed_topics(deployment.layout()),
        index_place(settings),
        IndexBounds(settings.console_keep_days * _DAY_MS, settings.console_max_bytes),
        now_ms,
        watchdog.watch("indexer"),
    )


def _parts(  # noqa: PLR0917 - a composition root's inner half
    settings: Settings,
    deployment: Deployment,
    config: KafkaConfig,
    table: SubscriptionTable,
    book: CredentialBook,
    indexer: Indexer,
    reader: IndexReader,
    live_tail: LiveTail,
    replaying: Replaying,
    entrance: Entrance,
) -> Parts:
    turn = threading.Lock()

    def store(caller: Caller) -> ChangeStore:
        audited = audited_store(config, _actor(caller), turn=turn)
        return audited if caller.tenant is None else TenantFence(audited, caller.tenant)

    return Parts(
        version=gateway.__version__,
        config=config,
        layout=deployment.layout(),
        indexer=indexer,
        reader=reader,
        table=table,
        credentials=book,
        entrance=entrance,
        store=store,
        audit=lambda caller, action, targets: audit_action(config, _actor(caller), action, targets),
        rules=DefinitionRules(deployment.catalog(), settings.tiers(), settings.address_policy()),
        key_ring=deployment.key_ring,
        catalog=deployment.catalog(),
        event_decoder=lambda: event_decoder(settings, deployment.catalog()),
        max_body_bytes=settings.max_body_bytes,
        live_tail=live_tail,
        replays=replaying,
        clock=now_ms,
    )


def _actor(caller: Caller) -> Actor:
    return Actor(caller.name, "gateway console")


async def _announce(indexer: Indexer, state: ProcessState) -> None:
    await indexer.caught_up.wait()
    state.has(INDEX_CAUGHT_UP)
    announce_ready("console")
