"""What endpoints answer, and fail to answer, becomes an outcome within the attempt's time-out, whatever they send."""

import asyncio
import gzip
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

import pytest

from gateway.domain.delivery import MAX_ERROR_CHARS, MAX_EXCERPT_CHARS
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.http.client import WebhookClient
from gateway.http.exchange import USER_AGENT
from tests.http.raw_endpoint import (
    OK,
    Answer,
    RawEndpoint,
    Request,
    close,
    hang,
    raw_endpoint,
    reset,
    saying,
    status,
)

BODY = '{"id":"evt_1","data":"ü"}'.encode()
GONE = status("410 Gone")

Waited = TypeVar("Waited")


async def post(client: WebhookClient, endpoint: RawEndpoint, *, timeout_s: float = 5.0) -> SendResult:
    headers = {"webhook-id": "evt_1", "Content-Type": "application/json"}
    return await client.send(endpoint.url, headers, BODY, timeout_s=timeout_s)


async def outcome(client: WebhookClient, answer: Answer, *, timeout_s: float = 5.0) -> SendResult:
    """Send once to an endpoint that answers so."""
    async with raw_endpoint(answer) as endpoint:
        return await post(client, endpoint, timeout_s=timeout_s)


async def timed(waiting: Awaitable[Waited]) -> tuple[Waited, float]:
    """Give what is awaited, and when it was there; beside a sleep, so that a busy machine delays both."""
    return await waiting, time.monotonic()


async def test_the_request_is_what_was_signed(client: WebhookClient) -> None:
    """Exact path, exact body bytes with their length, the headers given, and the gateway's name."""
    async with raw_endpoint(saying(OK)) as endpoint:
        assert await post(client, endpoint) == Answered(200, None, "ok")
    (request,) = endpoint.requests
    assert request.line == "POST /hooks?a=%2F HTTP/1.1"
    assert request.body == BODY
    assert request.all("content-length") == [str(len(BODY))]
    assert request.all("transfer-encoding") == []
    assert request.all("content-type") == ["application/json"]
    assert request.all("webhook-id") == ["evt_1"]
    assert request.all("user-agent") == [USER_AGENT]
    assert request.all("host") == [f"127.0.0.1:{endpoint.port}"]


async def test_no_compressed_answer_is_asked_for(client: WebhookClient) -> None:
    """Answers are not decompressed, so that an excerpt is readable only where they come plain."""
    async with raw_endpoint(saying(OK)) as endpoint:
        await post(client, endpoint)
    assert endpoint.requests[0].all("accept-encoding") == ["identity"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("200 OK", 200),
        ("204 No Content", 204),
        ("400 Bad Request", 400),
        ("410 Gone", 410),
        ("500 Oops", 500),
        ("299", 299),
        ("799 Made up", 799),
    ],
)
async def test_an_answer_is_its_status(client: WebhookClient, line: str, code: int) -> None:
    """Every status is the endpoint's own word, known or not, with or without a reason phrase."""
    assert await outcome(client, saying(status(line))) == Answered(code)


