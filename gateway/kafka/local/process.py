"""The operating system's side of the local broker: a process that outlives the command that started it.

A process is known by its pid together with an argument that only it has, because a pid alone may have gone to
somebody else since it was written down. Linux only: it looks into `/proc`.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.domain.errors import UnavailableError

_POLL_S = 0.05
_KILL_WAIT_S = 5.0
# The shell leaves at once, so that the process belongs to init: no zombie, and no child to wait for here.
_DETACH = 'log="$1"; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'


def spawn_detached(command: Sequence[str], log_file: Path, folder: Path) -> int:
    """Start `command` in a session of its own, with none of this process's file descriptors; give its pid.

    Args:
        command: the program and its arguments.
        log_file: standard output and error are appended to it.
        folder: the working directory.
    """
    shell = subprocess.run(  # noqa: S603 - the arguments are ours and reach the shell as parameters, not as text
        ["/bin/sh", "-c", _DETACH, "sh", str(log_file), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,
        check=True,
    )
    return int(shell.stdout)


def run_bounded(
    command: Sequence[str], timeout_s: float, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end with no input; its output and errors come together, in `stdout`.

    Raises:
        UnavailableError: it has not ended after `timeout_s`, and was killed.
    """
    try:
        return subprocess.run(  # noqa: S603 - programs found on the PATH; the arguments are ours
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{command[0]} has not come to its end for {timeout_s:.0f} s") from None


def is_running(pid: int, argument: str) -> bool:
    """Tell whether process `pid` runs and has `argument` on its command line."""
    try:
        command_line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return os.fsencode(argument) in command_line.split(b"\0")


def terminate(pid: int, argument: str, timeout_s: float) -> None:
    """End process `pid` if it has `argument`: SIGTERM, and SIGKILL for one that is still there after `timeout_s`."""
    for number, wait_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, _KILL_WAIT_S)):
        if not is_running(pid, argument):
            return
        os.kill(pid, number)
        wait_until(lambda: not is_running(pid, argument), wait_s)


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Ask until `condition` holds, at most `timeout_s` long; tell whether it did."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True
