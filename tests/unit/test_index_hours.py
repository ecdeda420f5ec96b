"""What a list of subscriptions shows of each: how attempts to it went, hour by hour."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from gateway.console.hours import HourCount, count_hours
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.statistics import HOUR_MS
from gateway.console.steps import Place
from gateway.domain.delivery import Attempt
from gateway.domain.subscription import Subscription
from gateway.domain.topics import ATTEMPTS
from tests.delivery_records import T0, attempt_of, planned
from tests.indexes import IndexPlace, opened
from tests.subscriptions import subscription

HOUR0_MS = T0 // HOUR_MS * HOUR_MS


def counted(
    place: IndexPlace, attempts: Sequence[Attempt], *asked: Subscription, hours: int = 4
) -> dict[str, list[HourCount]]:
    """Write attempts to a new index, and give the counts of hours up to the fourth from HOUR0_MS on."""
    store = place("cluster-1")
    with closing(store), closing(IndexWriter(opened(store))) as writer:
        writer.apply(IndexBatch([(record, Place(ATTEMPTS, 0, at)) for at, record in enumerate(attempts)]))
        with closing(store.connect_reader()) as connection:
            return count_hours(connection, asked, hours=hours, now_ms=HOUR0_MS + 3 * HOUR_MS + 1)


def test_what_was_sent_to_another_subscription_with_the_same_id_is_not_counted(
    new_place: Callable[[], IndexPlace],
) -> None:
    """It was deleted: another tenant may have its id now, even within the hour."""
    records = [
        attempt_of(planned("evt-1", "sub_1", tenant="acme"), 1, "delivered", at_ms=HOUR0_MS),
        attempt_of(planned("evt-2", "sub_1", tenant="acme"), 1, "delivered", at_ms=HOUR0_MS + HOUR_MS),
        attempt_of(planned("evt-3", "sub_1", tenant="bank"), 1, "dead_lettered", at_ms=HOUR0_MS + HOUR_MS + 60_000),
    ]
    successor = replace(subscription("sub_1", tenant="bank"), created_at_ms=HOUR0_MS + HOUR_MS + 30_000)
    assert counted(new_place(), records, successor) == {"sub_1": [HourCount(HOUR0_MS + HOUR_MS, 1, 1)]}
    anew = replace(successor, tenant="acme")
    assert counted(new_place(), records, anew) == {"sub_1": [HourCount(HOUR0_MS + HOUR_MS, 1, 0)]}


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
    asked = [replace(subscription(name), created_at_ms=0) for name in ("sub_1", "sub_2", "unknown")]
    assert counted(new_place(), records, *asked) == {
        "sub_1": [HourCount(HOUR0_MS, 3, 1), HourCount(HOUR0_MS + 3 * HOUR_MS, 1, 1)],
        "sub_2": [HourCount(HOUR0_MS + 3 * HOUR_MS, 1, 0)],
    }
    assert counted(new_place(), records, asked[0], hours=3) == {"sub_1": [HourCount(HOUR0_MS + 3 * HOUR_MS, 1, 1)]}
