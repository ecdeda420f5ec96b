"""Retry tiers: the stepped delays that a failed delivery can wait, each with a topic of its own.

A tier's name is its delay in whole seconds, minutes or hours (`30s`, `5m`, `24h`); the name is what topics,
records and retry policies carry.
"""

import re
from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError

_PATTERN = re.compile(r"([1-9][0-9]{0,4})([smh])\Z")
_UNIT_S = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True, order=True)
class Tier:
    """One delay. Orders by its length.

    Attributes:
        delay_s: the delay in seconds.
        name: the delay as people write it, e.g. `5m`.
    """

    delay_s: int
    name: str

    @property
    def delay_ms(self) -> int:
        """The delay in milliseconds."""
        return self.delay_s * 1000


def parse_tier(name: str) -> Tier:
    """Read `30s`, `5m` or `24h`.

    Raises:
        InvalidInputError: the text is not a positive number of seconds, minutes or hours.
    """
    found = _PATTERN.match(name)
    if found is None:
        raise InvalidInputError(f"'{name}' is not a delay", hint="write it like 30s, 5m or 2h")
    return Tier(int(found[1]) * _UNIT_S[found[2]], name)


DEFAULT_TIERS = tuple(parse_tier(name) for name in ("1s", "5s", "30s", "5m", "30m", "2h", "5h", "10h", "24h"))


def tier_at_least(delay_s: float, tiers: tuple[Tier, ...]) -> Tier:
    """Give the shortest tier that is no shorter than `delay_s`, or the longest there is.

    Args:
        delay_s: the delay asked for, in seconds.
        tiers: the deployment's tiers, at least one.
    """
    ordered = sorted(tiers)
    return next((tier for tier in ordered if tier.delay_s >= delay_s), ordered[-1])
