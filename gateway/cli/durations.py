"""Spans of time as people write them on the command line (`30s`, `15m`, `24h`, `7d`), and moments as they read them."""

import re
from datetime import UTC, datetime
from typing import Any

import click

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


def describe_moment(at_ms: int | None) -> str:
    """Write a moment in RFC 3339, UTC, to the second; nothing for None.

    Args:
        at_ms: milliseconds since the epoch.
    """
    return "" if at_ms is None else f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


class DurationParam(click.ParamType):
    """An option's value that is a span of time; the command gets milliseconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Read the option; a value that is no span of time is a usage error."""
        try:
            return parse_duration(str(value))
        except InvalidInputError as error:
            self.fail(error.message + (f": {error.hint}" if error.hint else ""), param, ctx)


DURATION = DurationParam()
