"""A connection to the index in PostgreSQL: the statements that SQLite has, too, and the lock of the one that writes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg
from psycopg.types.numeric import Int8Dumper, NumericLoader
from psycopg.types.string import StrDumper

from gateway.console.index_store import Growth, IndexAwayError, Rows
from gateway.console.tables import LAYOUT

# The first half of the advisory lock's number; the second is the layout's.
_LOCK = 0x7767
# So few that a batch of 5,000 records fills most of them, so many that it hardly matters what a statement costs.
_ROWS_AT_ONCE = 50
_ADDS_ROW = re.compile(r"(INSERT INTO \w+ VALUES )(\([?, ]+\))")
# What each takes with its entries in indexes, as measured: docs/decisions/0052.
_DELIVERY_BYTES = 580
_STEP_BYTES = 490
_CHARACTER_BYTES = 2


class _Text(StrDumper):
    """PostgreSQL has no text with a NUL, which a record that is not the gateway's may have."""

    def dump(self, obj: str) -> bytes:
        return obj.replace("\0", "\ufffd").encode("utf-8", "replace")


class _NoneOfInts(Int8Dumper):
    """Columns that may be null are of integers: a statement with one is the same statement."""


class _Whole(NumericLoader):
    """Sums are of integers."""

    def load(self, data: Any) -> Any:  # noqa: ANN401 - the loader's
        return int(super().load(data))


@cache
def _with_marks(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")


@cache
def _for_rows(statement: str, rows: int) -> str | None:
    """Give a statement that adds so many rows, for one that adds a row; None for any other."""
    adds = _ADDS_ROW.match(statement)
    return None if adds is None else _with_marks(f"{adds[1]}{', '.join([adds[2]] * rows)}{statement[adds.end() :]}")


class DatabaseConnection:
    """A connection to the database, see `IndexConnection`.

    Args:
        connection: commits each statement by itself.
    """

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._allowed_s = 0.0
        self._took_lock = False
        adapters = connection.adapters
        adapters.register_dumper(str, _Text)
        adapters.register_dumper(int, Int8Dumper)
        adapters.register_dumper(type(None), _NoneOfInts)
        adapters.register_loader("numeric", _Whole)

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Rows:
        """Have one statement done, with a value for each `?`."""
        return self._connection.execute(_with_marks(statement), values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Have one statement done for each row of values; rows that are added are given many at a time."""
        left = list(rows)
        several = _for_rows(statement, _ROWS_AT_ONCE)
        with self._connection.cursor() as cursor:
            if several is not None:
                whole = len(left) // _ROWS_AT_ONCE * _ROWS_AT_ONCE
                parts = (left[start : start + _ROWS_AT_ONCE] for start in range(0, whole, _ROWS_AT_ONCE))
                cursor.executemany(several, [[value for row in part for value in row] for part in parts])
                left = left[whole:]
            cursor.executemany(_with_marks(statement), left)

    def through(self, table: str, _: str) -> str:
        """Name a table for a FROM; PostgreSQL chooses the index."""
        return table

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is done inside of it, or nothing; only while this session has the lock.

        Raises:
            IndexAwayError: it has not.
        """
        with self._connection.transaction():
            if not self.has_lock():
                raise IndexAwayError(
                    "this console may not write the index any more",
                    hint="what lies between it and the database has to keep sessions apart",
                )
            yield

    def take_lock(self, layout: int = LAYOUT) -> bool:
        """Have this session be the one that writes, unless another is."""
        self._took_lock = True
        return bool(self.execute(f"SELECT pg_try_advisory_lock({_LOCK}, {layout})").fetchone()[0])

    def release_lock(self, layout: int) -> None:
        """Let another session write an index of some layout."""
        self.execute(f"SELECT pg_advisory_unlock({_LOCK}, {layout})")

    def has_lock(self) -> bool:
        """Tell whether this session is the one that writes."""
        found = self._connection.execute(
            f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() "  # noqa: S608 - numbers
            f"AND classid = {_LOCK} AND objid = {LAYOUT} AND objsubid = 2"
        ).fetchone()
        return found is not None and found[0] > 0

    def allow(self, seconds: float) -> None:
        """Break off each statement that takes longer than this from now on."""
        if seconds != self._allowed_s:
            self._connection.execute(f"SET statement_timeout = {round(seconds * 1000)}")
            self._allowed_s = seconds

    def note_growth(self, growth: Growth) -> None:
        """Add up what is kept: the size of PostgreSQL's files does not tell how much room in them is free again."""
        added = (
            growth.deliveries * _DELIVERY_BYTES
            + growth.steps * _STEP_BYTES
            + growth.characters * _CHARACTER_BYTES
        )  # fmt: skip
        if added:
            self.execute(
                "UPDATE state SET value = CAST(CAST(value AS BIGINT) + ? AS TEXT) WHERE name = 'kept_bytes'", (added,)
            )

    def used_bytes(self) -> int:
        """Give how large what is kept is, reckoned from its rows."""
        return int(self.execute("SELECT value FROM state WHERE name = 'kept_bytes'").fetchone()[0])

    def close(self) -> None:
        """End it, and with it the lock: at once, while the server would need a moment to notice."""
        if self._took_lock:
            with suppress(psycopg.Error):
                self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()
