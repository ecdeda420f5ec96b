"""The catalog as it was committed: the schema files of a folder at some commit of the git repository around it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.domain.errors import InvalidInputError, UnavailableError
from gateway.wire.schema_files import MAX_SCHEMA_BYTES, is_version_file
from gateway.wire.strict_json import parse_json

_TIMEOUT_S = 60


def read_committed(folder: Path, ref: str) -> dict[str, dict[int, Any]]:
    """Read the catalog in `folder` as it was at a commit.

    Args:
        folder: the catalog; within a repository.
        ref: what git takes for a commit: a branch, a tag, `HEAD~1`, `origin/main`.

    Returns:
        The JSON of each version of each event type.

    Raises:
        InvalidInputError: there is no repository, no such commit, no catalog in it, or one that can't be read.
        UnavailableError: there is no git.
    """
    # After --end-of-options nothing is taken for an option, whatever it begins with.
    commit = _ask(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
    if not commit:
        raise InvalidInputError(
            f"'{ref}' is neither a folder nor a commit of the repository around {folder}",
            hint="in a shallow clone, fetch it first",
        )
    files = _list_files(folder, commit)
    if not files:
        raise InvalidInputError(f"there are no schemas in {folder} at {ref}")
    catalog: dict[str, dict[int, Any]] = {}
    for (event_type, version), text in zip(files, _contents(folder, list(files.values())), strict=True):
        try:
            catalog.setdefault(event_type, {})[version] = parse_json(text)
        except ValueError as error:
            raise InvalidInputError(f"{event_type}/{version}.avsc at {ref} is not JSON: {error}") from None
    return catalog


def _list_files(folder: Path, commit: str) -> dict[tuple[str, int], str]:
    """Give the object of each schema file, by event type and version."""
    files: dict[tuple[str, int], str] = {}
    for entry in _ask(folder, "ls-tree", "-r", "-z", "-l", commit).split(b"\0"):
        about, _, path = entry.decode(errors="replace").partition("\t")
        event_type, _, name = path.partition("/")
        if not is_version_file(name):
            continue
        _, kind, name_of_object, size = about.split()
        if kind != "blob" or int(size) > MAX_SCHEMA_BYTES:
            raise InvalidInputError(f"{path} is no file of at most {MAX_SCHEMA_BYTES} bytes")
        files[event_type, int(Path(name).stem)] = name_of_object
    return files


def _contents(folder: Path, objects: list[str]) -> Iterator[bytes]:
    """Give what is in objects, in their order (git-cat-file, "BATCH OUTPUT")."""
    answer = _ask(folder, "cat-file", "--batch", questions="\n".join(objects).encode() + b"\n")
    at = 0
    for _ in objects:
        begin = answer.index(b"\n", at) + 1
        size = int(answer[at:begin].split()[2])
        yield answer[begin : begin + size]
        at = begin + size + 1


def _ask(folder: Path, *arguments: str, questions: bytes = b"") -> bytes:
    """Ask git; gives nothing where it has no answer."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the arguments are ours or behind --end-of-options
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git of whoever calls
            input=questions,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise UnavailableError("there is no git here", hint="name a folder to check against") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"git gave no answer within {_TIMEOUT_S} s") from None
    if done.returncode == 0 or not done.stderr.strip():
        return done.stdout
    raise InvalidInputError(f"git: {done.stderr.decode(errors='replace').strip()[:300]}")
