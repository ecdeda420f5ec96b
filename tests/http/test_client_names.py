"""Host names: looked up beside everything else, once for all who wait, and judged by the address that is connected."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from gateway.domain.addresses import DEVELOPMENT
from gateway.domain.outcome import Answered, ErrorCode, Failed
from gateway.http import name_cache
from gateway.http.client import WebhookClient
from gateway.http.name_cache import Addresses
from gateway.http.resolver import MAX_LOOK_UPS, MAX_SLOW_LOOK_UPS, NameResolver
from tests.http.raw_endpoint import OK, raw_endpoint, saying

LOOPBACK: Addresses = ((socket.AF_INET, "127.0.0.1"),)
DELIVERED = Answered(200, None, "ok")


@dataclass
class NameServer:
    """Stands where the operating system is asked. Any name is at 127.0.0.1, but for those that say otherwise.

    Attributes:
        asked: the names, in order.
        answering: names that begin with `slow` are answered once this is set.
    """

    asked: list[str] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)

    def look_up(self, name: str) -> Addresses:
        self.asked.append(name)
        if name.startswith("slow"):
            assert self.answering.wait(30)
        if "unknown" in name:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if name.startswith("broken"):
            raise UnicodeError("label empty or too long")
        return LOOPBACK


@pytest.fixture
def server() -> Iterator[NameServer]:
    """Give a name server; at the end it answers whoever still waits."""
    server = NameServer()
    yield server
    server.answering.set()


@pytest.fixture
async def resolver(server: NameServer) -> NameResolver:
    """Give a resolver that waits for a fifth of a second."""
    return NameResolver(server.look_up, timeout_s=0.2)


@pytest.fixture
async def client(resolver: NameResolver) -> AsyncIterator[WebhookClient]:
    """Give a client that may reach loopback and uses the resolver."""
    client = WebhookClient(DEVELOPMENT, resolver=resolver)
    yield client
    await client.close()


async def addresses(resolver: NameResolver, name: str) -> list[str]:
    return [found["host"] for found in await resolver.resolve(name, 443)]


async def failed(resolver: NameResolver, *names: str) -> list[str]:
    """Resolve names that can't be; give the reasons."""
    outcomes = await asyncio.gather(*(resolver.resolve(name, 443) for name in names), return_exceptions=True)
    assert all(isinstance(outcome, OSError) for outcome in outcomes)
    return [str(outcome) for outcome in outcomes]


async def look_ups_over() -> None:
    """Wait until no look-up is under way; what they found is known then."""
    for thread in threading.enumerate():
        if thread.name.startswith("look-up "):
            await asyncio.to_thread(thread.join)


async def test_a_delivery_goes_where_the_name_points(client: WebhookClient, server: NameServer) -> None:
    """The name is looked up once for many deliveries and connections, and is what the endpoint reads in Host."""
    async with raw_endpoint(saying(OK, close=True)) as endpoint:
        url = f"http://hooks.example:{endpoint.port}/"
        for _ in range(2):
            results = await asyncio.gather(*(client.send(url, {}, b"{}", timeout_s=5) for _ in range(3)))
            assert results == [DELIVERED] * 3
    assert server.asked == ["hooks.example"]
    assert endpoint.requests[0].all("host") == [f"hooks.example:{endpoint.port}"]


@pytest.mark.parametrize("name", ["unknown.example", "slow.example", "broken.example"])
async def test_a_name_without_an_address_is_a_failure_of_dns(client: WebhookClient, name: str) -> None:
    """Whatever the reason: it is told as what it is, and long before the attempt's time-out."""
    async with asyncio.timeout(5):
        result = await client.send(f"http://{name}/", {}, b"{}", timeout_s=30)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.DNS


async def test_slow_names_delay_no_other(resolver: NameResolver, server: NameServer) -> None:
    """Many names that nobody answers for, and the next one is found while they wait."""
    slow = asyncio.ensure_future(failed(resolver, *(f"slow{n}.example" for n in range(MAX_LOOK_UPS - 1))))
    await asyncio.sleep(0)
    assert await addresses(resolver, "quick.example") == ["127.0.0.1"]
    assert not slow.done()
    assert not server.answering.is_set()
    await slow


async def test_slow_names_leave_half_of_the_look_ups_to_others(
    resolver: NameResolver, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers for very many names: once they take all look-ups there may be, but never again."""
    monkeypatch.setattr(name_cache, "FAILED_TTL_S", 0.0)
    names = [f"slow{n}.unknown.example" for n in range(MAX_LOOK_UPS + 1)]
    reasons = await failed(resolver, *names)
    assert len(server.asked) == MAX_LOOK_UPS
    assert "too many names" in reasons[-1]
    server.answering.set()
    await look_ups_over()
    server.answering.clear()
    server.asked.clear()
    await failed(resolver, *names[:MAX_LOOK_UPS])
    assert await addresses(resolver, "quick.example") == ["127.0.0.1"]
    assert set(server.asked) == {*names[:MAX_SLOW_LOOK_UPS], "quick.example"}
    assert not server.answering.is_set()


async def test_all_who_wait_for_a_name_share_one_look_up(resolver: NameResolver, server: NameServer) -> None:
    """Also if the one who asked first gives up."""
    waiting = [asyncio.ensure_future(addresses(resolver, "slow.example")) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    server.answering.set()
    assert await asyncio.gather(*waiting[1:]) == [["127.0.0.1"]] * 4
    assert server.asked == ["slow.example"]


async def test_a_name_is_never_looked_up_twice_at_once(resolver: NameResolver, server: NameServer) -> None:
    """A look-up that hangs costs one thread, however often the name is asked for; its late answer is used."""
    for _ in range(3):
        assert "no answer" in (await failed(resolver, "slow.example"))[0]
    assert server.asked == ["slow.example"]
    server.answering.set()
    await look_ups_over()
    assert await addresses(resolver, "slow.example") == ["127.0.0.1"]
    assert server.asked == ["slow.example"]


async def test_the_system_is_asked() -> None:
    """Names of /etc/hosts are found like any other."""
    assert "127.0.0.1" in await addresses(NameResolver(), "localhost")
