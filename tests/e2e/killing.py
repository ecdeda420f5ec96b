"""Processes of one deployment that are killed and replaced: one stream, one egress."""

import asyncio
import time

from gateway.domain.topics import DELIVERIES
from gateway.kafka.group_offsets import EGRESS_GROUP_ID, STREAM_GROUP_ID, CommittedOffset, committed_offsets
from gateway.kafka.partitioning import Partition
from gateway.settings import Settings
from tests.e2e.dead_members import forget_members
from tests.e2e.running import GatewayHome, Program

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

    async def until_committed(self) -> None:
        """Wait until egress commits: what is repeated is bounded by the time since, however slow the broker is."""
        partitions = [(DELIVERIES, number) for number in range(Settings().partitions)]

        def look() -> dict[Partition, CommittedOffset]:
            return committed_offsets(self._home.kafka, EGRESS_GROUP_ID, partitions)

        before = await asyncio.to_thread(look)
        while await asyncio.to_thread(look) == before:
            pass

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
