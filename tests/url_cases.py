"""The table of URLs in `url_cases.txt`: which of them deliveries may go to by the default policy."""

from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True, slots=True)
class UrlCase:
    """One line of the table.

    Attributes:
        url: as it would be given.
        allowed: whether it is an endpoint.
    """

    url: str
    allowed: bool


def url_cases() -> list[UrlCase]:
    """Read the table."""
    lines = _TABLE.read_text(encoding="ascii").splitlines()
    return [
        UrlCase(line[2:].encode().decode("unicode_escape"), allowed=line[0] == "+")
        for line in lines
        if line.startswith(("+ ", "- "))
    ]
