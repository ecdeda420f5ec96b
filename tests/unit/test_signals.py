"""Signals: dead letters in floods become few signals that count them all, and records keep every field."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.signals import (
    DEAD_LETTERS_EVERY_MS,
    Signal,
    SignalCount,
    SignalKind,
    dead_lettered,
    filter_failed,
    why_waiting,
)
from gateway.domain.subscription import OnFilterError, SubscriptionState
from gateway.wire.signal_record import signal_codec
from tests.delivery_records import T0, planned
from tests.subscriptions import subscription

FULL = Signal(
    "sub_1", "acme", T0, SignalKind.CIRCUIT_OPENED, "5 failures in a row", 3, "d1", "evt-1", T0 + 1, 5, 700, T0 - 9
)


@pytest.mark.parametrize("kind", list(SignalKind))
def test_a_record_keeps_every_field(kind: SignalKind) -> None:
    """Written and read, a signal is the same: with all of its fields and with none."""
    for signal in (replace(FULL, kind=kind), Signal("sub_1", "acme", T0, kind)):
        assert signal_codec().decode(signal_codec().encode(signal)) == signal


def test_the_first_dead_letter_is_told_at_once_the_next_together() -> None:
    """Within ten seconds the others are counted; the signal names the newest."""
    count = SignalCount(DEAD_LETTERS_EVERY_MS)
    first = count.add(dead_lettered(planned("evt-0"), "gone", T0))
    later = [count.add(dead_lettered(planned(f"evt-{number}"), "disabled", T0 + number)) for number in (1, 2, 3)]
    assert first is not None
    assert (first.count, first.event_id, first.reason) == (1, "evt-0", "gone")
    assert later == [None] * 3

    assert count.due(T0 + DEAD_LETTERS_EVERY_MS - 1) == []
    (told,) = count.due(T0 + DEAD_LETTERS_EVERY_MS)
    assert (told.count, told.event_id, told.reason) == (3, "evt-3", "disabled")


def test_after_a_quiet_time_the_next_is_the_first_again() -> None:
    """And nothing is remembered of subscriptions that are quiet."""
    count = SignalCount(DEAD_LETTERS_EVERY_MS)
    count.add(dead_lettered(planned("evt-0"), "gone", T0))
    assert count.due(T0 + DEAD_LETTERS_EVERY_MS) == []
    assert count.next_due_ms is None
    assert count.add(dead_lettered(planned("evt-1"), "gone", T0 + DEAD_LETTERS_EVERY_MS)) is not None


def test_what_was_counted_can_be_told_early() -> None:
    """At the end of the process."""
    count = SignalCount(DEAD_LETTERS_EVERY_MS)
    count.add(dead_lettered(planned("evt-0"), "gone", T0))
    count.add(dead_lettered(planned("evt-1"), "gone", T0 + 1))
    count.add(dead_lettered(planned("evt-2", "sub_2"), "gone", T0 + 1))
    assert [(signal.subscription_id, signal.count) for signal in count.rest(T0 + 2)] == [("sub_1", 1)]
    assert count.next_due_ms is None


def told(*kinds: SignalKind) -> list[Signal]:
    """Signals of these kinds, oldest first."""
    return [Signal("sub_1", "default", T0 + number, kind) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("state", "kinds", "why"),
    [
        (SubscriptionState.PAUSED, (SignalKind.CIRCUIT_OPENED,), "paused"),
        (SubscriptionState.DISABLED, (), "disabled"),
        (SubscriptionState.ACTIVE, (), None),
        (SubscriptionState.ACTIVE, (SignalKind.LAGGING, SignalKind.CIRCUIT_OPENED), "circuit open"),
        (SubscriptionState.ACTIVE, (SignalKind.CIRCUIT_OPENED, SignalKind.CIRCUIT_CLOSED), None),
        (SubscriptionState.ACTIVE, (SignalKind.LAGGING, SignalKind.DEAD_LETTERED), "deliveries come faster"),
        (SubscriptionState.ACTIVE, (SignalKind.LAGGING, SignalKind.CAUGHT_UP), None),
    ],
)
def test_why_deliveries_wait(state: SubscriptionState, kinds: tuple[SignalKind, ...], why: str | None) -> None:
    """The state says it, else an open circuit, else the reason of the lag that has not ended."""
    said = why_waiting(subscription("sub_1", state=state), told(*kinds))
    assert said is None if why is None else (said or "").startswith(why)


def test_a_lag_that_says_why_is_believed() -> None:
    """Before a circuit, of which a later process knows nothing any more."""
    opened, lagging = told(SignalKind.CIRCUIT_OPENED, SignalKind.LAGGING)
    said = why_waiting(subscription("sub_1"), [opened, replace(lagging, reason="egress has no key 'k1'")])
    assert said == "egress has no key 'k1'"


@given(st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(["a", "b", "c"])), max_size=80))
def test_every_dead_letter_is_counted_once_and_signals_are_rare(steps: list[tuple[int, str]]) -> None:
    """Whatever comes when: the counts add up, and a subscription's signals are ten seconds apart."""
    count, now_ms = SignalCount(DEAD_LETTERS_EVERY_MS), T0
    sent: list[Signal] = []
    for pause_ms, name in steps:
        now_ms += pause_ms
        sent += count.due(now_ms)
        sent += filter(None, [count.add(dead_lettered(planned("evt", name), "gone", now_ms))])
    sent += count.rest(now_ms + DEAD_LETTERS_EVERY_MS)

    for name in "abc":
        mine = [signal for signal in sent if signal.subscription_id == name]
        assert sum(signal.count or 0 for signal in mine) == sum(1 for _, of in steps if of == name)
        gaps = [later.at_ms - earlier.at_ms for earlier, later in pairwise(mine)]
        assert all(gap >= DEAD_LETTERS_EVERY_MS for gap in gaps)


@pytest.mark.parametrize(("action", "says"), [(OnFilterError.SEND, "sent"), (OnFilterError.SKIP, "not sent")])
def test_a_failed_filter_says_what_became_of_the_event(action: OnFilterError, says: str) -> None:
    signal = filter_failed(replace(subscription("sub_1"), on_filter_error=action), "evt-1", "divide by zero", T0)
    assert (signal.reason, signal.event_id) == (f"divide by zero; the event was {says}", "evt-1")
