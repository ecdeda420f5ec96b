"""The gate of one lane: how many attempts may be under way now, and when to ask again.

Four things close it: the circuit, a `Retry-After` that the endpoint answered with, an egress proxy that gives no
tunnel, and the rate limit. The first three *bar* the lane: what waits goes back to the log. Pure: the present is an
argument, in milliseconds of a clock that never goes back.
"""

from dataclasses import dataclass

from gateway.domain.circuit import Circuit, CircuitPolicy, CircuitState
from gateway.domain.outcome import Verdict
from gateway.domain.rate_limit import RateLimit, TokenBucket

# How the way through the proxy is tried: after one failure by one attempt at a time, with pauses that double.
PROXY_POLICY = CircuitPolicy(failures_in_a_row=1, first_pause_ms=1_000, longest_pause_ms=60_000)
# What an attempt is known by: the epoch of the circuit, and that of the way through the proxy.
Epochs = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CircuitChange:
    """The circuit opened or closed.

    Attributes:
        state: its new state.
        probe_in_ms: where it opened: how long until the next probe.
        failures: where it opened: how many attempts had failed in a row.
    """

    state: CircuitState
    probe_in_ms: float = 0.0
    failures: int = 0


class Gate:
    """One lane's gate."""

    __slots__ = ("_bucket", "_held_until_ms", "_way", "circuit")

    def __init__(self) -> None:
        self.circuit = Circuit()
        # Made when the proxy is first in the way: most gateways have none.
        self._way: Circuit | None = None
        self._held_until_ms = 0.0
        self._bucket: TokenBucket | None = None

    def set_rate_limit(self, limit: RateLimit | None, now_ms: float) -> None:
        """Take the subscription's limit, as it is now."""
        if limit is None:
            self._bucket = None
        elif self._bucket is None:
            self._bucket = TokenBucket(limit, now_ms)
        elif self._bucket.limit != limit:
            self._bucket.change(limit, now_ms)

    def width(self, now_ms: float, max_in_flight: int) -> int:
        """Give how many attempts may be under way: 0 while it is barred, 1 for a probe."""
        if now_ms < self._held_until_ms:
            return 0
        way = self._way
        if self.circuit.state is CircuitState.CLOSED and (way is None or way.state is CircuitState.CLOSED):
            return max_in_flight
        return int(_lets_one_through(self.circuit, now_ms) and (way is None or _lets_one_through(way, now_ms)))

    @property
    def is_open(self) -> bool:
        """Tell whether at most a probe is sent: the circuit is not closed, or the proxy is in the way."""
        return self.circuit.state is not CircuitState.CLOSED or self.lacks_proxy

    @property
    def lacks_proxy(self) -> bool:
        """Tell whether the proxy is in the way, so that nothing can be said of the endpoint."""
        return self._way is not None and self._way.state is not CircuitState.CLOSED

    def barred_for_ms(self, now_ms: float) -> float:
        """Give how long nothing may be begun for circuit, proxy or hold; 0 where something may."""
        circuit_ms = self.circuit.probe_at_ms - now_ms if self.circuit.state is CircuitState.OPEN else 0.0
        if self._way is not None and self._way.state is CircuitState.OPEN:
            circuit_ms = max(circuit_ms, self._way.probe_at_ms - now_ms)
        return max(self._held_until_ms - now_ms, circuit_ms, 0.0)

    def wait_ms(self, now_ms: float) -> float:
        """Give how long the rate limit has the next attempt wait; 0 where it may begin."""
        return 0.0 if self._bucket is None else self._bucket.wait_ms(now_ms)

    def begin(self, now_ms: float) -> Epochs:
        """Begin an attempt; gives what `end`, `block` and `abandon` have to be told."""
        if self._bucket is not None:
            self._bucket.take(now_ms)
        return self.circuit.begin(), 0 if self._way is None else self._way.begin()

    def end(self, epochs: Epochs, verdict: Verdict, now_ms: float) -> CircuitChange | None:
        """Note what an attempt came to; gives the change where the circuit opened or closed.

        A probe that fails changes nothing: the circuit was open.
        """
        if verdict.retry_after_s is not None:
            self._held_until_ms = max(self._held_until_ms, now_ms + verdict.retry_after_s * 1000)
        if self._way is not None:
            self._way.end(epochs[1], now_ms, failed=False)
        was_closed = self.circuit.state is CircuitState.CLOSED
        match self.circuit.end(epochs[0], now_ms, failed=verdict.endpoint_failed):
            case CircuitState.CLOSED:
                return CircuitChange(CircuitState.CLOSED)
            case CircuitState.OPEN if was_closed:
                failures = self.circuit.failures_in_a_row
                return CircuitChange(CircuitState.OPEN, self.barred_for_ms(now_ms), failures)
            case _:
                return None

    def block(self, epochs: Epochs, now_ms: float) -> bool:
        """Note that the proxy was in an attempt's way; True where that is news."""
        self.circuit.abandon(epochs[0], now_ms)
        if self._way is None:
            self._way = Circuit(PROXY_POLICY)
        was_free = not self.lacks_proxy
        self._way.end(epochs[1], now_ms, failed=True)
        return was_free and self.lacks_proxy

    def abandon(self, epochs: Epochs, now_ms: float) -> None:
        """Note that an attempt was broken off."""
        self.circuit.abandon(epochs[0], now_ms)
        if self._way is not None:
            self._way.abandon(epochs[1], now_ms)

    def at_rest(self, now_ms: float) -> bool:
        """Tell whether a new gate would do the same."""
        way = self._way
        return self.circuit.at_rest(now_ms) and (way is None or way.at_rest(now_ms)) and self._is_free(now_ms)

    def may_be_forgotten(self, now_ms: float) -> bool:
        """Tell whether a new gate may take its place: it is at rest, or has seen nothing for long."""
        way = self._way
        return (
            self._is_free(now_ms)
            and (self.circuit.at_rest(now_ms) or self.circuit.is_out_of_date(now_ms))
            and (way is None or way.at_rest(now_ms) or way.is_out_of_date(now_ms))
        )

    def _is_free(self, now_ms: float) -> bool:
        """Tell whether neither hold nor rate limit would have anything wait."""
        return now_ms >= self._held_until_ms and (self._bucket is None or self._bucket.is_full(now_ms))


def _lets_one_through(circuit: Circuit, now_ms: float) -> bool:
    """Tell whether an attempt may be under way, if only as the probe."""
    return circuit.state is CircuitState.HALF_OPEN or circuit.lets_through(now_ms)
