"""Lines for whoever watches over the gateway: what was refused, and why. Bounded, whoever provokes them.

A line names ids, hosts and reasons; never a secret, a payload, or the address that a name was resolved to. Of each
event and key, five lines a minute are written; what was held back is told when the minute is over, in one line
`security.suppressed` with its count. Beyond a thousand keys in one minute, the others share one.
"""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import structlog

LINES_A_WINDOW = 5
WINDOW_S = 60.0
MAX_KEYS = 1_000
SUPPRESSED = "security.suppressed"
SUBSCRIPTION_CHANGED = "security.subscription_changed"  # written by `gateway.telemetry.audited_store`
OTHERS = "(others)"

Write = Callable[[int, str, dict[str, object]], None]
"""Writes one line: its level as in `logging`, the event's name, its fields."""

_log = structlog.get_logger()


class SecurityEvent(Enum):
    """What is written: docs/security.md says when, and with which fields."""

    ADDRESS_REFUSED = "security.address_refused"
    SIGNATURE_INVALID = "security.signature_invalid"
    KEY_MISSING = "security.key_missing"
    SEAL_BROKEN = "security.seal_broken"
    LOG_IN_REFUSED = "security.log_in_refused"

    @property
    def level(self) -> int:
        """Error where an operator has to act; else warning."""
        needs_an_operator = self in {SecurityEvent.KEY_MISSING, SecurityEvent.SEAL_BROKEN}
        return logging.ERROR if needs_an_operator else logging.WARNING


@dataclass(slots=True)
class _Window:
    """The minute of one event and key that began with its first line."""

    event: SecurityEvent
    key: str
    began_s: float
    seen: int = 0

    @property
    def held_back(self) -> int:
        """How many lines were not written."""
        return max(0, self.seen - LINES_A_WINDOW)


class SecurityLog:
    """Writes security events, and holds back what repeats. Thread-safe.

    Args:
        write: writes a line.
        window_s: for how long the lines of one event and key are counted together, seconds.
        clock: gives the present, seconds from any beginning; never goes back.
    """

    def __init__(
        self, write: Write, *, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[SecurityEvent, str], _Window] = {}
        self._by_age: deque[_Window] = deque()
        self._is_timed = False

    def note(self, event: SecurityEvent, key: str, **fields: object) -> None:
        """Write one event, or only count it where there were enough of its kind.

        Args:
            event: what happened.
            key: whom it concerns: the lines of one key do not hide those of another.
            fields: what the line says.
        """
        self.flush()
        with self._lock:
            window = self._window_of(event, key)
            window.seen += 1
            is_written = not window.held_back
            if not is_written:
                self._flush_later()
        if is_written:
            self._write(event.level, event.value, fields)

    def flush(self, *, everything: bool = False) -> None:
        """Tell what was held back in the windows that are over, or in all of them."""
        with self._lock:
            over = self._take_over(began_by_s=self._clock() - (0 if everything else self._window_s))
        for window in over:
            if window.held_back:
                fields: dict[str, object] = {"of": window.event.value, "key": window.key, "count": window.held_back}
                self._write(window.event.level, SUPPRESSED, fields)

    def _window_of(self, event: SecurityEvent, key: str) -> _Window:
        if (event, key) not in self._windows and len(self._windows) >= MAX_KEYS:
            key = OTHERS
        window = self._windows.get((event, key))
        if window is None:
            window = self._windows[event, key] = _Window(event, key, self._clock())
            self._by_age.append(window)
        return window

    def _take_over(self, *, began_by_s: float) -> list[_Window]:
        over: list[_Window] = []
        while self._by_age and self._by_age[0].began_s <= began_by_s:
            window = self._by_age.popleft()
            del self._windows[window.event, window.key]
            over.append(window)
        return over

    def _flush_later(self) -> None:
        """See to it that a count is told when its window is over, also if nothing else happens, or the program ends."""
        if self._is_timed:
            return
        self._is_timed = True
        timer = threading.Timer(self._window_s, self._timer_ended)
        timer.daemon = True
        timer.start()

    def _timer_ended(self) -> None:
        self.flush()
        with self._lock:
            self._is_timed = False
            if any(window.held_back for window in self._by_age):
                self._flush_later()


def _write_structured(level: int, name: str, fields: dict[str, object]) -> None:
    _log.log(level, name, **fields)


_process_log = SecurityLog(_write_structured)
# What is held back when a process ends is told before it is gone.
atexit.register(_process_log.flush, everything=True)


def log_security(event: SecurityEvent, key: str, **fields: object) -> None:
    """Write an event to the log of this process; see `SecurityLog.note`."""
    _process_log.note(event, key, **fields)
