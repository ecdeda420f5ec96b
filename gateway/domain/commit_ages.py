"""For how long the commits of partitions have not moved although there are records behind them.

Pure: what was seen, and when, are arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a group and a partition have come.

    Attributes:
        committed: the next offset that the group will read after a restart.
        end: the offset that the next record will have.
    """

    committed: int
    end: int

    @property
    def behind(self) -> int:
        """How many records are not committed."""
        return max(self.end - self.committed, 0)


@dataclass(frozen=True)
class CommitAges(Generic[P]):
    """What was seen last, and since when each partition's commit is where it is.

    Attributes:
        reaches: of each partition.
        since_s: when its commit was first seen there, with records behind it; any monotonic clock, seconds.
        seen_at_s: when all of this was seen.
    """

    reaches: Mapping[P, Reach] = field(default_factory=dict)
    since_s: Mapping[P, float] = field(default_factory=dict)
    seen_at_s: float = 0.0

    def seeing(self, reaches: Mapping[P, Reach], now_s: float) -> "CommitAges[P]":
        """Take in how far things are now; partitions that are left out are forgotten."""
        return CommitAges(reaches, {at: self._since_s(at, reach, now_s) for at, reach in reaches.items()}, now_s)

    def _since_s(self, at: P, reach: Reach, now_s: float) -> float:
        before = self.reaches.get(at)
        # Where nothing was behind, what is behind now has come since.
        if before is None or not before.behind or before.committed != reach.committed:
            return now_s
        return self.since_s[at]

    def age_s(self, partition: P) -> float:
        """Give for how long a partition's commit had not moved when it was last seen, seconds."""
        return self.seen_at_s - self.since_s.get(partition, self.seen_at_s)
