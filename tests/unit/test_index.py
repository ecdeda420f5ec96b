"""The console's index: whatever the order, the repeats and the crashes, it says what the records say."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.console.api.dead_letters import _count_groups
from gateway.console.index_store import IndexConnection, Rows
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.search import DeliverySearch, IndexedDelivery, search_deliveries
from gateway.console.step_rows import read_steps
from gateway.console.steps import Place, StepKind
from gateway.domain.delivery import Attempt
from gateway.domain.folding import HistoryRecord, fold_history
from gateway.domain.history import DeliveryHistory, DeliveryState
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS, DELIVERIES
from tests.delivery_records import T0, attempt_of, dead, planned
from tests.indexes import IndexPlace, opened

CLUSTER = "cluster-1"


def course(event_id: str, subscription_id: str, *, at_ms: int = T0) -> list[HistoryRecord]:
    """Give all records of a delivery that failed, was given up, was replayed twice and arrived."""
    begun = planned(event_id, subscription_id, at_ms=at_ms)
    first = attempt_of(begun, 1, "retry_scheduled", at_ms=at_ms + 10, due_at_ms=at_ms + 1000)
    put_off = replace(attempt_of(begun, 1, "put_off", at_ms=at_ms + 500, status=None), error="proxy_failure")
    last = attempt_of(begun, 2, "dead_lettered", at_ms=at_ms + 1010)
    letter = dead(begun, (first, last), at_ms=at_ms + 1030)
    replay = letter.replayed(at_ms + 50_000)
    failed = attempt_of(replay, 1, "dead_lettered", at_ms=at_ms + 50_010, status=404)
    replay_letter = dead(replay, (failed,), at_ms=at_ms + 50_020)
    again = replay_letter.replayed(at_ms + 60_000)
    return [
        begun,
        replace(begun, not_before_ms=at_ms + 5),
        planned(event_id, subscription_id, at_ms=at_ms + 400),
        first,
        put_off,
        last,
        attempt_of(begun, 2, "delivered", at_ms=at_ms + 1500, status=200),
        letter,
        replay,
        replace(replay, body=b""),
        failed,
        replay_letter,
        again,
        replay_letter.purged(at_ms + 55_000),
        attempt_of(again, 1, "delivered", at_ms=at_ms + 60_010, status=204),
        replace(attempt_of(begun, 0, "discarded", at_ms=at_ms + 5, status=None), duration_ms=0, reason="disabled"),
    ]


COURSES = [
    course("evt-1", "sub_1"),
    course("evt-1", "sub_2", at_ms=T0 + 7),
    course("evt-2", "sub_1", at_ms=T0 + 90_000),
]
RECORDS = [record for each in COURSES for record in each]


def placed(record: HistoryRecord) -> tuple[HistoryRecord, Place]:
    """Give a record with the place that it has in Kafka, always the same."""
    if isinstance(record, Attempt):
        topic = ATTEMPTS
    else:
        topic = DELIVERIES if record.dead_lettered_at_ms is None and record.body else DEAD_LETTERS
    return record, Place(topic, 0, RECORDS.index(record))


def saying(history: DeliveryHistory | IndexedDelivery) -> tuple[object, ...]:
    """Give what an index and a history have in common."""
    if isinstance(history, IndexedDelivery):
        given_up_ms, attempts = history.dead_lettered_at_ms, history.attempts
    else:
        given_up_ms = history.dead_letter.at_ms if history.dead_letter else None
        attempts = len(history.attempts)
    return (
        history.delivery_id,
        history.event_id,
        history.event_type,
        history.subscription_id,
        history.tenant,
        history.state,
        history.reason,
        history.due_at_ms,
        history.planned_at_ms,
        history.replayed_at_ms,
        given_up_ms,
        history.changed_at_ms,
        attempts,
    )


def batch(records: Sequence[HistoryRecord], *, next_offset: int = 0) -> IndexBatch:
    return IndexBatch([placed(record) for record in records], [], {(ATTEMPTS, 0): next_offset})


class Index:
    """An index as a console has it, written in batches."""

    def __init__(self, place: IndexPlace, *, anew: bool = False) -> None:
        self.place = place
        self.store = place(CLUSTER)
        self.connection = opened(self.store, anew=anew)
        self.writer = IndexWriter(self.connection)

    def write(self, records: Sequence[HistoryRecord], *, next_offset: int = 0) -> None:
        self.writer.apply(batch(records, next_offset=next_offset))

    def find(self, wanted: DeliverySearch | None = None) -> list[IndexedDelivery]:
        return list(search_deliveries(self.connection, wanted or DeliverySearch(), limit=100).deliveries)

    def close(self) -> None:
        self.writer.close()
        self.store.close()

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Give what it says, without the numbers that it gives to words and rows."""
        found: dict[str, list[tuple[object, ...]]] = {"deliveries": sorted(saying(one) for one in self.find())}
        for row, delivery_id in self.connection.execute("SELECT id, delivery_id FROM deliveries").fetchall():
            found[str(delivery_id)] = [tuple(step) for step in read_steps(self.connection, row)]
        named = "SELECT {0}, name, {1} FROM {2} JOIN names ON names.id = {3} ORDER BY 1, 2, 3"
        for query in (
            named.format("minute", "bucket, attempts", "minutes", "outcome"),
            named.format("hour", "attempts, failed, duration_ms", "hours", "subscription"),
            named.format("minute", "delivered, bucket, attempts, duration_ms", "subscription_minutes", "subscription"),
            "SELECT * FROM positions",
        ):
            found[query] = self.connection.execute(query).fetchall()
        return found


