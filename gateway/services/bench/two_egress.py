"""`two_egress`: what a second egress process brings, and what it would bring on a machine with a core for it."""

from dataclasses import dataclass

from gateway.services.bench.measures import Account, ratio
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Rig, Say
from gateway.services.bench.run import Run
from gateway.services.bench.window import Window, measure_window

_WHOLE_S = 20.0
_QUICK_S = 3.0
_ROUNDS = 2
_WARM_UP_S = 15.0
_QUICK_WARM_UP_S = 3.0
_SUBSCRIPTIONS = 12  # two for each partition: both processes get six


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


def measure_two_egress(rig: Rig, options: Options, tick: Say) -> TwoEgress:
    """One egress process and two in turn, fan-out 1: the ratio, and what it would be with a free core for each."""
    seconds = options.window_s(_WHOLE_S, _QUICK_S)
    warm_up_s = options.warm_up_s(_WARM_UP_S, _QUICK_WARM_UP_S)
    run = Run(rig, "two_egress", subscriptions=_SUBSCRIPTIONS, fan_out=1, tick=tick)
    one: list[Window] = []
    two: list[Window] = []
    with rig.gateway() as gateway:
        run.flood(gateway, warm_up_s, outstanding=options.outstanding)
        for _ in range(options.choose(_ROUNDS, 1)):
            one.append(measure_window(run, gateway, seconds, options.outstanding))
            gateway.add_egress()
            run.flood(gateway, warm_up_s / 2, outstanding=options.outstanding)
            two.append(measure_window(run, gateway, seconds, options.outstanding))
            gateway.remove_egress()
        account = run.settle(gateway)
    run.end()
    return _compare(one, two, account)


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
