"""Lanes: what of one subscription is in this process, waiting or being sent.

A lane is small on purpose: what does not fit stays in the log. One lane never holds up another.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from gateway.domain.catch_up import PartitionReading
from gateway.domain.circuit import CircuitState
from gateway.domain.cursor import KeyStrand, Strand, subscription_of
from gateway.domain.delivery import Delivery
from gateway.domain.gate import Gate
from gateway.egress.turns import Turn, turn_of
from gateway.kafka.partitioning import Partition

# Beyond what is being sent, so much may wait: enough to keep the lane busy while a catch-up pass is fetched.
MIN_PREFETCH = 256
# Of these as many replays, and only while nothing else waits.
MAX_REPLAYS_WAITING = 256
# Keys of a subscription in one partition that may wait for a delivery of theirs. With more, the lane begins no others.
MAX_KEYS = 1000
MAX_OF_KEY = 16


@dataclass(slots=True)
class Origin:
    """The record that something was handed out from, and how it is settled.

    Attributes:
        reading: the reading that handed it out.
        partition: topic and number it was read from.
        offset: its offset there.
        strand: the subscription, or the key of it, that it was handed out for.
        via: the strand whose cursor it was handed out by; None for the main reader.
        size_bytes: how much of the process's budget it takes.
    """

    reading: PartitionReading
    partition: Partition
    offset: int
    strand: Strand
    via: Strand | None
    size_bytes: int

    @property
    def is_replay(self) -> bool:
        """Tell whether it is the first try of a replay, which goes after all others."""
        return turn_of(self.partition) is Turn.REPLAY

    @property
    def subscription_id(self) -> str:
        """Whose it is."""
        return subscription_of(self.strand)

    def settle(self) -> None:
        """Everything this record caused is acknowledged."""
        self.reading.settle(self.strand, self.offset, self.via)


@dataclass(slots=True)
class QueuedDelivery:
    """A delivery that was handed to its lane and is not settled."""

    delivery: Delivery
    origin: Origin


class LaneState(Enum):
    """What a lane does at present."""

    IDLE = "idle"  # nothing, but there is something to remember of it
    BUSY = "busy"
    HELD_BACK = "held_back"  # the endpoint asked for it
    CIRCUIT_OPEN = "circuit_open"
    CIRCUIT_HALF_OPEN = "circuit_half_open"
    NO_PROXY = "no_proxy"


@dataclass(slots=True)
class KeyLine:
    """The deliveries of one key that were handed out by its cursor.

    Attributes:
        waiting: not begun, in order.
        busy: one of the key, wherever it came from, is being sent or settled.
    """

    waiting: deque[QueuedDelivery] = field(default_factory=deque)
    busy: bool = False


@dataclass(slots=True)
class Lane:
    """One subscription's deliveries in this process.

    Attributes:
        subscription_id: whose.
        gate: what of it may be begun.
        urgent: of high priority and not begun, in order.
        waiting: the others that are not begun, in order.
        replays: those that are replayed and not begun, in order.
        keys: of an ordered subscription: the keys of which something is being sent, or waits for that.
        ready: the keys that have something waiting and nothing being sent.
        held: how many wait, in all.
        size_bytes: the sizes of all that wait or are being sent.
        in_flight: how many attempts are under way.
        replays_in_flight: how many of them are replays.
        width: how many may be, as its gate was when that was last asked.
        resolving: the subscription is unknown and is being looked for.
        crowded: so many keys wait that no others are begun.
        timer: wakes the lane when its gate opens.
        wakes_at_s: when it does, by the loop's clock; uvloop's timers don't always tell.
    """

    subscription_id: str
    gate: Gate = field(default_factory=Gate)
    urgent: deque[QueuedDelivery] = field(default_factory=deque)
    waiting: deque[QueuedDelivery] = field(default_factory=deque)
    replays: deque[QueuedDelivery] = field(default_factory=deque)
    keys: dict[bytes, KeyLine] = field(default_factory=dict)
    ready: deque[bytes] = field(default_factory=deque)
    held: int = 0
    size_bytes: int = 0
    in_flight: int = 0
    replays_in_flight: int = 0
    width: int = 0
    resolving: bool = False
    crowded: bool = False
    timer: asyncio.TimerHandle | None = None
    wakes_at_s: float = 0.0

    def has_room(self, width: int, allowance_bytes: int, turn: Turn = Turn.NORMAL) -> bool:
        """Tell whether one more may be queued.

        Args:
            width: how many attempts may be under way.
            allowance_bytes: how much this lane may take of the process's budget.
            turn: when it would have its turn: for an urgent one, only the urgent ones count.
        """
        if width == 0:
            return False
        if self.in_flight + self.held == 0:
            return True
        if turn is Turn.REPLAY:
            return len(self.replays) < MAX_REPLAYS_WAITING and self._is_free_for_replays(allowance_bytes)
        if self.size_bytes >= allowance_bytes:
            return False
        prefetch = 0 if self.gate.is_open else max(width, MIN_PREFETCH)
        live = self.held - len(self.replays)
        return (len(self.urgent) if turn is Turn.URGENT else self.in_flight + live - width) < prefetch

    def wants_more(self, width: int, allowance_bytes: int, turn: Turn = Turn.NORMAL) -> bool:
        """Tell whether a catch-up pass is worth while: less than half of what may wait does."""
        if width == 0:
            return False
        if self.gate.is_open:
            return self.in_flight + self.held == 0
        if turn is Turn.REPLAY:
            return len(self.replays) <= MAX_REPLAYS_WAITING // 2 and self._is_free_for_replays(allowance_bytes)
        return (
            self.held - len(self.replays) <= max(width, MIN_PREFETCH) // 2 and self.size_bytes <= allowance_bytes // 2
        )

    def _is_free_for_replays(self, allowance_bytes: int) -> bool:
        """Tell whether nothing else waits; and what comes has to find room: replays take half of the bytes at most."""
        nothing_waits = not (self.urgent or self.waiting or self.gate.is_open)
        return nothing_waits and self.size_bytes <= allowance_bytes // 2

    def has_room_for_key(self, key: bytes) -> bool:
        """Tell whether one more may be queued for a key."""
        line = self.keys.get(key)
        return line is None or len(line.waiting) < MAX_OF_KEY

    def push(self, queued: QueuedDelivery) -> None:
        """Queue a delivery."""
        origin = queued.origin
        if not isinstance(origin.strand, str):
            line = self.line_of(origin.strand.event_key)
            line.waiting.append(queued)
            self._mark_ready(origin.strand.event_key, line)
        else:
            self._queue_of(turn_of(origin.partition)).append(queued)
        self.held += 1
        self.size_bytes += origin.size_bytes

    def _queue_of(self, turn: Turn) -> deque[QueuedDelivery]:
        return (self.urgent, self.waiting, self.replays)[turn]

    def pop(self) -> QueuedDelivery:
        """Take the next one that is no key's."""
        self.held -= 1
        return (self.urgent or self.waiting or self.replays).popleft()

    @property
    def head(self) -> QueuedDelivery | None:
        """The next one that is no key's."""
        queue = self.urgent or self.waiting or self.replays
        return queue[0] if queue else None

    def pop_of_key(self) -> QueuedDelivery | None:
        """Take the next one of a key that has nothing under way."""
        while self.ready:
            line = self.keys.get(self.ready.popleft())
            if line is not None and line.waiting and not line.busy:
                self.held -= 1
                return line.waiting.popleft()
        return None

    def line_of(self, key: bytes) -> KeyLine:
        """Give the line of a key."""
        return self.keys.setdefault(key, KeyLine())

    def free_key(self, key: bytes) -> None:
        """Nothing of a key is being sent any more."""
        line = self.keys.get(key)
        if line is not None:
            line.busy = False
            if not line.waiting:
                del self.keys[key]
            self._mark_ready(key, line)

    def _mark_ready(self, key: bytes, line: KeyLine) -> None:
        if line.waiting and not line.busy:
            self.ready.append(key)

    def take_back(self, strand: KeyStrand, reading: PartitionReading) -> list[QueuedDelivery]:
        """Take what waits of a key and was handed out by one reading."""
        line = self.line_of(strand.event_key)
        return self._sift(line.waiting, lambda queued: queued.origin.reading is reading)

    def all_waiting(self) -> list[QueuedDelivery]:
        """Give all that wait, in order for each strand."""
        return [queued for queue in self._queues() for queued in queue]

    def may_end(self) -> list[QueuedDelivery]:
        """Give those that wait and may be given up now, in order for each strand.

        Not those behind another of their key: until it is settled it may have to go back to the log, and they with it.
        """
        behind = {id(queued) for line in self.keys.values() if line.busy for queued in line.waiting}
        return [queued for queued in self.all_waiting() if id(queued) not in behind]

    def take_out(self, chosen: Iterable[QueuedDelivery]) -> list[QueuedDelivery]:
        """Take those of `chosen` that wait still, in order for each strand."""
        known = {id(queued) for queued in chosen}
        return self._take_all(lambda queued: id(queued) in known)

    def clear(self) -> list[QueuedDelivery]:
        """Take all that wait, in order for each strand."""
        return self.withdraw(None)

    def withdraw(self, partitions: Collection[Partition] | None) -> list[QueuedDelivery]:
        """Take those that wait and were read from these partitions; from any where None is given."""
        return self._take_all(lambda queued: partitions is None or queued.origin.partition in partitions)

    def _take_all(self, affected: Callable[[QueuedDelivery], bool]) -> list[QueuedDelivery]:
        taken = [queued for queue in self._queues() for queued in self._sift(queue, affected)]
        self.keys = {key: line for key, line in self.keys.items() if line.busy or line.waiting}
        return taken

    def _queues(self) -> Iterator[deque[QueuedDelivery]]:
        yield self.urgent
        yield self.waiting
        yield self.replays
        for line in self.keys.values():
            yield line.waiting

    def _sift(self, queue: deque[QueuedDelivery], affected: Callable[[QueuedDelivery], bool]) -> list[QueuedDelivery]:
        taken = [queued for queued in queue if affected(queued)]
        if taken:
            kept = [queued for queued in queue if not affected(queued)]
            queue.clear()
            queue.extend(kept)
            self.held -= len(taken)
            self.size_bytes -= sum(queued.origin.size_bytes for queued in taken)
        return taken

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being sent."""
        return not self.held and not self.in_flight and not self.resolving

    def state(self, now_ms: float) -> LaneState:
        """Say what it does at present, by a clock that never goes back, milliseconds."""
        if self.gate.lacks_proxy:
            return LaneState.NO_PROXY
        match self.gate.circuit.state:
            case CircuitState.OPEN:
                return LaneState.CIRCUIT_OPEN
            case CircuitState.HALF_OPEN:
                return LaneState.CIRCUIT_HALF_OPEN
            case CircuitState.CLOSED if self.gate.barred_for_ms(now_ms) > 0:
                return LaneState.HELD_BACK
            case CircuitState.CLOSED:
                return LaneState.IDLE if self.idle else LaneState.BUSY
