"""`fan_out_1`, `fan_out_10` and `two_egress`: how many deliveries a second, sustained, and what each costs.

Events are published while they are delivered, a bounded number ahead, so that the rate is that of the whole path
and not of draining what was there.
"""

from dataclasses import dataclass

from gateway.services.bench.measures import Account, ratio, total_of
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Gateway, Rig, Say
from gateway.services.bench.run import Run, Snapshot

_WHOLE_S = 60.0
_QUICK_S = 6.0
# The broker compiles itself while it warms up.
_WARM_UP_S = 15.0
_QUICK_WARM_UP_S = 3.0
_SUBSCRIPTIONS = 10
_SUBSCRIPTIONS_OF_TWO = 12  # two for each partition: both processes get six


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


@dataclass(frozen=True, slots=True)
class Throughput:
    """The outcome of `fan_out_1` or `fan_out_10`; see `Window` for the rest.

    Attributes:
        deliveries_per_s: sustained.
        single_subscription_per_s: with one subscription that matches every event, or None where not measured.
    """

    deliveries_per_s: float
    subscriptions: int
    egress_processes: int
    outstanding: int
    window: Window
    single_subscription_per_s: float | None
    expected: int
    lost: int
    repeated: int


@dataclass(frozen=True, slots=True)
class TwoEgress:
    """The outcome of `two_egress`.

    Attributes:
        one_per_s: deliveries a second with one egress process.
        two_per_s: with two.
        measured_ratio: of these; on a machine whose cores are all busy it can't be more than about 1.
        egress_cpu_us_one: CPU of egress for a delivery, microseconds, with one process.
        egress_cpu_us_two: the same with two, both together.
        projected_one_per_s: what one process would do with a core of its own, by that.
        projected_two_per_s: what two would do with a core each.
        projected_ratio: of these.
    """

    one_per_s: float
    two_per_s: float
    measured_ratio: float
    egress_cpu_us_one: float
    egress_cpu_us_two: float
    projected_one_per_s: float
    projected_two_per_s: float
    projected_ratio: float
    expected: int
    lost: int
    repeated: int


def measure_fan_out_1(rig: Rig, options: Options, tick: Say) -> Throughput:
    """Ten subscriptions, of which each event matches one; then, unless it is to be quick, a single one."""
    return _throughput(rig, options, tick, "fan_out_1", fan_out=1, single_s=options.choose(_WHOLE_S / 3, None))


def measure_fan_out_10(rig: Rig, options: Options, tick: Say) -> Throughput:
    """Ten subscriptions that all match each event."""
    return _throughput(rig, options, tick, "fan_out_10", fan_out=_SUBSCRIPTIONS, single_s=None)


def measure_two_egress(rig: Rig, options: Options, tick: Say) -> TwoEgress:
    """One egress process and two in turn, fan-out 1: the ratio, and what it would be with a free core for each."""
    seconds = options.window_s(_WHOLE_S / 3, _QUICK_S / 2)
    warm_up_s = options.warm_up_s(_WARM_UP_S, _QUICK_WARM_UP_S)
    run = Run(rig, "two_egress", subscriptions=_SUBSCRIPTIONS_OF_TWO, fan_out=1, tick=tick)
    one: list[Window] = []
    two: list[Window] = []
    with rig.gateway() as gateway:
        run.flood(gateway, warm_up_s, outstanding=options.outstanding)
        for _ in range(options.choose(2, 1)):
            one.append(_measure(run, gateway, seconds, options.outstanding))
            gateway.add_egress()
            run.flood(gateway, warm_up_s / 2, outstanding=options.outstanding)
            two.append(_measure(run, gateway, seconds, options.outstanding))
            gateway.remove_egress()
        account = run.settle()
    run.end()
    return _compare(one, two, account)


def _throughput(
    rig: Rig, options: Options, tick: Say, name: str, *, fan_out: int, single_s: float | None
) -> Throughput:
    run = Run(rig, name, subscriptions=_SUBSCRIPTIONS, fan_out=fan_out, tick=tick)
    with rig.gateway(options.egress) as gateway:
        run.flood(gateway, options.warm_up_s(_WARM_UP_S, _QUICK_WARM_UP_S), outstanding=options.outstanding)
        window = _measure(run, gateway, options.window_s(_WHOLE_S, _QUICK_S), options.outstanding)
        accounts = [run.settle()]
        run.end()
        single_per_s = None
        if single_s is not None:
            single = Run(rig, f"{name}_single", subscriptions=1, fan_out=1, tick=tick)
            single.flood(gateway, single_s / 2, outstanding=options.outstanding)
            single_per_s = _measure(single, gateway, single_s, options.outstanding).deliveries_per_s
            accounts.append(single.settle())
            single.end()
    account = total_of(accounts)
    return Throughput(
        deliveries_per_s=window.deliveries_per_s,
        subscriptions=_SUBSCRIPTIONS,
        egress_processes=options.egress,
        outstanding=options.outstanding,
        window=window,
        single_subscription_per_s=single_per_s,
        expected=account.expected,
        lost=account.lost,
        repeated=account.repeated,
    )


def _measure(run: Run, gateway: Gateway, seconds: float, outstanding: int) -> Window:
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


def _compare(one: list[Window], two: list[Window], account: Account) -> TwoEgress:
    one_per_s, two_per_s = (sum(window.deliveries_per_s for window in windows) / len(windows) for windows in (one, two))
    one_us, two_us = (
        sum(window.cpu_us_per_delivery["egress"] for window in windows) / len(windows) for windows in (one, two)
    )
    return TwoEgress(
        one_per_s=round(one_per_s, 1),
        two_per_s=round(two_per_s, 1),
        measured_ratio=ratio(two_per_s, one_per_s),
        egress_cpu_us_one=round(one_us, 1),
        egress_cpu_us_two=round(two_us, 1),
        projected_one_per_s=round(1e6 / one_us, 1),
        projected_two_per_s=round(2e6 / two_us, 1),
        projected_ratio=ratio(2 * one_us, two_us),
        expected=account.expected,
        lost=account.lost,
        repeated=account.repeated,
    )
