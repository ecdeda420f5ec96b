"""What the console does with replays, which is what the command does: given by whoever puts the process together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.console.access.caller import Caller
from gateway.console.replay_runs import ReplayRuns
from gateway.domain.replay import Replay, Tally, Wanted
from gateway.kafka.replay_table import ReplayTable
from gateway.kafka.scan import ScanBounds, ScanReport
from gateway.replay.stretches import OffsetRanges, TimeSpan

Progress = Callable[[int, int], None]
"""Told of the records read and the records there are to read; may raise a GatewayError to have it end."""


class ReplayDesk(Protocol):
    """Plans, counts and notes replays. Blocking, and thread-safe."""

    def plan(
        self, wanted: Wanted, chosen: TimeSpan | OffsetRanges, rate_per_s: float | None, caller: Caller
    ) -> tuple[Replay, bool]:
        """Give a replay that nothing is done of, and whether its topics keep all that was asked for; writes nothing.

        Raises:
            GatewayError: something of it is wrong, or does not exist; or Kafka does not answer.
        """

    def count(self, replay: Replay, progress: Progress, bounds: ScanBounds) -> tuple[Tally, ScanReport]:
        """Count what a replay would do; writes nothing."""

    def begin(self, replay: Replay, caller: Caller) -> None:
        """Note a planned replay, in the audit trail, too: from then on it can be carried out by its id."""

    def resume(self, replay_id: str, caller: Caller) -> None:
        """Note that one is about to go on.

        Raises:
            NotFoundError: there is no such replay.
            ConflictError: it is over.
        """

    def cancel(self, replay_id: str, caller: Caller) -> Replay:
        """End one for good; errors as for `resume`."""


@dataclass(frozen=True, slots=True)
class Replaying:
    """All that the console has of replays.

    Attributes:
        desk: plans, counts and notes them.
        runs: carries them out.
        table: how far they are.
    """

    desk: ReplayDesk
    runs: ReplayRuns
    table: ReplayTable

    async def stop(self) -> None:
        """End those that are carried out here; they can be resumed."""
        await self.runs.stop()
        await self.table.stop()
