"""The scenarios by name, in the order in which they run, and running some of them on one rig."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.services.bench.machine import describe_machine, describe_versions
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Rig, Say
from gateway.services.bench.steady import measure_steady
from gateway.services.bench.throughput import measure_fan_out_1, measure_fan_out_10, measure_two_egress


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario.

    Attributes:
        measure: runs it; gives a dataclass.
        about: what it measures, for people.
    """

    measure: Callable[[Rig, Options, Say], Any]
    about: str


SCENARIOS = {
    "fan_out_1": Scenario(measure_fan_out_1, "sustained deliveries/s, each event for one of ten subscriptions"),
    "fan_out_10": Scenario(measure_fan_out_10, "sustained deliveries/s, each event for ten subscriptions"),
    "two_egress": Scenario(measure_two_egress, "two egress processes against one"),
    "steady": Scenario(measure_steady, "publish-to-receive time at a steady rate"),
}

Results = dict[str, dict[str, Any]]
"""By scenario, and under `machine` and `versions` what it was measured on."""


def run_scenarios(names: Sequence[str], options: Options, say: Say, tick: Say) -> Results:
    """Run scenarios one after the other on one rig, in the order of `SCENARIOS`.

    Args:
        names: which; none for all.
        options: how much is measured.
        say: told each step.
        tick: told often how a step goes.

    Raises:
        GatewayError: a part could not be started, or ended by itself.
    """
    results: Results = {"machine": describe_machine(), "versions": dict(describe_versions())}
    with Rig(say) as rig:
        for name, scenario in SCENARIOS.items():
            if names and name not in names:
                continue
            say(f"{name}: {scenario.about}")
            results[name] = asdict(scenario.measure(rig, options, tick))
        say("stopping")
    return results


def lost_in(results: Results) -> int:
    """Count the deliveries that were lost in any scenario."""
    return sum(result.get("lost", 0) for result in results.values())
