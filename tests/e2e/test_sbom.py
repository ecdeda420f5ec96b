"""The bill of materials names what a release runs with: all that is locked, in the locked version, and nothing else."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gateway import __version__

ROOT = Path(__file__).parents[2]
BILL = ROOT / "dist" / "webhook-gateway.cdx.json"
MAKE = shutil.which("make") or "make"
_PINNED = re.compile(r"^(\S+==[^\\]+?) *\\$", re.MULTILINE)


def locked() -> dict[str, str]:
    """Give name and version of what the lock file has for this machine."""
    pinned = [Requirement(found) for found in _PINNED.findall((ROOT / "requirements.lock").read_text())]
    here = [one for one in pinned if one.marker is None or one.marker.evaluate()]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in here}


@pytest.mark.timeout(300, func_only=True)
def test_the_bill_is_what_is_locked() -> None:
    """Made in an environment of its own, checked against the CycloneDX schema as it is written, with licences."""
    of_these_tests = [f"PYTHON={sys.executable}", f"BIN={Path(sys.executable).parent}", "READY="]
    subprocess.run([MAKE, "sbom", *of_these_tests], cwd=ROOT, check=True, timeout=280)
    bill = json.loads(BILL.read_text())
    subject = bill["metadata"]["component"]
    assert (bill["bomFormat"], subject["name"], subject["version"]) == ("CycloneDX", "webhook-gateway", __version__)
    components = bill["components"]
    assert {canonicalize_name(one["name"]): one["version"] for one in components} == locked()
    assert all(one["purl"].startswith("pkg:pypi/") for one in components)
    assert all(one.get("licenses") for one in components)
    depends_on = {entry["ref"]: entry.get("dependsOn", []) for entry in bill["dependencies"]}
    assert any("aiohttp" in needed for needed in depends_on[subject["bom-ref"]])
