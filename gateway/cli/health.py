"""`gateway-health`: whether the process of this machine says that it is well. A container asks every few seconds.

It is a program of its own and imports next to nothing: only to start, the `gateway` command takes three times as much.
"""

import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

_TIMEOUT_S = 4.0
_LARGEST_ANSWER_BYTES = 4096
_USAGE = """\
usage: gateway-health URL...

Ask the first of these pages that something listens for, print what it says, and exit with 0 if that is 200, with 1 if
it is anything else or nothing listens.

Example:
  gateway-health http://127.0.0.1:9464/readyz http://127.0.0.1:8088/healthz
"""
_WELL, _NOT_WELL, _NO_USE = 0, 1, 2


def main() -> NoReturn:
    """Run the command line."""
    urls = sys.argv[1:]
    if not urls or not all(url.startswith("http://") for url in urls):
        sys.stderr.write(_USAGE)
        sys.exit(_NO_USE)
    well, said = look(urls)
    sys.stdout.write(f"{said}\n")
    sys.exit(_WELL if well else _NOT_WELL)


def look(urls: Sequence[str]) -> tuple[bool, str]:
    """Tell whether the first of some pages that something listens for is good, and what it says."""
    refusals = []
    for url in urls:
        address, _, path = url.removeprefix("http://").partition("/")
        host, _, port = address.rpartition(":")
        try:
            connection = socket.create_connection((host, int(port)), _TIMEOUT_S)
        except (OSError, ValueError) as error:
            refusals.append(f"{url}: {error}")
            continue
        with connection:
            return _ask(connection, host, path)
    return False, "\n".join(refusals)


def _ask(connection: socket.socket, host: str, path: str) -> tuple[bool, str]:
    try:
        connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        with connection.makefile("rb") as stream:
            answer = stream.read(_LARGEST_ANSWER_BYTES)
    except OSError as error:
        return False, str(error)
    head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
    return head.split(maxsplit=2)[1:2] == ["200"], body.strip() or head
