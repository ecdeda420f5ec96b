"""Options of `gateway subscriptions` that take files, for they may be confidential: headers, certificates, a key."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import click

from gateway.domain.custom_headers import MAX_HEADERS, MAX_HEADERS_CHARS, GivenHeader, parse_header_line
from gateway.domain.errors import InvalidInputError
from gateway.wire.certificates import MAX_PEM_CHARS

F = TypeVar("F", bound=Callable[..., Any])

# Each line has a colon, a blank and a line end more than what counts, and there may be blank lines.
MAX_HEADER_FILE_BYTES = MAX_HEADERS_CHARS + 16 * MAX_HEADERS


def file_options(function: F) -> F:
    """Add the options; the command gets what `parts_from` takes."""
    options = [
        click.option(
            "--header",
            "header_lines",
            multiple=True,
            metavar="'NAME: VALUE'",
            help="Sent with every attempt; may be repeated. Process lists show it: use a file for credentials.",
        ),
        click.option("--header-file", type=click.File("rb"), help="File with one `Name: value` a line, - for stdin."),
        click.option(
            "--no-header", "removed_headers", multiple=True, metavar="NAME", help="Drop this header; may be repeated."
        ),
        click.option("--ca-bundle", type=click.File("rb"), help="PEM file: the only authorities that are trusted."),
        click.option("--no-ca-bundle", is_flag=True, help="Trust the system's authorities again."),
        click.option("--client-cert", type=click.File("rb"), help="PEM file: shown to an endpoint that asks for it."),
        click.option("--client-key", type=click.File("rb"), help="PEM file: its private key, - for standard input."),
        click.option("--no-client-cert", is_flag=True, help="Show no client certificate any more."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def parts_from(options: dict[str, Any]) -> dict[str, Any]:
    """Take the values of `file_options` out of `options` and give them as fields of a definition.

    Raises:
        InvalidInputError: options exclude each other, or a file is too long, no text, or has a line that is no header.
    """
    return {
        "headers": _headers(options.pop("header_lines"), options.pop("header_file")),
        "removed_headers": options.pop("removed_headers") or None,
        "ca_bundle": _pem(options.pop("ca_bundle"), "--ca-bundle", none=options.pop("no_ca_bundle")),
        "client_certificate": _pem(options.pop("client_cert"), "--client-cert", none=options.pop("no_client_cert")),
        "client_key": _pem(options.pop("client_key"), "--client-key"),
    }


def _headers(lines: Sequence[str], file: BinaryIO | None) -> tuple[GivenHeader, ...] | None:
    headers = [parse_header_line(line, f"--header number {number}") for number, line in enumerate(lines, start=1)]
    if file is not None:
        # Only line feeds end lines: whatever else may is refused as a part of a value.
        for number, line in enumerate(read_text(file, "--header-file", MAX_HEADER_FILE_BYTES).split("\n"), start=1):
            text = line.removesuffix("\r")
            if text.strip(" "):
                headers.append(parse_header_line(text, f"line {number} of {file.name}"))
    return tuple(headers) or None


def _pem(file: BinaryIO | None, option: str, *, none: bool = False) -> str | None:
    if file is None:
        return "" if none else None
    if none:
        raise InvalidInputError(f"{option} and {option.replace('--', '--no-')} exclude each other")
    content = read_text(file, option, MAX_PEM_CHARS)
    if not content.strip():
        raise InvalidInputError(f"the file of {option} is empty")
    return content


def read_text(file: BinaryIO, option: str, max_bytes: int) -> str:
    """Read a file that an option names.

    Raises:
        InvalidInputError: it is too long, or no UTF-8 text.
    """
    content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise InvalidInputError(f"the file of {option} is longer than {max_bytes} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InvalidInputError(f"the file of {option} is not UTF-8 text") from None
