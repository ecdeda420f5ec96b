"""The compacted topic `gateway.replays`: the newest record of each replay, and what others write meanwhile."""

from dataclasses import dataclass

from gateway.domain.errors import NotFoundError
from gateway.domain.replay import KEPT_MS, Replay
from gateway.domain.topics import REPLAYS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.kafka.scan import RawRecord, ScanBounds, TopicScan
from gateway.kafka.topic_tail import TopicTail
from gateway.wire.errors import UndecodableError
from gateway.wire.replay_record import replay_codec

# A replay of a day leaves a hundred thousand checkpoints until they are compacted.
_BOUNDS = ScanBounds(max_records=2_000_000, deadline_s=60)


@dataclass(frozen=True, slots=True)
class KnownReplays:
    """The replays that the topic has.

    Attributes:
        by_id: each as its newest record says.
        undecodable: how many records could not be read.
    """

    by_id: dict[str, Replay]
    undecodable: int

    def require(self, replay_id: str) -> Replay:
        """Give one.

        Raises:
            NotFoundError: there is no such replay.
        """
        found = self.by_id.get(replay_id)
        if found is None:
            raise NotFoundError(f"there is no replay '{replay_id}'", hint="`gateway replay list` shows what there is")
        return found


class ReplayLog:
    """Reads and writes the topic. Blocking.

    Args:
        config: how to reach the cluster.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._writer = ConfirmedWriter(config)

    def read(self) -> KnownReplays:
        """Read what there is.

        Raises:
            UnavailableError: no broker answers, or the topic is missing.
        """
        found: dict[str, Replay] = {}
        undecodable = 0

        def take(raw: RawRecord) -> None:
            nonlocal undecodable
            name = (raw.key or b"").decode("utf-8", "replace")
            if raw.value is None:
                found.pop(name, None)
                return
            try:
                found[name] = replay_codec().decode(raw.value)
            except UndecodableError:
                undecodable += 1

        TopicScan(self._config, _BOUNDS).run({REPLAYS: None}, 0, take)
        return KnownReplays(found, undecodable)

    def write(self, replay: Replay) -> None:
        """Write a replay as it is now; what returns is confirmed.

        Raises:
            UnavailableError: Kafka does not confirm in time.
        """
        self._writer.write([OutRecord(REPLAYS, replay.replay_id.encode(), replay_codec().encode(replay))])

    def forget_old(self, known: KnownReplays, now_ms: int) -> None:
        """Drop the replays that ended long ago."""
        old = [one for one in known.by_id.values() if one.is_over and now_ms - one.updated_at_ms > KEPT_MS]
        self._writer.write([OutRecord(REPLAYS, one.replay_id.encode(), None) for one in old])


class ReplayWatch:
    """What is written of one replay from now on, by whomever. Blocking, for one thread.

    Args:
        config: how to reach the cluster.
        replay_id: which one.
    """

    def __init__(self, config: KafkaConfig, replay_id: str) -> None:
        self._key = replay_id.encode()
        self._tail = TopicTail(config, REPLAYS)

    def seen(self) -> list[Replay]:
        """Give the records that came since this was last asked, without waiting for more."""
        found = []
        for raw in self._tail.read(0.0):
            if raw.key == self._key and raw.value is not None:
                try:
                    found.append(replay_codec().decode(raw.value))
                except UndecodableError:
                    continue  # a newer gateway's: what it says can't be obeyed
        return found

    def close(self) -> None:
        """Let go of the broker."""
        self._tail.close()
