"""`steady`: how long an event takes from publish to receive while the gateway is far from its limits."""

from dataclasses import dataclass

from gateway.services.bench.measures import latencies_ns, latency_of
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Rig, Say
from gateway.services.bench.run import Run

_WHOLE_S = 60.0
_QUICK_S = 6.0
_WARM_UP_S = 5.0
_QUICK_WARM_UP_S = 2.0
_SUBSCRIPTIONS = 10


@dataclass(frozen=True, slots=True)
class Steady:
    """The outcome; times in milliseconds, from just before the event is handed to the Kafka client.

    Attributes:
        events_per_s: the rate; each event matches one subscription.
    """

    p50_ms: float
    p99_ms: float
    max_ms: float
    samples: int
    events_per_s: float
    expected: int
    lost: int
    repeated: int


def measure_steady(rig: Rig, options: Options, tick: Say) -> Steady:
    """Publish events one by one at a steady rate, each for one of ten subscriptions."""
    run = Run(rig, "steady", subscriptions=_SUBSCRIPTIONS, fan_out=1, tick=tick, linger_ms=0)
    with rig.gateway() as gateway:
        run.pace(gateway, options.warm_up_s(_WARM_UP_S, _QUICK_WARM_UP_S), events_per_s=options.events_per_s)
        numbers = run.pace(gateway, options.window_s(_WHOLE_S, _QUICK_S), events_per_s=options.events_per_s)
        account = run.settle(gateway)
    run.end()
    found = latency_of(latencies_ns(rig.endpoints.arrivals(), run.source.times_ns, numbers))
    return Steady(
        found.p50_ms,
        found.p99_ms,
        found.max_ms,
        found.samples,
        options.events_per_s,
        account.expected,
        account.lost,
        account.repeated,
    )
