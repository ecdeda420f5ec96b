"""`gateway demo`: real events through the real gateway to endpoints that do well, and to others that don't.

Everything runs as in production: the broker, the topics, stream and egress as processes of their own, signed HTTP to
a test receiver. What the demo shows it reads from the `attempts` and dead-letter topics, like any operator.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, islice

from gateway.admin.definition import Definition, DefinitionRules
from gateway.admin.lifecycle import SubscriptionLifecycle
from gateway.admin.subscriptions import SubscriptionAdmin
from gateway.kafka.attempt_tail import attempt_tail
from gateway.kafka.publisher import EventPublisher
from gateway.receiver.sandbox import Sandbox
from gateway.replay.dead_letters import DeadLetters, LetterFilter
from gateway.services.audit import Actor, audited_store
from gateway.services.demo_endpoints import ENDPOINTS, MENDED, DemoEndpoint
from gateway.services.demo_summary import DemoSummary, EndpointResult, sum_up
from gateway.services.demo_tally import DemoTally
from gateway.services.deployment import Deployment
from gateway.services.stack import Stack
from gateway.settings import Settings
from gateway.telemetry.clock import now_ms
from gateway.wire.catalog import Catalog
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_data

_BATCH_EVENTS = 10
_BATCH_PAUSE_S = 0.1
_READ_S = 0.2
# The stream sees a new subscription within milliseconds; the demo's first event must not come before that.
_TABLE_DELAY_S = 1.0
_GIVE_UP_AFTER_S = 180.0


Look = Callable[[DemoSummary, str], Awaitable[None]]


async def run_demo(
    settings: Settings, events: int, say: Callable[[str], None], show: Callable[[DemoTally], None], look: Look
) -> None:
    """Run the demo.

    Args:
        settings: the deployment's.
        events: how many to publish.
        say: told what is being done.
        show: given the tally several times a second.
        look: told what came of it and where the console is; everything is kept until that is over.

    Raises:
        GatewayError: a part could not be started, or the events could not be published.
    """
    deployment = Deployment(settings)
    log_file = settings.home / "demo.log"
    settings.home.mkdir(parents=True, exist_ok=True)
    say(f"stream, egress and console log to {log_file}")
    # An index of its own: that of a console which runs beside the demo has one writer only.
    stack = Stack(settings, say, log_file, settings.home / "demo-console")
    async with stack, _sandbox() as (sandbox, url):
        say(f"the console is at {stack.console_url}")
        demo = _Demo(settings, deployment, sandbox)
        await demo.subscribe(url, events)
        try:
            summary = await demo.run(events, show)
            demo.mend()
            await look(summary, stack.console_url)
        finally:
            await demo.unsubscribe()


@asynccontextmanager
async def _sandbox() -> AsyncIterator[tuple[Sandbox, str]]:
    sandbox = Sandbox()
    url = await sandbox.start()
    try:
        yield sandbox, url
    finally:
        await sandbox.stop()


class _Demo:
    def __init__(self, settings: Settings, deployment: Deployment, sandbox: Sandbox) -> None:
        # Names of its own: whatever else runs on this Kafka neither sees nor disturbs the demo.
        self._run = f"demo-{secrets.token_hex(4)}"
        self._config = deployment.kafka("gateway-demo")
        self._catalog = deployment.catalog()
        self._sandbox = sandbox
        self._store = audited_store(self._config, Actor(deployment.actor(), "gateway demo"))
        rules = DefinitionRules(self._catalog, settings.tiers(), settings.address_policy())
        self._admin = SubscriptionAdmin(self._store, rules=rules, key_ring=deployment.key_ring, clock=now_ms)
        self._tally = DemoTally(self._id_of(endpoint) for endpoint in ENDPOINTS)

    def _id_of(self, endpoint: DemoEndpoint) -> str:
        return f"{self._run}-{endpoint.name}"

    async def subscribe(self, url: str, events: int) -> None:
        """Create the subscriptions and give the receiver their secrets."""
        for endpoint in ENDPOINTS:
            issued = await asyncio.to_thread(
                self._admin.create,
                Definition(
                    url=f"{url}/hooks/{endpoint.name}",
                    event_types=("*",),
                    retry_policy=endpoint.retry_policy,
                    rate_limit=endpoint.rate_limit(events),
                ),
                subscription_id=self._id_of(endpoint),
                tenant=self._run,
            )
            self._sandbox.set_secrets(endpoint.name, [issued.secret.text])
            self._sandbox.set_mode(endpoint.name, endpoint.mode)

    def mend(self) -> None:
        """Let the endpoint that refused everything accept it from now on: its dead letters can be sent again."""
        self._sandbox.set_mode(MENDED, "none")

    async def unsubscribe(self) -> None:
        """Delete the subscriptions: a second run finds a clean table."""
        lifecycle = SubscriptionLifecycle(self._store, now_ms)
        for endpoint in ENDPOINTS:
            await asyncio.to_thread(lifecycle.delete, self._id_of(endpoint))

    async def run(self, events: int, show: Callable[[DemoTally], None]) -> DemoSummary:
        """Publish, watch until every delivery has ended, and sum up."""
        tail = await asyncio.to_thread(attempt_tail, self._config)
        await asyncio.sleep(_TABLE_DELAY_S)
        started = time.monotonic()
        publishing = asyncio.ensure_future(self._publish(events))
        try:
            while not publishing.done() or self._tally.ended < self._tally.expected:
                if publishing.done():
                    publishing.result()
                self._tally.take(await asyncio.to_thread(tail.read, _READ_S))
                show(self._tally)
                if time.monotonic() - started > _GIVE_UP_AFTER_S:
                    break
        finally:
            publishing.cancel()
            await asyncio.to_thread(tail.close)
        return await self._sum_up(events, time.monotonic() - started)

    async def _publish(self, events: int) -> None:
        with EventPublisher(self._config, self._catalog) as publisher:
            made_up = islice(_made_up(self._catalog, self._run), events)
            while batch := list(islice(made_up, _BATCH_EVENTS)):
                await asyncio.to_thread(publisher.publish_batch, batch)
                self._tally.published += len(batch)
                await asyncio.sleep(_BATCH_PAUSE_S)

    async def _sum_up(self, events: int, seconds: float) -> DemoSummary:
        letters = DeadLetters(self._config)
        found = {
            endpoint.name: (
                await asyncio.to_thread(letters.find, LetterFilter(subscription_id=self._id_of(endpoint)))
            ).letters
            for endpoint in ENDPOINTS
        }
        results = [
            EndpointResult(endpoint, tally, found[endpoint.name], self._sandbox.stats(endpoint.name))
            for endpoint, tally in zip(ENDPOINTS, self._tally.endpoints.values(), strict=True)
        ]
        return sum_up(results, wanted=events, published=self._tally.published, seconds=seconds)


def _made_up(catalog: Catalog, tenant: str) -> Iterator[NewEvent]:
    """Make up events of every type and version of the catalog, in turn."""
    chance = random.Random()  # noqa: S311 - made-up data
    kinds = [(event_type, version) for event_type in catalog.event_types() for version in catalog.versions(event_type)]
    for number, (event_type, version) in enumerate(cycle(kinds)):
        data = mock_data(catalog.entry(event_type, version).nodes, chance)
        yield NewEvent(event_type, data, version, key=f"entity-{number % 20}", tenant=tenant)
