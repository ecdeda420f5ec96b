"""In which order the deliveries of a lane have their turn: told by the topic that each was read from."""

from enum import IntEnum

from gateway.domain.topics import PRIORITY_DELIVERIES, REPLAY_DELIVERIES
from gateway.kafka.partitioning import Partition


class Turn(IntEnum):
    """The lowest goes first."""

    URGENT = 0
    NORMAL = 1
    REPLAY = 2


_OTHERS = {PRIORITY_DELIVERIES: Turn.URGENT, REPLAY_DELIVERIES: Turn.REPLAY}


def turn_of(partition: Partition) -> Turn:
    """Give the turn of what is read from a partition; retries take theirs with all others."""
    return _OTHERS.get(partition[0], Turn.NORMAL)
