"""`gateway demo`: real events through the real gateway to a healthy, a flaky and a dead endpoint.

Everything runs as in production: the broker, the topics, stream and egress as processes of their own, signed HTTP to
a test receiver. What the demo shows it reads from the `attempts` and dead-letter topics, like any operator.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice

from gateway.admin.definition import Definition, DefinitionRules
from gateway.admin.lifecycle import SubscriptionLifecycle
from gateway.admin.subscriptions import SubscriptionAdmin
from gateway.domain.retry import QUICK_POLICY
from gateway.kafka.attempt_tail import AttemptTail
from gateway.kafka.publisher import EventPublisher
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.receiver.sandbox import Sandbox
from gateway.replay.dead_letters import DeadLetters, LetterFilter
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


@dataclass(frozen=True, slots=True)
class DemoEndpoint:
    """One of the demo's endpoints.

    Attributes:
        name: its inbox at the test receiver.
        mode: how it fails.
        retry_policy: its subscription's retry policy.
    """

    name: str
    mode: str
    retry_policy: str


ENDPOINTS = (
    DemoEndpoint("healthy", "none", "quick"),
    # Enough steps that even this endpoint gets everything.
    DemoEndpoint("flaky", "flaky:0.3", "1s,1s,1s,1s,1s,1s,5s,5s,5s,5s,5s,5s"),
    DemoEndpoint("dead", "500", "quick"),
)


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What came out.

    Attributes:
        published: events.
        deliveries: what they had to make: one for each endpoint.
        delivered: answered with 2xx.
        retried: deliveries that needed more than one attempt.
        attempts: HTTP requests.
        dead_lettered: found in the dead-letter topic at the end.
        signatures_verified: requests whose signature the test receiver accepted.
        signatures_rejected: requests whose signature it did not accept.
        unexplained: deliveries that are neither delivered nor in the dead-letter topic.
        seconds: how long it took from the first event to the end.
        passed: all of it is as it has to be.
    """

    published: int
    deliveries: int
    delivered: int
    retried: int
    attempts: int
    dead_lettered: int
    signatures_verified: int
    signatures_rejected: int
    unexplained: int
    seconds: float
    passed: bool


async def run_demo(
    settings: Settings, events: int, say: Callable[[str], None], show: Callable[[DemoTally], None]
) -> DemoSummary:
    """Run the demo.

    Args:
        settings: the deployment's.
        events: how many to publish.
        say: told what is being done.
        show: given the tally several times a second.

    Raises:
        GatewayError: a part could not be started, or the events could not be published.
    """
    deployment = Deployment(settings)
    log_file = settings.home / "demo.log"
    settings.home.mkdir(parents=True, exist_ok=True)
    say(f"stream and egress log to {log_file}")
    async with Stack(settings, say, log_file), _sandbox() as (sandbox, url):
        demo = _Demo(settings, deployment, sandbox)
        await demo.subscribe(url)
        try:
            return await demo.run(events, show)
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
        self._store = SubscriptionStore(self._config)
        rules = DefinitionRules(self._catalog.event_types(), settings.tiers(), allow_insecure=True)
        self._admin = SubscriptionAdmin(self._store, rules=rules, key_ring=deployment.key_ring, clock=now_ms)
        self._tally = DemoTally(self._id_of(endpoint) for endpoint in ENDPOINTS)

    def _id_of(self, endpoint: DemoEndpoint) -> str:
        return f"{self._run}-{endpoint.name}"

    async def subscribe(self, url: str) -> None:
        """Create the subscriptions and give the receiver their secrets."""
        for endpoint in ENDPOINTS:
            issued = await asyncio.to_thread(
                self._admin.create,
                Definition(url=f"{url}/hooks/{endpoint.name}", event_types=("*",), retry_policy=endpoint.retry_policy),
                subscription_id=self._id_of(endpoint),
                tenant=self._run,
            )
            self._sandbox.set_secrets(endpoint.name, [issued.secret.text])
            self._sandbox.set_mode(endpoint.name, endpoint.mode)

    async def unsubscribe(self) -> None:
        """Delete the subscriptions: a second run finds a clean table."""
        lifecycle = SubscriptionLifecycle(self._store, now_ms)
        for endpoint in ENDPOINTS:
            await asyncio.to_thread(lifecycle.delete, self._id_of(endpoint))

    async def run(self, events: int, show: Callable[[DemoTally], None]) -> DemoSummary:
        """Publish, watch until every delivery has ended, and sum up."""
        tail = await asyncio.to_thread(AttemptTail, self._config)
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
        return await self._sum_up(time.monotonic() - started)

    async def _publish(self, events: int) -> None:
        with EventPublisher(self._config, self._catalog) as publisher:
            made_up = islice(_made_up(self._catalog, self._run), events)
            while batch := list(islice(made_up, _BATCH_EVENTS)):
                await asyncio.to_thread(publisher.publish_batch, batch)
                self._tally.published += len(batch)
                await asyncio.sleep(_BATCH_PAUSE_S)

    async def _sum_up(self, seconds: float) -> DemoSummary:
        dead_lettered, with_all_attempts = await asyncio.to_thread(self._dead_letters)
        endpoints = self._tally.endpoints.values()
        stats = [self._sandbox.stats(endpoint.name) for endpoint in ENDPOINTS]
        delivered = sum(endpoint.delivered for endpoint in endpoints)
        rejected = sum(inbox.rejected for inbox in stats)
        unexplained = self._tally.expected - delivered - dead_lettered
        published = self._tally.published
        passed = unexplained == 0 and rejected == 0 and with_all_attempts == published == dead_lettered
        return DemoSummary(
            published=published,
            deliveries=self._tally.expected,
            delivered=delivered,
            retried=sum(endpoint.retried for endpoint in endpoints),
            attempts=sum(endpoint.attempts for endpoint in endpoints),
            dead_lettered=dead_lettered,
            signatures_verified=sum(inbox.verified for inbox in stats),
            signatures_rejected=rejected,
            unexplained=unexplained,
            seconds=round(seconds, 1),
            passed=passed,
        )

    def _dead_letters(self) -> tuple[int, int]:
        """Count the demo's dead letters, and those of the dead endpoint with an attempt for each step."""
        dead_letters = DeadLetters(self._config)
        found = [
            (endpoint, letter)
            for endpoint in ENDPOINTS
            for letter in dead_letters.find(LetterFilter(subscription_id=self._id_of(endpoint))).letters
        ]
        complete = [
            letter
            for endpoint, letter in found
            if endpoint.name == "dead" and len(letter.attempts) == QUICK_POLICY.max_attempts
        ]
        return len(found), len(complete)


def _made_up(catalog: Catalog, tenant: str) -> Iterator[NewEvent]:
    """Make up events of every type and version of the catalog, in turn."""
    chance = random.Random()  # noqa: S311 - made-up data
    kinds = [(event_type, version) for event_type in catalog.event_types() for version in catalog.versions(event_type)]
    for number, (event_type, version) in enumerate(cycle(kinds)):
        data = mock_data(catalog.entry(event_type, version).nodes, chance)
        yield NewEvent(event_type, data, version, key=f"entity-{number % 20}", tenant=tenant)
