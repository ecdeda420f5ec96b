"""How the parts of a filter look, with their values for an event."""

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.shaping.filter_parts import PartValue
from gateway.wire.rendering import render_data

_MAX_SHOWN_CHARS = 120


def part_lines(parts: Sequence[PartValue]) -> Iterator[str]:
    """Give a line for each part: what it is, and its value."""
    width = max((len(part.text) for part in parts), default=0)
    for part in parts:
        value = f"error: {part.error}" if part.error is not None else _shown(part.value)
        yield f"{part.text:<{min(width, _MAX_SHOWN_CHARS)}}  {value}"


def _shown(value: Any) -> str:  # noqa: ANN401 - a value of any Avro type
    text = render_data(value).decode()
    return text if len(text) <= _MAX_SHOWN_CHARS else f"{text[:_MAX_SHOWN_CHARS]}…"
