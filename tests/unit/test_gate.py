"""The gate of a lane: how wide it is and for how long it is barred, by circuit, hold and rate limit."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.circuit import DEFAULT_CIRCUIT_POLICY, CircuitState
from gateway.domain.gate import PROXY_POLICY, CircuitChange, Epochs, Gate
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult, classify
from gateway.domain.rate_limit import RateLimit

NOW_MS = 1_000_000
WIDE = 32
ENOUGH = DEFAULT_CIRCUIT_POLICY.failures_in_a_row
PAUSE_MS = DEFAULT_CIRCUIT_POLICY.first_pause_ms
TIMED_OUT = Failed(ErrorCode.TIMEOUT)
NO_PROXY = Failed(ErrorCode.PROXY)
PROXY_PAUSE_MS = PROXY_POLICY.first_pause_ms


def send(gate: Gate, result: SendResult, now_ms: float = NOW_MS) -> CircuitChange | None:
    """Begin an attempt and end it at once."""
    return end(gate, gate.begin(now_ms), result, now_ms)


def end(gate: Gate, epochs: Epochs, result: SendResult, now_ms: float = NOW_MS) -> CircuitChange | None:
    """End an attempt; one that does not count has met with the proxy."""
    verdict = classify(result)
    if verdict.counts:
        return gate.end(epochs, verdict, now_ms)
    gate.block(epochs, now_ms)
    return None


def opened() -> Gate:
    """Give a gate whose circuit opened just now."""
    gate = Gate()
    changes = [send(gate, TIMED_OUT) for _ in range(ENOUGH)]
    assert changes[-1] == CircuitChange(CircuitState.OPEN, PAUSE_MS, ENOUGH)
    assert set(changes[:-1]) == {None}
    return gate


def test_a_new_gate_is_open() -> None:
    """As wide as the subscription says, and nothing to wait for."""
    gate = Gate()
    assert (gate.width(NOW_MS, WIDE), gate.barred_for_ms(NOW_MS), gate.wait_ms(NOW_MS)) == (WIDE, 0, 0)
    assert gate.at_rest(NOW_MS)


def test_an_open_circuit_bars_the_lane_until_its_probe() -> None:
    """Then the gate is one attempt wide, also while that one is under way, and the whole width after its success."""
    gate = opened()
    assert [gate.width(NOW_MS + ms, WIDE) for ms in (0, PAUSE_MS - 1, PAUSE_MS)] == [0, 0, 1]
    assert [gate.barred_for_ms(NOW_MS + ms) for ms in (0, PAUSE_MS - 1, PAUSE_MS, PAUSE_MS + 1)] == [PAUSE_MS, 1, 0, 0]
    later_ms = NOW_MS + PAUSE_MS
    probe = gate.begin(later_ms)
    assert (gate.width(later_ms, WIDE), gate.barred_for_ms(later_ms)) == (1, 0)
    assert gate.end(probe, classify(Answered(200)), later_ms + 9) == CircuitChange(CircuitState.CLOSED)
    assert gate.width(later_ms + 9, WIDE) == WIDE


def test_a_probe_that_fails_bars_it_for_longer() -> None:
    """And is no news: the circuit was open."""
    gate = opened()
    later_ms = NOW_MS + PAUSE_MS
    assert send(gate, Answered(500), later_ms) is None
    assert gate.barred_for_ms(later_ms) == 2 * PAUSE_MS


def test_a_probe_that_is_broken_off_is_made_anew() -> None:
    """At once: the gate stays one attempt wide."""
    gate = opened()
    later_ms = NOW_MS + PAUSE_MS
    gate.abandon(gate.begin(later_ms), later_ms)
    assert (gate.circuit.state, gate.width(later_ms, WIDE)) == (CircuitState.OPEN, 1)


def test_a_retry_after_holds_the_lane() -> None:
    """Nothing is begun until it is over; a shorter one, or a success, of an attempt begun before takes nothing off."""
    gate = Gate()
    old = [gate.begin(NOW_MS) for _ in range(2)]
    assert send(gate, Answered(429, 7.0)) is None
    gate.end(old[0], classify(Answered(429, 2.0)), NOW_MS)
    gate.end(old[1], classify(Answered(200)), NOW_MS)
    assert [gate.width(NOW_MS + ms, WIDE) for ms in (0, 6999, 7000)] == [0, 0, WIDE]
    assert [gate.barred_for_ms(NOW_MS + ms) for ms in (0, 6999, 7000)] == [7000, 1, 0]
    assert [gate.at_rest(NOW_MS + ms) for ms in (6999, 7000)] == [False, True]


def test_a_hold_counts_from_whichever_attempt_it_comes() -> None:
    """Also from one that was begun before the circuit opened: it is the endpoint's word on its future."""
    gate = Gate()
    old = gate.begin(NOW_MS)
    for _ in range(ENOUGH):
        send(gate, TIMED_OUT)
    assert gate.end(old, classify(Answered(429, 60.0)), NOW_MS) is None
    assert gate.barred_for_ms(NOW_MS) == 60_000


