"""How a subscription, and a tenant, has fared: counts of the index by minute, and what signals say last."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from gateway.console.health import fare_of
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.overview import Whose, overview
from gateway.console.signal_rows import IndexedBoard, find_signals
from gateway.console.steps import Place
from gateway.domain.folding import HistoryRecord
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import ATTEMPTS, SIGNALS
from tests.delivery_records import T0, attempt_of, planned
from tests.indexes import IndexPlace, opened
from tests.subscriptions import subscription

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
NOW_MS = T0 // HOUR_MS * HOUR_MS + HOUR_MS
SUBSCRIPTION = replace(subscription("sub_1", tenant="acme"), created_at_ms=0)


@pytest.fixture
def writer(new_place: Callable[[], IndexPlace]) -> Iterator[IndexWriter]:
    """An empty index."""
    store = new_place()("cluster")
    with closing(store), closing(IndexWriter(opened(store))) as made:
        yield made


def write_attempts(writer: IndexWriter) -> None:
    """Write three attempts to one subscription of a tenant, and one to another's."""
    course = (
        ("sub_1", "acme", "delivered", 200, 40, NOW_MS - 10 * MINUTE_MS),
        ("sub_1", "acme", "retry_scheduled", 503, 400, NOW_MS - 10 * MINUTE_MS + 5),
        ("sub_1", "acme", "delivered", 200, 60, NOW_MS - 3 * HOUR_MS),
        ("sub_2", "bank", "dead_lettered", 404, 5, NOW_MS - MINUTE_MS),
    )
    records: list[tuple[HistoryRecord, Place]] = []
    for number, (name, tenant, outcome, status, duration_ms, at_ms) in enumerate(course):
        delivery = planned(f"evt-{number}", name, at_ms=at_ms, tenant=tenant)
        attempt = attempt_of(delivery, 1, outcome, at_ms=at_ms, status=status)
        records.append((replace(attempt, duration_ms=duration_ms), Place(ATTEMPTS, 0, number)))
    writer.apply(IndexBatch(records))


def write_signals(writer: IndexWriter, *signals: Signal) -> None:
    """Write signals."""
    writer.apply(IndexBatch(signals=[(one, Place(SIGNALS, 0, one.at_ms)) for one in signals]))


def signal(name: str, kind: SignalKind, at_ms: int, *, tenant: str = "acme") -> Signal:
    """Make up a signal."""
    return Signal(name, tenant, at_ms, kind, until_ms=at_ms + 5 if kind is SignalKind.CIRCUIT_OPENED else None)


def test_a_subscription_is_told_by_spans_of_time(writer: IndexWriter) -> None:
    """Success, mean and bounds of durations, whole and by span; and the last attempts, however old."""
    write_attempts(writer)
    fare = fare_of(writer._connection, SUBSCRIPTION, hours=1, now_ms=NOW_MS)
    assert (fare.span_ms, fare.attempts, fare.delivered, fare.success_rate, fare.mean_ms) == (
        MINUTE_MS, 2, 1, 0.5, 220,
    )  # fmt: skip
    (span,) = fare.spans
    assert (span.at_ms, span.delivered, span.failed, span.mean_ms, span.p95_ms) == (
        NOW_MS - 10 * MINUTE_MS, 1, 1, 220, 500,
    )  # fmt: skip
    assert fare.last_delivered
    assert fare.last_failed
    assert (fare.last_delivered.started_at_ms, fare.last_failed.status) == (NOW_MS - 10 * MINUTE_MS, 503)
    day = fare_of(writer._connection, SUBSCRIPTION, hours=24, now_ms=NOW_MS)
    assert (day.attempts, [one.delivered + one.failed for one in day.spans]) == (3, [1, 2])
    assert len(range(day.since_ms, NOW_MS, day.span_ms)) <= 96


def test_a_subscription_that_never_got_anything_has_fared_nowhere(writer: IndexWriter) -> None:
    """There is nothing to tell, and no error."""
    fare = fare_of(writer._connection, subscription("sub_9"), hours=168, now_ms=NOW_MS)
    assert (fare.attempts, fare.success_rate, fare.mean_ms, fare.p95_ms, fare.spans) == (0, None, None, None, ())
    assert (fare.last_delivered, fare.last_failed, fare.signals) == (None, None, ())


