"""Runs an identity provider that others wrote, see certified_provider.mjs, for tests of logging in at one."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest

CLIENT_SECRET = "s3cr:t of the console, 100%+"
_HERE = Path(__file__).parent
_CONSOLE = _HERE.parent / "console"
_STARTS = 3
_START_TIMEOUT_S = 30.0


@contextmanager
def certified_provider(redirect_uri: str) -> Iterator[str]:
    """Run the provider; give its issuer. Skips the test where it is not installed, as `make pages` does.

    One that says nothing in time is started anew: what is tried is the console, and not whether Node.js always begins.

    Args:
        redirect_uri: where it may send browsers back to.
    """
    if not (_CONSOLE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("no certified identity provider is there: `make pages` installs one")
    command = [str(_CONSOLE / "with-node"), "node", str(_HERE / "certified_provider.mjs"), redirect_uri]
    for _ in range(_STARTS):
        with TemporaryFile() as said, _started(command, said) as process:
            if (issuer := _first_line(process)) is not None:
                yield issuer
                return
            print(_state(process.pid), said.seek(0) or said.read().decode(errors="replace"))  # noqa: T201 - for pytest
    pytest.fail(f"the provider did not start within {_START_TIMEOUT_S} s, {_STARTS} times")


@contextmanager
def _started(command: Sequence[str], stderr: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHON": sys.executable}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _first_line(process: subprocess.Popen[bytes]) -> str | None:
    """Give what it prints first; None if it ends, or is not there in time."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], _START_TIMEOUT_S)
    return (process.stdout.readline().decode().strip() or None) if readable else None


def _state(pid: int) -> str:
    """Tell what each thread of a process waits for."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return "\n".join(
        " ".join((each / name).read_text().strip() for name in ("comm", "wchan", "syscall")) for each in threads
    )
