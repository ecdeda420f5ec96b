"""Where the console's index is: what settings say of it, and what they can't mean."""

from pathlib import Path

import pytest

from gateway.console.index_database import IndexDatabase
from gateway.console.index_file import FILE_NAME, IndexFile
from gateway.domain.errors import InvalidInputError
from gateway.services.index_place import index_place
from gateway.settings import Settings, load_settings

URL = "postgresql://console:secret-1@db.example.com/webhooks"


def test_without_a_database_it_is_a_file_in_its_folder(tmp_path: Path) -> None:
    """In the home folder, or where one says."""
    for settings, folder in (
        (Settings(home=tmp_path), tmp_path / "console"),
        (Settings(home=tmp_path, console_dir=tmp_path / "index"), tmp_path / "index"),
    ):
        store = index_place(settings)("cluster-1")
        assert isinstance(store, IndexFile)
        store.open().close()
        store.close()
        assert (folder / FILE_NAME).exists()


def test_with_a_database_it_is_there(tmp_path: Path) -> None:
    """Whether its URL is in the environment or in a file."""
    file = tmp_path / "url"
    file.write_text(f"{URL}\n")
    for settings in (load_settings(console_database_url=URL), load_settings(console_database_url_file=file)):
        assert isinstance(index_place(settings)("cluster-1"), IndexDatabase)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"console_database_url": "mysql://u:secret-1@host/x"}, "GATEWAY_CONSOLE_DATABASE_URL: this is no URL"),
        ({"console_database_url": ""}, "GATEWAY_CONSOLE_DATABASE_URL: is empty"),
        ({"console_database_url": URL, "console_database_url_file": "url"}, "are both set"),
        ({"console_database_url": URL, "console_dir": "index"}, "GATEWAY_CONSOLE_DIR is set, but"),
    ],
)
def test_what_does_not_fit_together_is_refused(given: dict[str, str], said: str) -> None:
    """Before anything is done, and without the password."""
    with pytest.raises(InvalidInputError, match=said) as refused:
        index_place(load_settings(**given))
    assert "secret-1" not in f"{refused.value.message} {refused.value.hint}"
