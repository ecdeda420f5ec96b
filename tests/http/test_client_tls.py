"""TLS endpoints: the system's trust or the subscription's own decides, and each way to break it has its own outcome."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.addresses import DEVELOPMENT
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.http.client import WebhookClient
from gateway.http.tls import TlsContexts, TlsTerms
from tests.certificates import Authority, Client
from tests.http.raw_endpoint import OK, raw_endpoint, saying
from tests.http.tls_endpoint import tls_endpoint

ANSWERED = Answered(200, None, "ok")
EXPIRED = timedelta(days=-1)
NOT_YET = timedelta(days=5)
BROKEN = {
    "self-signed": Failed(ErrorCode.TLS_UNTRUSTED, "self-signed certificate"),
    "unknown issuer": Failed(ErrorCode.TLS_UNTRUSTED, "unable to get local issuer certificate"),
    "expired": Failed(ErrorCode.TLS_EXPIRED, "certificate has expired"),
    "not yet valid": Failed(ErrorCode.TLS_EXPIRED, "certificate is not yet valid"),
    "wrong host": Failed(ErrorCode.TLS_HOST, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Make an authority that the client's system trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def private(tmp_path: Path) -> Authority:
    """Make an authority that no system knows."""
    return Authority(tmp_path, "Private Authority")


@pytest.fixture
async def client(authority: Authority) -> AsyncIterator[WebhookClient]:  # noqa: ARG001 - trusted before the client is made
    """Give a client that may reach loopback and trusts the authority."""
    client = WebhookClient(DEVELOPMENT)
    yield client
    await client.close()


async def post(client: WebhookClient, tls: ssl.SSLContext, terms: TlsTerms | None = None) -> tuple[SendResult, int]:
    """Send over https; give the result and how many requests arrived."""
    async with raw_endpoint(saying(OK), tls) as endpoint:
        result = await send(client, f"https://127.0.0.1:{endpoint.port}/", terms)
    return result, len(endpoint.requests)


async def send(client: WebhookClient, url: str, terms: TlsTerms | None = None) -> SendResult:
    return await client.send(url, {}, b"{}", timeout_s=5, tls=terms)


def shown(ca: Authority, own: Client) -> TlsTerms:
    """Trust an authority, and show a certificate."""
    return TlsTerms(ca.pem, own.certificate, own.key)


async def test_a_trusted_endpoint(client: WebhookClient, authority: Authority) -> None:
    """What the authority signed for this host is delivered to."""
    assert await post(client, authority.server()) == (ANSWERED, 1)


@pytest.mark.parametrize("own_authority", [False, True])
@pytest.mark.parametrize("case", BROKEN)
async def test_an_endpoint_that_proves_nothing(
    client: WebhookClient,
    authority: Authority,
    private: Authority,
    case: str,
    own_authority: bool,  # noqa: FBT001 - a parameter
) -> None:
    """No request is sent where the endpoint can't prove that it is the one meant, whoever is trusted."""
    trusted, unknown = (private, authority) if own_authority else (authority, private)
    servers: dict[str, Callable[[], ssl.SSLContext]] = {
        "self-signed": trusted.self_signed_server,
        "unknown issuer": unknown.server,
        "expired": lambda: trusted.server(end=EXPIRED),
        "not yet valid": lambda: trusted.server(end=NOT_YET),
        "wrong host": lambda: trusted.server(host="other.example"),
    }
    terms = TlsTerms(private.pem) if own_authority else None

    assert await post(client, servers[case](), terms) == (BROKEN[case], 0)


