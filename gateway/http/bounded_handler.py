"""A connection's protocol that counts what an endpoint sends for one request, and ends where it is too much.

aiohttp's parser bounds what it keeps, a header or a line, and passes over the rest as long as it comes: blank lines
before an answer, or the noughts of a chunk's size. An endpoint that sends nothing else would keep the event loop busy
until the time-out.
"""

import asyncio
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError

# More than the largest answer that is read has in its head, and the little that is read of its body.
MAX_RECEIVED_BYTES = 4_194_304


class BoundedHandler(ResponseHandler):
    """What a connector makes for each of its connections."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._left_bytes = MAX_RECEIVED_BYTES

    def set_response_params(self, **params: Any) -> None:  # noqa: ANN401 - the parameters of another class
        """Say how the next answer is to be read, before its request is sent: count anew."""
        self._left_bytes = MAX_RECEIVED_BYTES
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Take what came; see `asyncio.Protocol`."""
        self._left_bytes -= len(data)
        if self._left_bytes >= 0:
            super().data_received(data)
        elif self.transport is not None:
            # For whoever waits for the head; whoever waits for the body learns that it ended too early.
            self.set_exception(HttpProcessingError(message=f"more than {MAX_RECEIVED_BYTES} bytes"))
            self.transport.abort()
