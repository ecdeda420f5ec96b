"""A stretch of a run under full load: its rate, and what each part of the gateway spent on it."""

from dataclasses import dataclass

from gateway.services.bench.measures import ratio
from gateway.services.bench.rig import Gateway
from gateway.services.bench.run import Run, Snapshot


@dataclass(frozen=True, slots=True)
class Window:
    """What was measured between two moments.

    Attributes:
        deliveries_per_s: arrived at the receiver.
        seconds: how long it was.
        cpu_us_per_delivery: by part, microseconds of CPU; all egress processes together.
        cores_used: CPU seconds of all parts in a second.
        other_cores_used: the same of everything else on the machine; what it takes is missing to the benchmark.
        rss_mb_at_start: by part, MiB; of several egress processes the largest.
        rss_mb_at_end: the same at the end.
        peak_rss_mb: the most since the processes started.
    """

    deliveries_per_s: float
    seconds: float
    cpu_us_per_delivery: dict[str, float]
    cores_used: float
    other_cores_used: float
    rss_mb_at_start: dict[str, float]
    rss_mb_at_end: dict[str, float]
    peak_rss_mb: dict[str, float]


def measure_window(run: Run, gateway: Gateway, seconds: float, outstanding: int) -> Window:
    """Publish as fast as deliveries arrive for so many seconds, and say what happened meanwhile."""
    before = run.snapshot(gateway)
    run.flood(gateway, seconds, outstanding=outstanding)
    return window_between(before, run.snapshot(gateway))


def window_between(before: Snapshot, after: Snapshot) -> Window:
    """Say what happened between two moments of one run."""
    seconds = (after.counts.at_ns - before.counts.at_ns) / 1e9
    deliveries = after.counts.total - before.counts.total
    cpu_s = {part: after.usage[part].cpu_s - before.usage[part].cpu_s for part in after.usage}
    return Window(
        deliveries_per_s=round(deliveries / seconds, 1),
        seconds=round(seconds, 2),
        cpu_us_per_delivery={part: ratio(spent * 1e6, deliveries) for part, spent in cpu_s.items()},
        cores_used=round(sum(cpu_s.values()) / seconds, 2),
        other_cores_used=round(max(after.machine_busy_s - before.machine_busy_s - sum(cpu_s.values()), 0) / seconds, 2),
        rss_mb_at_start={part: usage.rss_mb for part, usage in before.usage.items()},
        rss_mb_at_end={part: usage.rss_mb for part, usage in after.usage.items()},
        peak_rss_mb={part: usage.peak_rss_mb for part, usage in after.usage.items()},
    )
