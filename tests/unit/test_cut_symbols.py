"""Libraries of the image do their work without what only debuggers read."""

import importlib.util
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generated_docs import ROOT

SCRIPT = str(ROOT / "docker" / "cut_symbols.py")
CUT = runpy.run_path(SCRIPT)["cut"]


@pytest.mark.parametrize("module", ["uvloop.loop", "fastavro._read", "cryptography.hazmat.bindings._rust"])
def test_a_library_that_was_cut_is_loaded_as_before(module: str, tmp_path: Path) -> None:
    """Of C, of C that was made of Python, and of Rust; not one byte that is loaded is another."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    package, *inner = module.split(".")
    original = Path(spec.origin)
    shutil.copytree(original.parents[len(inner) - 1], tmp_path / package)
    subprocess.run([sys.executable, SCRIPT, str(tmp_path)], check=True)

    copy = tmp_path.joinpath(package, *inner[:-1], original.name)
    assert copy.stat().st_size < original.stat().st_size
    code = f"import sys, {module}; print(sys.modules[{module!r}].__file__)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert loaded.stdout.strip() == str(copy)


def test_nothing_is_left_to_cut_the_second_time() -> None:
    """The result is a library with the same segments."""
    spec = importlib.util.find_spec("uvloop.loop")
    assert spec is not None
    assert spec.origin is not None
    once = CUT(Path(spec.origin).read_bytes())
    assert CUT(once) == once


@pytest.mark.parametrize(
    "content", [b"", b"INPUT ( libm.so.6 )", b"\x7fELF\x01\x01 32 bits", b"\x7fELF\x02\x02 big-endian"]
)
def test_another_kind_of_file_is_left_as_it_is(content: bytes) -> None:
    """Linker scripts are called .so too."""
    assert CUT(content) == content