def test_what_another_subscription_got_under_the_same_id_is_not_told(writer: IndexWriter) -> None:
    """It was deleted, and may have been another tenant's."""
    write_attempts(writer)
    write_signals(writer, signal("sub_1", SignalKind.LAGGING, NOW_MS - 20 * MINUTE_MS))
    new = replace(SUBSCRIPTION, created_at_ms=NOW_MS - 5 * MINUTE_MS)
    within_the_minute = replace(SUBSCRIPTION, tenant="bank", created_at_ms=NOW_MS - 10 * MINUTE_MS + 50_000)
    for one in (new, replace(new, tenant="bank"), within_the_minute):
        fare = fare_of(writer._connection, one, hours=1, now_ms=NOW_MS)
        assert (fare.attempts, fare.last_delivered, fare.last_failed, fare.signals) == (0, None, None, ())


def test_an_overview_of_one_tenant_has_nothing_of_another(writer: IndexWriter) -> None:
    """Both are in the overview of all, which counts the same attempts."""
    write_attempts(writer)
    whole = overview(writer._connection, minutes=60, now_ms=NOW_MS)
    assert (whole.attempts, whole.delivered, [one.subscription_id for one in whole.worst]) == (3, 1, ["sub_1", "sub_2"])
    acme = overview(writer._connection, minutes=60, now_ms=NOW_MS, whose=Whose("acme", ("sub_1",)))
    assert (acme.attempts, acme.delivered, [one.subscription_id for one in acme.worst]) == (2, 1, ["sub_1"])
    assert acme.open == {"retry_scheduled": 1}
    successor = overview(writer._connection, minutes=60, now_ms=NOW_MS, whose=Whose("bank", ("sub_1",)))
    assert (successor.attempts, successor.minutes, successor.worst) == (0, (), ())
    nobody = overview(writer._connection, minutes=60, now_ms=NOW_MS, whose=Whose("nobody", ()))
    assert (nobody.attempts, nobody.open, nobody.worst) == (0, {}, ())


def test_counts_that_are_too_old_are_forgotten(writer: IndexWriter) -> None:
    """With the deliveries that they are of."""
    write_attempts(writer)
    writer.prune(NOW_MS - HOUR_MS, 2**40)
    assert fare_of(writer._connection, SUBSCRIPTION, hours=24, now_ms=NOW_MS).attempts == 2


def test_signals_are_found_by_whose_and_what_they_are(writer: IndexWriter) -> None:
    """Newest first."""
    opened = signal("sub_1", SignalKind.CIRCUIT_OPENED, T0)
    others = signal("sub_2", SignalKind.LAGGING, T0 + 1, tenant="bank")
    given_up = signal("sub_1", SignalKind.DEAD_LETTERED, T0 + 2)
    write_signals(writer, opened, others, given_up)
    connection = writer._connection
    assert find_signals(connection, limit=2) == [given_up, others]
    assert find_signals(connection, limit=9, tenant="acme") == [given_up, opened]
    assert find_signals(connection, limit=9, subscription_id="sub_1", tenant="bank") == []
    assert find_signals(connection, limit=9, kinds=[SignalKind.LAGGING, SignalKind.CIRCUIT_OPENED]) == [others, opened]
    assert find_signals(connection, limit=9, since_ms=T0 + 2) == [given_up]


def test_the_board_reads_on_and_knows_the_last_word(writer: IndexWriter) -> None:
    """Also where signals come late; another file is read from its beginning."""
    board, connection = IndexedBoard(), writer._connection
    write_signals(writer, signal("sub_1", SignalKind.CIRCUIT_OPENED, T0))
    assert board.refreshed(connection, "a", T0).open_circuits == {"sub_1": T0 + 5}
    write_signals(
        writer, signal("sub_1", SignalKind.CIRCUIT_CLOSED, T0 + 9), signal("sub_2", SignalKind.CIRCUIT_OPENED, T0 - 9)
    )
    assert board.refreshed(connection, "a", T0 + 10).open_circuits == {"sub_2": T0 - 4}
    assert board.refreshed(connection, "b", T0 + 10).open_circuits == {"sub_2": T0 - 4}
