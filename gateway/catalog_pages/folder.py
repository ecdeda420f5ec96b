"""Documents in a folder: writes its own files and nothing else.

A file of this command has its mark near the beginning. One without it is somebody's, and then nothing is written at
all; files with it that no longer belong there, of an event type that is gone for instance, are removed.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.catalog_pages.documents import MARK, Document
from gateway.domain.errors import ConflictError, GatewayError, InvalidInputError

_MARK_WITHIN_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Written:
    """What was done.

    Attributes:
        files: the names of those that were written.
        removed: the names of those that no longer belonged there.
    """

    files: tuple[str, ...]
    removed: tuple[str, ...]


def write_documents(folder: Path, documents: Sequence[Document], *, replacing: str | None) -> Written:
    """Write documents; each file is replaced as a whole.

    Args:
        folder: where; made if it is missing.
        documents: what.
        replacing: where these are all documents of their kind, how the names of that kind end: others of this command
            that end so are removed.

    Raises:
        ConflictError: a file of such a name is not this command's; nothing was written.
        InvalidInputError: `folder` is no folder.
        GatewayError: the operating system refused.
    """
    names = [document.name for document in documents]
    try:
        if folder.exists() and not folder.is_dir():
            raise InvalidInputError(f"{folder} is not a folder")
        for path in (folder / name for name in names):
            if os.path.lexists(path) and not _is_own(path):
                hint = "move it away, or name another folder with --into"
                raise ConflictError(f"{path} exists and was not made by this command", hint=hint)
        folder.mkdir(parents=True, exist_ok=True)
        for document in documents:
            _replace(folder / document.name, document.text())
        left = [] if replacing is None else sorted(folder.glob(f"*{replacing}"))
        stale = [path for path in left if path.name not in names and _is_own(path)]
        for path in stale:
            path.unlink()
    except OSError as error:
        raise GatewayError(f"{folder} can't be written: {error.strerror}") from error
    return Written(tuple(names), tuple(path.name for path in stale))


def _is_own(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return MARK.encode() in stream.read(_MARK_WITHIN_BYTES)


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with new.open("x", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(path)
