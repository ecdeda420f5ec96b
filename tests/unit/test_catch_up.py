"""The two readers of a partition, against a simple model of a log: nothing is skipped, nothing handed out twice."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.catch_up import PartitionReading, Taken

SUBSCRIPTIONS = ("a", "b", "c")


@dataclass
class Out:
    """A record that was handed out and is not settled; it waits in its lane until it is begun."""

    offset: int
    name: str
    direct: bool
    begun: bool = False


@dataclass
class Broker:
    """What survives a crash: the log, the committed offset and the acknowledged cursors."""

    log: list[str] = field(default_factory=list)
    committed: int = 0
    cursors: dict[str, int] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)


class Reading(RuleBasedStateMachine):
    """Any interleaving of arrivals, room, passes, settling, pauses, writes, commits and crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.broker = Broker()
        self.unacknowledged: list[tuple[str, int | None]] = []
        self.begin_life()

    def begin_life(self) -> None:
        self.reading = PartitionReading(self.broker.committed, dict(self.broker.cursors))
        self.next_main = self.broker.committed
        self.lanes: list[Out] = []
        self.started: set[int] = set()

    @rule(names=st.lists(st.sampled_from(SUBSCRIPTIONS), min_size=1, max_size=6))
    def arrive(self, names: list[str]) -> None:
        self.broker.log.extend(names)

    @rule(room=st.sets(st.sampled_from(SUBSCRIPTIONS)), count=st.integers(1, 5))
    def main_reads(self, room: set[str], count: int) -> None:
        for offset in range(self.next_main, min(self.next_main + count, len(self.broker.log))):
            name = self.broker.log[offset]
            if self.reading.take(offset, name, has_room=name in room) is Taken.DIRECT:
                self.lanes.append(Out(offset, name, direct=True))
            self.next_main = offset + 1

    @rule(room=st.sets(st.sampled_from(SUBSCRIPTIONS), min_size=1), fits=st.integers(0, 4), scanned=st.integers(1, 20))
    def catch_up_pass(self, room: set[str], fits: int, scanned: int) -> None:
        wanted = {name: start for name, start in self.reading.lagging() if name in room}
        if not wanted:
            return
        start = min(wanted.values())
        end = min(len(self.broker.log), start + scanned)  # may look further than the main reader has read
        fitting = dict.fromkeys(wanted, fits)
        for offset in range(start, end):
            name = self.broker.log[offset]
            if name not in fitting:
                continue
            if not fitting[name]:
                del fitting[name]
            elif self.reading.hand_out(name, offset):
                fitting[name] -= 1
                self.lanes.append(Out(offset, name, direct=False))
        for name in fitting:
            self.reading.passed(name, end)

    @rule(name=st.sampled_from(SUBSCRIPTIONS))
    def lane_begins(self, name: str) -> None:
        waiting = [out for out in self.lanes if out.name == name and not out.begun]
        if waiting:
            waiting[0].begun = True
            assert waiting[0].offset not in self.started, "begun twice in one life"
            assert all(offset < waiting[0].offset for offset in self.started if self.broker.log[offset] == name), (
                "out of order"
            )
            self.started.add(waiting[0].offset)

    @precondition(lambda self: any(out.begun for out in self.lanes))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        out = data.draw(st.sampled_from([out for out in self.lanes if out.begun]))
        self.lanes.remove(out)
        self.broker.settled.add(out.offset)
        if out.direct:
            self.reading.main.settle(out.offset)
        else:
            self.reading.settle_handed_out(out.name, out.offset)

    @rule(name=st.sampled_from(SUBSCRIPTIONS))
    def pause_gives_back(self, name: str) -> None:
        waiting = [out for out in self.lanes if out.name == name and not out.begun]
        if waiting:
            self.lanes = [out for out in self.lanes if out not in waiting]
            self.reading.give_back(name, waiting[0].offset, [out.offset for out in waiting if out.direct])

    @rule()
    def write_cursors(self) -> None:
        self.unacknowledged.extend(self.reading.due_writes())

    @rule(count=st.integers(1, 4))
    def broker_acknowledges(self, count: int) -> None:
        for _ in range(min(count, len(self.unacknowledged))):
            name, offset = self.unacknowledged.pop(0)
            self._store(name, offset)
            if offset is not None:
                self.reading.made_durable(name)

    def _store(self, name: str, offset: int | None) -> None:
        if offset is None:
            self.broker.cursors.pop(name, None)
        else:
            self.broker.cursors[name] = offset

    @rule()
    def commit(self) -> None:
        position = self.reading.main.position
        if position is not None:
            self.broker.committed = position

    @rule(arrived=st.integers(0, 3))
    def crash(self, arrived: int) -> None:
        for name, offset in self.unacknowledged[:arrived]:
            self._store(name, offset)
        self.unacknowledged.clear()
        self.begin_life()

    @invariant()
    def nothing_can_be_lost(self) -> None:
        """Whatever is not settled would be read again after a crash at this very moment."""
        for offset in range(self.broker.committed):
            if offset not in self.broker.settled:
                cursor = self.broker.cursors.get(self.broker.log[offset])
                assert cursor is not None, f"offset {offset} is behind the commit and has no cursor"
                assert cursor <= offset, f"offset {offset} is behind the commit and before its cursor"

    def teardown(self) -> None:
        """With room for everything, everything is settled, every cursor is dropped and the commit reaches the end."""
        while self.next_main < len(self.broker.log) or self.lanes or dict(self.reading.lagging()):
            self.main_reads(set(SUBSCRIPTIONS), 5)
            self.catch_up_pass(set(SUBSCRIPTIONS), 4, 20)
            for name in SUBSCRIPTIONS:
                self.lane_begins(name)
            for out in [out for out in self.lanes if out.begun]:
                self.lanes.remove(out)
                self.broker.settled.add(out.offset)
                if out.direct:
                    self.reading.main.settle(out.offset)
                else:
                    self.reading.settle_handed_out(out.name, out.offset)
        for _ in range(3):
            self.write_cursors()
            self.broker_acknowledges(1000)
        self.commit()
        assert self.broker.settled == set(range(len(self.broker.log)))
        assert self.broker.cursors == {}
        assert self.broker.committed == len(self.broker.log)


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
