"""Answers that go on: server-sent events (HTML Living Standard, 9.2), as `EventSource` reads them in a browser."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from typing import NamedTuple

import orjson
from aiohttp import hdrs, web
from pydantic import BaseModel

CONTENT_TYPE = "text/event-stream"
# Whoever stays comes again.
STREAM_S = 600.0
HEARTBEAT_S = 15.0
# Who takes nothing for so long is let go.
_WRITE_S = 30.0
_AGAIN_MS = 3000


class StreamEvent(NamedTuple):
    """One event: its name, and its data."""

    name: str
    data: BaseModel


async def stream_events(
    request: web.Request,
    events: AsyncGenerator[StreamEvent | None, None],
    headers: Mapping[str, str],
    limit: asyncio.Timeout,
    may_go_on: Callable[[], bool],
) -> web.StreamResponse:
    """Send events until there are no more, the reader is gone, may not have them any more, or `STREAM_S` is over.

    Args:
        request: what is answered.
        events: the events; None where only a sign of life is to be sent. The first is waited for before anything is
            sent, so that what it is refused with is an answer like others.
        headers: of the answer.
        limit: ends requests that take too long; not this one.
        may_go_on: tells before each further event, and sign of life, whether what the reader came with is still good.
    """
    async with aclosing(events):
        event = await anext(events)
        limit.reschedule(None)
        # Proxies would wait for the end.
        unbuffered = {hdrs.CONTENT_TYPE: CONTENT_TYPE, "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers={**headers, **unbuffered})
        with suppress(ConnectionError, TimeoutError, StopAsyncIteration):
            await response.prepare(request)
            await response.write(b"retry: %d\n\n" % _AGAIN_MS)
            async with asyncio.timeout(STREAM_S):
                while True:
                    async with asyncio.timeout(_WRITE_S):
                        await response.write(_encoded(event))
                    event = await anext(events)
                    if not may_go_on():
                        break
        return response


def _encoded(event: StreamEvent | None) -> bytes:
    if event is None:
        return b":\n\n"
    return b"event: %b\ndata: %b\n\n" % (event.name.encode(), orjson.dumps(event.data.model_dump(mode="json")))
