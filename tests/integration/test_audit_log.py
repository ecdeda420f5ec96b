"""The audit trail on a real broker: a change and its entry are written together, or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner
from confluent_kafka import Producer

from gateway.admin.audit_trail import ChangeTrail
from gateway.cli.audit import command
from gateway.domain.audit import ActionTarget, AuditRecord
from gateway.domain.changes import Change, Delete, Put, revised
from gateway.domain.errors import ConflictError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.topics import AUDIT, TopicLayout
from gateway.kafka.audit_log import AuditFilter, audit_kind
from gateway.kafka.compacted_log import TopicMissingError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.record_log import RecordLog
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.services.audit import Actor, audit_action
from gateway.telemetry.clock import now_ms
from tests.subscriptions import NOW_MS, subscription

LIMIT = 1000

NewStore = Callable[..., SubscriptionStore]


@pytest.fixture
def name(topics: TopicLayout) -> str:
    """A subscription of the test's own: the trail is shared."""
    assert topics.domains
    return f"sub_{uuid4().hex[:12]}"


@pytest.fixture
def new_store(kafka: KafkaConfig, new_topic: Callable[..., str], topics: TopicLayout) -> NewStore:
    """Make stores of one table of the test's own that leave a trail, like processes of their own would."""
    assert topics.domains
    table = new_topic(cleanup_policy="compact")

    def make(actor: str = "alice@desk") -> SubscriptionStore:
        return SubscriptionStore(kafka, ChangeTrail(actor, now_ms), topic=table, transactional_id=table)

    return make


def _always(changes: Sequence[Change], _: SubscriptionIndex) -> Sequence[Change]:
    return changes


def trail(kafka: KafkaConfig, name: str) -> list[AuditRecord]:
    """Read what the trail says of a subscription."""
    return RecordLog(kafka, audit_kind()).find(AuditFilter(name).admits, since_ms=0, limit=LIMIT).records


def test_each_change_has_its_entry(kafka: KafkaConfig, name: str, new_store: NewStore) -> None:
    """In order, with the place of the change; a decision that changes nothing, and egress's notes, leave none."""
    store, first = new_store(), subscription(name)
    second = revised(first, now_ms=NOW_MS, timeout_s=3.0)
    noted = replace(second, failing_since_ms=NOW_MS)
    decisions: list[Sequence[Change]] = [[Put(first)], [], [Put(second)], [Put(noted)], [Delete(name)]]
    for changes in decisions:
        store.change(partial(_always, changes))

    entries = trail(kafka, name)
    assert [entry.action for entry in entries] == ["created", "updated", "deleted"]
    offsets = [entry.table_offset for entry in entries if entry.table_offset is not None]
    # Each transaction ends with a marker, which has an offset, too.
    assert offsets == [0, 2, 6]


def test_a_writer_that_was_overtaken_leaves_the_entry_of_what_it_wrote(
    kafka: KafkaConfig, name: str, new_store: NewStore
) -> None:
    """Its first decision was not written, and neither was what the trail would have said of it."""
    new_store().change(lambda _: (Put(subscription(name)),))
    seen: list[int] = []

    def decide(index: SubscriptionIndex) -> Sequence[Change]:
        current = index.get(name)
        assert current is not None
        seen.append(current.revision)
        if len(seen) == 1:
            new_store("bob@desk").change(lambda _: (Put(revised(current, now_ms=NOW_MS, timeout_s=3.0)),))
        return (Put(revised(current, now_ms=NOW_MS, description="alice's")),)

    new_store("alice@desk").change(decide)

    assert seen == [1, 2]
    told = [(entry.actor, entry.revision) for entry in trail(kafka, name)]
    assert told == [("alice@desk", 1), ("bob@desk", 2), ("alice@desk", 3)]


def test_a_writer_that_is_always_overtaken_leaves_nothing(
    kafka: KafkaConfig, name: str, new_store: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the change was given up, the trail knows nothing of it."""
    monkeypatch.setattr("gateway.kafka.subscription_store._MAX_TRIES", 1)

    def decide(_: SubscriptionIndex) -> Sequence[Change]:
        new_store("bob@desk").change(lambda _: (Put(subscription(f"{name}-rival")),))
        return (Put(subscription(name)),)

    with pytest.raises(ConflictError):
        new_store().change(decide)
    assert trail(kafka, name) == []
    assert len(trail(kafka, f"{name}-rival")) == 1


def test_a_writer_that_dies_before_its_commit_leaves_nothing(
    kafka: KafkaConfig, name: str, new_store: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both records lie in the topics, and neither is ever seen."""

    class DyingProducer(Producer):
        def commit_transaction(self, *_: float) -> None:
            assert self.flush(10) == 0
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("gateway.kafka.fenced_transaction.Producer", DyingProducer)
        with pytest.raises(KeyboardInterrupt):
            new_store().change(lambda _: (Put(subscription(name)),))
    new_store("bob@desk").change(lambda _: (Put(subscription(name)),))

    assert [(entry.actor, entry.action) for entry in trail(kafka, name)] == [("bob@desk", "created")]


def test_without_the_topic_nothing_is_changed(name: str, new_store: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No change goes without its entry, and the message says what creates the topic."""
    monkeypatch.setattr("gateway.kafka.subscription_store.AUDIT", "no-such-trail")
    monkeypatch.setattr("gateway.kafka.compacted_log._NEW_TOPIC_TIMEOUT_S", 0.1)
    with pytest.raises(TopicMissingError, match="no-such-trail") as missing:
        new_store().change(lambda _: (Put(subscription(name)),))
    assert "gateway topics apply" in (missing.value.hint or "")


def test_what_a_command_does_is_told_before_it_is_done(kafka: KafkaConfig, name: str, topics: TopicLayout) -> None:
    """An action that is no change of a subscription has an entry for each that it concerns."""
    assert AUDIT in {spec.name for spec in topics.specs()}
    actor = Actor("alice@desk", "gateway dlq replay")
    audit_action(kafka, actor, "dead_letters_replayed", [ActionTarget(name, "acme", {"deliveries": 3})])
    (entry,) = trail(kafka, name)
    assert (entry.action, entry.command, entry.details) == (
        "dead_letters_replayed",
        "gateway dlq replay",
        '{"deliveries":3}',
    )


def test_the_command_prints_lines_and_json(program: CliRunner, name: str, new_store: NewStore) -> None:
    """People read differences, programs both views as well."""
    store, first = new_store(), subscription(name)
    store.change(lambda _: (Put(first),))
    store.change(lambda _: (Put(revised(first, now_ms=NOW_MS, timeout_s=3.0)),))

    shown = program.invoke(command, ["--subscription", name])
    assert shown.exit_code == 0
    assert "10.0 → 3.0" in shown.stdout
    printed = program.invoke(command, ["--subscription", name, "--actor", "alice@desk", "--json"]).stdout
    created, updated = [orjson.loads(line) for line in printed.splitlines()]
    assert created["before"] is None
    assert (updated["before"]["timeout_s"], updated["after"]["timeout_s"]) == (10.0, 3.0)
    assert updated["differences"] == [{"field": "timeout_s", "before": 10.0, "after": 3.0}]
    assert program.invoke(command, ["--subscription", name, "--actor", "bob@desk", "--json"]).stdout == ""
