"""Runs of failures: what begins and ends one, what is noted of it, and what disables a subscription."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.changes import revised
from gateway.domain.endpoint_changes import ClearFailing, Disable, EndpointChange, NoteFailing, decide_changes
from gateway.domain.health import (
    MAX_SILENCE_MS,
    NOTE_AFTER_MS,
    EndpointHealth,
    Finding,
    first_failure,
    same_endpoint,
)
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription, SubscriptionState
from tests.subscriptions import NOW_MS, subscription

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FIVE_DAYS_MS = 5 * DAY_MS
ONE = replace(subscription("sub_1"), state_changed_at_ms=NOW_MS)
NOTED = replace(ONE, failing_since_ms=NOW_MS)


def run_of(*failures_ms: int, noted_since_ms: int | None = None) -> EndpointHealth:
    """Give the run that failures at these times make; times count from `NOW_MS`."""
    health = first_failure(noted_since_ms, NOW_MS + failures_ms[0])
    for at_ms in failures_ms[1:]:
        health = health.failed(NOW_MS + at_ms)
    return health


def daily(days: int) -> tuple[int, ...]:
    """Failures at the beginning of each day, and at the end of the last one."""
    return tuple(day * DAY_MS for day in range(days + 1))


@pytest.mark.parametrize(
    ("failures_ms", "finding"),
    [
        ((0,), Finding.NOTHING),
        ((0, HOUR_MS - 1), Finding.NOTHING),
        ((0, HOUR_MS), Finding.NOTE),
        (daily(4), Finding.NOTE),
        (daily(5), Finding.DISABLE),
        ((0, MAX_SILENCE_MS, 2 * MAX_SILENCE_MS, FIVE_DAYS_MS), Finding.DISABLE),
        ((0, FIVE_DAYS_MS), Finding.NOTHING),
        ((*daily(4), 4 * DAY_MS + MAX_SILENCE_MS + 1), Finding.NOTHING),
        ((0, -FIVE_DAYS_MS), Finding.NOTHING),
    ],
)
def test_a_run_is_as_long_as_its_failures_say(failures_ms: tuple[int, ...], finding: Finding) -> None:
    """From the first failure to the newest; a silence of more than two days, or a clock's jump, begins anew."""
    assert run_of(*failures_ms).finding(None, FIVE_DAYS_MS) is finding


def test_a_note_is_made_once() -> None:
    """Until the run is another one than what the note says."""
    run = run_of(0, 2 * HOUR_MS)
    assert run.finding(NOW_MS, FIVE_DAYS_MS) is Finding.NOTHING
    assert run.finding(NOW_MS - 9 * DAY_MS, FIVE_DAYS_MS) is Finding.NOTE


def test_never_is_an_answer() -> None:
    """Without a limit nothing is disabled, and notes are made all the same."""
    assert run_of(*daily(50)).finding(None, 0) is Finding.NOTE


def test_a_short_limit_needs_no_hour() -> None:
    """What an operator configures below an hour holds."""
    assert run_of(0, 2999).finding(None, 3000) is Finding.NOTHING
    assert run_of(0, 3000).finding(None, 3000) is Finding.DISABLE


def test_a_noted_run_goes_on_after_a_restart_but_needs_an_hour_of_its_own() -> None:
    """One failure after days without a process disables nobody."""
    noted_ms = NOW_MS - FIVE_DAYS_MS
    assert run_of(0, noted_since_ms=noted_ms).finding(noted_ms, FIVE_DAYS_MS) is Finding.NOTHING
    assert run_of(0, HOUR_MS, noted_since_ms=noted_ms).finding(noted_ms, FIVE_DAYS_MS) is Finding.DISABLE


def test_a_note_from_the_future_is_not_believed() -> None:
    """A clock that was ahead does not make a run's length negative."""
    assert run_of(0, noted_since_ms=NOW_MS + DAY_MS).failing_since_ms == NOW_MS