def test_a_hold_longer_than_the_pause_puts_the_probe_off() -> None:
    """An endpoint that says when to come again is not probed before; the change says when it will be."""
    gate = Gate()
    for _ in range(ENOUGH - 1):
        send(gate, TIMED_OUT)
    assert send(gate, Answered(503, 60.0)) == CircuitChange(CircuitState.OPEN, 60_000, ENOUGH)
    assert [gate.width(NOW_MS + ms, WIDE) for ms in (PAUSE_MS, 59_999, 60_000)] == [0, 0, 1]


def test_a_probe_answered_with_too_many_requests_closes_and_holds() -> None:
    """The endpoint works, and wants to be left alone: no probe is announced."""
    gate = opened()
    later_ms = NOW_MS + PAUSE_MS
    assert send(gate, Answered(429, 60.0), later_ms) == CircuitChange(CircuitState.CLOSED)
    assert gate.width(later_ms, WIDE) == 0
    assert gate.width(later_ms + 60_000, WIDE) == WIDE


def test_answers_that_speak_of_the_delivery_do_not_open_the_circuit() -> None:
    """A hundred refusals in a row are an endpoint that works."""
    gate = Gate()
    for status in (400, 401, 404, 422, 301, 425, 429):
        for _ in range(100):
            assert send(gate, Answered(status)) is None
    assert gate.width(NOW_MS, WIDE) == WIDE


def test_a_gate_with_a_failure_is_not_at_rest() -> None:
    """A new one in its place would begin to count anew."""
    gate = Gate()
    send(gate, TIMED_OUT)
    assert not gate.at_rest(NOW_MS)
    send(gate, Answered(200))
    assert [gate.at_rest(NOW_MS + ms) for ms in (0, DEFAULT_CIRCUIT_POLICY.window_ms)] == [False, True]


def test_a_gate_is_forgotten_for_being_old_unless_it_holds() -> None:
    """A failure counts for days and no longer; what the endpoint asked for holds to its end."""
    gate = opened()
    old_ms = NOW_MS + DEFAULT_CIRCUIT_POLICY.window_ms + DEFAULT_CIRCUIT_POLICY.memory_ms
    assert [gate.may_be_forgotten(old_ms + ms) for ms in (-1, 0)] == [False, True]
    assert not gate.at_rest(old_ms)
    limited = Gate()
    limited.set_rate_limit(RateLimit(0.01, 10_000), NOW_MS)
    for _ in range(10_000):
        limited.begin(NOW_MS)
    assert not limited.may_be_forgotten(old_ms)
    held = Gate()
    send(held, Answered(429, 7.0))
    assert [held.may_be_forgotten(NOW_MS + ms) for ms in (6999, 7000)] == [False, True]


def test_a_proxy_in_the_way_bars_the_lane_and_blames_nobody() -> None:
    """From the first time on one attempt at a time, after pauses that double; the circuit stays closed."""
    gate = Gate()
    assert gate.block(gate.begin(NOW_MS), NOW_MS), "that is news"
    now_ms, pauses = float(NOW_MS), []
    for _ in range(9):
        pauses.append(gate.barred_for_ms(now_ms))
        assert [gate.width(now_ms + ms, WIDE) for ms in (0, pauses[-1] - 1, pauses[-1])] == [0, 0, 1]
        now_ms += pauses[-1]
        assert not gate.block(gate.begin(now_ms), now_ms), "and that is none"
    assert pauses == [min(PROXY_PAUSE_MS * 2**n, PROXY_POLICY.longest_pause_ms) for n in range(9)]
    assert (gate.circuit.state, gate.lacks_proxy, gate.is_open) == (CircuitState.CLOSED, True, True)
    assert not gate.may_be_forgotten(now_ms)
    now_ms += gate.barred_for_ms(now_ms)
    assert send(gate, Answered(500), now_ms) is None, "whatever the endpoint says, the proxy let it through"
    assert (gate.width(now_ms, WIDE), gate.lacks_proxy) == (WIDE, False)
    assert gate.circuit.failures_in_a_row == 1


def test_attempts_under_way_when_the_proxy_fails_bar_once() -> None:
    """However many fail together, the pause is the first one."""
    gate = Gate()
    under_way = [gate.begin(NOW_MS) for _ in range(WIDE)]
    assert [gate.block(epochs, NOW_MS) for epochs in under_way] == [True, *[False] * (WIDE - 1)]
    assert gate.barred_for_ms(NOW_MS) == PROXY_PAUSE_MS


