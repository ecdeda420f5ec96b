"""How much is measured: the whole, or the quick look."""

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says.

    Attributes:
        quick: less of everything.
        duration_s: how long a measured window is, seconds; None for each scenario's own.
        events_per_s: the rate of `steady` and `isolation`.
        egress: egress processes of the throughput scenarios.
        deliveries_ahead: how many deliveries the publisher may be ahead of the receiver; None for the usual number.
        database: the URL of a PostgreSQL database without an index, for that of `search`; None for a file.
    """

    quick: bool = False
    duration_s: float | None = None
    events_per_s: float = 50.0
    egress: int = 1
    deliveries_ahead: int | None = None
    database: str | None = None

    @property
    def outstanding(self) -> int:
        """How many deliveries the publisher may be ahead of the receiver."""
        return self.deliveries_ahead or self.choose(20_000, 4_000)

    def window_s(self, whole_s: float, quick_s: float) -> float:
        """How long a window is, seconds: as asked for, else by what is measured."""
        return self.duration_s if self.duration_s is not None else self.choose(whole_s, quick_s)

    def warm_up_s(self, whole_s: float, quick_s: float) -> float:
        """How long to warm up before a window, seconds: no longer than a window that is asked for."""
        chosen_s = self.choose(whole_s, quick_s)
        return chosen_s if self.duration_s is None else min(chosen_s, self.duration_s)

    def choose(self, whole: T, quick: T) -> T:
        """Give the one of two amounts that holds."""
        return quick if self.quick else whole