@pytest.fixture
def new_index(new_place: Callable[[], IndexPlace]) -> Iterator[Callable[[], Index]]:
    """Make indexes, each in a place of its own."""
    made: list[Index] = []

    def make() -> Index:
        made.append(Index(new_place()))
        return made[-1]

    yield make
    for index in made:
        index.close()


@pytest.fixture(scope="module")
def two_places(new_place: Callable[[], IndexPlace]) -> tuple[IndexPlace, IndexPlace]:
    """Give two places, which each example begins anew."""
    return new_place(), new_place()


@settings(max_examples=30, deadline=None)
@given(records=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=30), random=st.randoms(use_true_random=False))
def test_the_index_says_what_the_records_say_in_whatever_order(
    two_places: tuple[IndexPlace, IndexPlace], records: list[HistoryRecord], random: Random
) -> None:
    """Written in batches of any size and order, with repeats, it agrees with the histories that people are told."""
    shuffled = records + random.choices(records, k=5)
    random.shuffle(shuffled)
    with closing(Index(two_places[0], anew=True)) as index:
        while shuffled:
            size = random.randint(1, 8)
            index.write(shuffled[:size])
            shuffled = shuffled[size:]
        found = index.find()
    ids = {record.delivery_id for record in records}
    histories = [fold_history(one for one in records if one.delivery_id == delivery_id) for delivery_id in ids]
    assert sorted(map(saying, found)) == sorted(map(saying, histories))


class KilledError(Exception):
    """The process is gone."""


class Killed:
    """A connection whose process is killed in the midst of one of its statements."""

    def __init__(self, connection: IndexConnection, statements: int) -> None:
        self._connection = connection
        self._left = statements

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Rows:
        self._left -= 1
        if self._left < 0:
            raise KilledError
        return self._connection.execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        self._left -= 1
        if self._left < 0:
            self._connection.executemany(statement, [*rows][::2])
            raise KilledError
        self._connection.executemany(statement, rows)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(RECORDS), sizes=st.lists(st.integers(1, 12), min_size=1), random=st.randoms())
def test_an_index_that_is_killed_anywhere_reads_on_and_is_like_one_written_at_once(
    two_places: tuple[IndexPlace, IndexPlace], order: list[HistoryRecord], sizes: list[int], random: Random
) -> None:
    """What was read and its position are written together: a crash loses nothing, and doubles nothing."""
    with closing(Index(two_places[0], anew=True)) as whole:
        whole.write(RECORDS, next_offset=len(RECORDS))
        said = whole.tables()
    Index(two_places[1], anew=True).close()
    batches = done = 0
    while done < len(order):
        # A new process each time, where the one before was killed.
        with closing(Index(two_places[1])) as index:
            killed = False
            while not killed and (done := index.writer.positions().get((ATTEMPTS, 0), 0)) < len(order):
                size = sizes[batches % len(sizes)]
                batches += 1
                killed = batches < 12 and random.random() < 0.4
                writer = IndexWriter(Killed(index.connection, random.randint(1, 60))) if killed else index.writer
                with suppress(KilledError) if killed else nullcontext():
                    writer.apply(batch(order[done : done + size], next_offset=min(done + size, len(order))))
    with closing(Index(two_places[1])) as index:
        assert index.tables() == said


