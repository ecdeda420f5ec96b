"""Cursors of the index's lists: where a page begins, and in which file of the index."""

import re
from collections.abc import Sequence
from http import HTTPStatus

from gateway.console.api.problems import ProblemError

_CURSOR = re.compile(r"([0-9a-f]{8})((?:-[0-9]{1,18})+)")


def write_cursor(generation: str, numbers: Sequence[int]) -> str:
    """Give the text of a cursor.

    Args:
        generation: of the file, whose rows the numbers speak of.
        numbers: where the next page begins.
    """
    return "-".join((generation, *map(str, numbers)))


def read_cursor(cursor: str, generation: str, count: int) -> list[int]:
    """Give the numbers of a cursor.

    Args:
        cursor: as the client sent it.
        generation: of the file as it is now.
        count: how many numbers it has to have.

    Raises:
        ProblemError: the cursor is none, or of an index that is there no more.
    """
    read = _CURSOR.fullmatch(cursor)
    numbers = [] if read is None else [int(number) for number in read[2].split("-")[1:]]
    if read is None or len(numbers) != count:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "invalid_cursor", "this is no cursor", field="cursor")
    if read[1] != generation:
        detail = "the index was made anew since: begin with the first page again"
        raise ProblemError(HTTPStatus.BAD_REQUEST, "old_cursor", detail, field="cursor")
    return numbers
