"""Circuits: what opens one, how it is probed, and any course of attempts against a model that remembers everything."""

from dataclasses import dataclass
from itertools import takewhile

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.circuit import DEFAULT_CIRCUIT_POLICY, Circuit, CircuitPolicy, CircuitState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
NOW_MS = 1_000_000
POLICY = CircuitPolicy(
    failures_in_a_row=4,
    failure_share=0.5,
    least_attempts=6,
    window_ms=100,
    first_pause_ms=50,
    longest_pause_ms=300,
)


def after(results: str, *, apart_ms: float = 0) -> tuple[Circuit, list[CircuitState | None]]:
    """Make attempts one after the other, `x` for one that fails; gives the circuit, and what each one's end gave."""
    circuit, now_ms, changes = Circuit(POLICY), float(NOW_MS), list[CircuitState | None]()
    for result in results:
        changes.append(circuit.end(circuit.begin(), now_ms, failed=result == "x"))
        now_ms += apart_ms
    return circuit, changes


def opened() -> Circuit:
    """Give a circuit that opened just now."""
    circuit, _ = after("xxxx")
    assert circuit.state is OPEN
    return circuit


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ("xxx", CLOSED),
        ("xxxx", OPEN),
        ("xxx.x", CLOSED),  # a success in between begins the count anew
        ("xx..xx", OPEN),  # four of six
        (".x.x.", CLOSED),  # too few attempts to say anything
        (".x.x.x", OPEN),  # half of six
        ("..x.xx", OPEN),
        ("...x.x", CLOSED),
        ("x.x.x.", CLOSED),  # a success opens nothing, whatever the share
        ("x.x.x.x", OPEN),
    ],
)
def test_a_circuit_opens_on_failures_in_a_row_or_on_their_share(results: str, state: CircuitState) -> None:
    """Four in a row, or half of at least six attempts; the failure that opens it says so, once."""
    circuit, changes = after(results)
    assert circuit.state is state
    assert changes == [None] * (len(results) - 1) + [None if state is CLOSED else OPEN]


@pytest.mark.parametrize(
    ("results", "in_a_row"), [("", 0), ("xx", 2), ("xx.x", 1), ("xx.", 0), (".x.x.x", 1), ("xxxx", 4)]
)
def test_it_tells_how_many_of_the_newest_attempts_failed(results: str, in_a_row: int) -> None:
    """One after the other; also once it is open."""
    circuit, _ = after(results)
    assert circuit.failures_in_a_row == in_a_row


def test_a_share_is_that_of_one_window() -> None:
    """Attempts of a window that is over don't count: five and one are not six."""
    circuit, _ = after(".x.x.", apart_ms=20)
    assert circuit.end(circuit.begin(), NOW_MS + 100, failed=True) is None
    assert circuit.state is CLOSED


def test_failures_in_a_row_count_over_windows() -> None:
    """An endpoint that gets a delivery an hour is given up after as many as any other."""
    circuit, changes = after("xxxx", apart_ms=3_600_000)
    assert changes[-1] is OPEN
    assert circuit.probe_at_ms == NOW_MS + 3 * 3_600_000 + 50


def test_nothing_is_let_through_before_the_pause_is_over() -> None:
    """Then one attempt is, and no second one while it is under way."""
    circuit = opened()
    assert [circuit.lets_through(NOW_MS + ms) for ms in (0, 49, 50, 1000)] == [False, False, True, True]
    circuit.begin()
    assert circuit.state is HALF_OPEN
    assert not circuit.lets_through(NOW_MS + 1_000_000)


def test_a_probe_that_succeeds_closes() -> None:
    """What failed before does not count any more."""
    circuit = opened()
    assert circuit.end(circuit.begin(), NOW_MS + 50, failed=False) is CLOSED
    for _ in range(3):
        assert circuit.end(circuit.begin(), NOW_MS + 51, failed=True) is None
    assert circuit.end(circuit.begin(), NOW_MS + 51, failed=True) is OPEN


def test_pauses_double_up_to_the_bound_and_start_again_after_a_success() -> None:
    """A dead endpoint is asked less and less, one that came back is as good as new."""
    circuit, now_ms, pauses_ms = opened(), float(NOW_MS), list[float]()
    for _ in range(5):
        pauses_ms.append(circuit.probe_at_ms - now_ms)
        now_ms = circuit.probe_at_ms
        assert circuit.end(circuit.begin(), now_ms, failed=True) is OPEN
    assert pauses_ms == [50, 100, 200, 300, 300]
    circuit.end(circuit.begin(), now_ms, failed=False)
    for _ in range(4):
        circuit.end(circuit.begin(), now_ms, failed=True)
    assert circuit.probe_at_ms == now_ms + 50


