"""Each change of a subscription leaves a line: who, which one, which fields; never what is in them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from gateway.domain.change_notes import note_change
from gateway.domain.changes import Change, Decide, Delete, Put, revised
from gateway.domain.errors import ConflictError, GatewayError, UnavailableError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import SealedSecret, SubscriptionState
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.audited_store import AuditedStore
from tests.subscriptions import NOW_MS, MemoryStore, StoreContract, subscription

BEFORE = subscription("sub_1")
NEWER = SealedSecret("k1", b"newer", NOW_MS + 1)
RESEALED = replace(BEFORE.secrets[0], key_id="k2", ciphertext=b"resealed")


class TestAuditedStore(StoreContract):
    """It keeps the contract of the store it wraps."""

    @pytest.fixture
    def store(self) -> AuditedStore:
        """An empty table."""
        return AuditedStore(MemoryStore(), "alice")


@pytest.mark.parametrize(
    ("changed", "action", "named"),
    [
        ({"url": "https://example.org"}, "updated", ("url",)),
        ({"description": "x", "timeout_s": 1.0}, "updated", ("description", "timeout_s")),
        ({"secrets": (NEWER, *BEFORE.secrets)}, "secret_rotated", ("secrets",)),
        ({"secrets": (RESEALED,)}, "updated", ("secrets",)),
        ({"state": SubscriptionState.PAUSED}, "paused", ("state",)),
        (
            {"state": SubscriptionState.DISABLED, "state_reason": "410"},
            "disabled",
            ("state", "state_reason"),
        ),
    ],
)
def test_a_change_is_named(changed: dict[str, object], action: str, named: tuple[str, ...]) -> None:
    """By what an operator would call it, and by the fields that differ."""
    note = note_change(BEFORE, Put(revised(BEFORE, now_ms=NOW_MS + 1, **changed)))
    assert note is not None
    assert note.action == action
    assert sorted(note.fields) == sorted(named)
    assert note.revision == 2


def test_a_resume_is_named() -> None:
    """A paused one that is active again was resumed, and not merely updated."""
    paused = replace(BEFORE, state=SubscriptionState.PAUSED)
    note = note_change(paused, Put(revised(paused, now_ms=NOW_MS, state=SubscriptionState.ACTIVE)))
    assert note is not None
    assert note.action == "resumed"


def test_what_egress_notes_for_itself_is_no_change() -> None:
    """That an endpoint is failing has its own signal."""
    assert note_change(BEFORE, Put(revised(BEFORE, now_ms=NOW_MS, failing_since_ms=NOW_MS))) is None


def changed_by_alice(store: MemoryStore, *changes: Change) -> list[EventDict]:
    """Make changes, and give the lines that they leave."""
    with capture_logs() as lines:
        AuditedStore(store, "alice").change(lambda _: changes)
    return [line for line in lines if line["event"] == "security.subscription_changed"]


def test_a_life_leaves_its_lines() -> None:
    """Created, changed, deleted: each with who did it."""
    store = MemoryStore()
    moved = revised(BEFORE, now_ms=NOW_MS, url="https://user-token.example.net/hooks?key=hunter2")
    lines = [line for change in (Put(BEFORE), Put(moved), Delete("sub_1")) for line in changed_by_alice(store, change)]
    assert [(line["action"], line["fields"], line["revision"]) for line in lines] == [
        ("created", [], 1),
        ("updated", ["url"], 2),
        ("deleted", [], None),
    ]
    assert {(line["actor"], line["subscription_id"], line["confirmed"]) for line in lines} == {("alice", "sub_1", True)}
    assert "hunter2" not in str(lines)


def test_every_change_of_one_decision_has_a_line() -> None:
    """A manifest of many leaves a trail without gaps."""
    many = [Put(subscription(f"sub_{number}")) for number in range(50)]
    lines = changed_by_alice(MemoryStore(), *many)
    assert [line["subscription_id"] for line in lines] == [f"sub_{number}" for number in range(50)]


class FailingStore:
    """A store whose broker goes away after the decision, or where others were faster."""

    def __init__(self, error: GatewayError) -> None:
        self._error = error

    def change(self, decide: Decide) -> Sequence[Change]:
        """See ChangeStore."""
        decide(SubscriptionIndex())
        raise self._error


def test_a_change_that_may_have_been_made_is_logged_as_such() -> None:
    """When Kafka goes away in the middle, the trail says that too; what was not written leaves nothing."""
    with capture_logs() as lines, pytest.raises(UnavailableError):
        AuditedStore(FailingStore(UnavailableError("gone")), "alice").change(lambda _: [Put(BEFORE)])
    assert [(line["action"], line["confirmed"]) for line in lines] == [("created", False)]
    with capture_logs() as lines, pytest.raises(ConflictError):
        AuditedStore(FailingStore(ConflictError("others")), "alice").change(lambda _: [Put(BEFORE)])
    assert lines == []


def test_the_actor_is_configured_or_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline names itself; else it is the user of the operating system, also one without a name, and where."""
    monkeypatch.setenv("GATEWAY_ACTOR", "deploy-pipeline")
    assert Deployment(load_settings()).actor() == "deploy-pipeline"
    monkeypatch.delenv("GATEWAY_ACTOR")
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    monkeypatch.setattr("socket.gethostname", lambda: "desk")
    assert Deployment(load_settings()).actor() == "uid:4000000@desk"
