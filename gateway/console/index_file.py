"""The index in a file: SQLite, for one console; how it is opened, and when it is thrown away and made anew.

Nothing in it is the only copy: all of it can be read from Kafka again. So a file of another layout, of another
cluster, or one that is damaged, is removed rather than mended.
"""

import fcntl
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from gateway.console.index_store import (
    Growth,
    IndexDamagedError,
    IndexStoreError,
    QuestionTooLongError,
)
from gateway.console.tables import LAYOUT, SQLITE_WORDS, table_statements

FILE_NAME = "index.sqlite3"
_PAGE_BYTES = 8192
_WRITER_CACHE_KIB = 131_072
_READER_CACHE_KIB = 16_384
_MAPPED_BYTES = 4_294_967_296
_CHECKPOINT_PAGES = 8_000
_BUSY_S = 10.0
# Virtual machine instructions between two looks at the clock.
_LOOK_EVERY = 20_000
_log = structlog.get_logger()


class FileConnection(sqlite3.Connection):
    """A connection to the file, see `IndexConnection`."""

    def through(self, table: str, index: str) -> str:
        """Name a table for a FROM, to be read through one of its indexes."""
        return f"{table} INDEXED BY {index}"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is done inside of it, or nothing."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self.in_transaction:
                self.execute("ROLLBACK")
            raise

    def allow(self, seconds: float) -> None:
        """Break off what takes longer than this from now on."""
        deadline_s = time.monotonic() + seconds
        self.set_progress_handler(lambda: time.monotonic() > deadline_s, _LOOK_EVERY)

    def note_growth(self, growth: Growth) -> None:
        """Its pages say how large it is."""

    def used_bytes(self) -> int:
        """Give how large what is kept is; the file may be larger, and fills its gaps first."""
        pages, free, page_bytes = (
            self.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * page_bytes)


class IndexFile:
    """The file, and connections to it, see `IndexStore`. One process at a time has it.

    Args:
        folder: where it is kept; made if it is missing.
        cluster_id: the Kafka cluster whose records it holds.
    """

    def __init__(self, folder: Path, cluster_id: str) -> None:
        self._path = folder / FILE_NAME
        self._cluster_id = cluster_id
        self._lock: int | None = None
        self.generation = ""

    def open(self, *, anew: bool = False) -> FileConnection:
        """Take the file for this process, made anew where it has to be, and give the connection that writes.

        Raises:
            IndexStoreError: another process has it, or the folder can't be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._take()
        except OSError as error:
            raise IndexStoreError(
                f"the index in {self._path.parent} can't be opened: {error.strerror}",
                hint="another console may have it: give each its own GATEWAY_CONSOLE_DIR",
            ) from None
        if anew:
            return self._renew()
        try:
            return self._connect_writer()
        except (sqlite3.DatabaseError, _OtherLayoutError) as error:
            _log.warning("index.made_anew", why=str(error))
            return self._renew()

    def connect_reader(self) -> FileConnection:
        """Give a connection that only reads, for one thread at a time."""
        connection = sqlite3.connect(
            f"file:{self._path}?mode=ro", uri=True, timeout=_BUSY_S, check_same_thread=False, factory=FileConnection
        )
        connection.execute(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")
        connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
        connection.execute("PRAGMA query_only = 1")
        return connection

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Have what goes wrong with a connection raised as an error of `index_store`."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise QuestionTooLongError(str(error)) from None
            raise IndexStoreError(
                f"the index in {self._path.parent} can't be read or written: {error}", hint="is the disk full?"
            ) from error
        except sqlite3.DatabaseError as error:
            raise IndexDamagedError(str(error)) from error

    def close(self) -> None:
        """Let another process have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take(self) -> None:
        if self._lock is None:
            lock = os.open(self._path.with_name("index.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                raise
            self._lock = lock

    def _renew(self) -> FileConnection:
        for suffix in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
        return self._connect_writer()

    def _connect_writer(self) -> FileConnection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        # Transactions are begun and ended by hand. It is made on one thread and used on another.
        connection = sqlite3.connect(
            self._path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False, factory=FileConnection
        )
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may take the newest transactions, with their positions: they are read from Kafka again.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            layout = connection.execute("PRAGMA user_version").fetchone()[0]
            if layout == 0:
                self._make(connection)
            self._check(connection, layout or LAYOUT)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self, connection: FileConnection) -> None:
        values = {"cluster_id": self._cluster_id, "generation": secrets.token_hex(4)}
        with connection.transaction():
            for statement in table_statements(SQLITE_WORDS):
                connection.execute(statement)
            connection.executemany("INSERT INTO state VALUES (?, ?)", values.items())
            connection.execute(f"PRAGMA user_version = {LAYOUT}")

    def _check(self, connection: FileConnection, layout: int) -> None:
        if layout != LAYOUT:
            raise _OtherLayoutError(f"its layout is {layout}, not {LAYOUT}")
        state = dict(connection.execute("SELECT name, value FROM state"))
        if state.get("cluster_id") != self._cluster_id:
            raise _OtherLayoutError("it is of another Kafka cluster")
        self.generation = state["generation"]


class _OtherLayoutError(Exception):
    """The file is good, but not for this program and this cluster."""
