"""A process whose loop has stalled ends by itself, and says where it hung."""

import subprocess
import sys
from textwrap import dedent

from gateway.telemetry.watchdog import EXIT_OVERDUE, EXIT_STALLED

_START = """
    import threading, time
    from gateway.telemetry.watchdog import Watchdog, end_within

    watchdog = Watchdog({timeout_s})
    beat = watchdog.watch("some loop")
    watchdog.start()
"""


def run(program: str, *, timeout_s: float) -> subprocess.CompletedProcess[str]:
    code = dedent(_START).format(timeout_s=timeout_s) + dedent(program)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)


def test_a_loop_without_a_beat_ends_the_process() -> None:
    """With an exit code of its own, the loop's name and every thread's stack, even while the main thread hangs."""
    ended = run("threading.Event().wait(25)", timeout_s=0.2)
    assert ended.returncode == EXIT_STALLED == 70
    assert "some loop" in ended.stdout + ended.stderr
    assert "threading.py" in ended.stderr


def test_a_loop_that_beats_lives() -> None:
    """Longer than the time-out, and with more than one loop."""
    beating = """
        other = watchdog.watch("other loop")
        for _ in range(40):
            beat(), other()
            time.sleep(0.1)
        """
    assert run(beating, timeout_s=3).returncode == 0


def test_one_stalled_loop_is_enough() -> None:
    """The beats of the others do not hide it."""
    beating = """
        other = watchdog.watch("other loop")
        for _ in range(250):
            beat()
            time.sleep(0.1)
        """
    ended = run(beating, timeout_s=0.5)
    assert ended.returncode == EXIT_STALLED
    assert "other loop" in ended.stdout + ended.stderr


def test_a_stop_has_its_own_time() -> None:
    """The loops no longer beat while a process stops, and that is no stall."""
    assert run("watchdog.stop(); end_within(20); time.sleep(2.5)", timeout_s=0.2).returncode == 0


def test_a_stop_that_hangs_is_ended() -> None:
    """A thread that does not end keeps a process alive; after the deadline it is gone all the same."""
    hanging = """
        threading.Thread(target=threading.Event().wait, args=(25,)).start()
        end_within(0.2)
        """
    ended = run(hanging, timeout_s=20)
    assert ended.returncode == EXIT_OVERDUE == 71
    assert "threading.py" in ended.stderr
