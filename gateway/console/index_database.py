"""The index in PostgreSQL, for several consoles that share it: one of them writes, the others read and stand by.

Who writes holds an advisory lock of the session in which it writes. When the console or its connection goes, the lock
goes with the session, and so does all that was not committed: two never write at once. Nothing in it is the only copy,
so nothing is migrated: each layout has a schema of its own.
"""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import structlog
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gateway.console.database_connection import DatabaseConnection
from gateway.console.index_store import (
    IndexAwayError,
    IndexDamagedError,
    IndexStoreError,
    QuestionTooLongError,
    WrittenElsewhere,
)
from gateway.console.tables import LAYOUT, POSTGRES_WORDS, table_statements
from gateway.domain.errors import ConflictError, InvalidInputError

SCHEMA = f"webhook_gateway_index_{LAYOUT}"
_SCHEMAS = r"^webhook_gateway_index_[0-9]{1,6}$"
_OLDEST_VERSION = 13
_SCHEMES = ("postgresql://", "postgres://")
# A host that is gone without a word is noticed after some 20 seconds, by the client and by the server.
_CLIENT: dict[str, str | int] = {
    "connect_timeout": 10,
    "application_name": "webhook-gateway console",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
_SESSION = (
    f"SET search_path TO {SCHEMA}, pg_temp; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; "
    "SET tcp_keepalives_count = 2; "
    # Compiling costs more than any of the questions.
    "SET jit = off; "
)
# A power cut may take the newest transactions, with their positions: they are read from Kafka again.
_WRITER_SESSION = "SET synchronous_commit = off; SET lock_timeout = '30s'"
# A plan for any value would not know that some subscriptions have very many deliveries.
_READER_SESSION = "SET default_transaction_read_only = on; SET plan_cache_mode = force_custom_plan"
# Rows change when deliveries do; what they leave behind is cleared away early. And an index alone answers only for rows
# that a vacuum has found visible to all: what is new, and asked for most, has to be among them.
_OFTEN_CHANGED = ("deliveries", "steps", "subscription_minutes")
_VACUUM = (
    "autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05, "
    "autovacuum_analyze_scale_factor = 0.05"
)
_log = structlog.get_logger()


class IndexDatabase:
    """The database, and connections to it, see `IndexStore`.

    Args:
        url: where it is, as whom, and how; see libpq's connection strings.
        cluster_id: the Kafka cluster whose records it holds.

    Raises:
        InvalidInputError: this is no such URL.
    """

    def __init__(self, url: str, cluster_id: str) -> None:
        self._url = url
        self._place = place_of(url)
        self._cluster_id = cluster_id
        self._session: DatabaseConnection | None = None
        self._was_open = False
        self.generation = ""

    def open(self, *, anew: bool = False) -> DatabaseConnection | WrittenElsewhere:
        """Take the index for this console, made anew where it has to be; or tell how far the one is that has it.

        Raises:
            IndexStoreError: it can't be had: at the first time, for whatever reason.
            IndexAwayError: the database does not answer.
        """
        try:
            with self.translated_errors():
                opened = self._open(anew=anew)
        except IndexAwayError as error:
            if self._was_open:
                raise
            raise IndexStoreError(error.message, hint=error.hint) from error.__cause__
        self._was_open = True
        return opened

    def make(self) -> DatabaseConnection:
        """Make an index where there must be none, and give the connection that writes.

        Raises:
            ConflictError: there is one.
            IndexStoreError: it can't be made.
        """
        with self.translated_errors(), closing(self._connect(_READER_SESSION)) as session:
            if _state(session):
                raise ConflictError(f"{self._place} has an index already", hint="give an empty one")
        opened = self.open()
        if isinstance(opened, WrittenElsewhere):
            raise ConflictError(f"{self._place} is used by another console", hint="give an empty one")
        return opened

    def remove(self) -> None:
        """Remove the index, which no console has."""
        with self.translated_errors(), closing(self._connect(_WRITER_SESSION)) as session:
            session.execute(f"DROP SCHEMA {SCHEMA} CASCADE")

    def connect_reader(self) -> DatabaseConnection:
        """Give a connection that only reads."""
        return self._connect(_READER_SESSION)

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Have what goes wrong with a connection raised as an error of `index_store`."""
        try:
            yield
        except errors.QueryCanceled as error:
            raise QuestionTooLongError(_said(error)) from None
        except errors.InsufficientPrivilege as error:
            raise IndexStoreError(
                f"{self._place} does not let the console keep its index: {_said(error)}",
                hint="it makes a schema of its own: GRANT CREATE ON DATABASE … TO …",
            ) from error
        except (
            errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName, errors.DataCorrupted,
            errors.IndexCorrupted, psycopg.IntegrityError,
        ) as error:  # fmt: skip
            raise IndexDamagedError(_said(error)) from error
        except (psycopg.OperationalError, psycopg.InterfaceError, errors.ReadOnlySqlTransaction) as error:
            raise IndexAwayError(
                f"{self._place} can't be used: {_said(error)}",
                hint="GATEWAY_CONSOLE_DATABASE_URL says where it is, as whom, and with which password",
            ) from error

    def close(self) -> None:
        """Let others write it."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self, *, anew: bool) -> DatabaseConnection | WrittenElsewhere:
        session = self._session or self._connect(_WRITER_SESSION)
        self._session = None
        try:
            if not session.take_lock():
                elsewhere = self._look(session)
                # The next try is made with it.
                self._session = session
                return elsewhere
            self._prepare(session, anew=anew)
        except BaseException:
            session.close()
            raise
        return session

    def _connect(self, settings: str) -> DatabaseConnection:
        connection = psycopg.connect(make_conninfo(self._url, **_CLIENT), autocommit=True)
        try:
            connection.execute(_SESSION + settings)
            return DatabaseConnection(connection)
        except BaseException:
            connection.close()
            raise

    def _look(self, session: DatabaseConnection) -> WrittenElsewhere:
        """See what the console that writes has made.

        Raises:
            IndexStoreError: it is one of another Kafka cluster.
        """
        state = _state(session)
        if state and state["cluster_id"] != self._cluster_id:
            raise IndexStoreError(
                f"{self._place} holds the index of another Kafka cluster, whose console writes it",
                hint="give each cluster a database of its own",
            )
        self.generation = state.get("generation", "")
        return WrittenElsewhere(
            caught_up=state.get("caught_up") == "1",
            lag=int(state.get("lag", 0)),
            used_bytes=int(state.get("kept_bytes", 0)),
        )

    def _prepare(self, session: DatabaseConnection, *, anew: bool) -> None:
        """Make the tables unless they are there, and remove those that other releases have left."""
        _check_server(session, self._place)
        state = _state(session)
        if anew or state.get("cluster_id") != self._cluster_id:
            if state:
                _log.warning("index.made_anew", why="it is damaged" if anew else "it is of another Kafka cluster")
            self._make(session)
            state = _state(session)
        self.generation = state["generation"]
        _remove_others(session)

    def _make(self, session: DatabaseConnection) -> None:
        generation = secrets.token_hex(4)
        values = {"cluster_id": self._cluster_id, "generation": generation, "kept_bytes": "0"}
        tables = table_statements(POSTGRES_WORDS)
        with session.transaction():
            # A schema that somebody else made for the console stays: it may have no right to make one.
            if session.execute("SELECT to_regnamespace(?)", (SCHEMA,)).fetchone()[0] is None:
                session.execute(f"CREATE SCHEMA {SCHEMA}")
            for (table,) in session.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = ?", (SCHEMA,)
            ).fetchall():
                session.execute(f'DROP TABLE "{table}"')
            for statement in tables:
                session.execute(statement)
            for table in _OFTEN_CHANGED:
                session.execute(f"ALTER TABLE {table} SET ({_VACUUM})")
            session.executemany("INSERT INTO state VALUES (?, ?)", values.items())


