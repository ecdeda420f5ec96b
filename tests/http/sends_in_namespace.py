"""Sends to every host of the URL table, in a network namespace where there is nothing but loopback.

Run by `test_client_in_namespace.py` with `python -m`. Listens on every address of loopback, and prints for each client
one line of JSON: which of its sends came to a connection, and what the others came to.
"""

import asyncio
import fcntl
import json
import re
import socket
import struct
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import uvloop

from gateway.domain.addresses import DEVELOPMENT, PUBLIC_ONLY
from gateway.domain.outcome import Failed, SendResult
from gateway.http.client import WebhookClient
from gateway.http.exchange import endpoint_of
from gateway.http.resolver import MAX_LOOK_UPS
from tests.url_cases import UrlCase, url_cases

# Where the table's URLs would go: the schemes' own ports, and others that it has.
PORTS = (22, 80, 443, 1024, 8443)
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_HOST = re.compile(r"[^/]*//([^/?#\\]*?)(?::[0-9]*)?(?:[/?#\\]|\Z)")


class Listeners:
    """Count the connections."""

    def __init__(self) -> None:
        self.connections = 0

    def _accept(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen on all addresses of both families."""
        async with AsyncExitStack() as servers:
            for port in PORTS:
                await servers.enter_async_context(await asyncio.start_server(self._accept, ["0.0.0.0", "::"], port))  # noqa: S104 - the namespace has only loopback
            yield


def start_loopback() -> None:
    """Bring the interface up, as `ip link set lo up` does (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def urls_of(case: UrlCase) -> Iterable[str]:
    """Give the URL, and its host in plain URLs."""
    yield case.url
    if found := _HOST.match(case.url):
        yield f"https://{found[1]}:8443/"
        yield f"http://{found[1]}/"


async def sends(name: str, client: WebhookClient, urls: list[str], listeners: Listeners) -> None:
    """Send to all URLs, and print what came of it."""
    listeners.connections = 0
    results: list[SendResult] = []
    for start in range(0, len(urls), MAX_LOOK_UPS):
        some = urls[start : start + MAX_LOOK_UPS]
        results += await asyncio.gather(*(client.send(url, {}, b"{}", timeout_s=10) for url in some))
    await client.close()
    failed = {(result.code.value, result.detail) for result in results if isinstance(result, Failed)}
    json.dump({"client": name, "connections": listeners.connections, "failed": sorted(failed)}, sys.stdout)
    sys.stdout.write("\n")


def _unchecked(client: WebhookClient) -> WebhookClient:
    """Take the check of the URL away: what is left is what holds at the connection."""
    client._endpoint = endpoint_of  # type: ignore[assignment]
    return client


async def main() -> None:
    """Send with the product's client, with less and less of it."""
    start_loopback()
    listeners = Listeners()
    cases = url_cases()
    refused = [url for case in cases if not case.allowed for url in urls_of(case)]
    allowed = [url for case in cases if case.allowed for url in urls_of(case)]
    async with listeners.listening():
        await sends("refused", WebhookClient(PUBLIC_ONLY), [case.url for case in cases if not case.allowed], listeners)
        await sends("allowed", WebhookClient(PUBLIC_ONLY), allowed, listeners)
        await sends("connection", _unchecked(WebhookClient(PUBLIC_ONLY)), refused + allowed, listeners)
        await sends("unguarded", _unchecked(WebhookClient(DEVELOPMENT)), refused, listeners)


if __name__ == "__main__":
    uvloop.run(main())
