"""`gateway schemas push` and `pull` against a registry: what is there already, what is refused, what is written."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli.schemas import command
from gateway.domain.errors import GatewayError, InvalidInputError, NotFoundError, UnavailableError
from gateway.kafka.registry_access import basic
from gateway.wire.errors import RegistryUnavailableError
from tests.registry_server import RegistryState, registry_server

CREATED = "events.order-shop.order.OrderCreated"
Run = Callable[..., list[dict[str, Any]]]


def record(name: str, **fields: Any) -> dict[str, Any]:
    """A record with fields of a type each; an int has a default."""
    return {
        "type": "record",
        "name": name,
        "namespace": "shop",
        "fields": [
            {"name": field, "type": kind, **({"default": 0} if kind == "int" else {})} for field, kind in fields.items()
        ],
    }


def write(folder: Path, event_type: str, version: int, schema: Any) -> None:
    """Put a version into a catalog."""
    (folder / event_type).mkdir(parents=True, exist_ok=True)
    (folder / event_type / f"{version}.avsc").write_text(json.dumps(schema))


@pytest.fixture
def state() -> RegistryState:
    """What the registry of a test keeps."""
    return RegistryState()


@pytest.fixture
def run(state: RegistryState) -> Iterator[Run]:
    """Run a command with `--json` and give its lines; its exit code has to be as said, its errors are raised."""
    with registry_server(state) as url:

        def call(*arguments: str, exit_code: int = 0, catalog: Path | None = None) -> list[dict[str, Any]]:
            environment = {"GATEWAY_SCHEMA_REGISTRY_URL": url}
            if catalog is not None:
                environment["GATEWAY_CATALOG_DIR"] = str(catalog)
            done = CliRunner(env=environment).invoke(command, [*arguments, "--json"])
            if isinstance(done.exception, GatewayError):
                raise done.exception
            assert done.exit_code == exit_code, done.output
            return [json.loads(line) for line in done.stdout.splitlines()]

        yield call


def results(lines: list[dict[str, Any]]) -> list[str]:
    """What became of each version."""
    return [line["result"] for line in lines]


def test_the_catalog_is_registered_once(run: Run, state: RegistryState) -> None:
    """Oldest first, under a subject for each record; a second push finds everything there."""
    first = run("push")
    assert set(results(first)) == {"registered"}
    created = [line for line in first if line["event_type"] == "order.created"]
    assert [(line["version"], line["registry_version"]) for line in created] == [(1, 1), (2, 2), (3, 3)]
    assert {line["subject"] for line in created} == {CREATED}
    before = {subject: len(versions) for subject, versions in state.subjects.items()}
    second = run("push")
    assert set(results(second)) == {"unchanged"}
    assert [line["schema_id"] for line in second] == [line["schema_id"] for line in first]
    assert {subject: len(versions) for subject, versions in state.subjects.items()} == before


@pytest.mark.parametrize(
    ("strategy", "subject"),
    [("topic-record", CREATED), ("record", "shop.order.OrderCreated"), ("topic", "events.order-value")],
)
def test_subjects_are_named_as_the_serializers_name_them(
    run: Run, state: RegistryState, strategy: str, subject: str
) -> None:
    """Confluent's TopicRecordName, RecordName and TopicName strategies."""
    run("push", "--type", "order.created", "--subject-strategy", strategy)
    assert list(state.subjects) == [subject]


def test_a_dry_run_changes_nothing(run: Run, state: RegistryState) -> None:
    """It asks, and tells what would be."""
    lines = run("push", "--dry-run", "--compatibility", "FULL_TRANSITIVE", "--type", "order.paid")
    assert results(lines) == ["would_register"] * 2
    assert (state.subjects, state.levels) == ({}, {})


def test_subjects_get_a_compatibility_level(run: Run, state: RegistryState) -> None:
    """Before the first version is registered, so that the whole history is held to it."""
    run("push", "--type", "order.created", "--compatibility", "FULL_TRANSITIVE")
    assert state.levels == {CREATED: "FULL_TRANSITIVE"}
    assert [method for method, _ in state.asked][:3] == ["GET", "PUT", "POST"]


