"""The console's replays: what `gateway replay` does, in the name of a caller."""

import sys

from gateway.console.access.caller import Caller
from gateway.console.replay_desk import Progress, Replaying
from gateway.console.replay_runs import ReplayRuns
from gateway.domain.replay import Replay, ReplayState, Tally, Wanted
from gateway.kafka.config import KafkaConfig
from gateway.kafka.replay_table import ReplayTable
from gateway.kafka.scan import ScanBounds, ScanReport
from gateway.replay.stretches import OffsetRanges, TimeSpan
from gateway.services.audit import Actor
from gateway.services.replays import Replays
from gateway.settings import Settings
from gateway.telemetry.clock import now_ms

_PROGRAM = (sys.executable, "-m", "gateway.cli.main")


class ConsoleReplays:
    """See `ReplayDesk`. What is asked for is looked up anew each time, as by a command.

    Args:
        settings: of the deployment.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def plan(
        self, wanted: Wanted, chosen: TimeSpan | OffsetRanges, rate_per_s: float | None, caller: Caller
    ) -> tuple[Replay, bool]:
        """See `ReplayDesk`."""
        replays = Replays(self._settings)
        found = replays.choose(wanted, chosen)
        return replays.new(wanted, found.stretches, rate_per_s, caller.name), not found.gone

    def count(self, replay: Replay, progress: Progress, bounds: ScanBounds) -> tuple[Tally, ScanReport]:
        """See `ReplayDesk`."""
        return Replays(self._settings, progress).count(replay, progress, bounds)

    def begin(self, replay: Replay, caller: Caller) -> None:
        """See `ReplayDesk`."""
        replays = Replays(self._settings)
        replays.audit(_actor(caller), "replay_started", replay)
        # Nobody carries it out yet: its process takes it up as it takes up one that was stopped.
        replays.log.write(replay.ended(ReplayState.STOPPED, now_ms()))

    def resume(self, replay_id: str, caller: Caller) -> None:
        """See `ReplayDesk`."""
        replays = Replays(self._settings)
        replays.audit(_actor(caller), "replay_resumed", replays.resumable(replay_id))

    def cancel(self, replay_id: str, caller: Caller) -> Replay:
        """See `ReplayDesk`."""
        return Replays(self._settings).cancel(replay_id, _actor(caller))


def replaying_of(settings: Settings, config: KafkaConfig) -> Replaying:
    """Put together what the console has of replays; its table is still to be started."""
    return Replaying(ConsoleReplays(settings), ReplayRuns(_PROGRAM), ReplayTable(config))


def _actor(caller: Caller) -> Actor:
    return Actor(caller.name, "gateway console")
