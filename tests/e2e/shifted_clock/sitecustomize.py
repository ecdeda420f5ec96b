# ruff: noqa: INP001 - a folder for PYTHONPATH, not a package
"""Sets the wall clock of a Python process by as many nanoseconds as a file says, read at every look.

Python imports a module of this name by itself where its folder is on PYTHONPATH: the installed program runs as it is.
Its monotonic clock goes on undisturbed, as on a machine whose time is set.
"""

import mmap
import os
import struct
import time
from pathlib import Path


def _shift(file: Path) -> None:
    with file.open("rb") as opened:
        shown = mmap.mmap(opened.fileno(), 8, access=mmap.ACCESS_READ)
    real_ns = time.time_ns

    def time_ns() -> int:
        shift_ns: int = struct.unpack("=q", shown)[0]
        return real_ns() + shift_ns

    def seconds() -> float:
        return time_ns() / 1e9

    time.time_ns = time_ns
    time.time = seconds


_shift(Path(os.environ["SHIFTED_CLOCK_FILE"]))
