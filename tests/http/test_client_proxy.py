"""Through an egress proxy: the gateway says where to, TLS is the endpoint's, and the proxy's faults are its own."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.domain.addresses import DEVELOPMENT, PUBLIC_ONLY, AddressPolicy
from gateway.domain.egress_proxy import EgressProxy
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.http.client import WebhookClient
from gateway.http.name_cache import Addresses
from gateway.http.resolver import NameResolver
from gateway.http.tls import TlsTerms
from tests.certificates import Authority
from tests.http.connect_proxy import (
    ESTABLISHED,
    ConnectProxy,
    Reply,
    answering,
    connect_proxy,
    leading_to,
    only,
    replying,
    silent,
)
from tests.http.raw_endpoint import OK, Answer, RawEndpoint, Request, close, raw_endpoint, reset, saying

V4, OTHER_V4, V6 = "93.184.216.34", "93.184.216.35", "2606:2800:220:1::7"
NAMES: dict[str, Addresses] = {
    "hooks.example.com": ((socket.AF_INET, V4),),
    "twin.example.com": ((socket.AF_INET, V4),),
    "other.example.com": ((socket.AF_INET, OTHER_V4),),
    "both.example.com": ((socket.AF_INET6, V6), (socket.AF_INET, V4)),
    "inside.example.com": ((socket.AF_INET, "127.0.0.1"),),
    "mixed.example.com": ((socket.AF_INET, V4), (socket.AF_INET, "10.0.0.1")),
}
URL = "http://hooks.example.com:8080/hooks"
OTHER_URL = "http://other.example.com:8080/"
DELIVERED = Answered(200, None, "ok")


@asynccontextmanager
async def client_of(
    proxy: EgressProxy, *, policy: AddressPolicy = DEVELOPMENT, connect_timeout_s: float = 5.0
) -> AsyncIterator[WebhookClient]:
    """Give a client; names are those of the table."""
    client = WebhookClient(
        policy,
        resolver=NameResolver(NAMES.__getitem__),
        proxy=proxy,
        connect_timeout_s=connect_timeout_s,
    )
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def behind_proxy(
    answer: Answer, tls: ssl.SSLContext | None = None, *, credentials: str = "", policy: AddressPolicy = DEVELOPMENT
) -> AsyncIterator[tuple[RawEndpoint, ConnectProxy, WebhookClient]]:
    """Give an endpoint, a proxy whose tunnels all lead to it, and a client."""
    async with (
        raw_endpoint(answer, tls) as endpoint,
        connect_proxy(leading_to(endpoint.port)) as proxy,
        client_of(proxy.address(credentials), policy=policy) as client,
    ):
        yield endpoint, proxy, client


async def post(client: WebhookClient, url: str = URL, *, timeout_s: float = 5.0) -> SendResult:
    return await client.send(url, {"webhook-id": "evt_1"}, b"{}", timeout_s=timeout_s)


def code_of(result: SendResult) -> ErrorCode:
    assert isinstance(result, Failed), result
    return result.code


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Make an authority that the client's system trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


async def test_the_proxy_is_told_an_address_and_the_endpoint_its_name(authority: Authority) -> None:
    """The tunnel leads to the address that was checked; the certificate, and Host, are the name's."""
    tls = authority.server(host="hooks.example.com")
    async with behind_proxy(saying(OK), tls, policy=PUBLIC_ONLY) as (endpoint, proxy, client):
        assert await post(client, "https://hooks.example.com/hooks") == DELIVERED
        assert code_of(await post(client, "https://other.example.com/")) is ErrorCode.TLS_HOST
    (asked, _) = proxy.asked
    assert asked.line == f"CONNECT {V4}:443 HTTP/1.1"
    assert asked.headers["host"] == f"{V4}:443"
    assert "proxy-authorization" not in asked.headers
    (request,) = endpoint.requests
    assert (request.line, request.all("host")) == ("POST /hooks HTTP/1.1", ["hooks.example.com"])


async def test_a_proxy_over_tls(authority: Authority) -> None:
    """TLS within TLS: the proxy proves who it is by its own name, the endpoint by its."""
    tls = authority.server(host="hooks.example.com")
    async with raw_endpoint(saying(OK), tls) as endpoint:
        async with (
            connect_proxy(leading_to(endpoint.port), authority.server()) as proxy,
            client_of(proxy.address()) as client,
        ):
            assert [await post(client, "https://hooks.example.com/") for _ in range(2)] == [DELIVERED] * 2
        async with connect_proxy(leading_to(endpoint.port), authority.self_signed_server()) as proxy:
            async with client_of(proxy.address("user:secret@")) as client:
                assert code_of(await post(client, "https://hooks.example.com/")) is ErrorCode.PROXY
            assert proxy.asked == [], "nobody else learns the password"


