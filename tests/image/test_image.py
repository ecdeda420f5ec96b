"""What is in the image, and what is not."""

import pytest

from gateway import __version__
from tests.image.containers import IMAGE, inspect, run, run_python

_LARGEST_IMAGE_BYTES = 250_000_000
# Of it, PostgreSQL's client and what that brings along are 13 MB.
_LARGEST_ADDED_BYTES = 137_000_000

pytestmark = pytest.mark.timeout(240)  # containers start slowly beside other work


def test_every_command_is_there() -> None:
    """Without a command the image shows what there is, and its version is the checkout's."""
    assert run("--version") == f"gateway, version {__version__}\n"
    assert "egress" in run()


def test_the_catalog_is_in_the_image() -> None:
    """The schemas travel with the wheel."""
    assert "order.created" in run("schemas", "list")


def test_it_runs_as_nobody_in_particular() -> None:
    """The user and group of the chart, by number, so that an orchestrator can see that it is not root."""
    user, groups = run_python("import os, json; print(json.dumps([os.getuid(), os.getgroups()]))")
    assert (user, groups) == (10001, [10001])
    assert inspect(IMAGE, ".Config.User") == "10001:10001"


def test_all_that_is_imported_was_compiled_when_the_image_was_built() -> None:
    """The user can't write bytecode: what is missing would be compiled anew at each start.

    And none of it goes by the time at which its source was installed, which would be another one in each build.
    """
    missing, dated = run_python("""if True:
        import importlib, json, os, pathlib, pkgutil, sys, gateway
        for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
            importlib.import_module(module.name)
        compiled = [getattr(module, "__cached__", None) for module in sys.modules.values()]
        missing = [file for file in compiled if file and not os.path.exists(file)]
        # PEP 552: the lowest bit says that a file goes by a hash of its source.
        files = pathlib.Path("/opt/gateway").rglob("*.pyc")
        print(json.dumps([missing, [str(file) for file in files if file.read_bytes()[4] != 1]]))
    """)
    assert (missing, dated) == ([], [])


def test_there_is_neither_a_compiler_nor_a_way_to_write_into_the_program() -> None:
    """Somebody who gets in finds nothing to build with, and can't change what runs."""
    tools, writable = run_python("""if True:
        import json, os, shutil
        tools = [name for name in ("cc", "gcc", "clang", "ld", "as", "make", "git") if shutil.which(name)]
        folders = [*os.walk("/opt/gateway"), *os.walk("/usr/local")]
        writable = [where for where, _, _ in folders if os.access(where, os.W_OK)]
        print(json.dumps([tools, writable]))
    """)
    assert (tools, writable) == ([], [])


def test_it_is_small() -> None:
    """With its base, and what it adds to that."""
    size = inspect(IMAGE, ".Size")
    assert size < _LARGEST_IMAGE_BYTES
    base = inspect(IMAGE, ".Config.Labels")["org.opencontainers.image.base.name"]
    assert size - inspect(base, ".Size") < _LARGEST_ADDED_BYTES


def test_labels_say_what_it_is() -> None:
    """By the names of the OCI image specification."""
    labels = inspect(IMAGE, ".Config.Labels")
    found = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert found["title"] == "webhook-gateway"
    assert found["version"] == __version__
    assert len(found["revision"]) == 40
