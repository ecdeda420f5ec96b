"""Acknowledges events in offset order per partition, each one when all its deliveries are acknowledged.

Faust commits past an event still in flight when later ones are acknowledged first; in order, it can't.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable


class _Entry:
    __slots__ = ("ack", "done", "size_bytes")

    def __init__(self, ack: Callable[[], None], size_bytes: int) -> None:
        self.ack = ack
        self.size_bytes = size_bytes
        self.done = False


class InOrderAcks:
    """The events in flight: they are kept until they are acknowledged, so their number and size bound memory.

    Args:
        max_in_flight: how many events may be in flight before `room` waits.
        max_bytes: how many bytes they may have together.
    """

    def __init__(self, max_in_flight: int, max_bytes: int) -> None:
        self._max_in_flight = max_in_flight
        self._max_bytes = max_bytes
        self._by_partition: dict[Hashable, deque[_Entry]] = {}
        self._changed = asyncio.Event()
        self.in_flight = 0
        self.in_flight_bytes = 0
        self.acknowledged = 0

    async def room(self) -> None:
        """Wait until another event may begin."""
        while self.in_flight >= self._max_in_flight or self.in_flight_bytes >= self._max_bytes:
            self._changed.clear()
            await self._changed.wait()

    async def empty(self) -> None:
        """Wait until nothing is in flight."""
        while self.in_flight:
            self._changed.clear()
            await self._changed.wait()

    def begin(self, partition: Hashable, ack: Callable[[], None], size_bytes: int) -> Callable[[], None]:
        """Take an event into account; events of a partition begin in offset order.

        Args:
            partition: which partition it is of.
            ack: acknowledges it; called once, after all earlier ones of the partition.
            size_bytes: what it takes in memory meanwhile.

        Returns:
            what to call when everything the event caused is acknowledged by Kafka.
        """
        entry = _Entry(ack, size_bytes)
        queue = self._by_partition.setdefault(partition, deque())
        queue.append(entry)
        self.in_flight += 1
        self.in_flight_bytes += size_bytes

        def finished() -> None:
            entry.done = True
            while queue and queue[0].done:
                first = queue.popleft()
                first.ack()
                self.in_flight -= 1
                self.in_flight_bytes -= first.size_bytes
                self.acknowledged += 1
            self._changed.set()

        return finished
