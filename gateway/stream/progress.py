"""Judges whether a stream worker still makes progress, from what can be observed outside Faust.

Faust can hang with its process up: no partitions ever assigned, or a fetcher that died. The judge says so only while
Kafka answers; a broker outage starts its patience anew.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen at one moment.

    Attributes:
        reachable: Kafka answered.
        assigned: partitions were assigned at some time.
        behind: there are events to read, or events in flight.
        mark: a number that changes with any progress.
    """

    reachable: bool
    assigned: bool
    behind: bool
    mark: int


class ProgressJudge:
    """Says when patience is at its end.

    Args:
        patience_s: how long there may be no progress, in seconds.
        now_s: the present, any monotonic clock.
    """

    def __init__(self, patience_s: float, now_s: float) -> None:
        self._patience_s = patience_s
        self._since_s = now_s
        self._mark: int | None = None

    def moved(self, now_s: float) -> None:
        """Progress was seen: patience begins anew."""
        self._since_s = now_s

    def stalled(self, seen: Observation, now_s: float) -> bool:
        """Take an observation; True when nothing has moved for too long although it should have."""
        idle = seen.assigned and not seen.behind
        if not seen.reachable or idle or seen.mark != self._mark:
            self._mark = seen.mark
            self._since_s = now_s
        return now_s - self._since_s > self._patience_s