async def test_a_subscriptions_own_terms_hold_in_the_tunnel(tmp_path: Path) -> None:
    """Its authorities are trusted in it, and no tunnel is shared with others at the same endpoint."""
    private = Authority(tmp_path, "Private Authority")
    url, terms = "https://hooks.example.com/", TlsTerms(private.pem)
    async with behind_proxy(saying(OK), private.server(host="hooks.example.com")) as (_, proxy, client):
        assert [await client.send(url, {}, b"{}", timeout_s=5, tls=terms) for _ in range(2)] == [DELIVERED] * 2
        assert code_of(await post(client, url)) is ErrorCode.TLS_UNTRUSTED
    assert len(proxy.asked) == 2


async def test_plain_endpoints_get_a_tunnel_too() -> None:
    """In development: the proxy does not meddle with what is sent."""
    async with behind_proxy(saying(OK)) as (_, proxy, client):
        assert await post(client) == DELIVERED
        assert await post(client, f"http://[{V6}]:8080/") == DELIVERED
    assert proxy.authorities == [f"{V4}:8080", f"[{V6}]:8080"]


async def test_the_credentials_are_the_proxys() -> None:
    """It gets them, the endpoint does not."""
    async with behind_proxy(saying(OK), credentials="Aladdin:open%20sesame@") as (endpoint, proxy, client):
        assert await post(client) == DELIVERED
    assert proxy.asked[0].headers["proxy-authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert endpoint.requests[0].all("proxy-authorization") == []


async def test_tunnels_are_kept() -> None:
    """Deliveries to one endpoint share a tunnel; another name at the same address gets its own."""
    async with behind_proxy(saying(OK)) as (endpoint, proxy, client):
        assert [await post(client) for _ in range(3)] == [DELIVERED] * 3
        assert await post(client, "http://twin.example.com:8080/") == DELIVERED
    assert proxy.authorities == [f"{V4}:8080"] * 2
    assert [request.connection for request in endpoint.requests] == [1, 1, 1, 2]


@pytest.mark.parametrize("end", [close, reset])
async def test_a_tunnel_that_ends_as_it_is_reused_is_replaced(
    end: Answer,
) -> None:
    """As a connection without a proxy would be: nothing was answered."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        reused = len(endpoint.requests) > request.connection
        await (end if reused and request.connection == 1 else saying(OK))(request, writer)

    async with behind_proxy(answer) as (endpoint, proxy, client):
        assert [await post(client) for _ in range(2)] == [DELIVERED] * 2
    assert len(proxy.asked) == 2


async def test_the_next_address_is_tried() -> None:
    """The proxy may have no IPv6, whatever this machine has."""
    async with raw_endpoint(saying(OK)) as endpoint:
        reply = only({f"[{V6}]:8080": answering(502)}, leading_to(endpoint.port))
        async with connect_proxy(reply) as proxy, client_of(proxy.address()) as client:
            assert await post(client, "http://both.example.com:8080/") == DELIVERED
    assert proxy.authorities == [f"[{V6}]:8080", f"{V4}:8080"]


@pytest.mark.parametrize(
    "url", ["https://inside.example.com/", "https://mixed.example.com/", "https://127.0.0.1/", "https://[::1]/"]
)
async def test_the_policy_is_the_gateways(url: str) -> None:
    """An address that deliveries may not go to is refused before the proxy is asked, or even connected."""
    async with connect_proxy(silent) as proxy, client_of(proxy.address(), policy=PUBLIC_ONLY) as client:
        assert code_of(await post(client, url)) is ErrorCode.ADDRESS_REFUSED
    assert proxy.connections == 0


# --- faults ---

FAULTS: dict[str, Reply] = {
    **{str(status): answering(status) for status in (302, 400, 403, 404, 407, 410, 429, 500, 501, 502, 503, 504)},
    "garbage": replying(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "tls": replying(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3 + b"\r\n\r\n"),
    "long-header": replying(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000),
    "many-headers": replying(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n"),
    "only-hints": replying(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50, keep_open=True),
    "closes": replying(),
    "closes-midway": replying(b"HTTP/1.1 200 Conn"),
    "speaks-first": replying(ESTABLISHED + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", keep_open=True),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_proxy_that_gives_no_tunnel_is_at_fault(fault: str) -> None:
    """Whatever it says instead: it is never the endpoint's own status, nor its failure."""
    async with connect_proxy(FAULTS[fault]) as proxy, client_of(proxy.address("user:secret-word@")) as client:
        for _ in range(3):
            result = await post(client)
            assert code_of(result) is ErrorCode.PROXY
            assert isinstance(result, Failed)
            assert "secret-word" not in result.detail
    assert len(proxy.asked) == 3


async def test_a_proxy_that_is_not_there() -> None:
    """No connection, and no address: both its own."""
    async with connect_proxy(silent) as proxy:
        pass
    async with client_of(proxy.address()) as client:
        assert code_of(await post(client)) is ErrorCode.PROXY
    async with client_of(EgressProxy("http", "proxy.invalid", 3128)) as client:
        assert code_of(await post(client)) is ErrorCode.PROXY


async def test_a_proxy_that_hangs_has_as_long_as_a_connection() -> None:
    """To be reached and to reply; not the whole of the attempt."""
    async with connect_proxy(silent) as proxy:
        unreached = EgressProxy("https", "127.0.0.1", proxy.port)  # it does not speak TLS
        for address in (proxy.address(), unreached):
            async with client_of(address, connect_timeout_s=0.2) as client:
                started = time.monotonic()
                assert code_of(await post(client, timeout_s=10)) is ErrorCode.PROXY
                assert time.monotonic() - started < 4


async def test_an_attempt_may_end_while_the_proxy_is_waited_for() -> None:
    """An endpoint's short time-out does not make the proxy's slowness its own."""
    async with connect_proxy(silent) as proxy:
        unreached = EgressProxy("https", "127.0.0.1", proxy.port)
        for address in (proxy.address(), unreached):
            async with client_of(address) as client:
                started = time.monotonic()
                assert code_of(await post(client, timeout_s=0.2)) is ErrorCode.PROXY
                assert time.monotonic() - started < 4


async def test_an_attempt_that_is_broken_off_is_broken_off() -> None:
    """Also while the proxy is waited for: a stop does not become an outcome."""
    async with connect_proxy(silent) as proxy, client_of(proxy.address()) as client:
        attempt = asyncio.ensure_future(post(client))
        while not proxy.asked:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt


async def test_within_a_tunnel_it_is_the_endpoint() -> None:
    """A slow answer is the endpoint's, and so is a tunnel that ends: an endpoint that closes looks no different."""

    async def hang_up(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with behind_proxy(hang_up) as (_, proxy, client):
        assert code_of(await post(client)) is ErrorCode.CONNECTION_RESET
        proxy.reply = replying(ESTABLISHED, keep_open=True)
        assert code_of(await post(client, timeout_s=0.2)) is ErrorCode.TIMEOUT
        assert code_of(await post(client, "https://hooks.example.com/", timeout_s=0.2)) is ErrorCode.TIMEOUT


# --- who is to blame ---


@pytest.mark.parametrize("fault", ["500", "502", "503", "504", "closes", "garbage"])
async def test_an_endpoint_that_is_alone_in_failing_is_charged(fault: str) -> None:
    """Once the proxy has opened a tunnel to another one since; else nobody can tell, and the proxy is blamed."""
    async with raw_endpoint(saying(OK, close=True)) as endpoint:
        reply = only({f"{V4}:8080": FAULTS[fault]}, leading_to(endpoint.port))
        async with connect_proxy(reply) as proxy, client_of(proxy.address()) as client:
            assert await post(client, OTHER_URL) == DELIVERED
            for _ in range(2):
                assert code_of(await post(client)) is ErrorCode.PROXY
            assert await post(client, OTHER_URL) == DELIVERED
            assert code_of(await post(client)) is ErrorCode.NETWORK
            assert code_of(await post(client)) is ErrorCode.PROXY


async def test_an_endpoint_that_nobody_reaches_in_time_is_charged() -> None:
    """A proxy that is silent about it for as long as it serves another one; within the attempt's time-out or not."""
    async with raw_endpoint(saying(OK, close=True)) as endpoint:
        reply = only({f"{V4}:8080": silent}, leading_to(endpoint.port))
        for connect_timeout_s, timeout_s in ((0.3, 5.0), (5.0, 0.3)):
            async with (
                connect_proxy(reply) as proxy,
                client_of(proxy.address(), connect_timeout_s=connect_timeout_s) as client,
            ):
                waiting = asyncio.ensure_future(post(client, timeout_s=timeout_s))
                while not proxy.asked:  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(0)
                assert await post(client, OTHER_URL) == DELIVERED
                assert code_of(await waiting) is ErrorCode.NETWORK


@pytest.mark.parametrize("status", [403, 407])
async def test_what_the_proxy_forbids_is_nobodys_failure(status: int) -> None:
    """That it serves others says nothing then: it does not want to."""
    async with raw_endpoint(saying(OK, close=True)) as endpoint:
        reply = only({f"{V4}:8080": answering(status)}, leading_to(endpoint.port))
        async with connect_proxy(reply) as proxy, client_of(proxy.address()) as client:
            for _ in range(3):
                assert code_of(await post(client)) is ErrorCode.PROXY
                assert await post(client, OTHER_URL) == DELIVERED


async def test_a_proxy_that_comes_back_is_used_at_once() -> None:
    """Nothing of its fault is kept in the client."""
    async with behind_proxy(saying(OK)) as (_, proxy, client):
        works, proxy.reply = proxy.reply, answering(503)
        assert code_of(await post(client)) is ErrorCode.PROXY
        proxy.reply = works
        assert await post(client) == DELIVERED
