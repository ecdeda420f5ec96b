"""A clock that is set, under the gateway alone, while deliveries wait: nothing is lost, nothing waits for long.

The receiver does not look at signatures here: their timestamps are wrong by as much as the clock.
"""

import asyncio
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import publish_payments
from tests.e2e.killing import Pair
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, home_with_broker
from tests.e2e.topic_contents import attempts

SHIFTED_CLOCK = Path(__file__).with_name("shifted_clock")
HOUR_S = 3600
SETTLED_S = 60.0
# Longer than a busy machine takes to see that all were tried, and to set the clock.
RETRY_S = 30
RATE, BACKLOG = 20, 160

pytestmark = pytest.mark.timeout(240, func_only=True)

SetClock = Callable[[int], None]


@pytest.fixture(scope="module")
def home(new_broker_home: Callable[[], Path]) -> Iterator[GatewayHome]:
    """A broker of its own: records of an hour that is still to come would be the newest for the other tests."""
    with home_with_broker(new_broker_home()) as made:
        yield made


@pytest.fixture
def publisher(home: GatewayHome) -> Iterator[EventPublisher]:
    """Publish to this broker."""
    with EventPublisher(home.kafka) as publishing:
        yield publishing


@pytest.fixture
def set_clock(tmp_path: Path) -> SetClock:
    """Set the processes' clock, so many seconds off the true time."""

    def set_to(off_s: int) -> None:
        with (tmp_path / "clock").open("r+b" if (tmp_path / "clock").exists() else "wb") as file:
            file.write(struct.pack("=q", off_s * 10**9))

    set_to(0)
    return set_to


@pytest.fixture
async def pair(programs: GatewayHome, set_clock: SetClock, tmp_path: Path) -> Pair:
    """One stream and one egress that go by this clock."""
    set_clock(0)
    started = Pair(programs, PYTHONPATH=str(SHIFTED_CLOCK), SHIFTED_CLOCK_FILE=str(tmp_path / "clock"))
    await started.start()
    return started


async def subscribe(receiver: Receiver, mode: str, *options: str, tenant: str | None = None) -> str:
    """Create a subscription whose endpoint does not check signatures."""
    inbox = await receiver.subscribe(*options, tenant=tenant)
    receiver.sandbox.set_secrets(inbox, [])
    receiver.sandbox.set_mode(inbox, mode)
    return inbox


async def until_tried(receiver: Receiver, inbox: str, count: int) -> None:
    """Wait until so many attempts are recorded."""
    async with asyncio.timeout(SETTLED_S):
        # Not on the event loop: the receiver notes there when a request comes.
        while len(await asyncio.to_thread(attempts, receiver.home.kafka, inbox)) < count:
            pass


async def test_forward_an_hour(pair: Pair, receiver: Receiver, publisher: EventPublisher, set_clock: SetClock) -> None:
    """Retries of half an hour are due at once; a rate limit lets no more through."""
    retried = await subscribe(receiver, "503", "--retry-policy", "30m")
    limited = await subscribe(receiver, "none", "--rate-limit", f"{RATE}/s", "--rate-burst", "1")
    await publish_payments(publisher, retried, 4)
    await publish_payments(publisher, limited, BACKLOG)
    await until_tried(receiver, retried, 4)
    receiver.sandbox.set_mode(retried, "none")
    assert receiver.accepted(retried) == 0

    set_clock(HOUR_S)
    await receiver.until_accepted(4 + BACKLOG, retried, limited, timeout_s=SETTLED_S)

    assert [receiver.sandbox.stats(inbox).received for inbox in (retried, limited)] == [8, BACKLOG]
    # As they were sent: a receiver that is held up for a moment has many at once.
    times_ms = sorted(each.started_at_ms for each in await receiver.until_recorded(limited, "delivered", BACKLOG))
    within_a_second = [later - earlier for earlier, later in zip(times_ms, times_ms[2 * RATE :], strict=False)]
    assert min(within_a_second) > 1000
    await pair.stop()


async def test_back_an_hour(pair: Pair, receiver: Receiver, publisher: EventPublisher, set_clock: SetClock) -> None:
    """What waited for a retry waits for the clock; what comes meanwhile does not, nor do its own retries."""
    waiting = await subscribe(receiver, "503", "--retry-policy", f"{RETRY_S}s,1s,1s")
    await publish_payments(publisher, waiting, 4)
    await until_tried(receiver, waiting, 4)
    tried_at_s = time.monotonic()

    set_clock(-HOUR_S)
    receiver.sandbox.set_mode(waiting, "none")
    fresh = await subscribe(receiver, "flaky:0.3", "--retry-policy", ",".join(["1s"] * 15))
    await publish_payments(publisher, fresh, 30)
    await receiver.until_accepted(30, fresh, timeout_s=SETTLED_S)
    await asyncio.sleep(tried_at_s + RETRY_S + 2 - time.monotonic())  # it would have been tried again
    assert receiver.accepted(waiting) == 0

    set_clock(0)
    await receiver.until_accepted(4, waiting, timeout_s=SETTLED_S)
    assert receiver.sandbox.stats(waiting).received == 8
    await pair.stop()
