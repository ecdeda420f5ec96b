"""The circuit of one endpoint: closed → open → half-open → closed.

It opens on failures in a row, or on the share of failures in a window. While it is open nothing is sent; after a
pause one probe is let through, and what becomes of it decides: closed again, or open for a pause twice as long.
Pure: the present is an argument, any clock in milliseconds that never goes back.
"""

from dataclasses import dataclass
from enum import Enum


class CircuitState(Enum):
    """Whether attempts are made: freely, not at all, or one as a probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When a circuit opens, and how long it stays so.

    Attributes:
        failures_in_a_row: opens it, whatever the window says.
        failure_share: opens it, too: the share of failures among the attempts of a window.
        least_attempts: a window with fewer says nothing.
        window_ms: how long a window is.
        first_pause_ms: from opening to the first probe; each probe that fails doubles the next pause.
        longest_pause_ms: what it grows to.
        memory_ms: what is known of an endpoint to which nothing was sent for so long need not be kept.
    """

    failures_in_a_row: int = 10
    failure_share: float = 0.5
    least_attempts: int = 40
    window_ms: float = 30_000
    first_pause_ms: float = 5_000
    longest_pause_ms: float = 300_000
    memory_ms: float = 2 * 86_400_000


DEFAULT_CIRCUIT_POLICY = CircuitPolicy()


class Circuit:
    """One circuit.

    Attempts that were begun before its last change do not count: they say what the endpoint was like then.

    Attributes:
        state: closed, open or half-open.
        probe_at_ms: while open: when the next probe may be made.
    """

    __slots__ = (
        "_attempts",
        "_epoch",
        "_failures",
        "_in_a_row",
        "_pause_ms",
        "_policy",
        "_window_from_ms",
        "probe_at_ms",
        "state",
    )

    def __init__(self, policy: CircuitPolicy = DEFAULT_CIRCUIT_POLICY) -> None:
        self._policy = policy
        self._epoch = 0
        self._pause_ms = policy.first_pause_ms
        self.probe_at_ms = 0.0
        self.state = CircuitState.CLOSED
        self._forget_window(0.0)

    def _forget_window(self, now_ms: float) -> None:
        self._window_from_ms = now_ms
        self._attempts = self._failures = self._in_a_row = 0

    def at_rest(self, now_ms: float) -> bool:
        """Tell whether no failure counts: it is closed, the newest attempt went well, and so did all of the window."""
        window_over = now_ms - self._window_from_ms >= self._policy.window_ms
        counting = self._in_a_row > 0 or (self._failures > 0 and not window_over)
        return self.state is CircuitState.CLOSED and not counting

    def is_out_of_date(self, now_ms: float) -> bool:
        """Tell whether nothing was tried for longer than it is worth to remember what came of it."""
        tried_ms = max(self._window_from_ms + self._policy.window_ms, self.probe_at_ms)
        return self.state is not CircuitState.HALF_OPEN and now_ms - tried_ms >= self._policy.memory_ms

    @property
    def failures_in_a_row(self) -> int:
        """How many of the newest attempts failed, one after the other."""
        return self._in_a_row

    def lets_through(self, now_ms: float) -> bool:
        """Tell whether an attempt may begin."""
        return self.state is CircuitState.CLOSED or (self.state is CircuitState.OPEN and now_ms >= self.probe_at_ms)

    def begin(self) -> int:
        """Begin an attempt that was let through; gives what `end` and `abandon` have to be told."""
        if self.state is CircuitState.OPEN:
            self._change(CircuitState.HALF_OPEN)
        return self._epoch

    def end(self, epoch: int, now_ms: float, *, failed: bool) -> CircuitState | None:
        """Note what became of an attempt; gives the new state where that changed it.

        Args:
            epoch: what `begin` gave.
            now_ms: the present.
            failed: the endpoint is in trouble: no answer, or one that says so.
        """
        if epoch != self._epoch:
            return None
        if self.state is CircuitState.HALF_OPEN:
            return self._judge_probe(now_ms, failed=failed)
        if now_ms - self._window_from_ms >= self._policy.window_ms:
            in_a_row = self._in_a_row
            self._forget_window(now_ms)
            self._in_a_row = in_a_row
        self._attempts += 1
        if not failed:
            self._in_a_row = 0
            return None
        self._failures += 1
        self._in_a_row += 1
        return self._open(now_ms) if self._too_many() else None

    def abandon(self, epoch: int, now_ms: float) -> None:
        """Note that an attempt was broken off: a probe is made anew."""
        if epoch == self._epoch and self.state is CircuitState.HALF_OPEN:
            self.probe_at_ms = now_ms
            self._change(CircuitState.OPEN)

    def _judge_probe(self, now_ms: float, *, failed: bool) -> CircuitState:
        if failed:
            self._pause_ms = min(self._pause_ms * 2, self._policy.longest_pause_ms)
            return self._open(now_ms)
        self._pause_ms = self._policy.first_pause_ms
        self._forget_window(now_ms)
        return self._change(CircuitState.CLOSED)

    def _too_many(self) -> bool:
        if self._in_a_row >= self._policy.failures_in_a_row:
            return True
        enough = self._attempts >= self._policy.least_attempts
        return enough and self._failures >= self._attempts * self._policy.failure_share

    def _open(self, now_ms: float) -> CircuitState:
        self.probe_at_ms = now_ms + self._pause_ms
        return self._change(CircuitState.OPEN)

    def _change(self, state: CircuitState) -> CircuitState:
        self._epoch += 1
        self.state = state
        return state
