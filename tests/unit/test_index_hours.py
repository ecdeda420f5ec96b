"""What a list of subscriptions shows of each: how attempts to it went, hour by hour."""

from collections.abc import Callable
from contextlib import closing

from gateway.console.hours import HourCount, count_hours
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.statistics import HOUR_MS
from gateway.console.steps import Place
from gateway.domain.topics import ATTEMPTS
from tests.delivery_records import T0, attempt_of, planned
from tests.indexes import IndexPlace, opened

HOUR0_MS = T0 // HOUR_MS * HOUR_MS


def test_attempts_are_counted_by_subscription_and_hour_as_far_back_as_asked(
    new_place: Callable[[], IndexPlace],
) -> None:
    """Of those asked for only, of these hours only; hours and subscriptions without any are left out."""
    courses = [
        ("sub_1", 0, "delivered"),
        ("sub_1", 1, "retry_scheduled"),
        ("sub_1", 59, "delivered"),
        ("sub_1", 180, "dead_lettered"),
        ("sub_2", 180, "delivered"),
        ("sub_3", 180, "delivered"),
    ]
    records = [
        attempt_of(planned(f"evt-{number}", name), 1, outcome, at_ms=HOUR0_MS + minute * 60_000)
        for number, (name, minute, outcome) in enumerate(courses)
    ]
    now_ms = HOUR0_MS + 3 * HOUR_MS + 1
    asked = ("sub_1", "sub_2", "unknown")
    store = new_place()("cluster-1")
    with closing(store), closing(IndexWriter(opened(store))) as writer:
        writer.apply(IndexBatch([(record, Place(ATTEMPTS, 0, at)) for at, record in enumerate(records)]))
        with closing(store.connect_reader()) as connection:
            of_four = count_hours(connection, asked, hours=4, now_ms=now_ms)
            of_three = count_hours(connection, ("sub_1",), hours=3, now_ms=now_ms)
    assert of_four == {
        "sub_1": [HourCount(HOUR0_MS, 3, 1), HourCount(HOUR0_MS + 3 * HOUR_MS, 1, 1)],
        "sub_2": [HourCount(HOUR0_MS + 3 * HOUR_MS, 1, 0)],
    }
    assert of_three == {"sub_1": [HourCount(HOUR0_MS + 3 * HOUR_MS, 1, 1)]}
