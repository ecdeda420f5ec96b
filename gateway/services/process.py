"""What every long-running process does alike: run until a signal or a failure, and say `ready`."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from typing import Any, NoReturn

import structlog
import uvloop

from gateway.domain.errors import GatewayError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.lag import EndOffsets
from gateway.kafka.partitioning import Offsets
from gateway.settings import Settings
from gateway.telemetry.progress_watch import ProgressWatch
from gateway.telemetry.watchdog import Watchdog, end_within

_BEAT_S = 1.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Objects made and not freed before the youngest are looked at, and how often that leads to looking at older ones.
_COLLECT_AFTER = (20_000, 20, 20)
_log = structlog.get_logger()


def begin_anew(stalled: str) -> NoReturn:
    """Become a new process of the same command, with the same id: a part makes no progress although Kafka answers.

    Nothing is drained, since what is under way can't be acknowledged any more. It is as after `kill -9`, which loses
    nothing, but that nobody has to start the process again. Callable on any thread.

    Args:
        stalled: the part, in words.
    """
    hint = "it made no progress although Kafka answers, and would not by itself: docs/decisions/0047"
    _log.critical("process.begins_anew", stalled=stalled, hint=hint)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - its own command, and no shell


def progress_watch(config: KafkaConfig, topics: Sequence[str], settings: Settings) -> ProgressWatch[Offsets]:
    """Make what has the process begin anew when a part makes no progress for too long.

    Args:
        config: how to reach Kafka.
        topics: what the parts read: only while Kafka has all of it are they judged.
        settings: how patient it is.
    """
    return ProgressWatch(EndOffsets(config, topics).ask_if_whole, settings.stall_timeout_s, begin_anew)


def rebalance_s(settings: Settings, session_s: float) -> float:
    """How much longer than other parts a member may wait for what its group gives it, seconds.

    A rebalance waits for each process: until it has given up what it has, or its watchdog has ended it and its session
    is over.

    Args:
        settings: how long giving up may take.
        session_s: the group's session time-out, seconds.
    """
    return settings.shutdown_deadline_s + session_s


def run(main: Coroutine[Any, Any, None], *, stop_deadline_s: float) -> None:
    """Run a service's main coroutine on uvloop.

    A signal that comes before the service waits for signals itself cancels it, so that what was started is taken
    down.

    Args:
        main: the service.
        stop_deadline_s: how long that may take until the process is ended, seconds.

    Raises:
        asyncio.CancelledError: it was cancelled by a signal.
    """

    async def wrapped() -> None:
        task = asyncio.ensure_future(main)

        def cancel() -> None:
            end_within(stop_deadline_s)
            task.cancel()

        for number in _STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, cancel)
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
    for number in _STOP_SIGNALS:
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


async def beat(watchdog: Watchdog) -> None:
    """Tell a watchdog, again and again, that the event loop moves."""
    moved = watchdog.watch("event loop")
    while True:
        moved()
        await asyncio.sleep(_BEAT_S)


def announce_ready(name: str) -> None:
    """Print the one line that says that a process works: supervisors and people wait for it."""
    _spare_collector()
    sys.stdout.write(f"{name} ready\n")
    sys.stdout.flush()


def _spare_collector() -> None:
    """Have the garbage collector leave alone what was loaded until now, and look less often.

    Deliveries and tasks are freed by their reference counts. By its defaults the collector would go through the whole
    subscription table several times a minute under load, for nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