def test_a_dead_letter_is_known_when_its_attempts_are_gone(new_index: Callable[[], Index]) -> None:
    """Kafka keeps dead letters longer than attempts: their summaries stand in, and are not counted twice later."""
    index = new_index()
    _, _, _, first, _, last, _, letter, *_ = COURSES[0]
    index.write([letter])
    found = index.find()[0]
    assert (found.state, found.attempts, found.last_status) == (DeliveryState.DEAD_LETTERED, 2, 500)
    assert index.connection.execute("SELECT count(*) FROM minutes").fetchone()[0] == 0
    index.write([first, last])
    assert index.find()[0].attempts == 2
    assert index.connection.execute("SELECT sum(attempts) FROM minutes").fetchone() == (2,)


def test_the_place_of_a_body_is_the_delivery_not_its_note(new_index: Callable[[], Index]) -> None:
    """The note among the dead letters says the same as the replay, but has no body."""
    index = new_index()
    replay, note = COURSES[0][8:10]
    index.write([note])
    index.write([replay])
    begun = [step for step in read_steps(index.connection, 1) if step.key.kind is StepKind.BEGUN]
    assert [step.place and step.place.topic for step in begun] == [DELIVERIES]


def test_an_index_of_another_cluster_is_made_anew(new_place: Callable[[], IndexPlace]) -> None:
    """All of it is in Kafka: nobody has to mend or to migrate it."""
    index = Index(new_place())
    index.write(COURSES[0], next_offset=9)
    index.close()
    store = index.place("another cluster")
    writer = IndexWriter(opened(store))
    assert writer.positions() == {}
    assert store.generation not in {"", index.store.generation}
    writer.close()
    store.close()
    again = Index(index.place)
    assert again.find() == []
    again.close()


def test_what_is_too_old_or_too_much_goes_oldest_first(new_index: Callable[[], Index]) -> None:
    """Age and size bound it; positions stay, so nothing is read again."""
    index = new_index()
    index.write(RECORDS, next_offset=7)
    index.writer.apply(IndexBatch(signals=[(Signal("sub_1", "default", T0, SignalKind.LAGGING), Place("s", 0, 1))]))
    assert index.writer.prune(T0 + 50_000, 2**40) == 2
    assert [one.event_id for one in index.find()] == ["evt-2"]
    assert index.writer.prune(T0 + 50_000, 2**40) == 0
    assert index.connection.execute("SELECT count(*) FROM signals").fetchone() == (0,)
    assert index.writer.prune(0, 1) == 1
    assert index.connection.execute("SELECT count(*) FROM steps").fetchone() == (0,)
    assert index.writer.positions() == {(ATTEMPTS, 0): 7}


def test_dead_letters_are_counted_by_subscription_and_reason(new_index: Callable[[], Index]) -> None:
    """The largest groups first; of one tenant only where it is asked for."""
    index = new_index()
    letters = [
        dead(planned(f"evt-{number}", name, tenant=tenant, at_ms=T0 + number), (), at_ms=T0 + 100 + number)
        for number, (name, tenant) in enumerate([("sub_1", "acme"), ("sub_2", "bank"), ("sub_1", "acme")])
    ]
    index.writer.apply(IndexBatch([(letter, Place(DEAD_LETTERS, 0, at)) for at, letter in enumerate(letters)]))
    whole = _count_groups(index.connection, None)
    assert [(one.subscription_id, one.count, one.oldest_ms, one.newest_ms) for one in whole] == [
        ("sub_1", 2, T0 + 100, T0 + 102),
        ("sub_2", 1, T0 + 101, T0 + 101),
    ]
    assert _count_groups(index.connection, "bank") == whole[1:]
    assert _count_groups(index.connection, "nobody") == []
