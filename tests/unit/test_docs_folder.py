"""`gateway schemas docs --into` writes its own files, and harms nobody else's."""

from functools import partial
from pathlib import Path

import pytest

from gateway.catalog_pages.documents import MARK, Document
from gateway.catalog_pages.folder import Written, write_documents
from gateway.domain.errors import ConflictError, GatewayError, InvalidInputError


def documents(**texts: str) -> list[Document]:
    """Documents `<name>.html` with these texts, and the mark."""
    return [Document(f"{name}.html", partial(str, f"<!-- {MARK} -->\n{text}")) for name, text in texts.items()]


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text().replace(f"<!-- {MARK} -->\n", "") for path in folder.iterdir()}


def test_files_are_written_and_replaced(tmp_path: Path) -> None:
    """Into a folder that is made; nothing else is left there."""
    folder = tmp_path / "a" / "b"
    assert write_documents(folder, documents(x="1", y="2"), replacing=".html") == Written(("x.html", "y.html"), ())
    write_documents(folder, documents(x="3", y="4"), replacing=".html")
    assert contents(folder) == {"x.html": "3", "y.html": "4"}


def test_files_of_event_types_that_are_gone_are_removed(tmp_path: Path) -> None:
    """Those of this command and of this kind, and only where all documents were written."""
    write_documents(tmp_path, documents(x="1", y="2"), replacing=".html")
    foreign = {"own.html": "mine", "y.md": f"<!-- {MARK} -->", "notes.txt": MARK}
    for name, text in foreign.items():
        (tmp_path / name).write_text(text)
    assert write_documents(tmp_path, documents(z="3"), replacing=None).removed == ()
    assert write_documents(tmp_path, documents(x="4"), replacing=".html").removed == ("y.html", "z.html")
    assert set(contents(tmp_path)) == {"x.html", *foreign}


@pytest.mark.parametrize("kind", ["text", "link", "link to nothing", "folder"])
def test_what_is_not_its_own_is_not_replaced(tmp_path: Path, kind: str) -> None:
    """And then nothing at all is written; a link could lead anywhere, so it is nobody's."""
    place, elsewhere = tmp_path / "y.html", tmp_path / "elsewhere"
    match kind:
        case "text":
            place.write_text("mine")
        case "folder":
            place.mkdir()
        case "link":
            elsewhere.write_text(f"<!-- {MARK} -->")
            place.symlink_to(elsewhere)
        case _:
            place.symlink_to(elsewhere)
    with pytest.raises(ConflictError, match=r"y\.html exists and was not made by this command"):
        write_documents(tmp_path, documents(x="1", y="2"), replacing=".html")
    assert not (tmp_path / "x.html").exists()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """A file, a place that can't be, a name that is too long."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="is not a folder"):
        write_documents(tmp_path / "file", documents(x="1"), replacing=None)
    with pytest.raises(GatewayError, match="can't be written: Not a directory"):
        write_documents(tmp_path / "file" / "below", documents(x="1"), replacing=None)
    with pytest.raises(GatewayError, match="can't be written: File name too long"):
        write_documents(tmp_path / ("x" * 300), documents(x="1"), replacing=None)