def test_registries_that_want_the_subject_first_get_the_level_then(run: Run, state: RegistryState) -> None:
    """Apicurio's knows no level of a subject that does not exist."""
    unknown = (404, {"error_code": 40401, "message": "no such subject"})
    state.answers[f"/config/{CREATED}"] = [unknown, unknown, unknown, (200, {"compatibility": "FULL"})]
    lines = run("push", "--type", "order.created", "--compatibility", "FULL")
    assert results(lines) == ["registered"] * 3
    assert state.asked.count(("PUT", f"/config/{CREATED}")) == 2


def test_a_conflict_is_told_and_ends_its_event_type(run: Run, state: RegistryState, tmp_path: Path) -> None:
    """Later versions would stand in the history without it; other types go on."""
    write(tmp_path, "a.made", 1, record("Made", size="string"))
    write(tmp_path, "a.made", 2, record("Made", size="string", more="int"))
    write(tmp_path, "b.made", 1, record("Other", size="int"))
    state.add("events.a-shop.Made", record("Made", colour="string"))
    for arguments in (("push", "--dry-run"), ("push",)):
        lines = run(*arguments, exit_code=1, catalog=tmp_path)
        assert results(lines)[:2] == ["refused", "skipped"]
        assert results(lines)[2] in {"registered", "would_register"}
        assert "reader_field_missing_default_value" in lines[0]["detail"]
    assert len(state.subjects["events.a-shop.Made"]) == 1


def test_a_topics_own_subject_holds_one_event_type(run: Run, tmp_path: Path) -> None:
    """TopicName compares the records of all types of a topic with each other."""
    write(tmp_path, "a.made", 1, record("Made", size="string"))
    write(tmp_path, "a.sold", 1, record("Sold", price="string"))
    lines = run("push", "--subject-strategy", "topic", exit_code=1, catalog=tmp_path)
    assert results(lines) == ["registered", "refused"]


def test_a_pulled_catalog_is_the_pushed_one(run: Run, tmp_path: Path) -> None:
    """There and back; a second pull finds everything there, and what was pushed passes the gate."""
    run("push")
    lines = run("pull", "--into", str(tmp_path), "--dry-run")
    assert set(results(lines)) == {"would_write"}
    assert list(tmp_path.iterdir()) == []
    assert set(results(run("pull", "--into", str(tmp_path)))) == {"written"}
    assert set(results(run("pull", "--into", str(tmp_path)))) == {"unchanged"}
    assert set(results(run("push", catalog=tmp_path))) == {"unchanged"}
    shown = json.loads((tmp_path / "order.created" / "3.avsc").read_text())
    assert (shown["name"], shown["namespace"]) == ("OrderCreated", "shop.order")


def test_a_record_that_no_catalog_knows_is_named(run: Run, state: RegistryState, tmp_path: Path) -> None:
    """`--all` passes over what has no event type, a subject that is named is refused, and `--type` says what it is."""
    state.add("events.thing-shop.Made", record("Made", size="int"))
    state.add("keys", '"string"')
    state.add("protobuf", "message Made {}", kind="PROTOBUF")
    folder = ("--into", str(tmp_path))
    lines = run("pull", *folder, "--all")
    assert results(lines) == ["skipped"] * 3
    assert "no event type is known for the record shop.Made" in lines[0]["detail"]
    assert results(run("pull", *folder, "--subject", "events.thing-shop.Made", exit_code=1)) == ["refused"]
    lines = run("pull", *folder, "--type", "thing.made=shop.Made")
    assert [(line["result"], line["event_type"], line["version"]) for line in lines] == [("written", "thing.made", 1)]
    assert json.loads((tmp_path / "thing.made" / "1.avsc").read_text()) == record("Made", size="int")


def test_nothing_is_overwritten(run: Run, state: RegistryState, tmp_path: Path) -> None:
    """Another schema under the same number is a conflict; one with other docs is the same data."""
    documented = {**record("Made", size="int"), "doc": "What was made."}
    write(tmp_path, "thing.made", 1, documented)
    write(tmp_path, "thing.made", 2, record("Made", size="int", local="int"))
    for fields in ({}, {"remote": "int"}, {"remote": "int", "third": "int"}):
        state.add("made", record("Made", size="int", **fields))
    lines = run("pull", "--into", str(tmp_path), "--subject", "made", "--type", "thing.made=shop.Made", exit_code=1)
    assert results(lines) == ["same_data", "conflict", "written"]
    assert "is another schema" in lines[1]["detail"]
    assert json.loads((tmp_path / "thing.made" / "1.avsc").read_text()) == documented