def place_of(url: str) -> str:
    """Say where a database is, without the password.

    Raises:
        InvalidInputError: this is no URL of one.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # What it says may have the password in it.
        parts = {}
    # With another @, a part of the password would pass for the host.
    if not parts or not url.startswith(_SCHEMES) or url.count("@") > 1:
        raise InvalidInputError(
            "this is no URL of a PostgreSQL database",
            hint="like postgresql://user:password@host:5432/database?sslmode=verify-full; "
            "what is special in a URL is written as %40 for @, %2F for /",
        )
    host = parts.get("host") or parts.get("hostaddr") or "this machine"
    name = parts.get("dbname") or parts.get("user")
    return f"the PostgreSQL database '{name}' on {host}" if name else f"the PostgreSQL database on {host}"


def _state(session: DatabaseConnection) -> dict[str, str]:
    """Give what is known of the index, or nothing where there is none."""
    if session.execute("SELECT to_regclass(?)", (f"{SCHEMA}.state",)).fetchone()[0] is None:
        return {}
    return dict(session.execute("SELECT name, value FROM state").fetchall())


def _check_server(session: DatabaseConnection, place: str) -> None:
    version, encoding = session.execute(
        "SELECT current_setting('server_version_num'), current_setting('server_encoding')"
    ).fetchone()
    if int(version) < _OLDEST_VERSION * 10_000 or encoding != "UTF8":
        raise IndexStoreError(
            f"{place} is of version {int(version) // 10_000} with the encoding {encoding}",
            hint=f"the console needs version {_OLDEST_VERSION} or newer, and a database with the encoding UTF8",
        )


def _remove_others(session: DatabaseConnection) -> None:
    """Remove what other releases have left, unless a console of theirs writes it."""
    found = session.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname ~ ? AND nspname <> ? AND pg_has_role(nspowner, 'USAGE')",
        (_SCHEMAS, SCHEMA),
    ).fetchall()
    for (schema,) in found:
        layout = int(schema.rpartition("_")[2])
        if session.take_lock(layout):
            session.execute(f"DROP SCHEMA {schema} CASCADE")
            session.release_lock(layout)
            _log.info("index.removed", schema=schema)


def _said(error: psycopg.Error) -> str:
    """Give what PostgreSQL said, in one line."""
    said = error.diag.message_primary or str(error).removeprefix("connection failed: ")
    return " ".join(said.split())
