"""`fan_out_1` and `fan_out_10`: how many deliveries a second, sustained, and what each costs.

Events are published while they are delivered, a bounded number ahead, so that the rate is that of the whole path
and not of draining what was there.
"""

from dataclasses import dataclass

from gateway.services.bench.measures import total_of
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Rig, Say
from gateway.services.bench.run import Run
from gateway.services.bench.window import Window, measure_window

_WHOLE_S = 60.0
_QUICK_S = 4.0
_SINGLE_S = 20.0
# The broker compiles itself while it warms up.
_WARM_UP_S = 15.0
_QUICK_WARM_UP_S = 3.0
_SUBSCRIPTIONS = 10


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


def measure_fan_out_1(rig: Rig, options: Options, tick: Say) -> Throughput:
    """Ten subscriptions, of which each event matches one; then, unless it is to be quick, a single one."""
    return _throughput(rig, options, tick, "fan_out_1", fan_out=1, single_s=options.choose(_SINGLE_S, None))


def measure_fan_out_10(rig: Rig, options: Options, tick: Say) -> Throughput:
    """Ten subscriptions that all match each event."""
    return _throughput(rig, options, tick, "fan_out_10", fan_out=_SUBSCRIPTIONS, single_s=None)


def _throughput(
    rig: Rig, options: Options, tick: Say, name: str, *, fan_out: int, single_s: float | None
) -> Throughput:
    run = Run(rig, name, subscriptions=_SUBSCRIPTIONS, fan_out=fan_out, tick=tick)
    with rig.gateway(options.egress) as gateway:
        run.flood(gateway, options.warm_up_s(_WARM_UP_S, _QUICK_WARM_UP_S), outstanding=options.outstanding)
        window = measure_window(run, gateway, options.window_s(_WHOLE_S, _QUICK_S), options.outstanding)
        accounts = [run.settle(gateway)]
        run.end()
        single_per_s = None
        if single_s is not None:
            single = Run(rig, f"{name}_single", subscriptions=1, fan_out=1, tick=tick)
            single.flood(gateway, single_s / 2, outstanding=options.outstanding)
            single_per_s = measure_window(single, gateway, single_s, options.outstanding).deliveries_per_s
            accounts.append(single.settle(gateway))
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
