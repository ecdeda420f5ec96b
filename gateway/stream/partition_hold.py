"""Holds a partition whose next event can't be decoded before the schema registry has answered; others go on.

The event is tried until the registry answers, and those that come behind it wait in line: nothing is rejected, and the
order of a partition stays. What is held costs memory, so the partition is not read on meanwhile, and what waits is
bounded: beyond the bound its topic waits too.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import structlog

from gateway.wire.errors import RegistryUnavailableError

MAX_WAITING_BYTES = 33_554_432
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
TELL_EVERY_S = 30.0
_log = structlog.get_logger()

P = TypeVar("P", bound=Hashable)
E = TypeVar("E")


class _Line(Generic[E]):
    """The events of one partition that wait, in order; the first of them is being tried."""

    def __init__(self, now_s: float) -> None:
        self.events: deque[tuple[E, int]] = deque()
        self.since_s = now_s
        self.failed = False


class PartitionHold(Generic[P, E]):
    """Takes every event, and handles it in its partition's order. For the event loop.

    Args:
        handle: what is done with an event; raises RegistryUnavailableError to be called again with it.
        is_ready: tells whether `handle` has all it needs, and asks nobody.
        is_current: tells whether an event still is this process's to handle; false after a rebalance.
        set_aside: an event goes into its partition's line; the partition is not to be read on.
        resume: the partition's line is empty.
        crash: what to do when `handle` raises something else.
        name: names a partition in the log.
        max_bytes: how much may wait before `take` waits.
    """

    def __init__(
        self,
        handle: Callable[[E], Awaitable[None]],
        *,
        is_ready: Callable[[E], bool],
        is_current: Callable[[E], bool],
        set_aside: Callable[[P, E], None],
        resume: Callable[[P], None],
        crash: Callable[[BaseException], Awaitable[None]],
        name: Callable[[P], str] = str,
        max_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._handle = handle
        self._is_ready = is_ready
        self._is_current = is_current
        self._set_aside = set_aside
        self._resume = resume
        self._crash = crash
        self._name = name
        self._max_bytes = max_bytes
        self._lines: dict[P, _Line[E]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting_bytes = 0
        self._left = asyncio.Event()
        self._closing = asyncio.Event()
        self._told_at_s: float | None = None

    @property
    def holds(self) -> bool:
        """Whether any partition is held."""
        return bool(self._lines)

    async def take(self, partition: P, event: E, size_bytes: int) -> None:
        """Handle an event now, or leave it in its partition's line; never waits for the registry itself.

        Args:
            partition: the event's.
            event: the next of its partition.
            size_bytes: what it takes in memory while it waits.
        """
        while self._waiting_bytes >= self._max_bytes:
            self._left.clear()
            await self._left.wait()
        line = self._lines.get(partition)
        if line is None and self._is_ready(event):
            await self._handle(event)
            return
        if line is None:
            line = self._lines[partition] = _Line(_now_s())
            task = asyncio.create_task(self._serve(partition, line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        line.events.append((event, size_bytes))
        self._waiting_bytes += size_bytes
        # Told of every event: the client goes on reading by itself when its own queue has emptied.
        self._set_aside(partition, event)

    def close(self) -> None:
        """Let what waits lie: it was not acknowledged, and is read again. What is being handled is finished."""
        self._closing.set()

    async def _serve(self, partition: P, line: _Line[E]) -> None:
        try:
            await self._empty(line)
        except Exception as error:  # noqa: BLE001 - the process must not go on without this partition
            await self._crash(error)
            return
        if line.events:
            return
        del self._lines[partition]
        self._resume(partition)
        if not self._lines:
            self._told_at_s = None
        if line.failed:
            name, held_s = self._name(partition), round(_now_s() - line.since_s, 1)
            _log.info("stream.partition_goes_on", partition=name, held_s=held_s, still_held=len(self._lines))

    async def _empty(self, line: _Line[E]) -> None:
        """Handle a line's events until none is left, or this is closed."""
        wait_s = FIRST_WAIT_S
        while line.events and not self._closing.is_set():
            event, size_bytes = line.events[0]
            if self._is_current(event):
                try:
                    await self._handle(event)
                except RegistryUnavailableError as error:
                    line.failed = True
                    self._tell(error)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(wait_s):
                            await self._closing.wait()
                    wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                    continue
            wait_s = FIRST_WAIT_S
            line.events.popleft()
            self._waiting_bytes -= size_bytes
            self._left.set()

    def _tell(self, error: RegistryUnavailableError) -> None:
        """Say that partitions are held, and why: at once, and every half a minute for as long as it lasts."""
        now_s = _now_s()
        if self._told_at_s is not None and now_s < self._told_at_s + TELL_EVERY_S:
            return
        self._told_at_s = now_s
        held = list(self._lines.values())
        _log.warning(
            "stream.registry_unavailable",
            error=error.message,
            hint=error.hint,
            held=sorted(map(self._name, self._lines)),
            held_s=round(now_s - min(line.since_s for line in held), 1),
            waiting=sum(len(line.events) for line in held),
        )


def _now_s() -> float:
    return asyncio.get_running_loop().time()
