"""TLS endpoints: the system's trust decides, and a broken trust is an outcome of its own."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.addresses import DEVELOPMENT
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.http.client import WebhookClient
from tests.http.certificates import Authority
from tests.http.raw_endpoint import OK, raw_endpoint, saying


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Make an authority that the client's system trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
async def client(authority: Authority) -> AsyncIterator[WebhookClient]:  # noqa: ARG001 - trusted before the client is made
    """Give a client that may reach loopback and trusts the authority."""
    client = WebhookClient(DEVELOPMENT)
    yield client
    await client.close()


async def post(client: WebhookClient, tls: ssl.SSLContext) -> tuple[SendResult, int]:
    """Send over https; give the result and how many requests arrived."""
    async with raw_endpoint(saying(OK), tls) as endpoint:
        result = await client.send(f"https://127.0.0.1:{endpoint.port}/", {}, b"{}", timeout_s=5)
    return result, len(endpoint.requests)


async def test_a_trusted_endpoint(client: WebhookClient, authority: Authority) -> None:
    """What the authority signed for this host is delivered to."""
    assert await post(client, authority.server()) == (Answered(200, None, "ok"), 1)


@pytest.mark.parametrize("case", ["self-signed", "expired", "wrong host"])
async def test_an_endpoint_that_proves_nothing(client: WebhookClient, authority: Authority, case: str) -> None:
    """No request is sent where the endpoint can't prove that it is the one meant."""
    match case:
        case "self-signed":
            tls = authority.self_signed_server()
        case "expired":
            tls = authority.server(expired=True)
        case _:
            tls = authority.server(host="other.example")
    result, requests = await post(client, tls)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.TLS
    assert requests == 0


async def test_an_endpoint_that_speaks_plain_http(client: WebhookClient) -> None:
    """A wrong port is told as what it is: no TLS there."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await client.send(f"https://127.0.0.1:{port}/", {}, b"{}", timeout_s=5)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.TLS


async def test_an_endpoint_of_the_last_century(client: WebhookClient, authority: Authority) -> None:
    """Nothing is sent over a protocol older than TLS 1.2."""
    tls = authority.server()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
    result, requests = await post(client, tls)
    assert isinstance(result, Failed)
    assert requests == 0
