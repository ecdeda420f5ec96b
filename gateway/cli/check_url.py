"""`gateway check-url`: would deliveries be sent there? Judged by the rules for subscriptions; nothing is connected."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

import click

from gateway.cli.output import emit_json, json_option
from gateway.domain.addresses import AddressPolicy
from gateway.domain.endpoint import check_endpoint_url
from gateway.domain.errors import InvalidInputError
from gateway.settings import load_settings

_REFUSED_EXIT = 1
# Longer than any URL that is accepted. What goes beyond it is passed over, so that memory is bounded.
_MAX_LINE_BYTES = 65_536


@click.command()
@click.argument("urls", metavar="[URL]...", nargs=-1)
@click.option("--file", "file", type=click.File("rb"), help="URLs, one a line; - is standard input.")
@json_option
def command(urls: tuple[str, ...], file: BinaryIO | None, as_json: bool) -> None:
    """Tell which URLs would be accepted as endpoints, which not, and why.

    Nothing is connected and no name is looked up: what a name resolves to is judged at each delivery. The rules are
    those of this environment: GATEWAY_ALLOW_NETWORKS, GATEWAY_DENY_NETWORKS, GATEWAY_ENDPOINT_PORTS and
    GATEWAY_ALLOW_INSECURE_ENDPOINTS. Exit code 1 when any URL is refused.

    \b
    Examples:
      gateway check-url https://hooks.example.com/in
      gateway check-url --file urls.txt
      gateway subscriptions list --json | jq -r .url | gateway check-url --file - --json
    """
    if not urls and file is None:
        raise click.UsageError("give URLs, or a file with --file")
    policy = load_settings().address_policy()
    refused = False
    arguments = (url.encode(errors="surrogateescape") for url in urls)
    for text in chain(arguments, _lines(file) if file else ()):
        url = text.decode(errors="replace")
        reason = _refusal(url, policy)
        refused = refused or reason is not None
        _emit(url, reason, as_json=as_json)
    if refused:
        sys.exit(_REFUSED_EXIT)


def _refusal(url: str, policy: AddressPolicy) -> str | None:
    try:
        check_endpoint_url(url, policy)
    except InvalidInputError as error:
        return error.message
    return None


def _emit(url: str, reason: str | None, *, as_json: bool) -> None:
    if as_json:
        emit_json({"url": url, "allowed": reason is None, "reason": reason})
        return
    # A terminal must not act on what is in a file.
    shown = url if url.isascii() and url.isprintable() else ascii(url)[1:-1]
    click.echo(f"allowed  {shown}" if reason is None else f"refused  {shown}  ({reason})")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(_MAX_LINE_BYTES):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(_MAX_LINE_BYTES)
        if line.strip():
            yield line.rstrip(b"\r\n")
