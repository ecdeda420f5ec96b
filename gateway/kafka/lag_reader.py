"""Asks Kafka now and then how far a group has come in the partitions of this process, in a thread of its own.

For metrics only: nothing waits for it, and a stop does not wait for its thread.
"""

import threading
import time
from collections.abc import Callable, Collection

import structlog
from confluent_kafka import KafkaException

from gateway.domain.commit_ages import CommitAges, Reach
from gateway.kafka.config import KafkaConfig
from gateway.kafka.offset_client import OffsetClient
from gateway.kafka.partitioning import Partition

LOOK_S = 10.0
_TIMEOUT_S = 5.0
_log = structlog.get_logger()


class LagReader:
    """The thread.

    Args:
        config: how to reach Kafka.
        group_id: the group.
        owned: gives the partitions of this process; called on the reader's thread.

    Attributes:
        ages: what was seen; replaced as a whole, so that any thread may read it.
        seen_at_s: when Kafka last answered, or when reading began; a monotonic clock, seconds.
    """

    def __init__(self, config: KafkaConfig, group_id: str, owned: Callable[[], Collection[Partition]]) -> None:
        self._client = OffsetClient(config, group_id, timeout_s=_TIMEOUT_S)
        self._owned = owned
        self._stopping = threading.Event()
        self.ages: CommitAges[Partition] = CommitAges()
        self.seen_at_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="lag-reader", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self.look()
            except KafkaException as error:
                _log.debug("kafka.lag_unknown", error=str(error))

    def look(self) -> None:
        """Ask once; blocking, bounded.

        Raises:
            KafkaException: Kafka refused, or did not answer.
        """
        owned = self._owned()
        reaches: dict[Partition, Reach] = {}
        if owned:
            committed, ends = self._client.committed(owned), self._client.ends(owned)
            # A partition without a commit is read from its beginning.
            reaches = {at: Reach(committed[at].offset if at in committed else 0, end) for at, end in ends.items()}
        self.seen_at_s = time.monotonic()
        self.ages = self.ages.seeing(reaches, self.seen_at_s)
