"""A simple model of a partition, of what survives a crash of its owner, and of the lanes of one owner."""

from collections import Counter
from dataclasses import dataclass, field

from gateway.domain.catch_up import PartitionReading, Taken
from gateway.domain.cursor import DurableCursor, KeyStrand, Retrying, Strand

# Of these, `k` keeps the order of its keys.
RECORDS = ("a", "b", KeyStrand("k", b"x"), KeyStrand("k", b"y"))
SUBSCRIPTIONS = ("a", "b", "k")


def subscription_of(record: Strand) -> str:
    """Give whose a record is."""
    return record if isinstance(record, str) else record.subscription_id


@dataclass
class Out:
    """A record that was handed out and is not settled; it waits in its lane until it is begun."""

    offset: int
    strand: Strand
    via: Strand | None
    begun: bool = False


@dataclass
class Broker:
    """What survives a crash: the log, the commit and the acknowledged cursors; and what was settled in truth."""

    log: list[Strand] = field(default_factory=list)
    committed: tuple[int, str] = (0, "")
    cursors: dict[Strand, DurableCursor] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)

    def reading(self) -> PartitionReading:
        return PartitionReading(self.committed[0], dict(self.cursors), self.committed[1])


class Lanes:
    """One life of a process: its reading, and lanes of the simplest kind."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.reading = broker.reading()
        self.next_main = broker.committed[0]
        self.out: list[Out] = []
        self.started: set[int] = set()

    def main_reads(self, room: set[str], count: int) -> None:
        for offset in range(self.next_main, min(self.next_main + count, len(self.broker.log))):
            name = subscription_of(self.broker.log[offset])
            if self.reading.take(offset, name, has_room=name in room) is Taken.DIRECT:
                self.out.append(Out(offset, name, None))
            self.next_main = offset + 1

    def catch_up_pass(self, room: set[str], fits: int, scanned: int) -> None:
        wanted = {strand: start for strand, start in self.lagging().items() if subscription_of(strand) in room}
        if not wanted:
            return
        start = min(wanted.values())
        end = min(len(self.broker.log), start + scanned)  # may look further than the main reader has read
        fitting = dict.fromkeys(wanted, fits)
        for offset in range(start, end):
            record = self.broker.log[offset]
            for strand in {subscription_of(record), record} & fitting.keys():
                if not fitting[strand]:
                    del fitting[strand]
                elif self.reading.hand_out(strand, offset):
                    fitting[strand] -= 1
                    self.out.append(Out(offset, strand, strand))
        for strand in fitting:
            self.reading.passed(strand, end)

    def lagging(self) -> dict[Strand, int]:
        """Give what a pass has to serve, with the offset each reads from."""
        return {
            strand: start
            for strand in (*SUBSCRIPTIONS, *RECORDS)
            if (start := self.reading.next_of(strand)) is not None
        }

    def waiting(self, strand: Strand) -> list[Out]:
        return [out for out in self.out if out.strand == strand and not out.begun]

    def begun(self) -> list[Out]:
        return [out for out in self.out if out.begun]

    def has_come_by(self, offset: int) -> bool:
        """Tell whether this life has read a record, and handed it out where it was left in the log."""
        record = self.broker.log[offset]
        reads_from = [self.reading.next_of(strand) for strand in {subscription_of(record), record}]
        return offset < self.next_main and all(start is None or offset < start for start in reads_from)

    def key_under_way(self, key: Strand) -> bool:
        return any(self.broker.log[out.offset] == key for out in self.begun())

    def begin(self, subscription: str) -> None:
        """Begin the next delivery of a lane, or leave it to its key."""
        waiting = self.waiting(subscription)
        if not waiting:
            return
        head = waiting[0]
        key = self.broker.log[head.offset]
        if not isinstance(key, str) and (self.key_under_way(key) or self.reading.must_wait(key)):
            self.out.remove(head)
            self.reading.defer(key, head.offset, head.via)
        else:
            self.start(head)

    def begin_key(self, key: KeyStrand) -> None:
        """Begin the next delivery of a key that has a cursor."""
        waiting = self.waiting(key)
        if waiting and not self.key_under_way(key):
            self.start(waiting[0])

    def start(self, out: Out) -> None:
        log, record = self.broker.log, self.broker.log[out.offset]
        assert out.offset not in self.started, "begun twice in one life"
        earlier = {offset for offset in range(out.offset) if log[offset] == record}
        if isinstance(record, str):
            assert not any(log[offset] == record for offset in self.started if offset > out.offset), "out of order"
        else:
            assert earlier <= self.broker.settled, "begun before an earlier one of its key was settled"
        out.begun = True
        self.started.add(out.offset)

    def settle(self, out: Out) -> None:
        self.out.remove(out)
        self.broker.settled.add(out.offset)
        self.reading.settle(out.strand, out.offset, out.via)

    def give_back(self, strand: Strand) -> None:
        waiting = self.waiting(strand)
        if waiting:
            self.out = [out for out in self.out if out not in waiting]
            self.reading.give_back(strand, [(out.offset, out.via) for out in waiting])

    def retry_in_place(self, out: Out) -> None:
        key = self.broker.log[out.offset]
        assert isinstance(key, KeyStrand)
        self.give_back(key)
        self.out.remove(out)
        self.started.discard(out.offset)
        self.reading.defer(key, out.offset, out.via, Retrying(7))
        assert self.reading.retrying(key) == (out.offset, Retrying(7))

    def drain(self) -> Counter[int]:
        """Work with room for everything until nothing is left; gives what was begun, how often."""
        count: Counter[int] = Counter()
        while self.next_main < len(self.broker.log) or self.out or self.lagging():
            self.main_reads(set(SUBSCRIPTIONS), 5)
            self.catch_up_pass(set(SUBSCRIPTIONS), 4, 20)
            for name in SUBSCRIPTIONS:
                self.begin(name)
            for record in RECORDS:
                if isinstance(record, KeyStrand):
                    self.begin_key(record)
            for out in self.begun():
                count[out.offset] += 1
                self.settle(out)
        return count


class Wires:
    """What one life of a process has sent to the broker: it arrives, and is acknowledged, at any time later.

    Cursors arrive in the order in which they were written, as those of one producer do. Commits go another way, one at
    a time: while one is not answered, only the newest of those behind it is kept.
    """

    def __init__(self, broker: Broker, reading: PartitionReading) -> None:
        self.broker = broker
        self.reading = reading
        self.written: list[tuple[Strand, DurableCursor | None]] = []
        self.arrived = 0
        self.asked: tuple[int, str] | None = None
        self.under_way: tuple[int, str] | None = None

    def write_cursors(self) -> None:
        self.written += self.reading.due_writes()

    def cursors_arrive(self, count: int) -> None:
        for strand, durable in self.written[self.arrived : self.arrived + count]:
            self.arrived += 1
            if durable is None:
                self.broker.cursors.pop(strand, None)
            else:
                self.broker.cursors[strand] = durable

    def acknowledge_cursors(self, count: int) -> None:
        self.cursors_arrive(max(count - self.arrived, 0))
        for _ in range(min(count, len(self.written))):
            strand, durable = self.written.pop(0)
            self.arrived -= 1
            if durable is not None:
                self.reading.made_durable(strand)

    def commit(self) -> None:
        self.asked = self.reading.commit() or self.asked
        self._send()

    def _send(self) -> None:
        if self.under_way is None:
            self.under_way, self.asked = self.asked, None

    def commit_arrives(self) -> None:
        if self.under_way is not None:
            self.broker.committed = self.under_way

    def acknowledge_commit(self) -> None:
        self.commit_arrives()
        commit, self.under_way = self.under_way, None
        if commit is not None:
            self.reading.committed(commit)
        self._send()

    def commit_fails(self) -> None:
        """It is told to have failed, whether or not it has arrived; a newer one is made instead of it."""
        self.asked, self.under_way = self.asked or self.under_way, None
        self._send()

    def answer_all(self) -> None:
        self.acknowledge_cursors(len(self.written))
        self.acknowledge_commit()
        self.acknowledge_commit()