@pytest.mark.parametrize("line", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_redirects_are_not_followed(client: WebhookClient, line: str) -> None:
    """The place that a redirect names gets nothing."""
    async with raw_endpoint(saying(OK)) as elsewhere:
        result = await outcome(client, saying(status(line, f"Location: {elsewhere.url}")))
    assert result == Answered(int(line[:3]))
    assert elsewhere.connections == 0


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("99999999999999999999", 1e20),
        ("9" * 400, None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("\u0663", None),
        ("", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        ("Fri, 99 Dec 9999 99:99:99 GMT", None),
    ],
)
async def test_retry_after(client: WebhookClient, value: str, expected_s: float | None) -> None:
    """Seconds and dates are read; what is neither counts as absent; a past date is now."""
    answer = f"HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\nRetry-After: {value}\r\n\r\n".encode()
    result = await outcome(client, saying(answer))
    assert isinstance(result, Answered)
    assert (result.status, result.retry_after_s) == (429, expected_s)


async def test_retry_after_as_a_date(client: WebhookClient) -> None:
    """A date in the future is as many seconds as it is away."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    result = await outcome(client, saying(status("503 Later", f"Retry-After: {date}")))
    assert isinstance(result, Answered)
    assert result.retry_after_s == pytest.approx(90, abs=2)


@pytest.mark.parametrize(
    "answer",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/9.9 ???\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"Content-Length: 0\r\n\r\n",
    ],
    ids=range(13),
)
async def test_garbage_is_no_answer(client: WebhookClient, answer: bytes) -> None:
    """What breaks the protocol is an invalid response, never a status that the endpoint did not send."""
    result = await outcome(client, saying(answer, close=True))
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.INVALID_RESPONSE
    assert len(result.detail) <= MAX_ERROR_CHARS
    assert "\n" not in result.detail


async def test_informational_answers_are_passed_over(client: WebhookClient) -> None:
    """The answer is what follows 100 and 103."""
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert await outcome(client, saying(early + GONE)) == Answered(410)


async def test_a_change_of_protocol_is_not_followed(client: WebhookClient) -> None:
    """A 101 that nobody asked for ends the attempt, by itself or by the time-out, and is no success."""
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    result = await outcome(client, saying(upgrade), timeout_s=0.5)
    assert result == Answered(101) or (isinstance(result, Failed) and result.code is ErrorCode.TIMEOUT)


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        saying(*(bytes([byte]) for byte in OK), pause_s=0.2),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *([b"x"] * 100), pause_s=0.2),
        saying(b"HTTP/1.1 103 Early Hints\r\n\r\n", pause_s=10),
    ],
    ids=["silent", "slow-headers", "slow-body", "only-hints"],
)
async def test_the_time_out_bounds_the_whole_attempt(client: WebhookClient, answer: Answer) -> None:
    """Not each read but all of them together have `timeout_s`."""
    started = time.monotonic()
    result = await outcome(client, answer, timeout_s=0.4)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.TIMEOUT
    # Each answer takes eight seconds and more.
    assert 0.35 < time.monotonic() - started < 5.0


async def test_a_long_time_out_is_exact_too(client: WebhookClient) -> None:
    """Time-outs of more than a few seconds are not rounded up to whole ones."""
    async with raw_endpoint(hang) as endpoint:
        loop = asyncio.get_running_loop()
        # Begun just after a whole second of the loop's clock, a rounded time-out would end almost a second late.
        await asyncio.sleep(1.05 - loop.time() % 1)
        (_, ended), (_, due) = await asyncio.gather(
            timed(post(client, endpoint, timeout_s=5.2)), timed(asyncio.sleep(5.2))
        )
    assert ended - due < 0.4


async def test_an_endless_body_costs_neither_memory_nor_time(client: WebhookClient) -> None:
    """The answer counts, its beginning is kept, and the connection is closed after a bounded read."""
    sent = 0

    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
            await writer.drain()
            sent += 0x8000

    async with raw_endpoint(endless) as endpoint:
        assert await post(client, endpoint) == Answered(500, None, "x" * MAX_EXCERPT_CHARS)
        await asyncio.wait_for(endpoint.closed.wait(), 5)
    assert sent < 16 * 1024 * 1024  # what fits the buffers of the operating system


async def test_compressed_answers_are_not_decompressed(client: WebhookClient) -> None:
    """A small answer that would become a large one stays small."""
    bomb = gzip.compress(bytes(10_000_000))
    result = await outcome(client, saying(status("200 OK", "Content-Encoding: gzip", body=bomb)))
    assert isinstance(result, Answered)
    assert result.status == 200
    assert "\0" not in result.excerpt
    assert len(result.excerpt) <= MAX_EXCERPT_CHARS


async def test_an_excerpt_is_printable_text(client: WebhookClient) -> None:
    """Control characters, terminal escapes and broken UTF-8 become harmless; line breaks stay."""
    result = await outcome(client, saying(status("400 No", body=b"a\x1b[2Jb\0c\xff\r\nd")))
    assert result == Answered(400, None, "a [2Jb c\ufffd \nd")


async def test_headers_that_say_who_answered_are_kept(client: WebhookClient) -> None:
    """They lead to the request in the endpoint's own logs; what is not on the list may be a secret."""
    kept = ["Server: nginx", "X-Request-Id: r-1"]
    result = await outcome(client, saying(status("500 Oops", "Set-Cookie: a=b", *kept, "X-Token: t", "Server: x\xff")))
    assert result == Answered(500, headers=(("Server", "nginx"), ("X-Request-Id", "r-1")))


async def test_cookies_are_not_sent_back(client: WebhookClient) -> None:
    """Endpoints on one host may belong to different tenants."""
    async with raw_endpoint(saying(status("200 OK", "Set-Cookie: a=b; Path=/"))) as endpoint:
        for _ in range(2):
            await post(client, endpoint)
    assert [request.all("cookie") for request in endpoint.requests] == [[], []]


async def test_connections_are_kept(client: WebhookClient) -> None:
    """Deliveries to one endpoint share a connection."""
    async with raw_endpoint(saying(OK)) as endpoint:
        for _ in range(3):
            assert await post(client, endpoint) == Answered(200, None, "ok")
    assert endpoint.connections == 1


async def test_an_idle_connection_that_was_closed_is_replaced(client: WebhookClient) -> None:
    """An endpoint that closes after each answer, unannounced, gets every delivery."""
    async with raw_endpoint(saying(OK, close=True)) as endpoint:
        for _ in range(3):
            assert await post(client, endpoint) == Answered(200, None, "ok")
            await asyncio.wait_for(endpoint.closed.wait(), 5)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize("end", [close, reset])
async def test_a_connection_that_closes_as_it_is_reused_is_replaced(client: WebhookClient, end: Answer) -> None:
    """The endpoint's idle time-out may hit just when the next request is on its way: nothing was answered."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        reused = len(endpoint.requests) > request.connection
        await (end if reused and request.connection == 1 else saying(OK))(request, writer)

    async with raw_endpoint(answer) as endpoint:
        for _ in range(2):
            assert await post(client, endpoint) == Answered(200, None, "ok")
    assert [request.connection for request in endpoint.requests] == [1, 1, 2]


@pytest.mark.parametrize("answer", [close, reset])
async def test_an_endpoint_that_always_disconnects(client: WebhookClient, answer: Answer) -> None:
    """One attempt is at most two requests, and then a reset connection."""
    async with raw_endpoint(answer) as endpoint:
        result = await post(client, endpoint)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.CONNECTION_RESET
    assert len(endpoint.requests) <= 2


async def test_the_second_request_gets_what_is_left_of_the_time(client: WebhookClient) -> None:
    """A reused connection that ends after half of the time-out does not begin it anew."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(endpoint.requests) == 1:
            return await saying(OK)(request, writer)
        if request.connection > 1:
            await hang(request, writer)
        await asyncio.sleep(1.2)
        return writer.close()

    async with raw_endpoint(answer) as endpoint:
        await post(client, endpoint)
        (result, ended), (_, due) = await asyncio.gather(
            timed(post(client, endpoint, timeout_s=2.0)), timed(asyncio.sleep(2.0))
        )
    assert len(endpoint.requests) == 3
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.TIMEOUT
    assert ended - due < 0.6


async def test_nobody_listens(client: WebhookClient) -> None:
    """A refused connection is told from other failures."""
    async with raw_endpoint(hang) as endpoint:
        pass
    result = await post(client, endpoint)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.CONNECTION_REFUSED


async def test_a_name_that_does_not_resolve(client: WebhookClient) -> None:
    """RFC 6761 keeps .invalid from ever existing."""
    result = await client.send("https://endpoint.invalid/", {}, BODY, timeout_s=10)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.DNS


@pytest.mark.parametrize("url", ["https://", "ftp://127.0.0.1/", "https://[::1/", "https://host:99999/"])
async def test_an_unusable_url(client: WebhookClient, url: str) -> None:
    """A URL that nothing can be sent to is a matter of configuration, never an exception."""
    result = await client.send(url, {}, BODY, timeout_s=1)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.CONFIGURATION


async def test_an_unusable_header(client: WebhookClient) -> None:
    """A header that would split the request is never sent."""
    async with raw_endpoint(saying(OK)) as endpoint:
        result = await client.send(endpoint.url, {"X-A": "1\r\nX-B: 2"}, BODY, timeout_s=1)
    assert isinstance(result, Failed)
    assert result.code is ErrorCode.CONFIGURATION
    assert endpoint.requests == []


async def test_a_proxy_of_the_environment_is_ignored(client: WebhookClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect to whatever it is told, past the address guard."""
    async with raw_endpoint(saying(OK)) as endpoint, raw_endpoint(saying(GONE)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await post(client, endpoint) == Answered(200, None, "ok")
    assert proxy.connections == 0