def test_a_probe_that_meets_with_the_proxy_says_nothing_of_the_endpoint() -> None:
    """The circuit stays open, its pause does not grow, and the endpoint is probed once the proxy is tried again."""
    gate = opened()
    later_ms = NOW_MS + PAUSE_MS
    send(gate, NO_PROXY, later_ms)
    assert (gate.circuit.state, gate.barred_for_ms(later_ms)) == (CircuitState.OPEN, PROXY_PAUSE_MS)
    later_ms += int(PROXY_PAUSE_MS)
    assert gate.width(later_ms, WIDE) == 1
    assert send(gate, TIMED_OUT, later_ms) is None
    assert (gate.lacks_proxy, gate.barred_for_ms(later_ms)) == (False, 2 * PAUSE_MS)


def test_an_attempt_that_is_broken_off_leaves_the_way_as_it_was() -> None:
    """The proxy is tried again at once by the next one."""
    gate = Gate()
    send(gate, NO_PROXY)
    later_ms = NOW_MS + PROXY_PAUSE_MS
    gate.abandon(gate.begin(later_ms), later_ms)
    assert (gate.lacks_proxy, gate.width(later_ms, WIDE)) == (True, 1)


def test_a_rate_limit_is_a_wait_and_no_bar() -> None:
    """What waits for a token stays in its lane."""
    gate = Gate()
    gate.set_rate_limit(RateLimit(10.0, 2), NOW_MS)
    for _ in range(2):
        assert gate.wait_ms(NOW_MS) == 0
        gate.begin(NOW_MS)
    assert (gate.wait_ms(NOW_MS), gate.width(NOW_MS, WIDE), gate.barred_for_ms(NOW_MS)) == (100, WIDE, 0)
    assert [gate.at_rest(NOW_MS + ms) for ms in (0, 199, 200)] == [False, False, True]


def test_the_limit_is_the_subscriptions_newest() -> None:
    """The same one again is no new burst, another one goes on with what is left, and none ends it."""
    gate = Gate()
    gate.set_rate_limit(RateLimit(10.0, 1), NOW_MS)
    gate.begin(NOW_MS)
    gate.set_rate_limit(RateLimit(10.0, 1), NOW_MS)
    assert gate.wait_ms(NOW_MS) == 100
    gate.set_rate_limit(RateLimit(100.0, 50), NOW_MS)
    assert gate.wait_ms(NOW_MS) == 10
    gate.set_rate_limit(None, NOW_MS)
    assert gate.wait_ms(NOW_MS) == 0


RESULTS: list[SendResult] = [Answered(200), Answered(404), Answered(500), TIMED_OUT, NO_PROXY]
results = st.one_of(
    st.sampled_from(RESULTS), st.builds(Answered, st.sampled_from([429, 503]), st.integers(0, 90).map(float))
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, 400_000)),
        st.tuples(st.just("begin"), st.integers(1, 12)),
        st.tuples(st.just("abandon"), st.just(0)),
        results.map(lambda result: ("end", result)),
    ),
    max_size=60,
)


@given(steps=STEPS)
def test_any_course_of_attempts(steps: list[tuple[str, int | SendResult]]) -> None:
    """Barred is what has no width; a lane that keeps to the width makes one probe at a time; no bar is for ever."""
    gate, now_ms, under_way = Gate(), NOW_MS, list[Epochs]()
    for kind, what in steps:
        if isinstance(what, Answered | Failed):
            if under_way:
                end(gate, under_way.pop(0), what, now_ms)
        elif kind == "pass":
            now_ms += what
        elif kind == "begin":
            for _ in range(what):
                if len(under_way) < gate.width(now_ms, WIDE):
                    under_way.append(gate.begin(now_ms))
        elif under_way:
            gate.abandon(under_way.pop(), now_ms)
        _check(gate, now_ms, len(under_way))


def _check(gate: Gate, now_ms: int, under_way: int) -> None:
    barred_ms = gate.barred_for_ms(now_ms)
    assert (gate.width(now_ms, WIDE) == 0) == (barred_ms > 0)
    assert gate.width(now_ms + barred_ms, WIDE) == (1 if gate.is_open else WIDE)
    assert barred_ms <= DEFAULT_CIRCUIT_POLICY.longest_pause_ms
    if gate.circuit.state is CircuitState.HALF_OPEN:
        assert under_way == 1
    if gate.at_rest(now_ms):
        assert gate.width(now_ms, WIDE) == WIDE
