"""Lags that are told: long ones, once an hour, and their ends."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.lag import TELL_AFTER_MS, TELL_EVERY_MS, LagBook, LagNews
from gateway.domain.signals import SignalKind
from tests.delivery_records import T0


def test_a_short_lag_is_not_told() -> None:
    """Nor is its end; a break begins it anew."""
    book = LagBook()
    assert book.observe({"s": 5}, T0) == []
    assert book.observe({"s": 5}, T0 + TELL_AFTER_MS - 1) == []
    assert book.observe({}, T0 + TELL_AFTER_MS) == []
    assert book.observe({"s": 5}, T0 + TELL_AFTER_MS + 1) == []
    assert book.observe({"s": 5}, T0 + 2 * TELL_AFTER_MS) == []


def test_a_long_lag_is_told_every_hour_and_when_it_is_over() -> None:
    """With since when, and how many are known to wait."""
    book, later = LagBook(), T0 + TELL_AFTER_MS
    book.observe({"s": 5, "other": 1}, T0)
    assert book.observe({"s": 7}, later) == [LagNews("s", SignalKind.LAGGING, T0, 7)]
    assert book.observe({"s": 8}, later + TELL_EVERY_MS - 1) == []
    assert book.observe({"s": 9}, later + TELL_EVERY_MS) == [LagNews("s", SignalKind.LAGGING, T0, 9)]
    assert book.observe({}, later + TELL_EVERY_MS + 1) == [LagNews("s", SignalKind.CAUGHT_UP, T0)]
    assert book.observe({}, later + TELL_EVERY_MS + 2) == []


@given(st.lists(st.tuples(st.integers(0, 90_000), st.booleans()), max_size=60))
def test_each_end_follows_its_beginning(steps: list[tuple[int, bool]]) -> None:
    """Whatever the lag does, told beginnings and ends take turns, hourly repeats apart."""
    book, now_ms = LagBook(), T0
    kinds = []
    for pause_ms, lags in steps:
        now_ms += pause_ms
        kinds += [news.kind for news in book.observe({"s": 1} if lags else {}, now_ms)]
    for number, kind in enumerate(kinds):
        if kind is SignalKind.CAUGHT_UP:
            assert number > 0
            assert kinds[number - 1] is SignalKind.LAGGING
