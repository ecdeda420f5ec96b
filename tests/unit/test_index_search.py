"""Searching the index: what is found is what a look at every delivery would find, in pages, newest first."""

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.console.index_store import IndexConnection
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.passes import Pace
from gateway.console.search import DeliverySearch, IndexedDelivery, PageStart, search_deliveries
from gateway.console.steps import Place
from gateway.domain.delivery import Attempt
from gateway.domain.folding import HistoryRecord
from gateway.domain.history import DeliveryState
from gateway.domain.topics import ATTEMPTS, DELIVERIES
from tests.delivery_records import T0, attempt_of, planned
from tests.indexes import IndexPlace, opened

SUBSCRIPTIONS = tuple(f"sub_{number}" for number in range(4))
TENANTS = ("acme", "default")
STATES = (DeliveryState.PENDING, DeliveryState.DELIVERED, DeliveryState.RETRY_SCHEDULED)


@pytest.fixture(scope="module")
def reader(new_place: Callable[[], IndexPlace]) -> Iterator[IndexConnection]:
    """An index of 120 deliveries, many of them planned at the same time."""
    store = new_place()("cluster")
    writer = IndexWriter(opened(store))
    writer.apply(IndexBatch([(record, _place(record)) for record in _records()]))
    with closing(store.connect_reader()) as connection:
        yield connection
    writer.close()
    store.close()


def _place(record: HistoryRecord) -> Place:
    return Place(ATTEMPTS if isinstance(record, Attempt) else DELIVERIES, 0, 0)


def _records() -> Iterator[HistoryRecord]:
    random = Random(1)  # noqa: S311 - makes up records
    for number in range(120):
        subscription = random.choice(SUBSCRIPTIONS)
        tenant = TENANTS[SUBSCRIPTIONS.index(subscription) % 2]
        at_ms = T0 + random.randrange(10) * 1000
        delivery = planned(f"evt-{number % 40}", f"{subscription}", at_ms=at_ms, tenant=tenant)
        yield delivery
        outcome = random.choice(("delivered", "retry_scheduled", ""))
        if outcome:
            yield attempt_of(delivery, 1, outcome, at_ms=at_ms + 5, status=200)


def everything(reader: IndexConnection) -> list[IndexedDelivery]:
    """Give all deliveries."""
    return list(search_deliveries(reader, DeliverySearch(), limit=200).deliveries)


def admits(wanted: DeliverySearch, found: IndexedDelivery) -> bool:
    """Tell whether a delivery is wanted, without any index."""
    return (
        wanted.event_id in {None, found.event_id}
        and wanted.event_type in {None, found.event_type}
        and wanted.tenant in {None, found.tenant}
        and (wanted.subscription_ids is None or found.subscription_id in wanted.subscription_ids)
        and (wanted.states is None or found.state in wanted.states)
        and wanted.reason in {None, found.reason}
        and (wanted.since_ms is None or found.at_ms >= wanted.since_ms)
        and (wanted.before_ms is None or found.at_ms < wanted.before_ms)
    )


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Leave a property open, or not."""
    return st.none() | values


SEARCHES = st.builds(
    DeliverySearch,
    event_id=maybe(st.sampled_from([f"evt-{number}" for number in range(45)])),
    event_type=maybe(st.sampled_from(["order.created", "order.paid"])),
    subscription_ids=maybe(st.lists(st.sampled_from([*SUBSCRIPTIONS, "sub_x"]), max_size=4).map(tuple)),
    tenant=maybe(st.sampled_from([*TENANTS, "nobody"])),
    states=maybe(st.lists(st.sampled_from(STATES), min_size=1, max_size=3).map(tuple)),
    reason=maybe(st.sampled_from(["http_status", "unheard_of"])),
    since_ms=maybe(st.integers(T0 - 1, T0 + 10_000)),
    before_ms=maybe(st.integers(T0 - 1, T0 + 10_000)),
)

# Each page ends after some entries, or goes on in small steps.
PACES = st.builds(Pace, first=st.integers(1, 20), enough_s=st.sampled_from([0.0, math.inf]))


@settings(max_examples=150, deadline=None)
@given(wanted=SEARCHES, size=st.integers(1, 50))
def test_pages_hold_what_is_wanted_once_and_newest_first(
    reader: IndexConnection, wanted: DeliverySearch, size: int
) -> None:
    """Whatever is combined, and however large a page is."""
    found: list[IndexedDelivery] = []
    start: PageStart | None = None
    while True:
        page = search_deliveries(reader, wanted, limit=size, start=start)
        found += page.deliveries
        start = page.next
        if start is None:
            break
        assert len(page.deliveries) == size
    assert found == [one for one in everything(reader) if admits(wanted, one)]
    assert [one.at_ms for one in found] == sorted((one.at_ms for one in found), reverse=True)


@settings(max_examples=100, deadline=None)
@given(wanted=SEARCHES, size=st.integers(1, 50), pace=PACES)
def test_a_search_that_ends_after_some_entries_goes_on_there(
    reader: IndexConnection, wanted: DeliverySearch, size: int, pace: Pace
) -> None:
    """Its pages may be short, or empty, but together they hold the same in the same order."""
    found: list[IndexedDelivery] = []
    start: PageStart | None = None
    while True:
        page = search_deliveries(reader, wanted, limit=size, start=start, pace=pace)
        found += page.deliveries
        assert len(page.deliveries) <= size
        assert start is None or page.next is None or page.next < start
        start = page.next
        if start is None:
            break
    assert tuple(found) == search_deliveries(reader, wanted, limit=200).deliveries


def test_one_delivery_is_found_by_its_id(reader: IndexConnection) -> None:
    """And nothing by another's."""
    some = everything(reader)[7]
    found = search_deliveries(reader, DeliverySearch(delivery_id=some.delivery_id), limit=5)
    assert found.deliveries == (some,)
    assert search_deliveries(reader, DeliverySearch(delivery_id="nobody's"), limit=5).deliveries == ()
