"""Judges whether a part of a process still makes progress, from what can be observed from outside of it.

A client of Kafka can be silent for good with its process up. The judge says so only while Kafka answers others; an
outage starts its patience anew.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

P = TypeVar("P", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Progress:
    """What was seen of a part at one moment.

    Attributes:
        due: there is something that it should do, and that nothing holds back on purpose.
        mark: a number that changes with any step.
    """

    due: bool
    mark: int


def reading_progress(reached: Mapping[P, int], ends: Mapping[P, int]) -> Progress:
    """Tell how a reader stands.

    Args:
        reached: the next offset that it reads in each of its partitions.
        ends: the offset that the next record of each partition will have.
    """
    return Progress(any(ends.get(at, 0) > offset for at, offset in reached.items()), sum(reached.values()))


class ProgressJudge:
    """Says when patience is at its end.

    Args:
        patience_s: how long there may be no progress, in seconds.
        now_s: the present, any monotonic clock.
    """

    def __init__(self, patience_s: float, now_s: float) -> None:
        self.patience_s = patience_s
        self._since_s = now_s
        self._mark: int | None = None

    def stalled(self, seen: Progress | None, now_s: float) -> bool:
        """Tell whether nothing has moved for too long although it should have.

        Args:
            seen: what was seen; None while Kafka does not answer others either.
            now_s: when.
        """
        if seen is None or not seen.due or seen.mark != self._mark:
            self._mark = None if seen is None else seen.mark
            self._since_s = now_s
        return now_s - self._since_s > self.patience_s
