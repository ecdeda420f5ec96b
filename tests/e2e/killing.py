"""Processes of one deployment that are killed and replaced: one stream, one egress."""

import asyncio
import time

from gateway.domain.topics import CURSORS, DELIVERIES
from gateway.kafka.group_offsets import EGRESS_GROUP_ID, STREAM_GROUP_ID, committed_offsets
from gateway.kafka.lag import EndOffsets
from gateway.settings import Settings
from tests.e2e.dead_members import forget_members
from tests.e2e.running import GatewayHome, Program

_COMMIT_TIMEOUT_S = 30.0
_GROUPS = {"stream": STREAM_GROUP_ID, "egress": EGRESS_GROUP_ID}


class Pair:
    """One stream and one egress.

    Args:
        home: where they run.
        settings: more of their environment.

    Attributes:
        killed_at_ms: when something was killed, milliseconds since the epoch.
    """

    def __init__(self, home: GatewayHome, **settings: str) -> None:
        self._home = home
        self._settings = settings
        self._running: dict[str, Program] = {}
        self.killed_at_ms: list[int] = []

    async def start(self, *names: str) -> None:
        """Start these, both where none is named; they are ready when they have their partitions."""
        for name in names or _GROUPS:
            self._running[name] = self._home.start(name, **self._settings)
        for name in names or _GROUPS:
            await asyncio.to_thread(self._running[name].await_ready)

    async def until_committed(self) -> int:
        """Wait until egress writes down how far it is; gives how long that took to be seen, milliseconds.

        That is a commit, or a cursor where a subscription lags. What is repeated is bounded by the time since, and by
        how long it takes: on a busy machine longer. TimeoutError: there was nothing left to do.
        """
        partitions = [(DELIVERIES, number) for number in range(Settings().partitions)]
        cursors = EndOffsets(self._home.kafka, (CURSORS,))

        def look() -> object:
            return committed_offsets(self._home.kafka, EGRESS_GROUP_ID, partitions), cursors.ask()

        began_s = time.monotonic()
        before = await asyncio.to_thread(look)
        async with asyncio.timeout(_COMMIT_TIMEOUT_S):
            while await asyncio.to_thread(look) == before:
                pass
        return round((time.monotonic() - began_s) * 1000)

    def kill(self, *names: str) -> None:
        """End these with SIGKILL, as one crash; the process is gone when this returns."""
        self.killed_at_ms.append(time.time_ns() // 1_000_000)
        for name in names:
            self._running[name].kill()

    async def replace(self, *names: str) -> None:
        """Start the successors of those that were killed; they need not wait for the sessions of the dead."""
        for name in names:
            await forget_members(self._home.kafka, _GROUPS[name])
        await self.start(*names)

    async def stop(self) -> None:
        """Ask both to end, and see that they end well."""
        for name, program in self._running.items():
            assert await asyncio.to_thread(program.stop) == 0, f"{name}:\n{program.log}"
