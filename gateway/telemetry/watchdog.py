"""A watchdog for loops that can stall: what has not reported for too long ends the process.

A process that is up and does nothing is worse than one that ended: its supervisor restarts the latter, and Kafka
gives its partitions to others meanwhile.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable

import structlog

EXIT_STALLED = 70
EXIT_OVERDUE = 71
_CHECK_S = 1.0
_log = structlog.get_logger()


class Watchdog:
    """Ends the process when a watched loop has not beaten within the time-out.

    Args:
        timeout_s: how long a loop may go without a beat, seconds.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._beats: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def watch(self, name: str) -> Callable[[], None]:
        """Begin to watch a loop; the function given back is its beat, callable on any thread."""
        beats = self._beats
        beats[name] = time.monotonic()

        def beat() -> None:
            beats[name] = time.monotonic()

        return beat

    def silences_s(self) -> dict[str, float]:
        """Give how long ago each loop has beaten, seconds, by its name."""
        now = time.monotonic()
        return {name: max(now - last, 0.0) for name, last in list(self._beats.items())}

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching: the loops end on purpose now, and do not beat any more."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(_CHECK_S):
            for name, silence_s in self.silences_s().items():
                if silence_s > self.timeout_s:
                    _log.critical("watchdog.stalled", loop=name, silent_s=round(silence_s, 1))
                    _end(EXIT_STALLED)


def end_within(timeout_s: float) -> None:
    """See to it that a process which is stopping is gone in `timeout_s` seconds, whatever hangs in it."""

    def overdue() -> None:
        _log.critical("watchdog.stop_overdue", after_s=timeout_s)
        _end(EXIT_OVERDUE)

    timer = threading.Timer(timeout_s, overdue)
    timer.daemon = True
    timer.start()


def _end(code: int) -> None:
    faulthandler.dump_traceback(sys.stderr)
    os._exit(code)