def test_the_pause_begins_when_the_probe_has_failed() -> None:
    """A probe that hangs until its time-out does not use up the pause that follows it."""
    circuit = opened()
    probe = circuit.begin()
    circuit.end(probe, NOW_MS + 30_050, failed=True)
    assert circuit.probe_at_ms == NOW_MS + 30_150


def test_an_abandoned_probe_is_made_anew() -> None:
    """At once, with the pause unchanged; and what the abandoned one may still say does not count."""
    circuit = opened()
    probe = circuit.begin()
    circuit.abandon(probe, NOW_MS + 60)
    assert (circuit.state, circuit.probe_at_ms) == (OPEN, NOW_MS + 60)
    assert circuit.lets_through(NOW_MS + 60)
    again = circuit.begin()
    assert circuit.end(probe, NOW_MS + 61, failed=False) is None
    assert circuit.end(again, NOW_MS + 70, failed=True) is OPEN
    assert circuit.probe_at_ms == NOW_MS + 170


def test_an_attempt_that_is_abandoned_otherwise_says_nothing() -> None:
    """Neither while it is closed, nor when it was begun before the circuit opened."""
    circuit, _ = after("xxx")
    old = circuit.begin()
    circuit.abandon(circuit.begin(), NOW_MS)
    assert circuit.state is CLOSED
    assert circuit.end(circuit.begin(), NOW_MS, failed=True) is OPEN
    circuit.begin()
    circuit.abandon(old, NOW_MS + 60)
    assert circuit.state is HALF_OPEN


@pytest.mark.parametrize("failed", [False, True])
def test_attempts_begun_before_the_last_change_do_not_count(failed: bool) -> None:  # noqa: FBT001 - parametrized
    """A wide lane's other attempts, when it opens, while its probe is under way and after that: none says anything."""
    circuit = Circuit(POLICY)
    old = [circuit.begin() for _ in range(10)]
    for _ in range(4):
        circuit.end(old.pop(), NOW_MS, failed=True)
    assert circuit.end(old.pop(), NOW_MS + 10, failed=failed) is None
    assert (circuit.state, circuit.probe_at_ms) == (OPEN, NOW_MS + 50)
    probe = circuit.begin()
    assert circuit.end(old.pop(), NOW_MS + 60, failed=failed) is None
    assert circuit.state is HALF_OPEN
    circuit.end(probe, NOW_MS + 70, failed=False)
    for epoch in old:
        assert circuit.end(epoch, NOW_MS + 80, failed=failed) is None
    assert circuit.state is CLOSED
    assert circuit.at_rest(NOW_MS + 80)


def test_at_rest_is_what_nothing_speaks_against() -> None:
    """A new circuit is; one that would have to forget a failure that still counts is not."""
    assert Circuit(POLICY).at_rest(NOW_MS)
    failing, _ = after("x")
    assert not failing.at_rest(NOW_MS + 1_000_000)  # one of those in a row, whenever the next one comes
    mixed, _ = after("x.")
    assert [mixed.at_rest(NOW_MS + ms) for ms in (0, 99, 100)] == [False, False, True]
    circuit = opened()
    assert not circuit.at_rest(NOW_MS + 1_000_000)
    circuit.begin()
    assert not circuit.at_rest(NOW_MS + 1_000_000)


def test_what_was_seen_long_ago_is_out_of_date() -> None:
    """Counted from the newest attempt's window, or the next probe where one is due; a probe under way is news."""
    memory_ms = POLICY.memory_ms
    failing, _ = after("xx", apart_ms=99)
    assert [failing.is_out_of_date(NOW_MS + 100 + ms) for ms in (memory_ms - 1, memory_ms)] == [False, True]
    circuit = opened()
    assert [circuit.is_out_of_date(NOW_MS + 100 + ms) for ms in (memory_ms - 1, memory_ms)] == [False, True]
    circuit.end(circuit.begin(), NOW_MS + 400, failed=True)
    assert [circuit.is_out_of_date(NOW_MS + 500 + ms) for ms in (memory_ms - 1, memory_ms)] == [False, True]
    circuit.begin()
    assert not circuit.is_out_of_date(NOW_MS + 2 * memory_ms)


