"""Spans of time as options of the command line (`30s`, `15m`, `24h`, `7d`), and moments as people read them."""

from datetime import UTC, datetime
from typing import Any

import click

from gateway.domain.durations import parse_duration
from gateway.domain.errors import InvalidInputError


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
