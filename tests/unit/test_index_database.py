"""The index in PostgreSQL: one console writes, the others stand by, and what goes wrong is told as it is."""

from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from gateway.console.index_database import SCHEMA, IndexDatabase
from gateway.console.index_store import (
    IndexAwayError,
    IndexConnection,
    IndexDamagedError,
    IndexStoreError,
    QuestionTooLongError,
    WrittenElsewhere,
)
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.search import DeliverySearch, search_deliveries
from gateway.console.steps import Place
from gateway.domain.errors import ConflictError, GatewayError, InvalidInputError
from gateway.domain.topics import ATTEMPTS, DELIVERIES
from tests.delivery_records import planned
from tests.indexes import opened
from tests.postgres import PASSWORD, PostgresServer

CLUSTER = "cluster-1"


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """Give an empty database."""
    return postgres.new_database()


def end_session(url: str, connection: IndexConnection) -> None:
    """End a session as a network does that breaks: from the other side."""
    pid = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def with_user(url: str, user: str, password: str = "") -> str:
    """Give the URL with another user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


def test_one_console_writes_and_another_takes_over(url: str) -> None:
    """It goes on where the first one was; until then it knows how far that one is."""
    first, second = IndexDatabase(url, CLUSTER), IndexDatabase(url, CLUSTER)
    with closing(second):
        with closing(IndexWriter(opened(first))) as writer:
            writer.apply(IndexBatch([(planned("evt-1"), Place(DELIVERIES, 0, 7))], [], {(DELIVERIES, 0): 8}))
            writer.note_progress(caught_up=True, lag=3)
            assert second.open() == WrittenElsewhere(caught_up=True, lag=3, used_bytes=writer.used_bytes())
            assert second.generation == first.generation
            with closing(second.connect_reader()) as reader:
                assert len(search_deliveries(reader, DeliverySearch(), limit=5).deliveries) == 1
        with closing(IndexWriter(opened(second))) as writer:
            assert writer.positions() == {(DELIVERIES, 0): 8}
            assert isinstance(first.open(), WrittenElsewhere)
    first.close()


def test_a_writer_that_lost_its_session_writes_nothing(url: str) -> None:
    """Not even the part of a batch that came before; and another console has the index by then."""
    first, second = IndexDatabase(url, CLUSTER), IndexDatabase(url, CLUSTER)
    connection = opened(first)
    writer = IndexWriter(connection)
    lost = IndexBatch([(planned("evt-1"), Place(DELIVERIES, 0, 0))], [], {(DELIVERIES, 0): 1})

    def write_while_the_session_ends() -> None:
        with first.translated_errors(), connection.transaction():
            connection.execute("INSERT INTO positions VALUES (?, ?, ?)", (ATTEMPTS, 0, 5))
            end_session(url, connection)
            connection.execute("SELECT 1")

    with pytest.raises(IndexAwayError, match="terminating connection"):
        write_while_the_session_ends()
    with closing(IndexWriter(opened(second))) as other:
        with pytest.raises(IndexAwayError), first.translated_errors():
            writer.apply(lost)
        assert other.positions() == {}
    writer.close()


def test_a_session_without_the_lock_may_not_write(url: str) -> None:
    """As behind a pooler that gives one client's statements to any session."""
    store = IndexDatabase(url, CLUSTER)
    with closing(IndexWriter(connection := opened(store))) as writer:
        connection.execute("SELECT pg_advisory_unlock_all()")
        with pytest.raises(IndexAwayError, match="may not write the index any more"):
            writer.apply(IndexBatch(positions={(ATTEMPTS, 0): 5}))
        assert writer.positions() == {}


def test_readers_only_read(url: str) -> None:
    """Whatever a question says."""
    store = IndexDatabase(url, CLUSTER)
    opened(store).close()
    with closing(store.connect_reader()) as reader, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader.execute("DELETE FROM names")


def test_a_question_that_takes_too_long_is_broken_off(url: str) -> None:
    """By the server, which would work on."""
    store = IndexDatabase(url, CLUSTER)
    with closing(opened(store)), closing(store.connect_reader()) as reader:
        reader.allow(0.05)
        with pytest.raises(QuestionTooLongError), store.translated_errors():
            reader.execute("SELECT pg_sleep(30)")


def test_an_index_that_somebody_damaged_is_told_and_made_anew(url: str) -> None:
    """A table that is gone is noticed by the next who needs it."""
    store = IndexDatabase(url, CLUSTER)
    with closing(connection := opened(store)):
        generation = store.generation
        connection.execute("DROP TABLE steps")
        with pytest.raises(IndexDamagedError), store.translated_errors():
            IndexWriter(connection).apply(IndexBatch([(planned("evt-1"), Place(DELIVERIES, 0, 0))]))
    with closing(IndexWriter(opened(store, anew=True))) as writer:
        assert store.generation != generation
        writer.apply(IndexBatch([(planned("evt-1"), Place(DELIVERIES, 0, 0))]))


