"""Spans of time as options of the command line: `30s`, `15m`, `24h`, `7d`."""

from typing import Any

import click

from gateway.domain.durations import parse_duration
from gateway.domain.errors import InvalidInputError


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
