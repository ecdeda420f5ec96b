"""Where the schema files are: `schemas/` of the checkout, or `gateway/_schemas/` in an installed wheel."""

from pathlib import Path
from typing import Any

import orjson

from gateway.domain.errors import GatewayError

_PACKAGE = Path(__file__).resolve().parent.parent


def schemas_root() -> Path:
    """Give the folder that holds `events/` and `gateway/`."""
    installed = _PACKAGE / "_schemas"
    return installed if installed.is_dir() else _PACKAGE.parent / "schemas"


def read_versions(folder: Path) -> dict[int, Any]:
    """Read `<version>.avsc` files of one folder, oldest version first.

    Raises:
        GatewayError: a file has another name, or is not JSON.
    """
    versions: dict[int, Any] = {}
    for file in sorted(folder.glob("*.avsc"), key=lambda path: path.stem.zfill(9)):
        if not file.stem.isdecimal() or file.stem.startswith("0"):
            raise GatewayError(f"{file} must be named by its version, like 1.avsc")
        try:
            versions[int(file.stem)] = orjson.loads(file.read_bytes())
        except orjson.JSONDecodeError as error:
            raise GatewayError(f"{file} is not JSON: {error}") from error
    return versions
