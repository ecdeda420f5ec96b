"""`search`: how fast the console's index takes records in, how large it is, and how long each kind of search takes.

Its records are made, not read from Kafka: a week of 500 subscriptions with very different loads, in the order in which
the stream and egress would have written them. Nine deliveries of ten arrive at once, most others later, and some are
given up.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from gateway.console.index_file import IndexFile
from gateway.console.index_store import IndexConnection, IndexStore
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.steps import Place
from gateway.domain.delivery import Attempt, AttemptSummary, Delivery, delivery_id_of
from gateway.domain.event import SourcePosition
from gateway.domain.folding import HistoryRecord
from gateway.domain.outcome import Reason
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS, DELIVERIES
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Rig, Say
from gateway.services.bench.searches import (
    FORGOTTEN,
    START_MS,
    SUBSCRIPTIONS,
    TENANTS,
    TYPES,
    WEEK_MS,
    event_id_of,
    questions,
)

_ATTEMPTS = 10_000_000
_QUICK_ATTEMPTS = 50_000
_BATCH = 5_000
_FAILED_AT_FIRST = 0.1
_FAILS_AGAIN = 0.5
_MOST_ATTEMPTS = 4
_ROUNDS = 20
_BOUND_MS = 1000
_PARTITIONS = 6
_BODY_BYTES = 300
_CLUSTER = "bench"


@dataclass(frozen=True, slots=True)
class Search:
    """The outcome.

    Attributes:
        attempts: attempts in the index.
        deliveries: their deliveries.
        indexed_per_s: records, of attempts and deliveries, that the index took in a second.
        index_gb: how large it is, 10^9 bytes.
        search_ms: by what was looked for, the slowest answer to some searches, milliseconds.
        answers: by what was looked for, how many answers it took until something was found or nothing was left, where
            it took several.
        slowest_ms: the slowest answer of all.
        bound_kept: it took less than a second.
    """

    attempts: int
    deliveries: int
    indexed_per_s: float
    index_gb: float
    search_ms: dict[str, float]
    answers: dict[str, int]
    slowest_ms: float
    bound_kept: bool


def measure_search(_: Rig, options: Options, tick: Say) -> Search:
    """Fill an index, and search it."""
    attempts = options.choose(_ATTEMPTS, _QUICK_ATTEMPTS)
    if options.database is None:
        with TemporaryDirectory(prefix="gateway-search-") as folder, closing(IndexFile(Path(folder), _CLUSTER)) as file:
            return _measure(file, file.open(), attempts, tick)
    # Its client takes a while to load.
    from gateway.console.index_database import IndexDatabase  # noqa: PLC0415

    with closing(IndexDatabase(options.database, _CLUSTER)) as database:
        connection = database.make()
        try:
            return _measure(database, connection, attempts, tick)
        finally:
            database.remove()


def _measure(store: IndexStore, connection: IndexConnection, attempts: int, tick: Say) -> Search:
    writer = IndexWriter(connection)
    written, spent_s, made = 0, 0.0, 0
    batch = IndexBatch()
    chance = Random(0)  # noqa: S311 - makes up records
    for record in _records(attempts, chance):
        made += isinstance(record, Attempt)
        batch.records.append((record, _place(record, written)))
        written += 1
        if len(batch.records) == _BATCH:
            spent_s += _apply(writer, batch)
            tick(f"search: {made:,} of {attempts:,} attempts are indexed")
            batch = IndexBatch()
    spent_s += _apply(writer, batch)
    used_bytes = writer.used_bytes()
    writer.close()
    reader = store.connect_reader()
    deliveries = reader.execute("SELECT count(*) FROM deliveries").fetchone()[0]
    search_ms: dict[str, float] = {}
    answers: dict[str, int] = {}
    for name, ask in questions(deliveries).items():
        tick(f"search: {name}")
        asked = [list(_times_ms(ask(reader, chance))) for _ in range(_ROUNDS)]
        search_ms[name] = max(time_ms for times_ms in asked for time_ms in times_ms)
        answers[name] = max(map(len, asked))
    reader.close()
    slowest_ms = max(search_ms.values())
    return Search(
        attempts=made,
        deliveries=deliveries,
        indexed_per_s=round(written / spent_s),
        index_gb=round(used_bytes / 1e9, 2),
        search_ms=search_ms,
        answers={name: count for name, count in answers.items() if count > 1},
        slowest_ms=slowest_ms,
        bound_kept=slowest_ms < _BOUND_MS,
    )


def _times_ms(answers: Iterator[None]) -> Iterator[float]:
    """Give how long each answer takes, milliseconds."""
    started_s = time.perf_counter()
    for _ in answers:
        yield round((time.perf_counter() - started_s) * 1000, 1)
        started_s = time.perf_counter()


def _apply(writer: IndexWriter, batch: IndexBatch) -> float:
    started_s = time.perf_counter()
    writer.apply(batch)
    return time.perf_counter() - started_s


def _records(attempts: int, chance: Random) -> Iterator[HistoryRecord]:
    """Give believable records of about so many attempts, in about the order of their times."""
    # Each delivery takes 1.2 attempts on average.
    step_ms = WEEK_MS / (attempts / 1.2)
    made = number = 0
    while made < attempts:
        at_ms = int(START_MS + number * step_ms)
        for record in _course(number, at_ms, chance):
            made += isinstance(record, Attempt)
            yield record
        number += 1


def _course(number: int, at_ms: int, chance: Random) -> Iterator[HistoryRecord]:
    # A few subscriptions get most of the events.
    subscription = SUBSCRIPTIONS + number if number < FORGOTTEN else int(SUBSCRIPTIONS * chance.random() ** 3)
    delivery = _delivery(number, subscription, chance.choice(TYPES), at_ms)
    yield delivery
    summaries: list[AttemptSummary] = []
    share = _FAILED_AT_FIRST
    for attempt_number in range(1, _MOST_ATTEMPTS + 1):
        fails = chance.random() < share
        share = _FAILS_AGAIN
        outcome = "delivered" if not fails else "retry_scheduled"
        if fails and attempt_number == _MOST_ATTEMPTS:
            outcome = "dead_lettered"
        attempt = _attempt(delivery, attempt_number, outcome, at_ms + 30_000 * (attempt_number - 1) + 5)
        summaries.append(AttemptSummary(attempt_number, attempt.started_at_ms, 20, attempt.status, None))
        yield attempt
        if not fails:
            return
    yield delivery.dead_lettered(tuple(summaries), Reason.ATTEMPTS_EXHAUSTED, at_ms + 100_000)


def _delivery(number: int, subscription: int, event_type: str, at_ms: int) -> Delivery:
    event_id, subscription_id = event_id_of(number), f"sub_{subscription:04}"
    return Delivery(
        delivery_id=delivery_id_of(event_id, subscription_id),
        subscription_id=subscription_id,
        tenant=f"tenant-{subscription % TENANTS}",
        event_id=event_id,
        event_type=event_type,
        schema_version=1,
        event_key=None,
        source=SourcePosition("events.order", 0, number),
        traceparent=None,
        content_type="application/json",
        body=b"x" * _BODY_BYTES,
        planned_at_ms=at_ms,
    )


def _attempt(delivery: Delivery, number: int, outcome: str, at_ms: int) -> Attempt:
    delivered = outcome == "delivered"
    return Attempt(
        delivery_id=delivery.delivery_id,
        subscription_id=delivery.subscription_id,
        tenant=delivery.tenant,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        attempt_number=number,
        max_attempts=_MOST_ATTEMPTS,
        trigger=delivery.trigger,
        started_at_ms=at_ms,
        duration_ms=20,
        outcome=outcome,
        reason=None if delivered else Reason.HTTP_STATUS.value,
        status=200 if delivered else 503,
        error=None,
        error_detail=None,
        due_at_ms=at_ms + 30_000 if outcome == "retry_scheduled" else None,
        response_excerpt="",
    )


def _place(record: HistoryRecord, offset: int) -> Place:
    if isinstance(record, Attempt):
        return Place(ATTEMPTS, offset % _PARTITIONS, offset)
    return Place(DELIVERIES if record.dead_lettered_at_ms is None else DEAD_LETTERS, offset % _PARTITIONS, offset)
