"""The option by which `gateway sign` and `gateway verify` take a body, and the one input that can't be read twice."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import click

from gateway.cli.secret_options import STANDARD_INPUT, name_of
from gateway.domain.errors import InvalidInputError

F = TypeVar("F", bound=Callable[..., Any])

MAX_BODY_BYTES = 16 * 1024 * 1024


def body_option(function: F) -> F:
    """Add `--file`; the command gets what `read_body` takes."""
    return click.option(
        "--file",
        "file",
        type=click.File("rb"),
        default="-",
        metavar="FILE",
        help="The body, byte for byte as it is sent.  [default: standard input]",
    )(function)


def read_body(file: BinaryIO, secret_files: Sequence[BinaryIO]) -> bytes:
    """Read a body; call it before the secrets are read.

    Raises:
        InvalidInputError: it is too large, or standard input would be read for the secrets, too.
    """
    if [name_of(one) for one in (file, *secret_files)].count(STANDARD_INPUT) > 1:
        raise InvalidInputError("standard input can be read once only", hint="give the body with --file FILE")
    body = file.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise InvalidInputError(f"the body is larger than {MAX_BODY_BYTES} bytes")
    return body