@given(st.lists(st.integers(0, 3 * DAY_MS), min_size=1, max_size=40), st.integers(1, 10 * DAY_MS))
def test_only_a_run_without_silence_and_with_failures_at_both_ends_disables(gaps_ms: list[int], limit_ms: int) -> None:
    """Held to the plain definition: the failures since the last long silence, first to newest."""
    times_ms = [NOW_MS]
    for gap_ms in gaps_ms:
        times_ms.append(times_ms[-1] + gap_ms)
    run_began_ms = max(
        [NOW_MS] + [later for earlier, later in itertools.pairwise(times_ms) if later - earlier > MAX_SILENCE_MS]
    )
    lasted_ms = times_ms[-1] - run_began_ms

    found = run_of(*(at_ms - NOW_MS for at_ms in times_ms)).finding(None, limit_ms)

    if lasted_ms >= limit_ms:
        assert found is Finding.DISABLE
    else:
        assert found is (Finding.NOTE if lasted_ms >= NOTE_AFTER_MS else Finding.NOTHING)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (revised(ONE, now_ms=NOW_MS + 1, description="new words", timeout_s=3.0), True),
        (NOTED, True),
        (replace(ONE, url="https://example.com/new"), False),
        (revised(ONE, now_ms=NOW_MS + 1, state=SubscriptionState.PAUSED), False),
        (replace(ONE, state_changed_at_ms=NOW_MS + 1), False),
        (replace(ONE, created_at_ms=NOW_MS + 1), False),
        (replace(ONE, subscription_id="sub_2"), False),
    ],
)
def test_what_makes_another_endpoint_of_it(other: Subscription, same: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """Another URL, another state or another subscription; not any other change."""
    assert same_endpoint(ONE, other) is same


def written(change: EndpointChange, *table: Subscription) -> list[Subscription]:
    """Give what a change writes into a table."""
    index = SubscriptionIndex()
    for one in table:
        index.put(one)
    return [put.subscription for put in decide_changes([change], index, NOW_MS + 9)]


def test_changes_are_written_on_what_is_there() -> None:
    """The operator's newer description stays; reason, time and revision are the change's."""
    newer = revised(ONE, now_ms=NOW_MS + 1, description="new words")
    assert written(Disable(ONE, "gone"), newer) == [
        replace(
            newer,
            state=SubscriptionState.DISABLED,
            state_reason="gone",
            state_changed_at_ms=NOW_MS + 9,
            updated_at_ms=NOW_MS + 9,
            revision=3,
        )
    ]
    (noted,) = written(NoteFailing(ONE, NOW_MS - 5), newer)
    assert (noted.failing_since_ms, noted.description, noted.state) == (NOW_MS - 5, "new words", newer.state)
    assert [one.failing_since_ms for one in written(ClearFailing(NOTED, NOW_MS), NOTED)] == [None]


@pytest.mark.parametrize("change", [Disable(ONE, "gone"), NoteFailing(ONE, NOW_MS - 5), ClearFailing(NOTED, NOW_MS)])
@pytest.mark.parametrize(
    "table",
    [
        (),
        (replace(NOTED, url="https://example.com/new"),),
        (replace(NOTED, state_changed_at_ms=NOW_MS + 1),),
        (replace(NOTED, state=SubscriptionState.PAUSED),),
        (replace(NOTED, state=SubscriptionState.DISABLED),),
    ],
)
def test_an_operators_change_wins(change: EndpointChange, table: tuple[Subscription, ...]) -> None:
    """Deleted, moved, resumed, paused or disabled meanwhile: nothing is written."""
    assert written(change, *table) == []


@pytest.mark.parametrize(("change", "current"), [(NoteFailing(ONE, NOW_MS), NOTED), (ClearFailing(ONE, NOW_MS), ONE)])
def test_what_is_so_already_is_not_written_again(change: EndpointChange, current: Subscription) -> None:
    """No revision without a change."""
    assert written(change, current) == []