def test_a_schema_that_refers_to_others_is_written_whole(run: Run, state: RegistryState, tmp_path: Path) -> None:
    """What it uses by name is defined where it is used first."""
    state.add("money", {**record("Money", amount="string"), "namespace": "bank"})
    price = record("Price", net="bank.Money", gross="bank.Money")
    state.add("price", price, references=[{"name": "bank.Money", "subject": "money", "version": 1}])
    made = record("Made", price="Price", cost="bank.Money")
    state.add("made", made, references=[{"name": "shop.Price", "subject": "price", "version": 1}])
    run("pull", "--into", str(tmp_path), "--subject", "made", "--type", "thing.made=shop.Made")
    fields = json.loads((tmp_path / "thing.made" / "1.avsc").read_text())["fields"]
    assert fields[0]["type"]["fields"][0]["type"] == {**record("Money", amount="string"), "namespace": "bank"}
    assert fields[0]["type"]["fields"][1]["type"] == fields[1]["type"] == "bank.Money"


def test_the_catalog_is_checked_against_the_registry(run: Run, state: RegistryState, tmp_path: Path) -> None:
    """A version that is registered has to be here, and the same but for its docs; numbers of subjects don't matter."""
    first, second = record("Made", size="int"), record("Made", size="int", more="int")
    state.add("events.a-shop.Made", {**first, "doc": "Not in the catalog."})
    state.add("events.a-shop.Made", first)
    state.add("events.a-shop.Made", second)
    write(tmp_path, "a.made", 1, {**first, "doc": "What was made."})
    write(tmp_path, "a.made", 2, second)
    check = ("check", "--against", "registry")
    assert run(*check, catalog=tmp_path) == []
    other_default = {**second, "fields": [second["fields"][0], {"name": "more", "type": "int", "default": 7}]}
    write(tmp_path, "a.made", 2, other_default)
    state.add("events.a-shop.Made", record("Made", size="int", more="int", third="int"))
    lines = run(*check, exit_code=1, catalog=tmp_path)
    assert [(line["file"], line["rule"]) for line in lines] == [
        ("a.made/2.avsc", "changed"),
        ("a.made/4.avsc", "removed"),
    ]


def test_a_registry_without_the_catalog_is_no_yes(run: Run) -> None:
    """Subjects may only be named in another way."""
    with pytest.raises(NotFoundError, match=r"has nothing under events\.customer-shop"):
        run("check", "--against", "registry")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("pull", "--into", "x", "--subject", "nope"), NotFoundError, "no subject 'nope'"),
        (("pull", "--into", "x", "--type", "a.made"), InvalidInputError, "is no TYPE=RECORD"),
        (("pull", "--into", "x", "--type", "../x=shop.Made"), InvalidInputError, "event type"),
        (("push", "--type", "order.createt"), NotFoundError, "no event type"),
    ],
)
def test_mistakes_are_told(run: Run, arguments: tuple[str, ...], error: type[GatewayError], message: str) -> None:
    """Before anything is changed."""
    with pytest.raises(error, match=message):
        run(*arguments)


def test_without_a_registry_nothing_can_be_pushed(tmp_path: Path) -> None:
    """The setting is named; one that refuses the login is explained."""
    done = CliRunner().invoke(command, ["push"])
    assert isinstance(done.exception, UnavailableError)
    assert "GATEWAY_SCHEMA_REGISTRY_URL is not set" in done.exception.message
    with registry_server(RegistryState(authorization=basic("alice", "hush"))) as url:
        done = CliRunner(env={"GATEWAY_SCHEMA_REGISTRY_URL": url}).invoke(command, ["pull", "--into", str(tmp_path)])
    assert isinstance(done.exception, RegistryUnavailableError)
    assert done.exception.exit_code == UnavailableError.exit_code
