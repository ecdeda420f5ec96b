"""Produces what one event becomes, in chunks, and waits while too much is unconfirmed: bounds the stream's memory.

An event for ten thousand subscriptions is ten thousand records with the same body: they are made and produced while
others are confirmed, and never lie in memory all at once.

What an event becomes goes out at once where no other follows. Under load that would be a request for every few
records, each dear for the broker and for both stages: then they are held a moment, and go out together.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from gateway.kafka.producer import OutRecord, RecordProducer

_CHUNK_BYTES = 262_144
# What a record takes in the client beside its value: its key, its report and the client's own record.
_OVERHEAD_BYTES = 512
# How long records are held at most while other events follow, seconds.
HOLD_S = 0.02


class _Open:
    """One event's chunks that are not confirmed."""

    __slots__ = ("chunks", "complete", "done")

    def __init__(self, done: Callable[[], None]) -> None:
        self.chunks = 0
        self.complete = False
        self.done = done

    def finish(self) -> None:
        """Tell that everything is confirmed, if it is."""
        if self.complete and not self.chunks:
            self.done()


class BoundedOutput:
    """The way to the producer.

    Args:
        producer: produces and confirms.
        max_unconfirmed_bytes: with more than this unconfirmed, what is to be produced waits.
    """

    def __init__(self, producer: RecordProducer, max_unconfirmed_bytes: int) -> None:
        self._producer = producer
        self._max_unconfirmed_bytes = max_unconfirmed_bytes
        self._confirmed = asyncio.Event()
        self._held: list[tuple[list[OutRecord], Callable[[], None]]] = []
        self._held_bytes = 0
        self._release_at: asyncio.TimerHandle | None = None
        self.unconfirmed_bytes = 0

    async def produce(
        self, records: Iterable[OutRecord], done: Callable[[], None], *, others_follow: bool = False
    ) -> None:
        """Produce what an event becomes; `done` is called once Kafka has acknowledged all of it, or there is nothing.

        Args:
            records: read once, a chunk at a time.
            done: called on the event loop.
            others_follow: the next event is there already, and what becomes of both may go out together.
        """
        event, chunk, size_bytes = _Open(done), [], 0
        for record in records:
            chunk.append(record)
            size_bytes += len(record.value or b"") + _OVERHEAD_BYTES
            if size_bytes >= _CHUNK_BYTES:
                await self._send(chunk, size_bytes, event)
                chunk, size_bytes = [], 0
                await asyncio.sleep(0)  # confirmations and heartbeats in between
        if chunk:
            await self._send(chunk, size_bytes, event)
        if not others_follow:
            self._release()
        event.complete = True
        event.finish()

    async def _send(self, chunk: list[OutRecord], size_bytes: int, event: _Open) -> None:
        while self.unconfirmed_bytes >= self._max_unconfirmed_bytes:
            self._confirmed.clear()
            await self._confirmed.wait()
        self.unconfirmed_bytes += size_bytes
        event.chunks += 1
        self._held.append((chunk, partial(self._chunk_confirmed, size_bytes, event)))
        self._held_bytes += size_bytes
        if self._held_bytes >= _CHUNK_BYTES:
            self._release()
        elif self._release_at is None:
            self._release_at = asyncio.get_running_loop().call_later(HOLD_S, self._release)

    def _release(self) -> None:
        if self._release_at is not None:
            self._release_at.cancel()
            self._release_at = None
        held, self._held, self._held_bytes = self._held, [], 0
        for chunk, confirmed in held:
            self._producer.produce(chunk, confirmed)

    def _chunk_confirmed(self, size_bytes: int, event: _Open) -> None:
        self.unconfirmed_bytes -= size_bytes
        self._confirmed.set()
        event.chunks -= 1
        event.finish()
