"""The benchmark's receiver: it counts what arrives, answers as told, and mixes nothing up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.domain.secret import HmacSecret
from gateway.domain.signing import signature_headers
from gateway.domain.subscription import SignatureProfile
from gateway.kafka.local.ports import LOOPBACK, choose_port
from gateway.services.bench.endpoint_server import CHECK_EVERY, SignatureSample
from gateway.services.bench.http_endpoint import Endpoint

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def request(number: int, body: bytes = b"{}", *, prefix: str = "run-") -> bytes:
    """One request as an HTTP client sends it."""
    head = f"POST /hooks HTTP/1.1\r\nHost: x\r\nWebhook-Id: {prefix}{number}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@asynccontextmanager
async def connected(endpoint: Endpoint) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Have an endpoint listen, and connect to it."""
    port = choose_port()
    await endpoint.listen(LOOPBACK, port)
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        endpoint.refuse()


@pytest.fixture
def endpoint() -> Endpoint:
    """An endpoint in the run `run-`."""
    made = Endpoint(lambda _head, _body: None)
    made.begin(b"run-")
    return made


@pytest.mark.parametrize("cut", [1, 40, 95])
async def test_requests_are_found_wherever_the_bytes_are_cut(endpoint: Endpoint, cut: int) -> None:
    """Several in one packet, and one in several packets, are the same requests."""
    stream = b"".join(request(number, b"\r\n\r\n" * number) for number in range(4))
    async with connected(endpoint) as (reader, writer):
        for start in range(0, len(stream), cut):
            writer.write(stream[start : start + cut])
            await writer.drain()
            await asyncio.sleep(0)
        assert await reader.readexactly(4 * len(ANSWER)) == ANSWER * 4
    assert list(endpoint.arrivals.numbers) == [0, 1, 2, 3]
    assert sorted(endpoint.arrivals.times_ns) == list(endpoint.arrivals.times_ns)


async def test_what_belongs_to_another_run_is_not_counted(endpoint: Endpoint) -> None:
    """Late deliveries of an earlier run are answered, and set apart."""
    async with connected(endpoint) as (reader, writer):
        writer.write(request(1, prefix="old-") + request(2))
        await reader.readexactly(2 * len(ANSWER))
    assert list(endpoint.arrivals.numbers) == [2]
    assert endpoint.strays == 1


async def test_a_slow_answer_holds_the_next_request_of_its_connection(endpoint: Endpoint) -> None:
    """Pipelined requests are answered one after the other; what is not answered is counted."""
    endpoint.delay_s = 0.05
    async with connected(endpoint) as (reader, writer):
        writer.write(request(1) + request(2))
        await reader.readexactly(len(ANSWER))
        first_two = list(endpoint.arrivals.numbers)
        assert endpoint.unanswered == 1
        await reader.readexactly(len(ANSWER))
    assert first_two == [1, 2]
    assert endpoint.unanswered == 0


async def test_a_hanging_endpoint_takes_requests_and_never_answers() -> None:
    """A request counts as unanswered until its connection is broken off."""
    taken = asyncio.Event()
    endpoint = Endpoint(lambda _head, _body: taken.set())
    endpoint.begin(b"run-")
    endpoint.delay_s = None
    async with connected(endpoint) as (reader, writer):
        writer.write(request(1))
        await taken.wait()
        assert endpoint.unanswered == 1
        endpoint.break_off()
        assert await reader.read() == b""
    assert endpoint.unanswered == 0


async def test_a_refusing_endpoint_accepts_no_connection_until_it_listens_again(endpoint: Endpoint) -> None:
    """Its port is closed, not silent."""
    port = choose_port()
    await endpoint.listen(LOOPBACK, port)
    endpoint.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, port)
    await endpoint.listen(LOOPBACK, port)
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.close()
    endpoint.refuse()


async def test_bytes_without_a_length_end_the_connection(endpoint: Endpoint) -> None:
    """It does not guess where a request ends."""
    async with connected(endpoint) as (reader, writer):
        writer.write(b"POST /hooks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert await reader.read() == b""
    assert not endpoint.arrivals.numbers


def test_one_signature_in_many_is_checked() -> None:
    """A right one and a wrong one are told apart, when their turn comes."""
    secret = HmacSecret(bytes(range(32)))
    sample = SignatureSample()
    sample.secret = secret
    headers = signature_headers([SignatureProfile.STANDARD], [secret], "run-1", b"{}", now_ms=1_700_000_000_000)
    head = b"POST / HTTP/1.1\r\n" + b"\r\n".join(f"{name}: {value}".encode() for name, value in headers.items())
    for _ in range(CHECK_EVERY):
        sample.look(head, b"{}")
    assert (sample.verified, sample.rejected) == (1, 0)
    for _ in range(CHECK_EVERY):
        sample.look(head, b"{ }")
    assert (sample.verified, sample.rejected) == (1, 1)
