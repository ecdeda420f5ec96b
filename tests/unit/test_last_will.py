"""What is left to be done after a process of tests that was killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

_BOUND_S = 30.0
_HEIR = """
import sys
from tests.last_will import last_will
with last_will(["touch", sys.argv[1]]):
    print("inside", flush=True)
    sys.stdin.readline()
"""


def begun(file: Path) -> subprocess.Popen[bytes]:
    """Start a process whose last will is that there is a file; it leaves the context when it is told to."""
    process = subprocess.Popen([sys.executable, "-c", _HEIR, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"inside\n"
    return process


def test_it_is_done_after_a_kill(tmp_path: Path) -> None:
    """As the kernel kills: nothing of the process itself is run any more."""
    file = tmp_path / "done"
    with begun(file) as process:
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + _BOUND_S
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_is_not_done_after_a_good_end(tmp_path: Path) -> None:
    """The process has seen to everything; who would have done it is gone with it."""
    file = tmp_path / "done"
    with begun(file) as process:
        process.communicate(b"\n", timeout=_BOUND_S)
    assert (process.returncode, file.exists()) == (0, False)
