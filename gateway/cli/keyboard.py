"""Single keys from a terminal, while something else is drawn on it."""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

_MAX_BYTES = 64


@contextmanager
def keys_at_once() -> Iterator[None]:
    """Let keys be read without Enter, and not be shown; the terminal is put back as it was.

    Nothing is done where standard input is no terminal.
    """
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def keys_pressed() -> str:
    """Give the keys pressed since the last call; waits for none."""
    if not sys.stdin.isatty() or not select.select([sys.stdin], [], [], 0)[0]:
        return ""
    return os.read(sys.stdin.fileno(), _MAX_BYTES).decode(errors="replace")