def test_what_other_releases_left_is_removed_unless_they_run(url: str) -> None:
    """Each layout has a schema, so that a new release can read everything while the old one still answers."""
    with psycopg.connect(url, autocommit=True) as old:
        old.execute("CREATE SCHEMA webhook_gateway_index_1; CREATE SCHEMA webhook_gateway_index_of_somebody")
        old.execute("SELECT pg_advisory_lock(30567, 1)")
        store = IndexDatabase(url, CLUSTER)
        opened(store).close()
        assert _schemas(old) == {"webhook_gateway_index_1", "webhook_gateway_index_of_somebody", SCHEMA}
        old.execute("SELECT pg_advisory_unlock_all()")
        opened(store).close()
        assert _schemas(old) == {"webhook_gateway_index_of_somebody", SCHEMA}


def _schemas(connection: psycopg.Connection) -> set[str]:
    found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'webhook%'")
    return {name for (name,) in found}


def test_an_index_to_be_measured_takes_nobodys_place(url: str) -> None:
    """It is made only where there is none, and nothing of it stays."""
    store = IndexDatabase(url, "bench")
    store.make().close()
    with pytest.raises(ConflictError, match="has an index already"):
        IndexDatabase(url, "bench").make()
    store.remove()
    with psycopg.connect(url) as connection:
        assert _schemas(connection) == set()


def test_consoles_of_two_clusters_do_not_take_an_index_from_each_other(url: str) -> None:
    """The second would have nothing of its own to show."""
    other = IndexDatabase(url, "cluster-2")
    with closing(opened(IndexDatabase(url, CLUSTER))), pytest.raises(IndexStoreError, match="another Kafka") as refused:
        other.open()
    assert refused.value.hint == "give each cluster a database of its own"


def test_a_user_who_may_make_nothing_needs_a_schema_of_its_own(url: str, postgres: PostgresServer) -> None:
    """Who keeps the database can make it, once: the console does not remove it."""
    user = postgres.new_user()
    store = IndexDatabase(postgres.url(urlsplit(url).path[1:], user=user), CLUSTER)
    with pytest.raises(IndexStoreError, match="does not let the console keep its index: permission denied") as refused:
        store.open()
    assert refused.value.hint is not None
    assert "GRANT CREATE" in refused.value.hint
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {user}")
    opened(store).close()
    opened(store, anew=True).close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace("/test_", "/other_"), "does not exist"),
        (lambda url: with_user(url, "gateway", "secret-1"), "password authentication failed"),
        (lambda url: with_user(url, "nobody", "secret-1"), "password authentication failed"),
        (lambda _: "postgresql://gateway:secret-1@127.0.0.1:1/console", "Connection refused"),
        (lambda _: "postgresql://gateway:secret-1@nowhere.invalid/console", "nowhere.invalid"),
    ],
)
def test_what_is_wrong_at_the_start_is_told(change: Callable[[str], str], said: str, url: str) -> None:
    """As a message and a hint, without a password."""
    with pytest.raises(IndexStoreError, match=said) as refused:
        IndexDatabase(change(url), CLUSTER).open()
    assert "GATEWAY_CONSOLE_DATABASE_URL" in str(refused.value.hint)
    assert "secret-1" not in _all_said(refused.value)
    assert PASSWORD not in _all_said(refused.value)


@pytest.mark.parametrize(
    "given",
    ["mysql://u:secret-1@host/name", "secret-1", "postgresql://u:secret-1@secret-1@host/x", "host=x password=secret-1"],
)
def test_what_is_no_url_of_a_database_is_refused(given: str) -> None:
    """Without repeating it."""
    with pytest.raises(InvalidInputError) as refused:
        IndexDatabase(given, CLUSTER)
    assert "secret-1" not in _all_said(refused.value)


def _all_said(error: GatewayError) -> str:
    return f"{error} {error.message} {error.hint} {error.__cause__}"


def test_a_database_that_goes_away_later_is_waited_for(postgres: PostgresServer, url: str) -> None:
    """The console has answered before, and can again."""
    store = IndexDatabase(url, CLUSTER)
    opened(store).close()
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        name = urlsplit(url).path[1:]
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        with pytest.raises(IndexAwayError):
            store.open()
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    opened(store).close()


def test_texts_that_postgresql_can_not_hold_stop_nothing(url: str) -> None:
    """A record that is not the gateway's may hold anything."""
    store = IndexDatabase(url, CLUSTER)
    with closing(connection := opened(store)):
        for _ in range(2):
            IndexWriter(connection).apply(IndexBatch([(planned("evt\0-1", "sub\0"), Place(DELIVERIES, 0, 0))]))
        found = search_deliveries(connection, DeliverySearch(event_id="evt\0-1"), limit=5).deliveries
        assert [one.subscription_id for one in found] == ["sub\ufffd"]
