"""The client connects to nothing that the policy refuses, whatever the URL says and names resolve to.

Here addresses of loopback stand for public ones (allowed) and for private ones (not): nothing leaves the machine.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.domain.addresses import DEVELOPMENT, AddressPolicy, parse_networks
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.http import name_cache
from gateway.http.client import WebhookClient
from gateway.http.name_cache import Addresses
from gateway.http.resolver import NameResolver
from tests.certificates import Authority
from tests.http.raw_endpoint import OK, RawEndpoint, raw_endpoint, saying, status

PUBLIC: tuple[int, str] = (socket.AF_INET, "127.0.0.1")
CLOSED: tuple[int, str] = (socket.AF_INET, "127.0.0.3")
PRIVATE: tuple[int, str] = (socket.AF_INET, "127.0.0.2")
PRIVATE_V6: tuple[int, str] = (socket.AF_INET6, "::1")
POLICY = AddressPolicy(allow_networks=parse_networks("127.0.0.1,127.0.0.3"))
DELIVERED = Answered(200, None, "ok")
REFUSED = Failed(ErrorCode.ADDRESS_REFUSED, "the address is not one that deliveries may go to")


@asynccontextmanager
async def client_of(
    look_up: Callable[[str], Addresses], policy: AddressPolicy = POLICY
) -> AsyncIterator[WebhookClient]:
    """Give a client with a name server of its own."""
    client = WebhookClient(policy, resolver=NameResolver(look_up))
    yield client
    await client.close()


async def send(client: WebhookClient, url: str) -> SendResult:
    return await client.send(url, {}, b"{}", timeout_s=5)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Give the server side of hooks.example, which clients made from now on trust."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority.server(host="hooks.example")


async def test_a_name_that_is_bound_anew(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public when it is looked up first, private the next time: the second delivery connects to nothing."""
    monkeypatch.setattr(name_cache, "FOUND_TTL_S", 0.0)
    answers = [(PUBLIC,), (PRIVATE,), (PUBLIC,)]
    answering = saying(OK, close=True)
    async with raw_endpoint(answering, tls) as endpoint, client_of(lambda _: answers.pop(0)) as client:
        url = f"https://hooks.example:{endpoint.port}/"
        assert await send(client, url) == DELIVERED
        await endpoint.closed.wait()
        assert await send(client, url) == REFUSED
        assert endpoint.connections == 1
        assert await send(client, url) == DELIVERED
        assert endpoint.connections == 2


@pytest.mark.parametrize(
    "addresses",
    [
        (PRIVATE,),
        (PUBLIC, PRIVATE),
        (PRIVATE, PUBLIC),
        (PUBLIC, PRIVATE_V6),
        (CLOSED, PRIVATE),
        (CLOSED, PUBLIC, PRIVATE),
    ],
)
async def test_a_name_with_one_refused_address_is_refused(addresses: Addresses) -> None:
    """Nothing is connected, neither the refused one nor the others, in whatever order they come."""
    async with raw_endpoint(saying(OK)) as endpoint, client_of(lambda _: addresses) as client:
        assert await send(client, f"https://hooks.example:{endpoint.port}/") == REFUSED
    assert endpoint.connections == 0


async def test_a_name_with_several_allowed_addresses(tls: ssl.SSLContext) -> None:
    """The next is tried where the first is closed."""
    async with raw_endpoint(saying(OK), tls) as endpoint, client_of(lambda _: (CLOSED, PUBLIC)) as client:
        assert await send(client, f"https://hooks.example:{endpoint.port}/") == DELIVERED
    assert endpoint.connections == 1


async def test_a_refusal_says_nothing_of_what_is_there() -> None:
    """An open port, a closed one, one that is not allowed, an address, a name: one and the same answer."""
    async with raw_endpoint(saying(OK)) as endpoint, client_of(lambda _: (PRIVATE_V6,)) as client:
        urls = [
            f"https://127.0.0.2:{endpoint.port}/",
            "https://127.0.0.2:1024/",
            "https://127.0.0.1:22/",
            f"https://hooks.example:{endpoint.port}/",
            "https://hooks.example:22/",
            f"https://2130706433:{endpoint.port}/",
            f"http://127.0.0.1:{endpoint.port}/",
            "https://db.internal/",
            "https://user:password@example.com/",
        ]
        assert {await send(client, url) for url in urls} == {REFUSED}
    assert endpoint.connections == 0


async def test_the_place_that_a_redirect_names_is_not_connected() -> None:
    """Nor looked up."""
    asked: list[str] = []

    def look_up(name: str) -> Addresses:
        asked.append(name)
        return (PUBLIC,)

    async with raw_endpoint(saying(OK)) as private, client_of(look_up, DEVELOPMENT) as client:
        answer = saying(status("307 Temporary Redirect", f"Location: http://inside.example:{private.port}/"))
        async with raw_endpoint(answer) as endpoint:
            assert await send(client, f"http://hooks.example:{endpoint.port}/") == Answered(307)
    assert asked == ["hooks.example"]
    assert private.connections == 0


async def test_a_network_that_is_denied_in_development() -> None:
    """At the connection, too."""
    policy = AddressPolicy(deny_networks=parse_networks("127.0.0.2"), insecure=True)
    async with raw_endpoint(saying(OK)) as endpoint, client_of(lambda _: (PRIVATE,), policy) as client:
        assert await send(client, f"http://hooks.example:{endpoint.port}/") == REFUSED
        assert await send(client, _url_of(endpoint)) == DELIVERED


def _url_of(endpoint: RawEndpoint) -> str:
    return f"http://127.0.0.1:{endpoint.port}/"
