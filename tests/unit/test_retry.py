"""Retry policies, and what follows an attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.outcome import Answered, ErrorCode, Failed, Outcome, Reason, Verdict, classify
from gateway.domain.retry import (
    NAMED_POLICIES,
    QUICK_POLICY,
    STANDARD_POLICY,
    DeadLetter,
    Delivered,
    PutOff,
    Retry,
    RetryPolicy,
    decide,
    describe_policy,
    parse_policy,
    policy_of,
)
from gateway.domain.tiers import DEFAULT_TIERS, parse_tier

NOW_MS = 1_700_000_000_000
RETRYABLE = Verdict(Outcome.RETRYABLE, Reason.HTTP_STATUS)

policies = st.lists(st.sampled_from(DEFAULT_TIERS), max_size=20).map(lambda tiers: RetryPolicy(tuple(tiers)))
jitters = st.floats(0, 1, exclude_max=True)


def steps_of(policy: RetryPolicy) -> list[str]:
    """Run a delivery that always fails through a policy, and name each step."""
    steps: list[str] = []
    while True:
        decision = decide(RETRYABLE, policy, DEFAULT_TIERS, attempt_number=len(steps) + 1, now_ms=NOW_MS, jitter=0.0)
        if not isinstance(decision, Retry):
            assert decision == DeadLetter(Reason.ATTEMPTS_EXHAUSTED)
            return steps
        steps.append(decision.tier.name)


def test_quick_makes_four_attempts() -> None:
    """`quick` waits 1 s, 5 s and 30 s and then gives up."""
    assert steps_of(QUICK_POLICY) == ["1s", "5s", "30s"]
    assert QUICK_POLICY.max_attempts == 4
    assert QUICK_POLICY.span_ms == 36_000


def test_standard_makes_eight_attempts() -> None:
    """`standard` steps from seconds to a day and then gives up."""
    assert steps_of(STANDARD_POLICY) == ["5s", "5m", "30m", "2h", "5h", "10h", "24h"]
    assert STANDARD_POLICY.max_attempts == 8


@given(policy=policies)
def test_a_policy_is_followed_step_by_step(policy: RetryPolicy) -> None:
    """Any list of tiers is gone through in its order, with one attempt more than tiers."""
    assert steps_of(policy) == [tier.name for tier in policy.tiers]


@given(policy=policies, number=st.integers(1, 30))
def test_what_does_not_count_is_put_off_whatever_was_tried(policy: RetryPolicy, number: int) -> None:
    """By the shortest tier there is, also after the last attempt."""
    blocked = classify(Failed(ErrorCode.PROXY))
    decision = decide(blocked, policy, DEFAULT_TIERS, attempt_number=number, now_ms=NOW_MS, jitter=0.5)
    assert decision == PutOff(parse_tier("1s"), NOW_MS + 1000)


@given(policy=policies.filter(lambda policy: policy.tiers), jitter=jitters)
def test_a_retry_is_never_early_and_hardly_late(policy: RetryPolicy, jitter: float) -> None:
    """Jitter only adds: up to a tenth of the tier, and at most 30 s."""
    decision = decide(RETRYABLE, policy, DEFAULT_TIERS, attempt_number=1, now_ms=NOW_MS, jitter=jitter)
    assert isinstance(decision, Retry)
    late_ms = decision.due_at_ms - NOW_MS - policy.tiers[0].delay_ms
    assert 0 <= late_ms <= min(policy.tiers[0].delay_ms / 10, 30_000)


@given(policy=policies.filter(lambda policy: policy.tiers), retry_after_s=st.floats(0, 86_400))
def test_retry_after_is_kept(policy: RetryPolicy, retry_after_s: float) -> None:
    """`Retry-After` is never undercut, and never shortens the policy's own step."""
    verdict = classify(Answered(429, retry_after_s))
    decision = decide(verdict, policy, DEFAULT_TIERS, attempt_number=1, now_ms=NOW_MS, jitter=0.0)
    assert isinstance(decision, Retry)
    assert decision.due_at_ms - NOW_MS >= max(retry_after_s * 1000, policy.tiers[0].delay_ms)
    assert decision.tier in DEFAULT_TIERS


@pytest.mark.parametrize(
    ("retry_after_s", "tier"), [(0.0, "5s"), (5.0, "5s"), (5.1, "30s"), (31.0, "5m"), (3601.0, "2h"), (1e9, "24h")]
)
def test_retry_after_is_rounded_up_to_a_tier(retry_after_s: float, tier: str) -> None:
    """A longer `Retry-After` picks the next longer tier of the deployment."""
    verdict = classify(Answered(503, retry_after_s))
    decision = decide(verdict, policy_of("5s"), DEFAULT_TIERS, attempt_number=1, now_ms=NOW_MS, jitter=0.0)
    assert isinstance(decision, Retry)
    assert decision.tier.name == tier


def test_what_is_delivered_or_rejected_is_not_retried() -> None:
    """A success ends the delivery, and a rejection dead-letters it with its own reason, at any attempt."""
    for attempt_number in (1, 4, 99):
        success = decide(
            Verdict(Outcome.DELIVERED), QUICK_POLICY, DEFAULT_TIERS, attempt_number=attempt_number, now_ms=0, jitter=0.5
        )
        gone = decide(
            classify(Answered(410)), QUICK_POLICY, DEFAULT_TIERS, attempt_number=attempt_number, now_ms=0, jitter=0.5
        )
        assert success == Delivered()
        assert gone == DeadLetter(Reason.GONE)


@pytest.mark.parametrize(
    ("policy", "wait_ms"),
    [
        (RetryPolicy(()), 60_000),
        (QUICK_POLICY, 60_000),
        (policy_of("30s", "30s"), 66_000),
        (STANDARD_POLICY, STANDARD_POLICY.span_ms + 500 + 6 * 30_000),
    ],
)
def test_behind_an_open_circuit_a_delivery_gets_as_old_as_its_last_attempt_would_be(
    policy: RetryPolicy, wait_ms: int
) -> None:
    """The policy's span with what jitter may add to it, and at least a minute."""
    assert policy.open_circuit_wait_ms == wait_ms


@given(policy=policies, data=st.data())
def test_waiting_behind_an_open_circuit_ends_no_delivery_before_its_retries_would(
    policy: RetryPolicy, data: st.DataObject
) -> None:
    """Whatever jitter draws, the last attempt of a delivery that always fails is due within that time."""
    now_ms = NOW_MS
    for attempt_number in range(1, policy.max_attempts):
        jitter = data.draw(jitters)
        decision = decide(RETRYABLE, policy, DEFAULT_TIERS, attempt_number=attempt_number, now_ms=now_ms, jitter=jitter)
        assert isinstance(decision, Retry)
        now_ms = decision.due_at_ms
    assert now_ms - NOW_MS <= policy.open_circuit_wait_ms


@pytest.mark.parametrize("text", ["quick", "standard", "none", "1s,5m,2h", "5s,5s,5s"])
def test_policies_read_back_as_written(text: str) -> None:
    """What a user writes is what a description shows."""
    assert describe_policy(parse_policy(text, DEFAULT_TIERS)) == text


def test_a_list_that_is_a_named_policy_is_called_by_its_name() -> None:
    """Tiers that make up `quick` are described as `quick`."""
    assert describe_policy(parse_policy("1s, 5s, 30s", DEFAULT_TIERS)) == "quick"


@pytest.mark.parametrize("text", ["", "fast", "1s,,5s", "7s", "1s;5s", "60s", ",".join(["1s"] * 21)])
def test_what_is_no_policy_is_refused(text: str) -> None:
    """Unknown words, tiers that have no topic and overlong lists are refused."""
    with pytest.raises(InvalidInputError):
        parse_policy(text, DEFAULT_TIERS)


def test_a_named_policy_needs_its_tiers() -> None:
    """A deployment without a tier of `quick` refuses `quick`."""
    with pytest.raises(InvalidInputError, match="30s"):
        parse_policy("quick", (parse_tier("1s"), parse_tier("5s")))


def test_named_policies_fit_the_default_tiers() -> None:
    """Every named policy can be used with the default deployment."""
    for name in NAMED_POLICIES:
        assert parse_policy(name, DEFAULT_TIERS) == NAMED_POLICIES[name]
