"""All replays that `gateway.replays` has, kept up to date: for whoever shows how far each one is."""

from gateway.domain.replay import Replay, ReplayState
from gateway.domain.topics import REPLAYS
from gateway.kafka.compacted_log import TableKind
from gateway.kafka.compacted_table import CompactedTable
from gateway.kafka.config import KafkaConfig
from gateway.wire.replay_record import replay_codec


class ReplayIndex:
    """The replays, each as its newest record says."""

    def __init__(self) -> None:
        self._by_id: dict[str, Replay] = {}

    def __len__(self) -> int:
        """Count them."""
        return len(self._by_id)

    def put(self, replay: Replay) -> None:
        """Take a replay as it is now; what a run still writes that has to end is passed over, but for its own end."""
        known = self._by_id.get(replay.replay_id)
        if known is not None and replay.state is ReplayState.RUNNING and replay.gives_way_to(known):
            return
        self._by_id[replay.replay_id] = replay

    def remove(self, replay_id: str) -> None:
        """Forget one."""
        self._by_id.pop(replay_id, None)

    def get(self, replay_id: str) -> Replay | None:
        """Give one, or None."""
        return self._by_id.get(replay_id)

    def newest_first(self) -> list[Replay]:
        """Give all, by when they were started."""
        return sorted(self._by_id.values(), key=lambda replay: (-replay.started_at_ms, replay.replay_id))


class ReplayTable(CompactedTable[Replay, ReplayIndex]):
    """The table; see `CompactedTable`."""

    def __init__(self, config: KafkaConfig) -> None:
        kind = TableKind("replays", REPLAYS, replay_codec(), lambda replay: replay.replay_id)
        super().__init__(config, kind, ReplayIndex())
