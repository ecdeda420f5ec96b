"""API tokens on a real broker: made, listed and revoked by the command, and known to whoever follows the topic."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner

from gateway.cli.tokens import command
from gateway.domain.access import Role
from gateway.domain.credentials import Credential, CredentialKind, read_credential, sha256_of
from gateway.domain.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from gateway.domain.topics import TopicLayout
from gateway.kafka import credential_book
from gateway.kafka.audit_log import AuditFilter, audit_kind
from gateway.kafka.config import KafkaConfig
from gateway.kafka.credential_book import CredentialBook, CredentialTable, read_credentials
from gateway.kafka.record_log import RecordLog
from gateway.telemetry.clock import now_ms

DAY_MS = 86_400_000


@pytest.fixture
async def table(kafka: KafkaConfig, topics: TopicLayout) -> AsyncIterator[CredentialTable]:
    """Follow the credentials, as a console does."""
    assert topics.domains
    table = CredentialTable(kafka)
    await table.start()
    await table.ready()
    yield table
    await table.stop()
    assert not table.failure.done()


@pytest.fixture
def name(topics: TopicLayout) -> str:
    """A token's name of the test's own: the topic is shared."""
    assert topics.domains
    return f"t{uuid4().hex[:12]}"


def session(made_with: str | None, *, expires_at_ms: int) -> Credential:
    """Give a session."""
    return Credential(
        uuid4().hex[:16], CredentialKind.SESSION, "user:jane", bytes(32), Role.VIEWER, None, now_ms(), "user:jane",
        expires_at_ms, made_with,
    )  # fmt: skip


async def run(program: CliRunner, *arguments: str) -> str:
    """Run a command while the table goes on reading."""
    done = await asyncio.to_thread(program.invoke, command, [*arguments], catch_exceptions=False)
    return done.stdout


async def test_a_token_is_known_from_its_making_to_its_end(
    kafka: KafkaConfig, program: CliRunner, table: CredentialTable, name: str
) -> None:
    """Its secret is shown once and in no record; its end is that of the sessions begun with it, too."""
    wanted = ("--name", name, "--role", "operator", "--tenant", "acme")
    made = orjson.loads(await run(program, "create", *wanted, "--json"))
    await table.refresh()
    shown = read_credential(made["token"])
    assert shown is not None
    found = table.index.find(shown, now_ms())
    assert found is not None
    assert (found.actor, found.role, found.tenant) == (f"token:{name}", Role.OPERATOR, "acme")
    assert found.secret_sha256 == sha256_of(shown.secret)
    assert 89 * DAY_MS < made["expires_at_ms"] - now_ms() <= 90 * DAY_MS

    listed = [orjson.loads(line) for line in (await run(program, "list", "--json")).splitlines()]
    assert [one for one in listed if one["name"] == name] == [
        {key: value for key, value in made.items() if key != "token"}
    ]
    assert name in await run(program, "list")
    with pytest.raises(ConflictError, match="called"):
        await run(program, "create", "--name", name, "--role", "viewer")

    book = CredentialBook(kafka, table.index)
    begun = session(found.credential_id, expires_at_ms=now_ms() + DAY_MS)
    await asyncio.to_thread(book.keep, begun)
    assert table.index.get(begun.credential_id) == begun
    assert name in await run(program, "revoke", found.credential_id)
    await table.refresh()
    assert table.index.find(shown, now_ms()) is None
    assert table.index.get(begun.credential_id) is None
    with pytest.raises(NotFoundError):
        await run(program, "revoke", found.credential_id)
    with pytest.raises(NotFoundError):
        await run(program, "revoke", begun.credential_id)

    told = RecordLog(kafka, audit_kind()).find(
        lambda record: AuditFilter().admits(record) and name in (record.details or ""), since_ms=0, limit=10
    )
    assert [(one.action, one.tenant) for one in told.records] == [("token_created", "acme"), ("token_revoked", "acme")]
    assert shown.text.rpartition("_")[2] not in str(told.records)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--name", "", "--role", "viewer"),
        ("--name", "a b", "--role", "viewer"),
        ("--name", "x" * 65, "--role", "viewer"),
        ("--name", "a", "--role", "viewer", "--tenant", "a b"),
        ("--name", "a", "--role", "viewer", "--expires", "1s"),
        ("--name", "a", "--role", "viewer", "--expires", "1828d"),
    ],
)
async def test_no_token_is_made_that_can_be_none(program: CliRunner, name: str, arguments: tuple[str, ...]) -> None:
    """And nothing is written."""
    assert name
    with pytest.raises(InvalidInputError):
        await run(program, "create", *arguments)


async def test_what_ended_long_ago_is_forgotten_with_what_is_new(
    kafka: KafkaConfig, table: CredentialTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions are many, and nobody ends them one by one."""
    book = CredentialBook(kafka, table.index)
    old, recent, new = (session(None, expires_at_ms=now_ms() - age_ms) for age_ms in (2 * DAY_MS, 1000, -DAY_MS))
    for one in (old, recent, new):
        await asyncio.to_thread(book.keep, one)
    await table.refresh()
    left = await asyncio.to_thread(read_credentials, kafka)
    assert [left.get(one.credential_id) for one in (old, recent, new)] == [None, recent, new]
    monkeypatch.setattr(credential_book, "MAX_CREDENTIALS", len(left))
    with pytest.raises(UnavailableError, match="credentials already"):
        await asyncio.to_thread(book.keep, old)
    await asyncio.to_thread(book.keep, new)
    for one in (recent, new):
        await asyncio.to_thread(book.drop, one.credential_id)
