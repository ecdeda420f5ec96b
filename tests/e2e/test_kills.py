"""Processes killed with SIGKILL in the middle of many events: nothing is lost, repeats carry the same webhook-id.

One of the two endpoints fails now and then, so that deliveries wait in a retry tier at every kill.
"""

import asyncio

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, Program

EVENTS = 10_000
# What one kill may repeat: what was in flight, or settled and not yet committed (some hundreds are usual).
MAX_REPEATED = {"egress": 1_500, "stream": 6_000}

pytestmark = pytest.mark.timeout(400, func_only=True)


class Scene:
    """Ten thousand events for two endpoints, and the processes that bring them there."""

    def __init__(self, home: GatewayHome, receiver: Receiver, publisher: EventPublisher) -> None:
        self._home = home
        self._receiver = receiver
        self._publisher = publisher
        self.healthy = self.flaky = ""
        self._may_repeat = 0
        self.programs: dict[str, Program] = {}

    async def begin(self) -> None:
        """Subscribe and start."""
        self.healthy = await self._receiver.subscribe()
        self.flaky = await self._receiver.subscribe("--retry-policy", ",".join(["1s"] * 12), tenant=self.healthy)
        self._receiver.sandbox.set_mode(self.flaky, "flaky:0.1")
        for name in ("stream", "egress"):
            await self.start(name)

    async def publish(self, count: int, *, first: int = 0) -> None:
        """Publish so many events, with numbers from `first` on."""
        await publish_payments(self._publisher, self.healthy, count, first=first)

    async def start(self, name: str) -> None:
        """Start a process; it is ready when it has its partitions."""
        self.programs[name] = self._home.start(name)
        await asyncio.to_thread(self.programs[name].await_ready)

    async def until_accepted(self, share: float) -> None:
        """Wait until so much has arrived at both endpoints."""
        await self._receiver.until_accepted(int(2 * EVENTS * share), self.healthy, self.flaky)

    def kill(self, *names: str) -> None:
        """Kill these processes at once."""
        for name in names:
            self.programs[name].kill()
            self._may_repeat += MAX_REPEATED[name]

    def check(self) -> None:
        """Each endpoint has every event, under its own id only, and the healthy one has not many twice."""
        expected = {event_id(self.healthy, number) for number in range(EVENTS)}
        for inbox in (self.healthy, self.flaky):
            assert set(self._receiver.ids(inbox)) == expected
            assert self._receiver.sandbox.stats(inbox).rejected == 0
        repeats = self._receiver.sandbox.stats(self.healthy).repeats
        print(f"{repeats} repeats of {EVENTS}")  # noqa: T201 - a measurement, for -s
        assert repeats <= self._may_repeat


@pytest.fixture
def scene(programs: GatewayHome, receiver: Receiver, publisher: EventPublisher) -> Scene:
    """Set the scene; nothing runs yet."""
    return Scene(programs, receiver, publisher)


async def test_killed_in_the_middle_of_ten_thousand_events(scene: Scene) -> None:
    """The stream while it matches, egress twice, and both at once; events come in meanwhile."""
    await scene.begin()
    await scene.publish(4_000)
    await scene.until_accepted(0.02)
    scene.kill("stream")
    await scene.publish(3_000, first=4_000)
    await scene.start("stream")
    for share in (0.45, 0.6):
        await scene.until_accepted(share)
        scene.kill("egress")
        await scene.start("egress")
    await scene.publish(3_000, first=7_000)
    await scene.until_accepted(0.75)
    scene.kill("stream", "egress")
    await scene.start("stream")
    await scene.start("egress")
    await scene.until_accepted(1.0)
    scene.check()
