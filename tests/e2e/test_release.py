"""A release has all that the program reads, and anybody can build the same bytes again.

That the installed wheel does its job is shown by `make wheel-demo`, which the gate runs.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

from gateway import __version__
from tests.generated_docs import ROOT

pytestmark = pytest.mark.timeout(300, func_only=True)  # it is built three times

MAKE = shutil.which("make") or "make"


def built(checkout: Path, folder: Path) -> tuple[Path, Path]:
    """Build wheel and source distribution of a checkout with the tools of these tests."""
    of_these_tests = [f"BIN={Path(sys.executable).parent}", "READY=", f"DIST={folder}"]
    subprocess.run([MAKE, "dist", *of_these_tests], cwd=checkout, check=True, timeout=120)
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The release of this checkout."""
    return built(ROOT, tmp_path_factory.mktemp("dist"))


def test_the_wheel_has_every_file_that_the_program_reads(release: tuple[Path, Path]) -> None:
    """Schemas, templates, the local broker's properties, and the version that the code has."""
    with zipfile.ZipFile(release[0]) as wheel:
        packed = {name: hashlib.sha256(wheel.read(name)).hexdigest() for name in wheel.namelist()}
        info = next(name for name in packed if name.endswith(".dist-info/METADATA"))
        metadata = BytesParser().parsebytes(wheel.read(info))
    assert metadata["Version"] == __version__
    wanted = {
        f"gateway/_schemas/{file.relative_to(ROOT / 'schemas')}": file for file in (ROOT / "schemas").rglob("*.avsc")
    } | {str(file.relative_to(ROOT)): file for file in (ROOT / "gateway").rglob("*") if _is_read(file)}
    assert {name for name in packed if ".dist-info/" not in name} == set(wanted)
    for name, file in wanted.items():
        assert packed[name] == hashlib.sha256(file.read_bytes()).hexdigest(), name


def test_the_same_source_gives_the_same_bytes(
    release: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice from the checkout, and the wheel again from the source distribution, at another time and place."""
    wheel, source = release
    again = built(ROOT, tmp_path / "again")
    assert [file.read_bytes() for file in again] == [wheel.read_bytes(), source.read_bytes()]

    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
        moment = max(member.mtime for member in archive)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(moment)))
    [unpacked] = tmp_path.glob("webhook_gateway-*")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "third")]
    subprocess.run(command, cwd=unpacked, check=True, timeout=120)
    assert next((tmp_path / "third").glob("*.whl")).read_bytes() == wheel.read_bytes()


def test_what_is_not_released_yet_can_be_gathered() -> None:
    """Each file of changelog.d has a name that is understood, and becomes a line of the next version's part."""
    fragments = [file for file in (ROOT / "changelog.d").iterdir() if file.name != "README.md"]
    assert all(re.fullmatch(r"\+[\w-]+\.(added|changed|fixed|removed|security)\.md", file.name) for file in fragments)
    of_these_tests = [f"BIN={Path(sys.executable).parent}", "READY="]
    done = subprocess.run([MAKE, "changelog", *of_these_tests], cwd=ROOT, check=True, capture_output=True, text=True)
    assert f"## [{__version__}]" in done.stdout


def _is_read(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts
