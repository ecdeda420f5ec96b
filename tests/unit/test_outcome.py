"""Every answer and every failure has one verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.outcome import (
    MAX_RETRY_AFTER_S,
    Answered,
    ErrorCode,
    Failed,
    Outcome,
    Reason,
    Verdict,
    classify,
)


def expected_verdict(status: int, *, fail_fast: bool) -> Verdict:
    """Give the verdict of a status as the table of outcomes has it."""
    match status:
        case _ if 200 <= status <= 299:
            return Verdict(Outcome.DELIVERED)
        case 410:
            return Verdict(Outcome.REJECTED, Reason.GONE, disables=True)
        case _ if 300 <= status <= 399:
            return Verdict(Outcome.RETRYABLE, Reason.REDIRECT)
        case _ if 400 <= status <= 499 and status not in {408, 425, 429}:
            return Verdict(Outcome.REJECTED if fail_fast else Outcome.RETRYABLE, Reason.CLIENT_ERROR)
        case 425 | 429:
            return Verdict(Outcome.RETRYABLE, Reason.HTTP_STATUS)
        case _:
            return Verdict(Outcome.RETRYABLE, Reason.HTTP_STATUS, endpoint_failed=True)


@pytest.mark.parametrize("fail_fast", [False, True])
def test_every_status_has_its_verdict(fail_fast: bool) -> None:  # noqa: FBT001 - parametrized
    """All statuses from 100 to 599 are judged as the table says."""
    for status in range(100, 600):
        assert classify(Answered(status), fail_fast=fail_fast) == expected_verdict(status, fail_fast=fail_fast), status


@pytest.mark.parametrize("code", ErrorCode)
@pytest.mark.parametrize("fail_fast", [False, True])
def test_every_error_has_its_verdict(code: ErrorCode, fail_fast: bool) -> None:  # noqa: FBT001 - parametrized
    """A refused address and an unusable configuration end the delivery; all else is retried, also for the proxy."""
    own = {
        ErrorCode.ADDRESS_REFUSED: Verdict(Outcome.REJECTED, Reason.ADDRESS_REFUSED),
        ErrorCode.CONFIGURATION: Verdict(Outcome.REJECTED, Reason.CONFIGURATION),
        ErrorCode.PROXY: Verdict(Outcome.RETRYABLE, Reason.PROXY),
    }
    expected = own.get(code, Verdict(Outcome.RETRYABLE, Reason.SEND_FAILED, endpoint_failed=True))
    assert classify(Failed(code), fail_fast=fail_fast) == expected


def test_only_410_disables() -> None:
    """No other status turns a subscription off."""
    disabling = [status for status in range(100, 600) if classify(Answered(status)).disables]
    assert disabling == [410]


@pytest.mark.parametrize("fail_fast", [False, True])
def test_what_says_that_the_endpoint_is_in_trouble(fail_fast: bool) -> None:  # noqa: FBT001 - parametrized
    """Servers that fail or give up waiting; not those that refuse this delivery, point elsewhere or say "later"."""
    failed = {s for s in range(100, 600) if classify(Answered(s), fail_fast=fail_fast).endpoint_failed}
    assert failed == {*range(100, 200), 408, *range(500, 600)}


def test_what_the_gateway_refuses_itself_says_nothing_of_the_endpoint() -> None:
    """Whatever the endpoint answered, or did not answer, is its own doing."""
    silent = {code for code in ErrorCode if not classify(Failed(code)).speaks_of_endpoint}
    assert silent == {ErrorCode.ADDRESS_REFUSED, ErrorCode.CONFIGURATION, ErrorCode.PROXY}
    assert all(classify(Answered(status)).speaks_of_endpoint for status in range(100, 600))


def test_only_what_meets_with_the_proxy_uses_up_no_attempt() -> None:
    """Whatever else happens counts."""
    assert [code for code in ErrorCode if not classify(Failed(code)).counts] == [ErrorCode.PROXY]
    assert all(classify(Answered(status)).counts for status in range(100, 600))


def test_only_429_and_503_hold_the_lane_back() -> None:
    """`Retry-After` counts with 429 and 503 only."""
    holding = [s for s in range(100, 600) if classify(Answered(s, retry_after_s=7.0)).retry_after_s is not None]
    assert holding == [429, 503]


@given(retry_after_s=st.floats(allow_nan=False))
def test_retry_after_is_bounded(retry_after_s: float) -> None:
    """Whatever is asked for, the hold is between nothing and a day."""
    held_s = classify(Answered(503, retry_after_s)).retry_after_s
    assert held_s is not None
    assert 0.0 <= held_s <= MAX_RETRY_AFTER_S
