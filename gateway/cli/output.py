"""How commands print: tables and lines for people, JSON lines for machines.

What is printed may come from anywhere (an endpoint's words, a record that anybody wrote into a topic), so nothing that
a terminal would act on gets through.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import orjson
from rich.console import Console
from rich.table import Table

from gateway.domain.foreign_text import escape_json, plain_line

F = TypeVar("F", bound=Callable[..., Any])


def json_option(function: F) -> F:
    """Add `--json`: one JSON object a line on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")(function)


def emit_json(value: object) -> None:
    """Print one object as one line of JSON; what a terminal would act on is escaped, so that nothing is lost."""
    click.echo(escape_json(orjson.dumps(value, default=str).decode()))


def emit_line(text: str) -> None:
    """Print one line for people."""
    click.echo(plain_line(text))


def emit_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows as a table without lines; wide output when it goes to a pipe, so that nothing is cut."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else plain_line(str(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 250, highlight=False, markup=False).print(table)