async def test_an_endpoint_that_speaks_plain_http(client: WebhookClient) -> None:
    """A wrong port is told as what it is: no TLS there."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await send(client, f"https://127.0.0.1:{port}/")
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.TLS


async def test_an_endpoint_of_the_last_century(client: WebhookClient, authority: Authority) -> None:
    """Nothing is sent over a protocol older than TLS 1.2."""
    tls = authority.server()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with tls_endpoint(tls) as endpoint:
        result = await send(client, endpoint.url)
    assert result == Failed(ErrorCode.TLS_HANDSHAKE, "the endpoint refuses: protocol version")
    assert endpoint.requests == []


async def test_an_own_authority_takes_the_place_of_the_system_s(
    client: WebhookClient, authority: Authority, private: Authority
) -> None:
    """A private endpoint is delivered to; what only the system trusts is not."""
    assert await post(client, private.server(), TlsTerms(private.pem)) == (ANSWERED, 1)
    result, requests = await post(client, authority.server(), TlsTerms(private.pem))
    assert isinstance(result, Failed)
    assert (result.code, requests) == (ErrorCode.TLS_UNTRUSTED, 0)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_an_endpoint_that_wants_to_know_its_clients(
    client: WebhookClient, authority: Authority, private: Authority, version: ssl.TLSVersion
) -> None:
    """It is shown the certificate; that it does not accept it is told, in both ways that TLS has for it."""
    tls = authority.server_for(private)
    tls.maximum_version = version
    refused = {
        "unknown ca": authority.client(),
        "certificate expired": private.client(end=EXPIRED),
    }
    with tls_endpoint(tls) as endpoint:
        assert await send(client, endpoint.url, shown(authority, private.client("acme"))) == ANSWERED
        for why, own in refused.items():
            expected = Failed(ErrorCode.TLS_CLIENT_CERTIFICATE, f"the endpoint refuses: {why}")
            assert await send(client, endpoint.url, shown(authority, own)) == expected
        without = await send(client, endpoint.url)
        await client.close()
    assert isinstance(without, Failed)
    # TLS 1.2 has no alert of its own for a certificate that is missing.
    first = version is ssl.TLSVersion.TLSv1_2
    assert without.code is (ErrorCode.TLS_HANDSHAKE if first else ErrorCode.TLS_CLIENT_CERTIFICATE)
    assert endpoint.clients == ["acme"]
    assert len(endpoint.requests) == 1


async def test_connections_are_not_shared_between_identities(client: WebhookClient, authority: Authority) -> None:
    """Each identity has a connection of its own, kept alive and used again by its own requests only."""
    tls = authority.server()
    tls.verify_mode = ssl.CERT_OPTIONAL
    tls.load_verify_locations(cadata=authority.pem)
    acme, other = (shown(authority, authority.client(name)) for name in ("acme", "other"))
    with tls_endpoint(tls) as endpoint:
        for terms in (acme, other, None, TlsTerms(authority.pem)) * 3:
            assert await send(client, endpoint.url, terms) == ANSWERED
        await client.close()
    assert endpoint.clients == ["acme", "other", "", ""]
    assert len(endpoint.requests) == 12


async def test_a_key_that_is_of_no_use_is_told_before_anything_is_sent(
    client: WebhookClient, authority: Authority
) -> None:
    """The delivery is not the endpoint's failure, and the message does not quote the key."""
    mine, other = authority.client(), authority.client()
    unusable = [TlsTerms(authority.pem, mine.certificate, key) for key in (other.key, "no key", "")]
    for terms in (*unusable, TlsTerms(""), TlsTerms("no certificate"), TlsTerms(None, "", mine.key)):
        result, requests = await post(client, authority.server(), terms)
        assert isinstance(result, Failed)
        assert (result.code, requests) == (ErrorCode.CONFIGURATION, 0)
        assert "KEY" not in result.detail


async def test_a_context_is_built_once_and_only_so_many_are_kept(authority: Authority) -> None:
    """All who ask for the same terms get the same context; the one that was not used for longest is dropped."""
    contexts = TlsContexts(max_contexts=2)
    one, two, three = (shown(authority, authority.client(name)) for name in ("one", "two", "three"))
    first = await asyncio.gather(*(contexts.get(one) for _ in range(5)))
    assert len(set(map(id, first))) == 1

    second = await contexts.get(two)
    assert await contexts.get(one) is first[0]
    await contexts.get(three)

    assert await contexts.get(one) is first[0]
    assert await contexts.get(two) is not second
    contexts.close()


async def test_one_who_gives_up_does_not_take_the_context_from_others(authority: Authority) -> None:
    """An attempt that is out of time while its context is built ends alone."""
    contexts = TlsContexts()
    terms = TlsTerms(authority.pem)
    impatient, patient = (asyncio.ensure_future(contexts.get(terms)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()

    assert isinstance(await patient, ssl.SSLContext)
    assert impatient.cancelled()
    contexts.close()


async def test_own_terms_are_no_way_around_the_address_policy(authority: Authority) -> None:
    """Neither does the endpoint see a connection."""
    public_only = WebhookClient()
    assert await post(public_only, authority.server(), TlsTerms(authority.pem)) == await post(
        public_only, authority.server()
    )
    result, requests = await post(public_only, authority.server(), shown(authority, authority.client()))
    await public_only.close()
    assert isinstance(result, Failed)
    assert (result.code, requests) == (ErrorCode.ADDRESS_REFUSED, 0)
