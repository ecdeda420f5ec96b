"""Where the unit tests' indexes are kept: what is tested of one is tested in a file, and in a database."""

from collections.abc import Callable
from functools import partial

import pytest

from gateway.console.index_database import IndexDatabase
from gateway.console.index_file import IndexFile
from tests.indexes import IndexPlace


@pytest.fixture(scope="session", params=["file", "database"])
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], IndexPlace]:
    """Make places for indexes, each empty."""
    if request.param == "file":
        return lambda: partial(IndexFile, tmp_path_factory.mktemp("index"))
    server = request.getfixturevalue("postgres")
    return lambda: partial(IndexDatabase, server.new_database())
