"""Searching attempts across deliveries: what is found is what a look at every record would find, newest first."""

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.console.attempt_search import (
    AttemptPlace,
    AttemptSearch,
    IndexedAttempt,
    StatusClass,
    search_attempts,
)
from gateway.console.index_store import IndexConnection
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.passes import Pace
from gateway.console.steps import Place, StepTrigger
from gateway.domain.delivery import Attempt
from gateway.domain.topics import ATTEMPTS
from tests.delivery_records import T0, attempt_of, planned
from tests.indexes import IndexPlace, opened

SUBSCRIPTIONS = tuple(f"sub_{number}" for number in range(4))
TENANTS = ("acme", "default")
TYPES = ("order.created", "order.paid")
TRIGGERS = {"event": StepTrigger.EVENT, "replay": StepTrigger.REPLAY, "test": StepTrigger.TEST}
ANSWERS = (
    ("delivered", 200),
    ("delivered", 204),
    ("retry_scheduled", 503),
    ("retry_scheduled", None),
    ("dead_lettered", 404),
    ("dead_lettered", 301),
)


def _records() -> list[Attempt]:
    """Make up attempts, many of them begun at the same time."""
    random = Random(1)  # noqa: S311 - makes up records
    made = []
    for number in range(60):
        subscription = random.choice(SUBSCRIPTIONS)
        delivery = planned(f"evt-{number}", subscription, tenant=TENANTS[SUBSCRIPTIONS.index(subscription) % 2])
        delivery = replace(delivery, event_type=random.choice(TYPES), trigger=random.choice(list(TRIGGERS)))
        for attempt_number in range(1, random.randint(2, 4)):
            outcome, status = random.choice(ANSWERS)
            at_ms = T0 + random.randrange(10) * 1000
            attempt = attempt_of(delivery, attempt_number, outcome, at_ms=at_ms, status=status)
            made.append(attempt if status else replace(attempt, error="timeout"))
    return made


RECORDS = _records()


@pytest.fixture(scope="module")
def reader(new_place: Callable[[], IndexPlace]) -> Iterator[IndexConnection]:
    """An index of these attempts, and of a delivery that ended without one."""
    store = new_place()("cluster")
    writer = IndexWriter(opened(store))
    end = attempt_of(planned("evt-x"), 0, "discarded", at_ms=T0 + 5, status=None)
    writer.apply(IndexBatch([(one, Place(ATTEMPTS, 0, number)) for number, one in enumerate([*RECORDS, end])]))
    with closing(store.connect_reader()) as connection:
        yield connection
    writer.close()
    store.close()


def admits(wanted: AttemptSearch, one: Attempt) -> bool:
    """Tell whether an attempt is wanted, without any index."""
    status_class = StatusClass.NO_ANSWER if one.status is None else StatusClass(f"{one.status // 100}xx")
    return (
        wanted.event_type in {None, one.event_type}
        and wanted.tenant in {None, one.tenant}
        and (wanted.subscription_ids is None or one.subscription_id in wanted.subscription_ids)
        and (wanted.outcomes is None or one.outcome in wanted.outcomes)
        and (wanted.status_classes is None or status_class in wanted.status_classes)
        and (wanted.since_ms is None or one.started_at_ms >= wanted.since_ms)
        and (wanted.before_ms is None or one.started_at_ms < wanted.before_ms)
    )


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Leave a property open, or not."""
    return st.none() | values


SEARCHES = st.builds(
    AttemptSearch,
    subscription_ids=maybe(st.lists(st.sampled_from([*SUBSCRIPTIONS, "sub_x"]), max_size=4).map(tuple)),
    event_type=maybe(st.sampled_from([*TYPES, "order.gone"])),
    tenant=maybe(st.sampled_from([*TENANTS, "nobody"])),
    outcomes=maybe(st.lists(st.sampled_from(["delivered", "retry_scheduled", "put_off"]), min_size=1).map(tuple)),
    status_classes=maybe(st.lists(st.sampled_from(StatusClass), min_size=1, max_size=3).map(tuple)),
    since_ms=maybe(st.integers(T0 - 1, T0 + 10_000)),
    before_ms=maybe(st.integers(T0 - 1, T0 + 10_000)),
)

# Each page ends after some entries, or goes on in small steps.
PACES = st.builds(Pace, first=st.integers(1, 20), enough_s=st.sampled_from([0.0, math.inf]))


@settings(max_examples=150, deadline=None)
@given(wanted=SEARCHES, size=st.integers(1, 50))
def test_pages_hold_what_is_wanted_once_and_newest_first(
    reader: IndexConnection, wanted: AttemptSearch, size: int
) -> None:
    """Whatever is combined, and however large a page is."""
    found: list[IndexedAttempt] = []
    start: AttemptPlace | None = None
    while True:
        page = search_attempts(reader, wanted, limit=size, start=start)
        found += page.attempts
        start = page.next
        if start is None:
            break
        assert len(page.attempts) == size
    assert [one.started_at_ms for one in found] == sorted((one.started_at_ms for one in found), reverse=True)
    said = sorted(
        (one.delivery_id, one.attempt_number, one.trigger, one.status, one.outcome, one.error) for one in found
    )
    assert said == sorted(
        (one.delivery_id, one.attempt_number, TRIGGERS[one.trigger], one.status, one.outcome, one.error)
        for one in RECORDS
        if admits(wanted, one)
    )


@settings(max_examples=100, deadline=None)
@given(wanted=SEARCHES, size=st.integers(1, 50), pace=PACES)
def test_a_search_that_ends_after_some_entries_goes_on_there(
    reader: IndexConnection, wanted: AttemptSearch, size: int, pace: Pace
) -> None:
    """Its pages may be short, or empty, but together they hold the same in the same order."""
    found: list[IndexedAttempt] = []
    start: AttemptPlace | None = None
    while True:
        page = search_attempts(reader, wanted, limit=size, start=start, pace=pace)
        found += page.attempts
        assert len(page.attempts) <= size
        assert start is None or page.next is None or page.next < start
        start = page.next
        if start is None:
            break
    assert tuple(found) == search_attempts(reader, wanted, limit=200).attempts


def test_more_subscriptions_than_are_looked_up_one_by_one_are_searched_together(reader: IndexConnection) -> None:
    """It finds the same."""
    few = AttemptSearch(subscription_ids=SUBSCRIPTIONS[:2])
    many = AttemptSearch(subscription_ids=(*SUBSCRIPTIONS[:2], *(f"sub_x{number}" for number in range(200))))
    # Words that the index has never met are looked up as well.
    assert search_attempts(reader, few, limit=200) == search_attempts(reader, many, limit=200)