def test_the_default_policy_can_open_and_probes_within_minutes() -> None:
    """Its share can be reached in its window, and its pauses grow."""
    assert DEFAULT_CIRCUIT_POLICY.failures_in_a_row < DEFAULT_CIRCUIT_POLICY.least_attempts
    assert 0 < DEFAULT_CIRCUIT_POLICY.failure_share < 1
    assert 0 < DEFAULT_CIRCUIT_POLICY.first_pause_ms < DEFAULT_CIRCUIT_POLICY.longest_pause_ms <= 300_000


@dataclass(frozen=True)
class Attempt:
    """One that is under way: what `begin` gave, and how often the circuit had changed by then."""

    epoch: int
    begun_after: int


class AnyCourse(RuleBasedStateMachine):
    """Any interleaving of attempts that begin, end and are abandoned, and of time.

    The model remembers each result since the circuit was last closed, and judges them anew after each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.circuit = Circuit(POLICY)
        self.now_ms = NOW_MS
        self.under_way: list[Attempt] = []
        self.changes = 0
        self.state = CLOSED
        self.closed_at_ms = 0
        self.results: list[tuple[int, bool]] = []
        self.probe_at_ms = 0
        self.failed_probes = 0

    def change(self, state: CircuitState) -> None:
        self.state = state
        self.changes += 1

    def has_to_open(self) -> bool:
        """Judge the results, the newest of which is a failure."""
        from_ms, window = self.closed_at_ms, list[bool]()
        for at_ms, failed in self.results:
            if at_ms >= from_ms + 100:
                from_ms, window = at_ms, []
            window.append(failed)
        in_a_row = len(list(takewhile(lambda result: result[1], reversed(self.results))))
        return in_a_row >= 4 or (len(window) >= 6 and 2 * sum(window) >= len(window))

    @rule(ms=st.one_of(st.integers(0, 30), st.integers(30, 400)))
    def time_passes(self, ms: int) -> None:
        self.now_ms += ms

    @precondition(lambda self: self.circuit.lets_through(self.now_ms))
    @rule()
    def begin(self) -> None:
        if self.state is OPEN:
            self.change(HALF_OPEN)
        self.under_way.append(Attempt(self.circuit.begin(), self.changes))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), failed=st.booleans())
    def end(self, data: st.DataObject, failed: bool) -> None:  # noqa: FBT001 - drawn
        attempt = self._draw(data)
        before = self.state
        if attempt.begun_after == self.changes:
            self._count(failed=failed)
        changed = self.circuit.end(attempt.epoch, self.now_ms, failed=failed)
        assert changed is (None if self.state is before else self.state)

    def _count(self, *, failed: bool) -> None:
        if self.state is HALF_OPEN and failed:
            self.failed_probes += 1
            self._opens()
        elif self.state is HALF_OPEN:
            self.change(CLOSED)
            self.closed_at_ms, self.results, self.failed_probes = self.now_ms, [], 0
        else:
            self.results.append((self.now_ms, failed))
            if failed and self.has_to_open():
                self._opens()

    def _opens(self) -> None:
        self.change(OPEN)
        self.probe_at_ms = self.now_ms + min(50 * 2**self.failed_probes, 300)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        attempt = self._draw(data)
        if attempt.begun_after == self.changes and self.state is HALF_OPEN:
            self.change(OPEN)
            self.probe_at_ms = self.now_ms
        self.circuit.abandon(attempt.epoch, self.now_ms)

    def _draw(self, data: st.DataObject) -> Attempt:
        return self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))

    @invariant()
    def it_does_as_the_model_says(self) -> None:
        assert self.circuit.state is self.state
        if self.state is OPEN:
            assert self.circuit.probe_at_ms == self.probe_at_ms
        may_begin = self.state is CLOSED or (self.state is OPEN and self.now_ms >= self.probe_at_ms)
        assert self.circuit.lets_through(self.now_ms) == may_begin

    @invariant()
    def half_open_is_exactly_one_probe(self) -> None:
        probes = [one for one in self.under_way if one.begun_after == self.changes]
        if self.state is not CLOSED:
            assert len(probes) == (self.state is HALF_OPEN)


TestAnyCourse = AnyCourse.TestCase
TestAnyCourse.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
