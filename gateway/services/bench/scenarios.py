"""The scenarios by name, in the order in which they run, and running some of them on one rig."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.services.bench.backlog import measure_backlog
from gateway.services.bench.crash import measure_crash
from gateway.services.bench.filters import measure_filters
from gateway.services.bench.headlines import Results
from gateway.services.bench.isolation import measure_isolation
from gateway.services.bench.match import measure_match
from gateway.services.bench.options import Options
from gateway.services.bench.replay import measure_replay
from gateway.services.bench.rig import Rig, Say
from gateway.services.bench.search import measure_search
from gateway.services.bench.steady import measure_steady
from gateway.services.bench.throughput import measure_fan_out_1, measure_fan_out_10
from gateway.services.bench.two_egress import measure_two_egress


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
    "isolation": Scenario(measure_isolation, "what healthy endpoints notice of a bad one"),
    "backlog": Scenario(measure_backlog, "many deliveries wait: memory, and how fast they go then"),
    "crash": Scenario(measure_crash, "processes killed in the middle: recovery, losses and repeats"),
    "filters": Scenario(measure_filters, "subscriptions with a filter of their own, all asked about each event"),
    "search": Scenario(measure_search, "the console's index: records/s that it takes in, and how long searches take"),
    "replay": Scenario(measure_replay, "what live deliveries notice of a replay of many past events"),
    # The last one: its subscriptions stay in the table.
    "match": Scenario(measure_match, "matching among many subscriptions, and having them in memory"),
}


def run_scenarios(names: Sequence[str], options: Options, say: Say, tick: Say) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run scenarios one after the other on one rig, in the order of `SCENARIOS`; give each one's name and result.

    Args:
        names: which; none for all.
        options: how much is measured.
        say: told each step.
        tick: told often how a step goes.

    Raises:
        GatewayError: a part could not be started, or ended by itself.
    """
    with Rig(say) as rig:
        for name, scenario in SCENARIOS.items():
            if names and name not in names:
                continue
            say(f"{name}: {scenario.about}")
            started_s = time.monotonic()
            result = asdict(scenario.measure(rig, options, tick))
            yield name, {**result, "took_s": round(time.monotonic() - started_s, 1)}
        say("stopping")


def lost_in(results: Results) -> int:
    """Count the deliveries that were lost in any scenario."""
    return sum(result.get("lost", 0) for result in results.values())
