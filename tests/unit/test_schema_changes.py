"""What may become different in a published version, and what may not."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.admin.published_catalog import read_published
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.wire.catalog_check import check_unchanged
from gateway.wire.schema_changes import list_changes
from gateway.wire.schema_rules import read_schema
from tests.compatibility_cases import array, decimal, enum, field, fixed, map_of, record

INNER = record(field("b", "int"), name="I")


@pytest.mark.parametrize(
    ("published", "candidate", "expected"),
    [
        (record(field("a", "int")), record(field("a", "int", doc="Words.", order="ignore"), doc="Words."), []),
        (record(field("a", "int")), record(field("a", {"type": "int", "our-own": 1}, sensitive=True)), []),
        (record(name="ns.R"), record(namespace="ns"), []),
        (record(field("a", INNER), field("c", "I")), record(field("a", INNER), field("c", "I")), []),
        (
            record(field("a", "int")),
            record(field("a", "long")),
            [("a", "int became long")],
        ),
        (
            record(field("a", "int"), field("b", "int")),
            record(field("b", "int"), field("a", "int")),
            [("", "its fields was a, b and is b, a")],
        ),
        (
            record(field("a", INNER)),
            record(field("a", record(field("b", "string"), name="I"))),
            [("a.b", "int became string")],
        ),
        (record(name="a.R"), record(name="b.R"), [("", "its name was a.R and is b.R")]),
        (record(), record(aliases=["Old"]), [("", "its aliases was none and is Old")]),
        (
            record(field("a", "int", aliases=["x"])),
            record(field("a", "int")),
            [("a", "its aliases was x and is none")],
        ),
        (record(field("a", "int")), record(field("a", "int", default=0)), [("a", "its default was none and is 0")]),
        (
            record(field("a", ["null", "boolean"], default=None)),
            record(field("a", ["null", "boolean"], default=False)),
            [("a", "its default was null and is false")],
        ),
        (enum("A"), enum("A", "B"), [("", "its symbols was A and is A, B")]),
        (enum("A"), enum("A", default="A"), [("", "its default symbol was none and is A")]),
        (fixed(4), fixed(8), [("", "its size was 4 and is 8")]),
        (["null", "int"], ["int", "null"], [("", "its union was null, int and is int, null")]),
        (["null", array("int")], ["null", array("long")], [("[]", "int became long")]),
        (map_of("int"), map_of("string"), [("{}", "int became string")]),
        (
            {"type": "long", "logicalType": "timestamp-millis"},
            "long",
            [("", "its logical type was timestamp-millis and is none")],
        ),
        (decimal(9, 2), decimal(9, 3), [("", "its logical type was decimal(9,2) and is decimal(9,3)")]),
    ],
)
def test_only_documentation_may_change(published: Any, candidate: Any, expected: list[tuple[str, str]]) -> None:
    """All that a reader of the data, or a later version, may rely on stays."""
    found = list_changes(read_schema(published), read_schema(candidate))
    assert [(change.path, change.detail) for change in found] == expected


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, Any], Path]:
    """Write a schema into a catalog folder; gives the folder."""

    def write_file(name: str, schema: Any) -> Path:
        file = tmp_path / "repository" / "schemas" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(schema if isinstance(schema, str) else json.dumps(schema))
        return file.parent.parent

    return write_file


def test_a_published_version_is_neither_changed_nor_removed(write: Callable[[str, Any], Path]) -> None:
    """Of a type as a whole, of one version, and within one; a new one is no change."""
    published = {
        "thing.made": {1: record(field("a", "int")), 2: record(field("a", "long"))},
        "thing.sold": {1: record(), 2: record(name="Other")},
        "thing.lost": {1: record()},
    }
    write("thing.made/1.avsc", record(field("a", "int", doc="Words.")))
    write("thing.made/2.avsc", record(field("a", "string")))
    write("thing.made/3.avsc", record())
    folder = write("thing.sold/1.avsc", record())
    found = [(problem.file, problem.field, problem.rule) for problem in check_unchanged(folder, published)]
    assert found == [
        ("thing.made/2.avsc", "a", "changed"),
        ("thing.sold/2.avsc", "", "removed"),
        ("thing.lost/1.avsc", "", "removed"),
    ]


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com", "-c", "init.defaultBranch=main")
    # As the program does: the git that is found first.
    subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True)  # noqa: S607


def test_what_was_committed_is_what_is_published(write: Callable[[str, Any], Path]) -> None:
    """The files of the folder as the commit has them, whatever lies about in the folder or beside it."""
    write("thing.made/2.avsc", record(field("a", "int")))
    folder = write("thing.made/1.avsc", record())
    write("thing.made/notes.md", "notes")
    write("../elsewhere/thing.made/9.avsc", record())
    git(folder.parent, "init")
    git(folder.parent, "add", ".")
    git(folder, "commit", "-m", "first")
    write("thing.made/2.avsc", record(field("a", "long")))
    write("thing.made/3.avsc", record())
    for ref in ("HEAD", "main"):
        assert read_published(ref, folder) == {"thing.made": {1: record(), 2: record(field("a", "int"))}}
    assert set(read_published(str(folder), folder)["thing.made"]) == {1, 2, 3}
    git(folder, "mv", "-f", "thing.made/1.avsc", "README.md")
    git(folder, "commit", "-m", "second")
    assert set(read_published("HEAD~1", folder)["thing.made"]) == {1, 2}
    assert set(read_published("HEAD", folder)["thing.made"]) == {2}


@pytest.mark.parametrize("ref", ["nowhere", "--output=x", "-h", "HEAD:schemas", "", "a b", "HEAD\n"])
def test_what_is_no_commit_is_refused(write: Callable[[str, Any], Path], ref: str) -> None:
    """A name with a dash is a name, too."""
    folder = write("thing.made/1.avsc", record())
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    with pytest.raises(InvalidInputError):
        read_published(ref, folder)


def test_a_commit_without_a_catalog_or_with_a_broken_one_is_refused(write: Callable[[str, Any], Path]) -> None:
    """An empty answer would look as if nothing were published."""
    folder = write("thing.made/notes.md", "notes")
    with pytest.raises(InvalidInputError, match="not a git repository"):
        read_published("HEAD", folder)
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    with pytest.raises(InvalidInputError, match="there are no schemas"):
        read_published("HEAD", folder)
    write("thing.made/1.avsc", "{oops")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "second")
    with pytest.raises(InvalidInputError, match=r"thing\.made/1\.avsc at HEAD is not JSON"):
        read_published("HEAD", folder)


def test_no_git_is_said(write: Callable[[str, Any], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may have none."""
    folder = write("thing.made/1.avsc", record())
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(GatewayError, match="there is no git here"):
        read_published("HEAD", folder)
