"""An endpoint that costs next to nothing: HTTP/1.1 by hand, so that the receiver is not what a benchmark measures.

It reads what the gateway sends (one head, `Content-Length`, a body), notes which event arrived when, and answers as
told: at once, after a delay, or never. It is no general HTTP server: what it does not understand ends the
connection. Requests that come before an answer is due wait in order, so pipelining is safe.
"""

import asyncio
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_EVENT_ID = b"\r\nwebhook-id: "
_MAX_UNREAD_BYTES = 4 * 1024 * 1024

Check = Callable[[bytes, bytes], None]
"""Given the head and the body of one request."""


@dataclass(slots=True)
class Arrivals:
    """What arrived, in order.

    Attributes:
        numbers: the number at the end of each request's event id.
        times_ns: when each was read, nanoseconds since the epoch.
    """

    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    times_ns: "array[int]" = field(default_factory=lambda: array("q"))


class Endpoint:
    """One endpoint: how it answers, and what has arrived.

    Attributes:
        arrivals: of the present run.
        strays: requests of other runs.
        unanswered: requests read and not answered yet.
        delay_s: how long an answer takes, seconds; None: for ever.
    """

    def __init__(self, check: Check) -> None:
        self._check = check
        self._prefix = b""
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self.arrivals = Arrivals()
        self.strays = 0
        self.unanswered = 0
        self.delay_s: float | None = 0.0

    def begin(self, prefix: bytes) -> None:
        """Forget what has arrived; from now on only event ids that begin with `prefix`, in lower case, count."""
        self._prefix = prefix
        self.arrivals = Arrivals()
        self.strays = 0

    async def listen(self, host: str, port: int) -> None:
        """Accept connections, unless it does already."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=1024)

    def refuse(self) -> None:
        """Accept no more connections, and break the present ones off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.break_off()

    def break_off(self) -> None:
        """End every connection, also those that wait for an answer."""
        for connection in tuple(self._connections):
            connection.abort()

    def opened(self, connection: "_Connection") -> None:
        """Note a connection."""
        self._connections.add(connection)

    def closed(self, connection: "_Connection") -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def take(self, head: bytes, lower_head: bytes, body: bytes) -> None:
        """Note one request."""
        start = lower_head.find(_EVENT_ID) + len(_EVENT_ID)
        event_id = lower_head[start : lower_head.find(b"\r\n", start)]
        if not event_id.startswith(self._prefix):
            self.strays += 1
            return
        self.arrivals.numbers.append(int(event_id[len(self._prefix) :]))
        self.arrivals.times_ns.append(time.time_ns())
        self._check(head, body)


class _Connection(asyncio.Protocol):
    """One connection: cuts requests out of the stream of bytes, and answers them one after the other."""

    __slots__ = ("_endpoint", "_transport", "_unread", "_waiting")

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._transport: asyncio.Transport
        self._unread = b""
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by inheritance.
        self._transport = cast("asyncio.Transport", transport)
        self._endpoint.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._endpoint.closed(self)
        if self._waiting:
            self._waiting = False
            self._endpoint.unanswered -= 1

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) > _MAX_UNREAD_BYTES:
            self._transport.abort()
        elif not self._waiting:
            self._take_all()

    def _take_all(self) -> None:
        while not self._waiting and (request := self._cut()) is not None:
            self._endpoint.take(*request)
            delay_s = self._endpoint.delay_s
            if delay_s == 0:
                self._transport.write(_ANSWER)
                continue
            self._waiting = True
            self._endpoint.unanswered += 1
            if delay_s is not None:
                asyncio.get_running_loop().call_later(delay_s, self._answer)

    def _cut(self) -> tuple[bytes, bytes, bytes] | None:
        """Give the next request as head, head in lower case, and body; None while it is not complete."""
        end = self._unread.find(_HEAD_END)
        if end < 0:
            return None
        head = self._unread[:end]
        lower_head = head.lower() + b"\r\n"
        start = lower_head.find(_LENGTH)
        if start < 0:
            self._transport.abort()
            return None
        start += len(_LENGTH)
        body_start = end + len(_HEAD_END)
        body_end = body_start + int(lower_head[start : lower_head.find(b"\r\n", start)])
        if len(self._unread) < body_end:
            return None
        body = self._unread[body_start:body_end]
        self._unread = self._unread[body_end:]
        return head, lower_head, body

    def _answer(self) -> None:
        if not self._waiting:
            return  # the connection ended meanwhile
        self._waiting = False
        self._endpoint.unanswered -= 1
        self._transport.write(_ANSWER)
        self._take_all()
