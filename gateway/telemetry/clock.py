"""The one clock of the records: wall time in whole milliseconds. The domain takes it as an argument."""

import time


def now_ms() -> int:
    """Give the present, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def monotonic_ms() -> float:
    """Give a clock that never goes back, in milliseconds from any beginning: for pauses, limits and time-outs."""
    return time.monotonic() * 1000
