"""Where the schema files are: `schemas/` of the checkout, or `gateway/_schemas/` in an installed wheel."""

from pathlib import Path
from typing import Any

from gateway.domain.errors import GatewayError
from gateway.wire.strict_json import parse_json

MAX_SCHEMA_BYTES = 1_048_576
MAX_VERSIONS = 1000
_PACKAGE = Path(__file__).resolve().parent.parent


def schemas_root() -> Path:
    """Give the folder that holds `events/` and `gateway/`."""
    installed = _PACKAGE / "_schemas"
    return installed if installed.is_dir() else _PACKAGE.parent / "schemas"


def is_folder(path: Path) -> bool:
    """Tell whether there is such a folder; there is none where the name is too long for one."""
    try:
        return path.is_dir()
    except OSError:
        return False


def read_versions(folder: Path) -> dict[int, Any]:
    """Read `<version>.avsc` files of one folder, oldest version first.

    Raises:
        GatewayError: a file has another name, is too large or not JSON, or there are too many.
    """
    versions: dict[int, Any] = {}
    files = sorted(folder.glob("*.avsc"), key=lambda path: path.stem.zfill(9))
    if len(files) > MAX_VERSIONS:
        raise GatewayError(f"{folder} has {len(files)} versions, at most {MAX_VERSIONS} are allowed")
    for file in files:
        if not is_version_file(file.name):
            raise GatewayError(f"{file} must be named by its version, like 1.avsc")
        versions[int(file.stem)] = read_schema_file(file)
    return versions


def is_version_file(name: str) -> bool:
    """Tell whether a file is named by a version, like `1.avsc`."""
    stem, _, suffix = name.partition(".")
    return suffix == "avsc" and stem.isascii() and stem.isdecimal() and not stem.startswith("0")


def read_schema_file(file: Path) -> Any:
    """Read the JSON of one schema file.

    Raises:
        GatewayError: it is too large or not JSON.
        OSError: it can't be read.
    """
    with file.open("rb") as stream:
        text = stream.read(MAX_SCHEMA_BYTES + 1)
    if len(text) > MAX_SCHEMA_BYTES:
        raise GatewayError(f"{file} is larger than {MAX_SCHEMA_BYTES} bytes")
    try:
        return parse_json(text)
    except ValueError as error:
        raise GatewayError(f"{file} is not JSON: {error}") from error
