"""The two readers of a partition, against a simple model of a log: nothing is skipped, nothing handed out twice."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

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
        wanted = {strand: start for strand, start in self.reading.lagging() if subscription_of(strand) in room}
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
        while self.next_main < len(self.broker.log) or self.out or dict(self.reading.lagging()):
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


class Reading(RuleBasedStateMachine):
    """Any interleaving of arrivals, room, passes, settling, failing, pauses, writes, commits and crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.broker = Broker()
        self.fresh: set[int] = set()
        self.begin_life()

    def begin_life(self) -> None:
        self.unacknowledged: list[tuple[Strand, DurableCursor | None]] = []
        self.lanes = Lanes(self.broker)

    @rule(records=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=6))
    def arrive(self, records: list[Strand]) -> None:
        self.broker.log.extend(records)

    @rule(room=st.sets(st.sampled_from(SUBSCRIPTIONS)), count=st.integers(1, 5))
    def main_reads(self, room: set[str], count: int) -> None:
        self.lanes.main_reads(room, count)

    @rule(room=st.sets(st.sampled_from(SUBSCRIPTIONS), min_size=1), fits=st.integers(0, 4), scanned=st.integers(1, 20))
    def catch_up_pass(self, room: set[str], fits: int, scanned: int) -> None:
        self.lanes.catch_up_pass(room, fits, scanned)

    @rule(name=st.sampled_from(SUBSCRIPTIONS))
    def lane_begins(self, name: str) -> None:
        self.lanes.begin(name)

    @rule(record=st.sampled_from(RECORDS[2:]))
    def key_begins(self, record: KeyStrand) -> None:
        self.lanes.begin_key(record)

    @precondition(lambda self: self.lanes.begun())
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        out = data.draw(st.sampled_from(self.lanes.begun()))
        self.lanes.settle(out)
        self.fresh.add(out.offset)

    @precondition(lambda self: any(out.strand not in {"a", "b"} for out in self.lanes.begun()))
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        """An ordered delivery fails, and is tried again in its place."""
        failing = [out for out in self.lanes.begun() if not isinstance(self.broker.log[out.offset], str)]
        self.lanes.retry_in_place(data.draw(st.sampled_from(failing)))

    @rule(name=st.sampled_from(SUBSCRIPTIONS))
    def pause_gives_back(self, name: str) -> None:
        self._pause(name)

    def _pause(self, name: str) -> None:
        for strand in {name, *(record for record in RECORDS if subscription_of(record) == name)}:
            self.lanes.give_back(strand)

    @rule()
    def write_cursors(self) -> None:
        self.unacknowledged.extend(self.lanes.reading.due_writes())

    @rule(count=st.integers(1, 4))
    def broker_acknowledges(self, count: int) -> None:
        for _ in range(min(count, len(self.unacknowledged))):
            strand, durable = self.unacknowledged.pop(0)
            self._store(strand, durable)
            if durable is not None:
                self.lanes.reading.made_durable(strand)

    def _store(self, strand: Strand, durable: DurableCursor | None) -> None:
        if durable is None:
            self.broker.cursors.pop(strand, None)
        else:
            self.broker.cursors[strand] = durable

    @rule()
    def commit(self) -> None:
        commit = self.lanes.reading.commit()
        if commit is not None:
            self.broker.committed = commit
            self.lanes.reading.committed(commit)

    @rule(arrived=st.integers(0, 3))
    def crash(self, arrived: int) -> None:
        for strand, durable in self.unacknowledged[:arrived]:
            self._store(strand, durable)
        self.begin_life()

    @rule()
    def clean_stop(self) -> None:
        """What is under way ends, what waits goes back to the log, everything is written: nothing is repeated."""
        for name in SUBSCRIPTIONS:
            self._pause(name)
        for out in self.lanes.begun():
            self.lanes.settle(out)
        for _ in range(2):
            self.write_cursors()
            self.broker_acknowledges(1000)
        self.commit()
        # What this life has not come to again, although an earlier one had settled it, it can't have written down.
        self.fresh = {offset for offset in self.fresh if not self.lanes.has_come_by(offset)}
        self.begin_life()

    @invariant()
    def a_crash_now_loses_nothing(self) -> None:
        """A new owner would hand out what is not settled, once; and repeat only what was settled lately."""
        now = self.broker
        after = Broker(list(now.log), now.committed, dict(now.cursors), set(now.settled))
        handed_out = Lanes(after).drain()
        unsettled = set(range(len(self.broker.log))) - self.broker.settled
        assert unsettled <= handed_out.keys()
        assert set(handed_out.values()) <= {1}
        assert handed_out.keys() - unsettled <= self.fresh

    def teardown(self) -> None:
        """With room for everything, everything is settled, every cursor is dropped and the commit reaches the end."""
        self.lanes.drain()
        for _ in range(3):
            self.write_cursors()
            self.broker_acknowledges(1000)
            self.commit()
        assert self.broker.settled == set(range(len(self.broker.log)))
        assert self.broker.cursors == {}
        assert self.broker.committed == (len(self.broker.log), "")


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=400, stateful_step_count=60, deadline=None)
