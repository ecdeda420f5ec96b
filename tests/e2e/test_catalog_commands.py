"""`gateway schemas` and `gateway publish` as a user runs them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.wire.schema_files import schemas_root

GATEWAY = Path(sys.executable).parent / "gateway"


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GATEWAY, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, **environment},
    )


def test_the_catalog_can_be_listed_shown_and_checked() -> None:
    """The shipped catalog, by a newcomer's first commands."""
    listed = run("schemas", "list", "--json")
    assert {"order.created", "customer.updated"} <= {
        json.loads(line)["event_type"] for line in listed.stdout.splitlines()
    }
    shown = json.loads(run("schemas", "show", "order.created", "--version", "2").stdout)
    assert shown["name"] == "OrderCreated"
    checked = run("schemas", "check")
    assert (checked.returncode, checked.stdout) == (0, "no problems found\n")


def test_the_schema_of_what_is_sent_can_be_had() -> None:
    """A receiver of Avro needs the very schema that its fingerprint stands for: without what it may not see."""
    field, plain = "customer.updated:profile.date_of_birth", ("schemas", "show", "customer.updated", "--json")
    whole = json.loads(run(*plain).stdout)
    sent = json.loads(run(*plain, "--as-sent").stdout)
    granted = json.loads(run(*plain, "--as-sent", "--allow-sensitive", field).stdout)
    assert ("date_of_birth" in str(whole), "date_of_birth" in str(sent)) == (True, False)
    assert whole["fingerprint"] != sent["fingerprint"]
    assert granted == whole
    refused = run(*plain, "--as-sent", "--allow-sensitive", "customer.updated:profile.birthday")
    assert (refused.returncode, "did you mean profile.date_of_birth?" in refused.stderr) == (2, True)
    assert run(*plain, "--allow-sensitive", field).returncode == 2


def test_check_finds_a_breaking_change(tmp_path: Path) -> None:
    """Exit code 1, and a line with file, field and rule."""
    folder = tmp_path / "thing.made"
    folder.mkdir()
    for version, type_ in ((1, "int"), (2, "string")):
        schema = {"type": "record", "name": "Made", "fields": [{"name": "size", "type": type_}]}
        (folder / f"{version}.avsc").write_text(json.dumps(schema))
    checked = run("schemas", "check", GATEWAY_CATALOG_DIR=str(tmp_path))
    assert checked.returncode == 1
    assert checked.stdout.splitlines()[0] == (
        "thing.made/2.avsc: size: type: version 2 can't read version 1: int can't be read as string"
    )
    as_json = run("schemas", "check", "--json", GATEWAY_CATALOG_DIR=str(tmp_path))
    assert [json.loads(line)["rule"] for line in as_json.stdout.splitlines()] == ["type", "type"]


def test_check_finds_what_of_the_published_catalog_is_gone(tmp_path: Path) -> None:
    """A version that others rely on stays as it is, and an unknown state to compare with is no empty one."""
    shipped = schemas_root() / "events"
    shutil.copytree(shipped, tmp_path / "events")
    environment = {"GATEWAY_CATALOG_DIR": str(tmp_path / "events")}
    same = run("schemas", "check", "--against", str(shipped), **environment)
    assert (same.returncode, same.stdout) == (0, "no problems found\n")
    (tmp_path / "events" / "order.paid" / "1.avsc").unlink()
    changed = run("schemas", "check", "--against", str(shipped), **environment)
    assert changed.returncode == 1
    assert changed.stdout.startswith("order.paid/1.avsc: removed: it was published")
    nowhere = run("schemas", "check", "--against", "nowhere", **environment)
    assert (nowhere.returncode, nowhere.stdout) == (2, "")


def test_two_files_can_be_compared(tmp_path: Path) -> None:
    """Exit code 1 where one can't be read; a change of meaning only if it is asked for."""
    at = {"type": "long", "logicalType": "timestamp-millis"}
    for name, schema in (("long", "long"), ("int", "int"), ("at", at)):
        (tmp_path / name).write_text(json.dumps(schema))
    files = {name: str(tmp_path / name) for name in ("long", "int", "at")}
    promoted = run("schemas", "compat", files["long"], files["int"])
    assert (promoted.returncode, promoted.stdout) == (0, "compatible\n")
    demoted = run("schemas", "compat", files["int"], files["long"])
    assert (demoted.returncode, demoted.stdout) == (1, "incompatible\ntype: long can't be read as int\n")
    as_json = json.loads(run("schemas", "compat", "--json", files["long"], files["at"]).stdout)
    assert (as_json["compatible"], as_json["warnings"][0]["rule"]) == (True, "logical_type")
    assert run("schemas", "compat", "--strict", files["long"], files["at"]).returncode == 1


