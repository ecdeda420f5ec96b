"""Templates whose values can't become markup: what is put in is escaped, unless it says that it is markup already."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.domain.foreign_text import plain_line, plain_text

_FOLDER = Path(__file__).resolve().parent / "templates"
# What CommonMark, GitHub's tables and its formulas give a meaning to within a line.
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|&~$])")
# And at the beginning of one: headings, lists, quotes, rules.
_MARKDOWN_START = re.compile(r"\s*(?=[#+=-])|\s*\d+(?=[.)])")
_BACKTICKS = re.compile("`+")


class Markdown(str):
    """Text that is Markdown already, made safe by whoever made it."""

    __slots__ = ()


@cache
def html_templates() -> Environment:
    """Give the environment of the HTML templates: values are escaped as text."""
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain_text(value) if type(value) is str else value,
    )


@cache
def markdown_templates() -> Environment:
    """Give the environment of the Markdown templates: values are escaped as text of one line."""
    environment = Environment(  # noqa: S701 - Markdown is not HTML; `finalize` is its escaping, and leaves no `<` either
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if isinstance(value, Markdown) else markdown_text(str(value)),
    )
    environment.filters["code"] = markdown_code
    environment.filters["block"] = lambda text: Markdown(plain_text(text))
    return environment


def markdown_text(text: str) -> str:
    """Write any text so that Markdown shows it as it is, in one line, at the beginning of a line or within a table."""
    line = " ".join(plain_line(text).split())
    escaped = _MARKDOWN.sub(r"\\\1", line)
    start = _MARKDOWN_START.match(escaped)
    return f"{escaped[: start.end()]}\\{escaped[start.end() :]}" if start else escaped


def markdown_code(text: str) -> Markdown:
    """Write any text as code within a line, also within a table."""
    line = plain_line(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return Markdown(f"{fence}{space}{line}{space}{fence}")
