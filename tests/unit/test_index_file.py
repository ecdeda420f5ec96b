"""The index's file: for one process, for its owner, and made anew where it can't be read."""

from pathlib import Path

import pytest

from gateway.console.index_file import FILE_NAME, IndexFile
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.domain.errors import UnavailableError
from gateway.domain.topics import ATTEMPTS

CLUSTER = "cluster-1"


def test_a_file_of_another_layout_or_damaged_is_made_anew(tmp_path: Path) -> None:
    """All of it is in Kafka: nobody has to mend or to migrate it."""
    for is_damaged in (False, True):
        file = IndexFile(tmp_path, CLUSTER)
        connection = file.open()
        writer = IndexWriter(connection)
        writer.apply(IndexBatch(positions={(ATTEMPTS, 0): 9}))
        generation = file.generation
        if not is_damaged:
            connection.execute("PRAGMA user_version = 99")
        writer.close()
        file.close()
        if is_damaged:
            (tmp_path / FILE_NAME).write_bytes(b"not a database" * 1000)
        renewed = IndexFile(tmp_path, CLUSTER)
        writer = IndexWriter(renewed.open())
        assert writer.positions() == {}
        assert renewed.generation != generation
        writer.close()
        renewed.close()


def test_one_process_has_the_file(tmp_path: Path) -> None:
    """Two writers would each miss what the other has read."""
    file = IndexFile(tmp_path, CLUSTER)
    connection = file.open()
    with pytest.raises(UnavailableError, match="can't be opened"):
        IndexFile(tmp_path, CLUSTER).open()
    connection.close()
    file.close()
    other = IndexFile(tmp_path, CLUSTER)
    other.open().close()
    other.close()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """It names every tenant's events."""
    file = IndexFile(tmp_path, CLUSTER)
    file.open().close()
    file.close()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
