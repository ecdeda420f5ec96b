"""The AsyncAPI documents are valid by the JSON Schema that the AsyncAPI project publishes."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator

from gateway.catalog_pages.documents import DocsFormat, documents_of
from gateway.wire.catalog import load_catalog
from gateway.wire.schema_files import schemas_root

_PACKAGE = "@asyncapi/specs@6.11.1"
_INSTALL_S = 100


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Draft7Validator:
    """The specification's schema, from its npm package; without npm or network these tests are skipped."""
    if shutil.which("npm") is None:
        pytest.skip("AsyncAPI documents are not validated: npm is not there")
    folder = tmp_path_factory.mktemp("asyncapi")
    install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), _PACKAGE]
    try:
        done = subprocess.run(install, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"AsyncAPI documents are not validated: npm gives no {_PACKAGE} within {_INSTALL_S} s")
    if done.returncode != 0:
        pytest.skip(f"AsyncAPI documents are not validated: npm gives no {_PACKAGE}: {done.stderr[-200:]}")
    schema = Path(folder, "node_modules", "@asyncapi", "specs", "schemas", "3.0.0-without-$id.json")
    return Draft7Validator(orjson.loads(schema.read_bytes()))


@pytest.mark.parametrize("format_", [DocsFormat.ASYNCAPI, DocsFormat.ASYNCAPI_PRODUCERS])
def test_documents_are_valid(validator: Draft7Validator, format_: DocsFormat) -> None:
    """Those of the shipped catalog; and a mistake in one would be found."""
    [document] = documents_of(load_catalog(schemas_root() / "events"), format_)
    found: dict[str, Any] = orjson.loads(document.text())
    validator.validate(found)
    assert not validator.is_valid({**found, "channels": {"order.created": {"adress": None}}})
