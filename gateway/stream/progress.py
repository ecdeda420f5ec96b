"""What is seen of the stream from outside Faust, which can hang with its process up and its loop turning.

No partitions are ever assigned, or its fetcher has died.
"""

import asyncio

from gateway.domain.progress import Progress
from gateway.kafka.partitioning import Offsets
from gateway.stream.acks import InOrderAcks
from gateway.stream.app import StreamApp


class StreamProgress:
    """Looks, on any thread but the event loop's.

    Args:
        stream: the app.
        acks: what it has acknowledged.
        loop: where the app runs.
    """

    def __init__(self, stream: StreamApp, acks: InOrderAcks, loop: asyncio.AbstractEventLoop) -> None:
        self._stream = stream
        self._acks = acks
        self._loop = loop
        self._acknowledged = 0

    def look(self, ends: Offsets) -> Progress:
        """Tell whether it moves; blocking, bounded as long as the loop turns.

        Args:
            ends: the offset that the next record of each partition of the event topics will have.
        """
        if self._acks.acknowledged != self._acknowledged or self._stream.holds_partitions:
            # It moves, or waits for the schema registry and says so itself. Its positions are not asked for under load:
            # Faust reads nothing until it has answered.
            self._acknowledged = self._acks.acknowledged
            return Progress(due=False, mark=self._acknowledged)
        positions = asyncio.run_coroutine_threadsafe(self._stream.positions(), self._loop).result()
        behind = any(ends.get(partition, 0) > at for partition, at in positions.items())
        return Progress(behind or self._acks.in_flight > 0, self._acknowledged + sum(positions.values()))

    def membership(self, _: Offsets) -> Progress:
        """Tell whether it was ever given partitions, and be it none of them."""
        return Progress(due=not self._stream.assigned.is_set(), mark=0)
