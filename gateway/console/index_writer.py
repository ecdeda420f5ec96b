"""Writes the index: a batch of records, what they change, and how far Kafka was read, in one transaction.

So whatever ends the process, the index is as it was after some batch, and the next process reads on from there: no
record is missed, and none counts twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import orjson

from gateway.console.index_store import Growth, IndexConnection
from gateway.console.names import CHUNK, Names, marks
from gateway.console.packed_ids import pack_id
from gateway.console.statistics import Addressee, AttemptTally
from gateway.console.step_rows import SELECT_STEPS, codes_in, step_from_row
from gateway.console.steps import Place, Standing, Step, StepKey, merge, stand, steps_of
from gateway.console.tables import SIGNAL_KINDS, STATES
from gateway.console.tally_rows import prune_tally, write_tally
from gateway.domain.folding import HistoryRecord
from gateway.domain.signals import Signal
from gateway.kafka.partitioning import Partition

_PRUNED_AT_ONCE = 2_000
_NO_NAME = 0


@dataclass(slots=True)
class IndexBatch:
    """What was read together.

    Attributes:
        records: deliveries, dead letters and attempts, with their places.
        signals: signals, with their places.
        positions: for each partition that was read, the offset to read on from.
    """

    records: list[tuple[HistoryRecord, Place]] = field(default_factory=list)
    signals: list[tuple[Signal, Place]] = field(default_factory=list)
    positions: dict[Partition, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Touched:
    """A delivery that a batch tells of: its number once it has one, and its steps."""

    record: HistoryRecord
    row: int | None = None
    known: dict[StepKey, Step] = field(default_factory=dict)
    before: dict[StepKey, Step] = field(default_factory=dict)


class IndexWriter:
    """The only writer of an index; for one thread.

    Args:
        connection: as `IndexStore.open` gave it.
    """

    def __init__(self, connection: IndexConnection) -> None:
        self._connection = connection
        self._names = Names(connection)
        self._noted: dict[str, str] = {}
        self._next_row = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM deliveries").fetchone()[0]

    def positions(self) -> dict[Partition, int]:
        """Give the offset from which each partition has to be read on."""
        rows = self._connection.execute("SELECT topic, partition, next_offset FROM positions")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def apply(self, batch: IndexBatch) -> None:
        """Write a batch, or nothing of it.

        Raises:
            GatewayError: see `IndexStore.translated_errors`.
        """
        next_row = self._next_row
        try:
            with self._connection.transaction():
                self._write_deliveries(batch.records)
                self._write_signals(batch.signals)
                self._connection.executemany(
                    "INSERT INTO positions VALUES (?, ?, ?) "
                    "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
                    [(*partition, offset) for partition, offset in batch.positions.items()],
                )
        except BaseException:
            self._names.forget()
            self._next_row = next_row
            raise

    def prune(self, before_ms: int, max_bytes: int) -> int:
        """Remove the oldest deliveries, some at a time, until what is kept is young and small enough.

        Args:
            before_ms: nothing older is kept, milliseconds since the epoch.
            max_bytes: how large it may be.

        Returns:
            how many deliveries were removed; more may have to be, when there are any.
        """
        with self._connection.transaction():
            oldest = self._connection.execute(
                "SELECT id, at_ms, length(event_id) FROM deliveries ORDER BY at_ms, id LIMIT ?", (_PRUNED_AT_ONCE,)
            ).fetchall()
            too_large = self.used_bytes() > max_bytes
            removed = [row for row in oldest if too_large or row[1] < before_ms]
            steps = 0
            for part in _chunks([row for row, _, _ in removed]):
                steps += self._connection.execute(
                    f"DELETE FROM steps WHERE delivery IN ({marks(part)})",  # noqa: S608 - only marks
                    part,
                ).rowcount
                self._connection.execute(f"DELETE FROM deliveries WHERE id IN ({marks(part)})", part)  # noqa: S608 - only marks
            # What the rest is kept for: as far back as deliveries are.
            since_ms = removed[-1][1] if too_large and removed else before_ms
            self._connection.execute("DELETE FROM signals WHERE at_ms < ?", (since_ms,))
            prune_tally(self._connection, since_ms)
            self._connection.note_growth(Growth(-len(removed), -steps, -sum(length for *_, length in removed)))
        return len(removed)

    def note_progress(self, *, caught_up: bool, lag: int) -> None:
        """Tell those who only read how far it is, see `WrittenElsewhere`."""
        progress = {"caught_up": str(int(caught_up)), "lag": str(lag)}
        if progress != self._noted:
            with self._connection.transaction():
                self._connection.executemany(
                    "INSERT INTO state VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    list(progress.items()),
                )
            self._noted = progress

    def used_bytes(self) -> int:
        """Give how large what is kept is."""
        return self._connection.used_bytes()

    def close(self) -> None:
        """Let go of the index."""
        self._connection.close()

    def _write_deliveries(self, records: Sequence[tuple[HistoryRecord, Place]]) -> None:
        touched: dict[str, _Touched] = {}
        new: dict[str, list[Step]] = defaultdict(list)
        for record, place in records:
            touched.setdefault(record.delivery_id, _Touched(record))
            new[record.delivery_id] += steps_of(record, place)
        self._find_rows(touched)
        tally = AttemptTally()
        for delivery_id, one in touched.items():
            one.before = dict(one.known)
            whose = Addressee(one.record.subscription_id, one.record.tenant)
            tally.add(whose, merge(one.known, new[delivery_id]))
        self._names.learn(_words(touched.values(), tally))
        self._write_rows(touched)
        self._write_steps(touched.values())
        write_tally(self._connection, self._names, tally)

    def _find_rows(self, touched: Mapping[str, _Touched]) -> None:
        """Find the deliveries that are known already, and their steps."""
        by_id = {pack_id(delivery_id): one for delivery_id, one in touched.items()}
        by_row: dict[int, _Touched] = {}
        for part in _chunks(list(by_id)):
            for row, packed in self._connection.execute(
                f"SELECT id, delivery_id FROM deliveries WHERE delivery_id IN ({marks(part)})",  # noqa: S608 - only marks
                part,
            ):
                by_id[packed].row = row
                by_row[row] = by_id[packed]
        found = [
            row
            for part in _chunks(list(by_row))
            for row in self._connection.execute(f"{SELECT_STEPS} WHERE delivery IN ({marks(part)})", part)
        ]
        words = self._names.words(codes_in(found))
        for row in found:
            step = step_from_row(row, words)
            by_row[row[0]].known[step.key] = step

    def _write_rows(self, touched: Mapping[str, _Touched]) -> None:
        added, changed, characters = [], [], 0
        for delivery_id, one in touched.items():
            if one.row is not None and one.known == one.before:
                continue
            values = self._row_values(one.record, stand(one.known))
            if one.row is None:
                one.row, self._next_row = self._next_row, self._next_row + 1
                added.append((one.row, pack_id(delivery_id), one.record.event_id, *values))
                characters += len(one.record.event_id)
            else:
                changed.append((*values[3:], one.row))
        self._connection.executemany(f"INSERT INTO deliveries VALUES ({marks(range(17))})", added)  # noqa: S608 - only marks
        self._connection.executemany(_UPDATE_DELIVERY, changed)
        steps = sum(len(one.known) - len(one.before) for one in touched.values())
        self._connection.note_growth(Growth(len(added), steps, characters))

    def _row_values(self, record: HistoryRecord, standing: Standing) -> tuple[object, ...]:
        code = self._names.code
        return (
            code(record.event_type),
            code(record.subscription_id),
            code(record.tenant),
            standing.at_ms,
            STATES.index(standing.state),
            code(standing.reason) if standing.reason else None,
            standing.due_at_ms,
            standing.planned_at_ms,
            standing.replayed_at_ms,
            standing.dead_lettered_at_ms,
            standing.changed_at_ms,
            standing.attempts,
            standing.last_status,
            code(standing.last_error) if standing.last_error else None,
        )

    def _write_steps(self, touched: Iterable[_Touched]) -> None:
        rows = [
            self._step_values(one.row, step, one.record)
            for one in touched
            for key, step in one.known.items()
            if one.row is not None and one.before.get(key) != step
        ]
        self._connection.executemany(_PUT_STEP, rows)

    def _step_values(self, row: int, step: Step, record: HistoryRecord) -> tuple[object, ...]:
        key, content, place = step

        def code(name: str) -> int:
            return self._names.code(name) if name else _NO_NAME

        return (
            row,
            key.at_ms,
            int(key.kind),
            key.number,
            int(key.trigger),
            code(content.outcome),
            content.due_ms,
            code(content.reason),
            content.duration_ms,
            content.status,
            code(content.error),
            content.round_ms,
            content.stage,
            *((None, None, None) if place is None else (self._names.code(place.topic), place.partition, place.offset)),
            code(record.event_type),
            code(record.subscription_id),
            code(record.tenant),
        )

    def _write_signals(self, signals: Sequence[tuple[Signal, Place]]) -> None:
        self._names.learn(name for signal, _ in signals for name in (signal.subscription_id, signal.tenant))
        self._connection.executemany(
            "INSERT INTO signals VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (partition, position) DO NOTHING",
            [
                (
                    place.partition,
                    place.offset,
                    self._names.code(signal.subscription_id),
                    signal.at_ms,
                    SIGNAL_KINDS.index(signal.kind),
                    self._names.code(signal.tenant),
                    orjson.dumps(asdict(signal)).decode(),
                )
                for signal, place in signals
            ],
        )


_UPDATE_DELIVERY = (
    "UPDATE deliveries SET at_ms = ?, state = ?, reason = ?, due_at_ms = ?, planned_at_ms = ?, replayed_at_ms = ?, "
    "dead_lettered_at_ms = ?, changed_at_ms = ?, attempts = ?, last_status = ?, last_error = ? WHERE id = ?"
)
_PUT_STEP = (
    f"INSERT INTO steps VALUES ({marks(range(19))}) ON CONFLICT (delivery, at_ms, kind, number, trigger) "  # noqa: S608 - only marks
    "DO UPDATE SET outcome = excluded.outcome, due_ms = excluded.due_ms, reason = excluded.reason, "
    "duration_ms = excluded.duration_ms, status = excluded.status, error = excluded.error, "
    "round_ms = excluded.round_ms, stage = excluded.stage, topic = excluded.topic, partition = excluded.partition, "
    "position = excluded.position"
)


def _words(touched: Iterable[_Touched], tally: AttemptTally) -> Iterator[str]:
    """Name every word that will be written."""
    for one in touched:
        yield from (one.record.event_type, one.record.subscription_id, one.record.tenant)
        for _, content, place in one.known.values():
            yield from (word for word in (content.outcome, content.reason, content.error) if word)
            if place is not None:
                yield place.topic
    yield from (outcome for _, outcome, _ in tally.minutes)


def _chunks(values: list[object]) -> Iterator[list[object]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
