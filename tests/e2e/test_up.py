"""`gateway up` from an empty home: one command, one ready line, and everything gone after Ctrl-C."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest

from gateway.kafka.local_broker import LocalBroker
from gateway.kafka.publisher import EventPublisher
from gateway.receiver.sandbox import Sandbox
from tests.e2e.events import publish_payments
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.running import GatewayHome, Program, until_seen

# A child that ends is started again after a pause.
STARTED_AGAIN_S = 30.0

pytestmark = pytest.mark.timeout(240, func_only=True)


@pytest.fixture
def empty_home(new_broker_home: Callable[[], Path]) -> Iterator[Path]:
    """A home in which nothing was ever started; a broker that is left over is stopped."""
    path = new_broker_home()
    yield path
    LocalBroker(path).stop()


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[Sandbox, str]]:
    """A test receiver and its URL."""
    started = Sandbox(secrets=[SECRET])
    yield started, await started.start()
    await started.stop()


def children(program: Program) -> dict[str, int]:
    """Give the pids of a program's child processes, by the command that each runs."""
    pids = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    found: dict[str, int] = {}
    for pid in pids:
        with suppress(OSError, IndexError):  # one that has just ended
            found[Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[-2].decode()] = int(pid)
    return found


def is_there(pid: int) -> bool:
    """Tell whether a process exists."""
    return Path(f"/proc/{pid}").exists()


async def test_up_runs_everything_and_takes_it_down(empty_home: Path, sandbox: tuple[Sandbox, str]) -> None:
    """It delivers, starts a child that was killed again, and stops children and broker on SIGINT with exit code 0."""
    home = GatewayHome(empty_home)
    up = home.start("up", GATEWAY_CONSOLE_PORT="0")
    try:
        await asyncio.to_thread(up.await_ready)
        address = LocalBroker(empty_home).status().bootstrap_servers
        found = re.fullmatch(rf"ready: Kafka at {address}, console at (\S+); Ctrl-C stops everything\n", up.output)
        assert found
        async with aiohttp.ClientSession() as session, session.get(f"{found[1]}/api/v1/health") as answer:
            assert answer.status == HTTPStatus.OK
        receiver = Receiver(*sandbox, home)
        inbox = await receiver.subscribe()
        with EventPublisher(str(address)) as publisher:
            await publish_payments(publisher, inbox, 10)
            await receiver.until_accepted(10, inbox)

            first = children(up)
            assert set(first) == {"stream", "egress", "console"}
            for pid in first.values():
                os.kill(pid, signal.SIGKILL)
            await publish_payments(publisher, inbox, 10, first=10)
            await receiver.until_accepted(20, inbox)
        second = await until_seen(lambda: children(up), lambda found: set(found) == set(first), STARTED_AGAIN_S)
        assert not set(second.values()) & set(first.values())

        assert await asyncio.to_thread(up.stop, signal.SIGINT) == 0
        assert not LocalBroker(empty_home).status().running
        assert not any(is_there(pid) for pid in second.values())
    finally:
        home.end_all()
