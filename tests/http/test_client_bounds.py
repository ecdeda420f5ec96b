"""Whatever an endpoint answers: one outcome, in bounded time and memory. Tables with one line for each trick."""

import asyncio
import gzip
import tracemalloc
from collections.abc import Iterator

import pytest

from gateway.domain.outcome import Answered, ErrorCode, Failed
from gateway.http.client import WebhookClient
from tests.http.raw_endpoint import Answer, Request, close, hang, raw_endpoint, reset, saying

MAX_GROWTH_BYTES = 4 * 1024 * 1024
# What an endpoint that would go on for ever may get rid of, into the buffers of the operating system.
MAX_SENT_BYTES = 32 * 1024 * 1024
TEN_GB = 10_000_000_000
# As much as a response's buffer takes, of 10 MB of zeros.
GZIP_BOMB = gzip.compress(bytes(10_000_000))

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CUT = ErrorCode.INVALID_RESPONSE


@pytest.fixture
def flat_memory() -> Iterator[None]:
    """Fail the test that allocates more than a few megabytes at a time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MAX_GROWTH_BYTES


class Flood:
    """An answer that begins with `head` and goes on with `part` for ever."""

    def __init__(self, head: bytes, part: bytes, pause_s: float = 0) -> None:
        self._head = head
        self._part = part
        self._pause_s = pause_s
        self.sent = 0

    async def __call__(self, _: Request, writer: asyncio.StreamWriter) -> None:
        """Write until the client has had enough."""
        writer.write(self._head)
        while True:
            writer.write(self._part)
            await writer.drain()
            self.sent += len(self._part)
            await asyncio.sleep(self._pause_s)


FLOODS: dict[str, tuple[bytes, bytes, int | ErrorCode]] = {
    "10 GB with a length": (OK + b"Content-Length: %d\r\n\r\n" % TEN_GB, b"x" * 65_536, 200),
    "10 GB until the end": (OK + b"Connection: close\r\n\r\n", b"x" * 65_536, 200),
    "chunks without an end": (CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n", 200),
    "one chunk of 10 GB": (CHUNKED + b"%x\r\n" % TEN_GB, b"x" * 65_536, 200),
    "chunks of one byte": (CHUNKED, b"1\r\nx\r\n" * 10_000, 200),
    "failure with 10 GB": (b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % TEN_GB, b"x" * 65_536, 500),
    "10 GB of gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % TEN_GB, GZIP_BOMB, 200),
    "headers without an end": (OK, b"X-A: 1\r\n" * 1000, CUT),
    "one header without an end": (OK + b"X-A: ", b"x" * 65_536, CUT),
    "a status without an end": (b"HTTP/1.1 200 ", b"x" * 65_536, CUT),
    "informational without an end": (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, CUT),
    "a chunk size without an end": (CHUNKED, b"0" * 65_536, CUT),
    "trailers without an end": (CHUNKED + b"0\r\n", b"X-A: 1\r\n" * 1000, CUT),
    "zeros": (b"", bytes(65_536), CUT),
    "line ends": (b"", b"\r\n" * 10_000, CUT),
}


@pytest.mark.usefixtures("flat_memory")
@pytest.mark.parametrize("name", FLOODS)
async def test_what_has_no_end_is_cut_off(client: WebhookClient, name: str) -> None:
    """By its size, long before the time-out, and the connection with it; a status that was said counts."""
    head, part, expected = FLOODS[name]
    flood = Flood(head, part)
    async with raw_endpoint(flood) as endpoint:
        result = await client.send(endpoint.url, {}, b"{}", timeout_s=30)
        await asyncio.wait_for(endpoint.closed.wait(), 5)
    check(result, expected)
    assert flood.sent < MAX_SENT_BYTES
    assert len(endpoint.requests) == 1


LOOP = b"HTTP/1.1 302 Found\r\nLocation: /hooks\r\nContent-Length: 0\r\n\r\n"
ANSWERS: dict[str, tuple[Answer, int | ErrorCode]] = {
    "redirect loop": (saying(LOOP), 302),
    "redirect inside": (saying(LOOP.replace(b"/hooks", b"http://169.254.169.254/")), 302),
    "gzip bomb": (
        saying(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIP_BOMB), GZIP_BOMB),
        200,
    ),
    "nothing": (close, ErrorCode.CONNECTION_RESET),
    "reset": (reset, ErrorCode.CONNECTION_RESET),
    "silence": (hang, ErrorCode.TIMEOUT),
    "slow headers": (Flood(OK, b"X: ", 0.05), ErrorCode.TIMEOUT),
    "slow body": (Flood(CHUNKED, b"1\r\nx\r\n", 0.05), ErrorCode.TIMEOUT),
    "half a head": (saying(b"HTTP/1.1 200 OK\r\nContent-", close=True), ErrorCode.CONNECTION_RESET),
    "half a body": (saying(OK + b"Content-Length: 10\r\n\r\nx", close=True), CUT),
    "half a chunk": (saying(CHUNKED + b"a\r\nx", close=True), CUT),
    "a bad chunk": (saying(CHUNKED + b"zz\r\nx\r\n"), CUT),
    "a negative chunk": (saying(CHUNKED + b"-1\r\nx\r\n"), CUT),
    "a chunk of 2^68": (saying(CHUNKED + b"f" * 17 + b"\r\nx"), CUT),
    "a negative length": (saying(OK + b"Content-Length: -1\r\n\r\n"), CUT),
    "a length of 2^68": (saying(OK + b"Content-Length: 295147905179352825856\r\n\r\n"), CUT),
    "two lengths": (saying(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), CUT),
    "length and chunks": (saying(CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n0\r\n\r\n"), CUT),
    "a header without a colon": (saying(OK + b"nonsense\r\n\r\n"), CUT),
    "a NUL in a header": (saying(OK + b"X: a\0b\r\n\r\n"), CUT),
    "no HTTP": (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), CUT),
    "a page without a head": (saying(b"<html>200 OK</html>\r\n\r\n"), CUT),
    "the future": (saying(b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"), CUT),
    "status 99": (saying(b"HTTP/1.1 99 OK\r\nContent-Length: 0\r\n\r\n"), CUT),
    "status 1000": (saying(b"HTTP/1.1 1000 OK\r\nContent-Length: 0\r\n\r\n"), CUT),
    "status OK": (saying(b"HTTP/1.1 OK OK\r\nContent-Length: 0\r\n\r\n"), CUT),
}


@pytest.mark.usefixtures("flat_memory")
@pytest.mark.parametrize("name", ANSWERS)
async def test_each_answer_has_its_outcome(client: WebhookClient, name: str) -> None:
    """Never the endpoint's own status where it had none, and never a second request."""
    answer, expected = ANSWERS[name]
    async with raw_endpoint(answer) as endpoint:
        result = await client.send(endpoint.url, {}, b"{}", timeout_s=0.3 if expected is ErrorCode.TIMEOUT else 5)
    check(result, expected)
    assert len(endpoint.requests) == 1


@pytest.mark.usefixtures("flat_memory")
@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ErrorCode.TLS),
        (b"\x15\x03\x03\x00\x02\x02\x28", ErrorCode.TLS_HANDSHAKE),  # an alert: handshake failure
        (b"\x16\x03\x03\xff\xff" + bytes(65_535), ErrorCode.TLS),  # a record larger than there are
        (b"", ErrorCode.CONNECTION_RESET),
    ],
    ids=["plain HTTP", "alert", "garbage", "nothing"],
)
async def test_a_handshake_that_fails_has_its_outcome(client: WebhookClient, first: bytes, expected: ErrorCode) -> None:
    """An endpoint without TLS is no endpoint; nothing of the delivery is sent."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await reader.read(65_536)
        assert hello.startswith(b"\x16")
        writer.write(first)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        check(await client.send(url, {}, b"{}", timeout_s=5), expected)


def check(result: Answered | Failed, expected: int | ErrorCode) -> None:
    """Compare an outcome with a status or an error code."""
    if isinstance(result, Answered):
        assert result.status == expected
        assert len(result.excerpt) <= 1024
    else:
        assert result.code is expected, result.detail
