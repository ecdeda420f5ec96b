"""The options by which commands take signing secrets: from files, so that no process list shows them, or as such."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import click

from gateway.domain.errors import InvalidInputError

F = TypeVar("F", bound=Callable[..., Any])

MAX_SECRETS_FILE_BYTES = 64 * 1024
STANDARD_INPUT = "<stdin>"


def secrets_options(function: F) -> F:
    """Add `--secret-file` and `--secret`, both repeatable; the command gets what `secrets_from` takes."""
    options = [
        click.option(
            "--secret-file",
            "secret_files",
            multiple=True,
            type=click.File("rb"),
            metavar="FILE",
            help="Signing secrets, one a line; - for standard input.",
        ),
        click.option(
            "--secret",
            "secrets",
            multiple=True,
            metavar="SECRET",
            help="A signing secret; process lists show it. Repeat it for several.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def secrets_from(secrets: Sequence[str], secret_files: Sequence[BinaryIO]) -> list[str]:
    """Give the texts of the secrets: those of the command line, then those in files.

    Raises:
        InvalidInputError: a file has none, is too large or is no text.
    """
    return [*secrets, *(secret for file in secret_files for secret in _read(file))]


def name_of(file: BinaryIO) -> str:
    """Give what messages call an input. Standard input has no name of its own where a program has replaced it."""
    return str(getattr(file, "name", STANDARD_INPUT))


def _read(file: BinaryIO) -> list[str]:
    content = file.read(MAX_SECRETS_FILE_BYTES + 1)
    if len(content) > MAX_SECRETS_FILE_BYTES or not content.isascii():
        raise InvalidInputError(f"{name_of(file)} holds something else than signing secrets, one a line")
    found = [line.strip() for line in content.decode("ascii").splitlines() if line.strip()]
    if not found:
        raise InvalidInputError(f"there is no secret in {name_of(file)}")
    return found
