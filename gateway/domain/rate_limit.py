"""Rate limits: how fast one subscription's endpoint may be called.

A token bucket, as in RFC 2697's single-rate meter: tokens come in at a steady rate up to the burst, and each attempt
takes one. Pure: the present is an argument, any clock in milliseconds that never goes back.
"""

import re
from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError

MIN_PER_S = 0.01
MAX_PER_S = 100_000.0
MAX_BURST = 100_000
NO_LIMIT = "none"

_PATTERN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,20})?)/([smh])\Z")
_UNIT_S = {"s": 1, "m": 60, "h": 3600}
# Rounding hides as much: a timer that woke at the moment it was told finds its token.
_LEAST_WAIT_MS = 0.001


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A subscription's limit.

    Attributes:
        per_s: attempts a second, on average.
        burst: how many may be made at once after a pause; at least 1.
    """

    per_s: float
    burst: int


def check_rate_limit(per_s: float, burst: int | None) -> RateLimit:
    """Give the limit; without a burst, one second's worth of attempts may come at once.

    Raises:
        InvalidInputError: rate or burst is out of bounds.
    """
    if not MIN_PER_S <= per_s <= MAX_PER_S:
        raise InvalidInputError(f"a rate limit is between {MIN_PER_S} and {MAX_PER_S:.0f} a second, not {per_s:g}")
    chosen = max(round(per_s), 1) if burst is None else burst
    if not 1 <= chosen <= MAX_BURST:
        raise InvalidInputError(f"a burst is between 1 and {MAX_BURST}, not {chosen}")
    return RateLimit(per_s, chosen)


def parse_rate(text: str) -> float | None:
    """Read `100/s`, `5/m`, `90/h` or `none`; gives attempts a second, or None for no limit.

    Raises:
        InvalidInputError: the text is none of these.
    """
    if text == NO_LIMIT:
        return None
    found = _PATTERN.match(text)
    if found is None:
        raise InvalidInputError(f"'{text}' is not a rate", hint="write it like 100/s, 5/m, 90/h, or none")
    return float(found[1]) / _UNIT_S[found[2]]


def describe_rate(limit: RateLimit | None) -> str:
    """Write a limit's rate as `parse_rate` reads it, exactly; in the unit that needs no fraction, if there is one."""
    if limit is None:
        return NO_LIMIT
    for unit, seconds in _UNIT_S.items():
        count = round(limit.per_s * seconds)
        if count / seconds == limit.per_s:
            return f"{count}/{unit}"
    return f"{limit.per_s!r}/s"


class TokenBucket:
    """How much of a limit is used up. Full in the beginning."""

    __slots__ = ("_at_ms", "_tokens", "limit")

    def __init__(self, limit: RateLimit, now_ms: float) -> None:
        self.limit = limit
        self._tokens = float(limit.burst)
        self._at_ms = now_ms

    def wait_ms(self, now_ms: float) -> float:
        """Give how long until there is a token: 0 where there is one."""
        return self._until_ms(1, now_ms)

    def take(self, now_ms: float) -> None:
        """Take one token, after `wait_ms` gave 0."""
        self._fill(now_ms)
        self._tokens -= 1

    def is_full(self, now_ms: float) -> bool:
        """Tell whether a whole burst could be sent."""
        return self._until_ms(self.limit.burst, now_ms) == 0

    def change(self, limit: RateLimit, now_ms: float) -> None:
        """Go on under another limit, with what is left of the old one."""
        self._fill(now_ms)
        self.limit = limit

    def _until_ms(self, tokens: int, now_ms: float) -> float:
        self._fill(now_ms)
        wait_ms = (tokens - self._tokens) * 1000 / self.limit.per_s
        return wait_ms if wait_ms >= _LEAST_WAIT_MS else 0.0

    def _fill(self, now_ms: float) -> None:
        gained = (now_ms - self._at_ms) * self.limit.per_s / 1000
        self._tokens = min(self._tokens + gained, self.limit.burst)
        self._at_ms = now_ms
