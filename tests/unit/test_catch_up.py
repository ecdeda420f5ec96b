"""The two readers of a partition, against a simple model of a log: nothing is skipped, nothing handed out twice."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.domain.cursor import KeyStrand, Strand
from tests.partition_model import RECORDS, SUBSCRIPTIONS, Broker, Lanes, Wires, subscription_of


class Reading(RuleBasedStateMachine):
    """Any interleaving of arrivals, room, passes, settling, failing, pauses, writes, commits and crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.broker = Broker()
        self.fresh: set[int] = set()
        self.begin_life()

    def begin_life(self) -> None:
        self.lanes = Lanes(self.broker)
        self.wires = Wires(self.broker, self.lanes.reading)

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
        self.wires.write_cursors()

    @rule(count=st.integers(1, 4))
    def cursors_arrive(self, count: int) -> None:
        self.wires.cursors_arrive(count)

    @rule(count=st.integers(1, 4))
    def cursors_are_acknowledged(self, count: int) -> None:
        self.wires.acknowledge_cursors(count)

    @rule()
    def commit(self) -> None:
        self.wires.commit()

    @rule()
    def commit_arrives(self) -> None:
        self.wires.commit_arrives()

    @rule()
    def commit_is_acknowledged(self) -> None:
        self.wires.acknowledge_commit()

    @rule()
    def commit_fails(self) -> None:
        self.wires.commit_fails()

    @rule(answers=st.booleans())
    def everything_is_written(self, answers: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """As it goes most of the time: cursors, then the commit; and all before has been answered."""
        if answers:
            self.wires.answer_all()
        self.wires.write_cursors()
        self.wires.commit()

    @rule()
    def crash(self) -> None:
        self.begin_life()

    @rule()
    def clean_stop(self) -> None:
        """What is under way ends, what waits goes back to the log, everything is written: nothing is repeated."""
        for name in SUBSCRIPTIONS:
            self._pause(name)
        for out in self.lanes.begun():
            self.lanes.settle(out)
        for _ in range(2):
            self.wires.write_cursors()
            self.wires.acknowledge_cursors(1000)
        self.wires.commit()
        self.wires.answer_all()
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
            self.wires.write_cursors()
            self.wires.acknowledge_cursors(1000)
            self.wires.commit()
            self.wires.answer_all()
        assert self.broker.settled == set(range(len(self.broker.log)))
        assert self.broker.cursors == {}
        assert self.broker.committed == (len(self.broker.log), "")


class BehindASlowOne(Reading):
    """The same from where it is most delicate: a slow delivery holds the commit back, and an ordered one lags.

    The commit calls settled what was left in the log, and from then on keys are what waits.
    """

    @initialize(left=st.lists(st.sampled_from(RECORDS[2:]), min_size=1, max_size=4))
    def lag(self, left: list[Strand]) -> None:
        self.broker.log += ["a", RECORDS[2], *left]
        self.lanes.main_reads({"a"}, 2)
        self.lanes.begin("a")
        self.everything_is_written(answers=False)
        self.everything_is_written(answers=True)
        self.lanes.main_reads(set(), 5)
        self.everything_is_written(answers=True)
        self.wires.answer_all()

    @rule(times=st.integers(1, 3))
    def commits_hang(self, times: int) -> None:
        """Cursors are durable at once, and no commit is answered."""
        for _ in range(times):
            self.wires.write_cursors()
            self.wires.acknowledge_cursors(1000)
            self.wires.commit()

    @rule(fail=st.booleans())
    def pass_of_keys(self, fail: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """A pass with room, and the lane begins what it may; the others are left to their keys."""
        self.lanes.catch_up_pass({"k"}, 4, 20)
        for _ in range(4):
            self.lanes.begin("k")
        for out in self.lanes.begun() if fail else ():
            if out.strand == "k":
                self.lanes.retry_in_place(out)


class WithLessRoomThanBefore(Reading):
    """The same behind an owner that had room for more: what that one was working on lies before the cursors it left."""

    @initialize(records=st.lists(st.sampled_from(RECORDS), min_size=3, max_size=8), taken=st.integers(1, 3))
    def earlier_life(self, records: list[Strand], taken: int) -> None:
        self.broker.log += records
        self.lanes.main_reads(set(SUBSCRIPTIONS), taken)
        self.lanes.main_reads(set(), len(records))
        self.everything_is_written(answers=False)
        self.wires.answer_all()
        self.begin_life()


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
TestBehindASlowOne = BehindASlowOne.TestCase
TestBehindASlowOne.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)
TestWithLessRoomThanBefore = WithLessRoomThanBefore.TestCase
TestWithLessRoomThanBefore.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