def test_many_pairs_can_be_compared() -> None:
    """One line each, in order; what can't be read gets an error, and the rest is answered."""
    lines = [
        '{"id": 7, "reader": "long", "writer": "int"}',
        '{"reader": {"type": "int"}, "writer": "\\"string\\""}',
        '{"id": "x", "reader": "int"}',
        "{oops",
        "[]",
        '{"reader": "int", "writer": "{\\"type\\": \\"array\\"}"}',
    ]
    good = run("schemas", "compat", "--pairs", "-", stdin="\n".join(lines[:2]))
    assert (good.returncode, good.stderr) == (0, "")
    first, second = map(json.loads, good.stdout.splitlines())
    assert first == {"id": 7, "compatible": True, "reasons": [], "warnings": []}
    assert second["reasons"] == [{"path": "", "rule": "type", "detail": "string can't be read as int"}]
    bad = run("schemas", "compat", "--pairs", "-", stdin="\n".join(lines))
    answers = [json.loads(line) for line in bad.stdout.splitlines()]
    assert (bad.returncode, answers[:2]) == (2, [first, second])
    assert [answer.get("id") for answer in answers[2:]] == ["x", None, None, None]
    assert [answer["error"] for answer in answers[2:]] == [
        "there is no writer",
        "unexpected character, expected a string key: line 1 column 2 (char 1)",
        "it is no object",
        "the writer is no Avro schema: []: schema: array needs items",
    ]
    assert "4 lines could not be answered" in bad.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("schemas", "show", "order.createt"), 3, "did you mean order.created?"),
        (("schemas", "show", "order.created", "--version", "9"), 3, "has no version 9"),
        (("schemas", "mock", "order.created", "--count", "0"), 2, "--count"),
        (("schemas", "compat", "one.avsc"), 2, "give two files"),
        (("schemas", "compat", "one.avsc", "two.avsc", "--pairs", "-"), 2, "not both"),
        (("schemas", "compat", "one.avsc", "two.avsc"), 2, "one.avsc can't be read"),
        (("schemas", "compat", "--pairs", "nowhere.jsonl"), 2, "nowhere.jsonl can't be read"),
        (("schemas", "docs"), 2, "name a folder with --into, or one event type with --type"),
        (("schemas", "docs", "--version", "2"), 2, "name it with --type"),
        (("schemas", "docs", "--type", "order.payed"), 3, "did you mean order.paid?"),
        (("schemas", "docs", "--format", "pdf"), 2, "'markdown', 'html'"),
        (("publish", "order.paid"), 2, "give exactly one of --file and --mock"),
        (("publish", "order.paid", "--mock", "1", "--file", "-"), 2, "give exactly one of --file and --mock"),
        (("publish", "order.paid", "--mock", "2", "--id", "x"), 2, "--id is for a single event"),
        (("publish", "order.payed", "--mock", "1"), 3, "did you mean order.paid?"),
        (("publish", "order.paid", "--file", "-"), 2, "is empty"),
        (("publish", "order.paid", "--mock", "1", "--deliver-after", "soon"), 2, "neither a time nor a delay"),
        (("publish", "order.paid", "--mock", "1", "--priority", "urgent"), 2, "'high', 'normal'"),
    ],
)
def test_mistakes_are_answered_with_a_message_and_no_stack_trace(
    arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    """Each kind of bad input has its exit code; nothing is printed on standard output."""
    ran = run(*arguments)
    assert ran.returncode == exit_code
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_made_up_data_goes_through_a_pipe_into_kafka(kafka: KafkaConfig, topics: TopicLayout) -> None:
    """`schemas mock | publish` and `publish --mock`, with one line per event."""
    assert topics.domains
    made_up = run("schemas", "mock", "order.created", "--count", "3", "--seed", "7", "--json").stdout
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    piped = run("publish", "order.created", "--file", "-", "--key", "k", "--json", stdin=made_up, **environment)
    receipts = [json.loads(line) for line in piped.stdout.splitlines()]
    assert [receipt["topic"] for receipt in receipts] == ["events.order"] * 3
    assert len({receipt["event_id"] for receipt in receipts}) == 3
    single = run("publish", "order.paid", "--mock", "1", "--id", "evt-17", **environment)
    assert single.stdout.startswith("evt-17 events.order-")


def test_a_wrong_file_publishes_nothing(kafka: KafkaConfig, topics: TopicLayout) -> None:
    """The message names event, field and rule; exit code 2."""
    assert topics.domains
    good = run("schemas", "mock", "order.paid", "--json").stdout
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    wrong = run("publish", "order.paid", "--file", "-", stdin=good + '{"order_id": 1}\n', **environment)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "event 2 of 2: data: OrderPaid lacks the fields" in wrong.stderr
    no_json = run("publish", "order.paid", "--file", "-", stdin=good + "{oops\n", **environment)
    assert (no_json.returncode, no_json.stdout) == (2, "")
    assert "line 2 is not JSON" in no_json.stderr


def test_the_catalog_is_documented(tmp_path: Path) -> None:
    """One document is printed, several go into a folder; there, what is somebody's stays."""
    printed = run("schemas", "docs", "--type", "order.paid")
    assert printed.stdout.startswith("<!-- Made by `gateway schemas docs`")
    assert "# order.paid" in printed.stdout
    newest = json.loads(run("schemas", "docs", "--format", "jsonschema", "--type", "order.paid").stdout)
    assert newest["title"] == "order.paid, version 2"
    assert json.loads(run("schemas", "docs", "--format", "asyncapi").stdout)["asyncapi"] == "3.0.0"
    folder = tmp_path / "events"
    assert run("schemas", "docs", "--format", "html", "--into", str(folder)).stdout == f"{folder}: 6 files\n"
    assert {path.name for path in folder.iterdir()} >= {"index.html", "order.paid.html", "customer.updated.html"}
    (folder / "order.paid.html").write_text("mine")
    again = run("schemas", "docs", "--format", "html", "--into", str(folder))
    assert (again.returncode, again.stdout) == (4, "")
    assert "order.paid.html exists and was not made by this command" in again.stderr
