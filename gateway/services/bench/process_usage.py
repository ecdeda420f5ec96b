"""What a process has cost: CPU time and memory, from Linux's `/proc`."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat after the name in brackets: proc_pid_stat(5) counts from 1, and the name is the second.
_UTIME = 14 - 3
_STIME = 15 - 3
_KIB_PER_MB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """A process at one moment.

    Attributes:
        cpu_s: CPU seconds since its start, of all its threads.
        rss_mb: memory it holds, MiB.
        peak_rss_mb: the most it has held, MiB.
    """

    cpu_s: float
    rss_mb: float
    peak_rss_mb: float


def usage_of(pid: int) -> Usage:
    """Look at a process that runs.

    Raises:
        FileNotFoundError: there is none.
    """
    folder = Path(f"/proc/{pid}")
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return Usage(
        cpu_s=(int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S,
        rss_mb=_mb(status["VmRSS"]),
        peak_rss_mb=_mb(status["VmHWM"]),
    )


def machine_busy_s() -> float:
    """Give the CPU seconds that all cores together have been busy since the machine started (proc_stat(5))."""
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = Path("/proc/stat").read_text().split()[1:]
    return sum(int(ticks) for ticks in (user, nice, system, irq, softirq, steal)) / _TICKS_PER_S


def _mb(text: str) -> float:
    return round(int(text.removesuffix("kB")) / _KIB_PER_MB, 1)
