"""The index's file: its tables, how it is opened, and when it is thrown away and made anew.

Nothing in it is the only copy: all of it can be read from Kafka again. So a file of another layout, of another
cluster, or one that is damaged, is removed rather than mended.
"""

import fcntl
import os
import secrets
import sqlite3
from pathlib import Path

import structlog

from gateway.console.steps import StepKind
from gateway.domain.errors import UnavailableError
from gateway.domain.history import DeliveryState
from gateway.domain.signals import SignalKind

FILE_NAME = "index.sqlite3"
# Kept in the file: another number, and it is made anew. Raise it with every change of the tables or of their meaning.
LAYOUT = 2
STATES = tuple(DeliveryState)
SIGNAL_KINDS = tuple(SignalKind)
DELIVERED = STATES.index(DeliveryState.DELIVERED)
_IS_ATTEMPT = f"kind = {StepKind.ATTEMPT:d}"
_PAGE_BYTES = 8192
_WRITER_CACHE_KIB = 131_072
_READER_CACHE_KIB = 16_384
_MAPPED_BYTES = 4_294_967_296
_CHECKPOINT_PAGES = 8_000
_BUSY_S = 10.0
_log = structlog.get_logger()

# `names` keeps every word once: ids of subscriptions, tenants, event types, topics, reasons.
# A step repeats whose delivery it is of, so that attempts are searched without a look at their deliveries.
# `deliveries.at_ms` is the time by which they are listed: when the delivery was planned. It hardly ever changes, so a
# page of a list stays what it was, and an attempt moves no entry of the indexes that end with it.
_TABLES = f"""
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY, delivery_id NOT NULL, event_id TEXT NOT NULL, event_type INTEGER NOT NULL,
  subscription INTEGER NOT NULL, tenant INTEGER NOT NULL, at_ms INTEGER NOT NULL, state INTEGER NOT NULL,
  reason INTEGER, due_at_ms INTEGER, planned_at_ms INTEGER, replayed_at_ms INTEGER, dead_lettered_at_ms INTEGER,
  changed_at_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, last_status INTEGER, last_error INTEGER
);
CREATE UNIQUE INDEX by_delivery ON deliveries (delivery_id);
CREATE INDEX by_event ON deliveries (event_id);
CREATE INDEX by_time ON deliveries (at_ms, state, event_type, subscription, tenant);
CREATE INDEX by_tenant ON deliveries (tenant, at_ms, state, event_type, subscription);
CREATE INDEX by_subscription ON deliveries (subscription, at_ms, state, event_type, tenant);
CREATE INDEX by_type ON deliveries (event_type, at_ms, state, subscription, tenant);
CREATE INDEX undelivered ON deliveries (at_ms, state, event_type, subscription, tenant) WHERE state <> {DELIVERED};
CREATE TABLE steps (
  delivery INTEGER NOT NULL, at_ms INTEGER NOT NULL, kind INTEGER NOT NULL, number INTEGER NOT NULL,
  replayed INTEGER NOT NULL, outcome INTEGER NOT NULL, due_ms INTEGER NOT NULL, reason INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL, status INTEGER NOT NULL, error INTEGER NOT NULL, round_ms INTEGER NOT NULL,
  stage INTEGER NOT NULL, topic INTEGER, partition INTEGER, position INTEGER,
  event_type INTEGER NOT NULL, subscription INTEGER NOT NULL, tenant INTEGER NOT NULL,
  PRIMARY KEY (delivery, at_ms, kind, number, replayed)
) WITHOUT ROWID;
CREATE INDEX attempts_by_time ON steps
  (at_ms, delivery, number, replayed, outcome, status, event_type, subscription, tenant) WHERE {_IS_ATTEMPT};
CREATE INDEX attempts_by_tenant ON steps
  (tenant, at_ms, delivery, number, replayed, outcome, status, event_type, subscription) WHERE {_IS_ATTEMPT};
CREATE INDEX attempts_by_subscription ON steps
  (subscription, at_ms, delivery, number, replayed, outcome, status, event_type, tenant) WHERE {_IS_ATTEMPT};
CREATE TABLE signals (
  partition INTEGER NOT NULL, position INTEGER NOT NULL, subscription INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL, tenant INTEGER NOT NULL, signal TEXT NOT NULL, PRIMARY KEY (partition, position)
) WITHOUT ROWID;
CREATE INDEX signals_by_subscription ON signals (subscription, at_ms, kind);
CREATE INDEX signals_by_time ON signals (at_ms, kind, tenant);
CREATE TABLE minutes (
  minute INTEGER NOT NULL, outcome INTEGER NOT NULL, bucket INTEGER NOT NULL, attempts INTEGER NOT NULL,
  PRIMARY KEY (minute, outcome, bucket)
) WITHOUT ROWID;
CREATE TABLE hours (
  hour INTEGER NOT NULL, subscription INTEGER NOT NULL, attempts INTEGER NOT NULL, failed INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL, PRIMARY KEY (hour, subscription)
) WITHOUT ROWID;
CREATE TABLE subscription_minutes (
  minute INTEGER NOT NULL, subscription INTEGER NOT NULL, delivered INTEGER NOT NULL, bucket INTEGER NOT NULL,
  attempts INTEGER NOT NULL, duration_ms INTEGER NOT NULL, PRIMARY KEY (minute, subscription, delivered, bucket)
) WITHOUT ROWID;
CREATE INDEX minutes_by_subscription ON subscription_minutes (subscription, minute);
"""


class IndexFileError(UnavailableError):
    """The index's file can't be had, or written."""


class IndexFile:
    """The file, and connections to it. One process at a time has it.

    Args:
        folder: where it is kept; made if it is missing.
        cluster_id: the Kafka cluster whose records it holds.

    Attributes:
        generation: a word for the file as it was made; another one after it was made anew.
    """

    def __init__(self, folder: Path, cluster_id: str) -> None:
        self._path = folder / FILE_NAME
        self._cluster_id = cluster_id
        self._lock: int | None = None
        self.generation = ""

    def open(self) -> sqlite3.Connection:
        """Take the file for this process, made anew where it has to be, and give the connection that writes.

        Raises:
            IndexFileError: another process has it, or the folder can't be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._take()
        except OSError as error:
            raise IndexFileError(
                f"the index in {self._path.parent} can't be opened: {error.strerror}",
                hint="another console may have it: give each its own GATEWAY_CONSOLE_DIR",
            ) from None
        try:
            return self._connect_writer()
        except (sqlite3.DatabaseError, _OtherLayoutError) as error:
            _log.warning("index.made_anew", why=str(error))
            return self.renew()

    def renew(self) -> sqlite3.Connection:
        """Remove the file, make an empty one, and give the connection that writes."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
        return self._connect_writer()

    def connect_reader(self) -> sqlite3.Connection:
        """Give a connection that only reads, for one thread at a time."""
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=_BUSY_S, check_same_thread=False)
        connection.execute(f"PRAGMA cache_size = -{_READER_CACHE_KIB}")
        connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
        connection.execute("PRAGMA query_only = 1")
        return connection

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

    def _connect_writer(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        # Transactions are begun and ended by hand. It is made on one thread and used on another.
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
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

    def _make(self, connection: sqlite3.Connection) -> None:
        values = {"cluster_id": self._cluster_id, "generation": secrets.token_hex(4)}
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.executemany("INSERT INTO state VALUES (?, ?)", values.items())
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
        connection.execute("COMMIT")

    def _check(self, connection: sqlite3.Connection, layout: int) -> None:
        if layout != LAYOUT:
            raise _OtherLayoutError(f"its layout is {layout}, not {LAYOUT}")
        state = dict(connection.execute("SELECT name, value FROM state"))
        if state.get("cluster_id") != self._cluster_id:
            raise _OtherLayoutError("it is of another Kafka cluster")
        self.generation = state["generation"]


class _OtherLayoutError(Exception):
    """The file is good, but not for this program and this cluster."""
