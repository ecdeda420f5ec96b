"""What every long-running process does alike: run until a signal or a failure, and say `ready`."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Coroutine, Iterable
from typing import Any

import uvloop

from gateway.domain.errors import GatewayError


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a service's main coroutine on uvloop.

    A SIGTERM that comes before the service waits for signals itself cancels it, as asyncio does for SIGINT, so that
    what was started is taken down.
    """

    async def wrapped() -> None:
        task = asyncio.ensure_future(main)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await task

    uvloop.run(wrapped())


async def until_stopped_or_failed(watched: Iterable[Awaitable[None]]) -> None:
    """Wait for SIGINT or SIGTERM, or for the first of the watched parts to end.

    Raises:
        GatewayError: a part ended; none of them is meant to.
        Exception: what a part failed with.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.ensure_future(stop.wait())
    parts = [asyncio.ensure_future(part) for part in watched]
    try:
        done, _ = await asyncio.wait([stopped, *parts], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
    for part in parts:
        if part in done:
            part.result()
            raise GatewayError("a part of the process ended by itself")


def announce_ready(name: str) -> None:
    """Print the one line that says that a process works: supervisors and people wait for it."""
    sys.stdout.write(f"{name} ready\n")
    sys.stdout.flush()
