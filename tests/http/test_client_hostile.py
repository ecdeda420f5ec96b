"""Endpoints that break the protocol on purpose gain nothing: no memory, no time, and nobody else's delivery."""

import asyncio

import pytest

from gateway.domain.addresses import DEVELOPMENT
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.http.client import WebhookClient
from gateway.http.exchange import MAX_INFORMATIONAL
from gateway.http.failures import failure_of
from tests.http.raw_endpoint import OK, Answer, RawEndpoint, Request, close, hang, raw_endpoint, saying, status

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
CREATED = status("201 Created")


async def post(client: WebhookClient, endpoint: RawEndpoint, *, timeout_s: float = 5.0) -> SendResult:
    return await client.send(endpoint.url, {}, b"{}", timeout_s=timeout_s)


def in_turn(*answers: Answer) -> Answer:
    """Answer the first request with the first, the second with the second, and so on."""
    left = iter(answers)

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        await next(left)(request, writer)

    return answer


def endless(head: bytes, part: bytes) -> Answer:
    """Write `head`, then `part` for ever."""

    async def answer(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return answer


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"", HINT),
        (b"HTTP/1.1 200 ", b"O" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"X-Bomb: " + b"x" * 1000 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Bomb: ", b"x" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"x" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Bomb: x\r\n" * 100),
    ],
    ids=["informational", "reason", "headers", "header-value", "header-name", "trailers"],
)
async def test_an_endless_head_ends_the_attempt(client: WebhookClient, head: bytes, part: bytes) -> None:
    """What never becomes an answer is cut off by its size, long before the time-out, with the connection."""
    async with raw_endpoint(endless(head, part)) as endpoint:
        result = await post(client, endpoint, timeout_s=30)
        await asyncio.wait_for(endpoint.closed.wait(), 5)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.INVALID_RESPONSE
    assert len(endpoint.requests) == 1


async def test_a_few_informational_answers_are_passed_over(client: WebhookClient) -> None:
    """As many as any server sends."""
    async with raw_endpoint(saying(HINT * MAX_INFORMATIONAL + CREATED)) as endpoint:
        assert await post(client, endpoint) == Answered(201)


async def test_a_delivered_answer_with_an_endless_body_counts(client: WebhookClient) -> None:
    """A 2xx is the endpoint's word, whatever follows it; what follows costs the connection."""
    body = endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
    async with raw_endpoint(in_turn(body, saying(CREATED))) as endpoint:
        result = await post(client, endpoint)
        assert isinstance(result, Answered)
        assert result.status == 200
        assert await post(client, endpoint) == Answered(201)
    assert endpoint.connections == 2


@pytest.mark.parametrize("more", [status("410 Gone"), b"garbage\r\n\r\n", b"\0" * 100], ids=["answer", "text", "zeros"])
async def test_more_than_an_answer_is_never_the_next_one(client: WebhookClient, more: bytes) -> None:
    """What comes in the same breath as an answer does not answer the delivery that is sent next."""
    async with raw_endpoint(in_turn(saying(OK + more), saying(CREATED))) as endpoint:
        first = await post(client, endpoint)
        assert first == Answered(200, None, "ok") or (
            isinstance(first, Failed) and first.code is ErrorCode.INVALID_RESPONSE
        )
        assert await post(client, endpoint) == Answered(201)
    assert endpoint.connections == 2


async def test_an_answer_that_nobody_asked_for_is_never_taken(client: WebhookClient) -> None:
    """What an idle connection receives is no answer to the next delivery (RFC 9112 section 9.2)."""
    unasked = asyncio.Event()

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        await saying(OK)(request, writer)
        await unasked.wait()
        await saying(status("410 Gone"))(request, writer)

    async with raw_endpoint(in_turn(answer, saying(CREATED))) as endpoint:
        await post(client, endpoint)
        unasked.set()
        for _ in range(5):  # turns of the loop: nothing tells that bytes have come in on an idle connection
            await asyncio.sleep(0.01)
        assert await post(client, endpoint) == Answered(201)
    assert [request.connection for request in endpoint.requests] == [1, 2]


async def test_the_second_try_takes_no_connection_of_the_pool(client: WebhookClient) -> None:
    """With several connections that end as they are reused, one delivery still meets only one of them."""
    together = asyncio.Barrier(4)

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(endpoint.requests) <= 4:
            await together.wait()
            await saying(OK)(request, writer)
        else:
            await (close if request.connection <= 4 else saying(CREATED))(request, writer)

    async with raw_endpoint(answer) as endpoint:
        await asyncio.gather(*(post(client, endpoint) for _ in range(4)))
        assert endpoint.connections == 4
        assert await post(client, endpoint) == Answered(201)
    reused, fresh = (request.connection for request in endpoint.requests[4:])
    assert reused <= 4
    assert fresh == 5


async def test_a_connection_that_ends_on_its_first_use_is_not_tried_again(client: WebhookClient) -> None:
    """That is no race for an idle connection but the endpoint's answer to a delivery."""
    async with raw_endpoint(close) as endpoint:
        result = await post(client, endpoint)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.CONNECTION_RESET
    assert len(endpoint.requests) == 1


async def test_an_answer_before_the_request_was_read_costs_the_connection(client: WebhookClient) -> None:
    """The rest of a large request must not stand in front of the next one."""
    connections = 0
    over = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(status("413 Too Large"))
        await over.wait()
        writer.transport.abort()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        results = [await client.send(url, {}, body, timeout_s=5) for body in (bytes(16_777_216), b"{}")]
        over.set()
    assert results == [Answered(413), Answered(413)]
    assert connections == 2


async def test_a_handshake_that_never_ends() -> None:
    """Connecting, with TLS, has a time-out of its own; it is told from an answer that is late."""
    accepted = 0
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await reader.read()
        writer.transport.abort()
        over.set()

    client = WebhookClient(DEVELOPMENT, connect_timeout_s=0.2)
    async with asyncio.timeout(5), await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        result = await client.send(url, {}, b"{}", timeout_s=30)
        await over.wait()
    await client.close()
    assert result == Failed(ErrorCode.CONNECT_TIMEOUT, "no connection within 0.2 s")
    assert accepted == 1


async def test_an_answer_that_is_late_says_so(client: WebhookClient) -> None:
    """The time that was allowed stands in what people read."""
    async with raw_endpoint(hang) as endpoint:
        result = await post(client, endpoint, timeout_s=0.2)
    assert result == Failed(ErrorCode.TIMEOUT, "no complete answer within 0.2 s")


async def test_a_send_that_is_broken_off_leaves_nothing_behind(client: WebhookClient) -> None:
    """Its connection is closed with it: the answer that is still to come has no one to go to."""
    begun = asyncio.Event()

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.connection > 1:
            return await saying(CREATED)(request, writer)
        begun.set()
        return await hang(request, writer)

    async with raw_endpoint(answer) as endpoint:
        sending = asyncio.ensure_future(post(client, endpoint))
        await begun.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await post(client, endpoint) == Answered(201)
    assert endpoint.connections == 2


def test_what_nobody_has_foreseen_is_retried() -> None:
    """A fault that is not the endpoint's does not make a dead letter either."""
    assert failure_of(RuntimeError("the handler is closed")) == Failed(ErrorCode.NETWORK, "the handler is closed")
    assert failure_of(KeyError()) == Failed(ErrorCode.NETWORK, "KeyError")
