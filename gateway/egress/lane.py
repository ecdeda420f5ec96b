"""Lanes: what of one subscription is in this process, waiting or being sent.

A lane is small on purpose: what does not fit stays in the log. One lane never holds up another.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from gateway.domain.catch_up import PartitionReading
from gateway.domain.delivery import Delivery
from gateway.kafka.partitioning import Partition

# Beyond what is being sent, so much may wait: enough to keep the lane busy while a catch-up pass is fetched.
MIN_PREFETCH = 256
MAX_LANE_BYTES = 4_194_304


@dataclass(frozen=True, slots=True)
class Origin:
    """The record that something was handed out from, and how it is settled.

    Attributes:
        reading: the reading that handed it out.
        partition: topic and number it was read from.
        offset: its offset there.
        subscription_id: its key.
        direct: the main reader handed it out; a catch-up pass otherwise.
        size_bytes: how much of the process's budget it takes.
    """

    reading: PartitionReading
    partition: Partition
    offset: int
    subscription_id: str
    direct: bool
    size_bytes: int

    def settle(self) -> None:
        """Everything this record caused is acknowledged."""
        if self.direct:
            self.reading.main.settle(self.offset)
        else:
            self.reading.settle_handed_out(self.subscription_id, self.offset)


@dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """A delivery that was handed to its lane and is not settled."""

    delivery: Delivery
    origin: Origin


@dataclass(slots=True)
class Lane:
    """One subscription's deliveries in this process.

    Attributes:
        subscription_id: whose.
        waiting: not begun, in order.
        waiting_bytes: their sizes together.
        in_flight: how many attempts are under way.
        resolving: the subscription is unknown and is being looked for.
    """

    subscription_id: str
    waiting: deque[QueuedDelivery] = field(default_factory=deque)
    waiting_bytes: int = 0
    in_flight: int = 0
    resolving: bool = False

    def has_room(self, max_in_flight: int) -> bool:
        """Tell whether one more may be queued."""
        limit = max_in_flight + max(max_in_flight, MIN_PREFETCH)
        return self.in_flight + len(self.waiting) < limit and self.waiting_bytes < MAX_LANE_BYTES

    def wants_more(self, max_in_flight: int) -> bool:
        """Tell whether a catch-up pass is worth while: less than half of what may wait does."""
        return len(self.waiting) <= max(max_in_flight, MIN_PREFETCH) // 2 and self.waiting_bytes < MAX_LANE_BYTES // 2

    def push(self, queued: QueuedDelivery) -> None:
        """Queue a delivery."""
        self.waiting.append(queued)
        self.waiting_bytes += queued.origin.size_bytes

    def pop(self) -> QueuedDelivery:
        """Take the next one."""
        queued = self.waiting.popleft()
        self.waiting_bytes -= queued.origin.size_bytes
        return queued

    def clear(self) -> list[QueuedDelivery]:
        """Take all that wait."""
        return [self.pop() for _ in range(len(self.waiting))]

    def withdraw(self, partitions: Collection[Partition]) -> list[QueuedDelivery]:
        """Take those that wait and were read from these partitions."""
        everything = self.clear()
        for queued in everything:
            if queued.origin.partition not in partitions:
                self.push(queued)
        return [queued for queued in everything if queued.origin.partition in partitions]

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being sent."""
        return not self.waiting and not self.in_flight and not self.resolving
