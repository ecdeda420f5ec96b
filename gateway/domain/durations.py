"""Spans of time as people write them: `30s`, `15m`, `24h`, `7d`; on the command line and in an event's headers."""

import re

from gateway.domain.errors import InvalidInputError

_PATTERN = re.compile(r"([1-9][0-9]{0,8})([smhd])\Z")
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
MAX_DURATION_MS = 3650 * _UNIT_MS["d"]


def parse_duration(text: str) -> int:
    """Read `30s`, `15m`, `24h` or `7d`; gives milliseconds.

    Raises:
        InvalidInputError: the text is not a positive whole number of seconds, minutes, hours or days, or is more
            than ten years.
    """
    found = _PATTERN.match(text)
    if found is None:
        raise InvalidInputError(f"'{text}' is not a span of time", hint="write it like 30s, 15m, 24h or 7d")
    duration_ms = int(found[1]) * _UNIT_MS[found[2]]
    if duration_ms > MAX_DURATION_MS:
        raise InvalidInputError(f"'{text}' is more than ten years")
    return duration_ms
