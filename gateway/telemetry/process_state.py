"""What a process says of itself to those that look after it: whether its loops move, and whether it does its part."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.telemetry.watchdog import Watchdog


@dataclass(frozen=True, slots=True)
class Statement:
    """An answer to a probe.

    Attributes:
        good: whether all is as it should be.
        lines: why, for people.
    """

    good: bool
    lines: tuple[str, ...]


class ProcessState:
    """The state of one process.

    Args:
        watchdog: watches its loops.
        needed: what it has to have before it is ready, in words.
    """

    def __init__(self, watchdog: Watchdog, needed: Sequence[str]) -> None:
        self._watchdog = watchdog
        self._missing = list(needed)
        self._stopping = False

    def has(self, what: str) -> None:
        """One of the things that were needed is there."""
        if what in self._missing:
            self._missing.remove(what)

    def stop(self) -> None:
        """The process begins to stop: it is alive until it is gone, and ready no more."""
        self._stopping = True

    def live(self) -> Statement:
        """Tell whether every loop moves. While the process stops, its deadline watches over it instead."""
        if self._stopping:
            return Statement(good=True, lines=("the process is stopping",))
        silences = self._watchdog.silences_s()
        good = all(silence_s <= self._watchdog.timeout_s for silence_s in silences.values())
        return Statement(good, tuple(f"{loop}: moved {silence_s:.1f} s ago" for loop, silence_s in silences.items()))

    def ready(self) -> Statement:
        """Tell whether the process takes part in the work."""
        if self._stopping:
            return Statement(good=False, lines=("the process is stopping",))
        return Statement(not self._missing, tuple(f"not yet: {what}" for what in self._missing) or ("ready",))
