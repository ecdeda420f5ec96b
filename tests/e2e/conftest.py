"""A deployment of its own for the tests of the delivery path: its broker, its processes, and a receiver."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from gateway.kafka.publisher import EventPublisher
from gateway.receiver.sandbox import Sandbox
from tests.e2e.endpoints import Answer, Script, ScriptedEndpoint
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.running import GatewayHome, home_with_broker

_KEPT_REQUESTS = 60_000


@pytest.fixture(scope="session")
def home(new_broker_home: Callable[[], Path]) -> Iterator[GatewayHome]:
    """A home with a broker that has the topics; which processes run is each test's affair."""
    with home_with_broker(new_broker_home()) as made:
        yield made


@pytest.fixture(scope="module")
def running(home: GatewayHome) -> Iterator[GatewayHome]:
    """The home with one stream and one egress for all tests of a module; both have to end well."""
    programs = [home.start("stream"), home.start("egress")]
    try:
        for program in programs:
            program.await_ready()
        yield home
        assert [program.stop() for program in programs] == [0, 0]
    finally:
        home.end_all()


@pytest.fixture
def programs(home: GatewayHome) -> Iterator[GatewayHome]:
    """The home for a test that starts its own processes; what is left of them is ended."""
    yield home
    home.end_all()


@pytest.fixture(scope="session")
def publisher(home: GatewayHome) -> Iterator[EventPublisher]:
    """Publishes events of the catalog."""
    with EventPublisher(home.kafka) as publishing:
        yield publishing


@pytest.fixture
async def receiver(home: GatewayHome) -> AsyncIterator[Receiver]:
    """A test receiver for the subscriptions of one test."""
    sandbox = Sandbox(secrets=[SECRET], keep=_KEPT_REQUESTS)
    url = await sandbox.start()
    yield Receiver(sandbox, url, home)
    await sandbox.stop()


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    """Start endpoints that answer as told; each comes with its URL."""
    started: list[ScriptedEndpoint] = []

    async def start(*answers: Answer) -> tuple[ScriptedEndpoint, str]:
        endpoint = ScriptedEndpoint(answers)
        started.append(endpoint)
        return endpoint, await endpoint.start()

    yield start
    for endpoint in started:
        await endpoint.stop()
