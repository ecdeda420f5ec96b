"""A private endpoint that wants to know its clients: it gets its deliveries, with credentials that nobody else sees."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.certificates import Authority, Client
from tests.e2e.events import publish_payments
from tests.e2e.running import GatewayHome, Program, until
from tests.http.tls_endpoint import TlsEndpoint, tls_endpoint

ARRIVAL_S = 60.0
TOKEN = "canary-token-3b7a19c4"

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]


@pytest.fixture
def private(tmp_path: Path) -> Iterator[tuple[Authority, TlsEndpoint]]:
    """Make an authority that nobody knows, and listen where only its clients are let in."""
    authority = Authority(tmp_path)
    with tls_endpoint(authority.server_for(authority)) as listening:
        yield authority, listening


@pytest.fixture
def processes(programs: GatewayHome) -> list[Program]:
    """Run stream and egress, as talkative as they can be."""
    started = [programs.start(part, GATEWAY_LOG_LEVEL="debug") for part in ("stream", "egress")]
    for program in started:
        program.await_ready()
    return started


def client_files(folder: Path, own: Client) -> tuple[str, ...]:
    """Write a certificate and its key, and give the options that name them."""
    (folder / "client.pem").write_text(own.certificate)
    (folder / "client-key.pem").write_text(own.key)
    return ("--client-cert", str(folder / "client.pem"), "--client-key", str(folder / "client-key.pem"))


def canaries(*owns: Client) -> list[str]:
    """Give every spelling of what must not be seen."""
    token = TOKEN.encode()
    spelled = [TOKEN, base64.b64encode(token).decode()[:-4], token.hex()]
    return [*spelled, "PRIVATE KEY", *(own.key.splitlines()[1] for own in owns)]


async def test_a_private_endpoint_with_client_certificates(
    processes: list[Program], programs: GatewayHome, publisher: EventPublisher, private: tuple[Authority, TlsEndpoint]
) -> None:
    """Its authority and the client's certificate are the subscription's own, and a new certificate needs no restart."""
    authority, endpoint = private
    folder, name = authority.file.parent, f"s{uuid4().hex[:12]}"
    first, second = authority.client("first"), authority.client("second")
    (folder / "headers.txt").write_text(f"Authorization: Bearer {TOKEN}\r\n\nX-Team: payments\n")
    outputs: list[str] = []

    async def run(*arguments: str) -> None:
        outputs.append(await asyncio.to_thread(programs.run, "subscriptions", *arguments))

    async def until_delivered(count: int) -> None:
        await until(lambda: len(endpoint.requests) >= count, ARRIVAL_S, lambda: (endpoint, processes[1].log))

    where = ("--url", endpoint.url, "--tenant", name, "--event-type", "*", "--ca-bundle", str(authority.file))
    headers = ("--header-file", str(folder / "headers.txt"))
    await run("create", "--id", name, *where, *headers, *client_files(folder, first), "--json")
    await publish_payments(publisher, name, 1)
    await until_delivered(1)
    await run("update", name, *client_files(folder, second), "--header", "X-Team: billing")
    await publish_payments(publisher, name, 1, first=1)
    await until_delivered(2)

    assert endpoint.clients == ["first", "second"]
    assert [f"Authorization: Bearer {TOKEN}\r\n" in request for request in endpoint.requests] == [True, True]
    assert ["X-Team: payments" in request for request in endpoint.requests] == [True, False]
    assert "X-Team: billing" in endpoint.requests[1]

    for arguments in (("get", name), ("get", name, "--json"), ("list", "--json"), ("export", "--tenant", name)):
        await run(*arguments)
    seen = "".join(outputs + [program.output + program.whole_log for program in processes])
    assert not [canary for canary in canaries(first, second) if canary in seen]
    assert all(said in seen for said in ("Authorization", "CN=second"))
