"""The state of the catalog that a candidate is checked against: what others rely on already."""

from pathlib import Path

from gateway.admin.git_catalog import read_committed
from gateway.wire.catalog import read_event_type, type_folders
from gateway.wire.catalog_check import PublishedCatalog
from gateway.wire.schema_files import is_folder


def read_published(against: str, catalog_dir: Path) -> PublishedCatalog:
    """Read a published catalog.

    Args:
        against: a folder, or what git takes for a commit.
        catalog_dir: the candidate; git is asked about the same folder.

    Raises:
        CatalogError: the folder is empty, or something in it is misnamed or no JSON.
        InvalidInputError: it is neither a folder nor a commit, or there is no catalog in the commit.
        UnavailableError: there is no git.
    """
    folder = Path(against)
    if against and is_folder(folder):
        return {type_folder.name: read_event_type(type_folder) for type_folder in type_folders(folder)}
    return read_committed(catalog_dir, against)
