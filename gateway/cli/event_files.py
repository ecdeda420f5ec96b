"""Event data in files: one JSON object over any number of lines, or one object a line."""

import json
from collections.abc import Sequence
from typing import IO, Any

from gateway.domain.errors import InvalidInputError
from gateway.wire.strict_json import exact_number, parse_json

MAX_INPUT_BYTES = 16 * 1024 * 1024


def read_rows(file: IO[bytes]) -> Sequence[Any]:
    """Read the data of one or more events; what it is, who encodes it checks.

    Raises:
        InvalidInputError: the file is empty, too large, or not JSON.
    """
    text = file.read(MAX_INPUT_BYTES + 1)
    if len(text) > MAX_INPUT_BYTES:
        raise InvalidInputError(f"{file.name} is larger than {MAX_INPUT_BYTES} bytes", hint="give it in parts")
    try:
        rows = [parse_json(text, parse_float=exact_number)]
    except json.JSONDecodeError:
        rows = [
            _parse_line(file.name, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()
        ]
    except ValueError as error:
        raise InvalidInputError(f"{file.name} is not JSON with one meaning: {error}") from None
    if not rows:
        raise InvalidInputError(f"{file.name} is empty")
    return rows


def _parse_line(name: str, number: int, line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return parse_json(line, parse_float=exact_number)
    except ValueError as error:
        raise InvalidInputError(
            f"{name}, line {number} is not JSON: {error}", hint="one JSON object, or one object a line"
        ) from None
