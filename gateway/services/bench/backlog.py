"""`backlog`: many deliveries wait for paused subscriptions; what egress needs meanwhile, and how fast they go then."""

import time
from dataclasses import dataclass

from gateway.services.bench.http_endpoint import Arrivals
from gateway.services.bench.options import Options
from gateway.services.bench.planned import PlannedDeliveries
from gateway.services.bench.rig import Gateway, Rig, Say
from gateway.services.bench.run import Run

_WHOLE = 1_000_000
_QUICK = 10_000
_SUBSCRIPTIONS = 10
_HOLD_S = 20.0
_QUICK_HOLD_S = 2.0
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Backlog:
    """The outcome.

    Attributes:
        deliveries: how many waited, of ten subscriptions.
        planned_per_s: how fast the stream made them.
        egress_rss_mb: the most that egress held from its start until they were let go, MiB.
        egress_drain_rss_mb: the most while they were delivered, MiB.
        drain_per_s: deliveries a second from the first to the last.
        first_after_s: from the resume to the first delivery, seconds.
    """

    deliveries: int
    planned_per_s: float
    egress_rss_mb: float
    egress_drain_rss_mb: float
    stream_rss_mb: float
    drain_per_s: float
    first_after_s: float
    expected: int
    lost: int
    repeated: int


def measure_backlog(rig: Rig, options: Options, tick: Say) -> Backlog:
    """Let deliveries wait, look at the memory, and let them go."""
    deliveries = options.choose(_WHOLE, _QUICK)
    run = Run(rig, "backlog", subscriptions=_SUBSCRIPTIONS, fan_out=_SUBSCRIPTIONS, tick=tick)
    run.subscribers.pause(run.subscription_ids)
    with rig.gateway() as gateway:
        planned_per_s = _fill(rig, run, gateway, deliveries)
        run.rest(gateway)
        time.sleep(options.choose(_HOLD_S, _QUICK_HOLD_S))
        waiting = rig.usage(gateway)
        resumed_ns = time.time_ns()
        run.subscribers.resume(run.subscription_ids)
        account = run.settle(gateway)
        drained = rig.usage(gateway)
    run.end()
    first_ns, last_ns = _span_of(rig.endpoints.arrivals())
    return Backlog(
        deliveries=deliveries,
        planned_per_s=planned_per_s,
        egress_rss_mb=waiting["egress"].peak_rss_mb,
        egress_drain_rss_mb=drained["egress"].peak_rss_mb,
        stream_rss_mb=drained["stream"].peak_rss_mb,
        drain_per_s=round(deliveries * 1e9 / (last_ns - first_ns), 1),
        first_after_s=round((first_ns - resumed_ns) / 1e9, 2),
        expected=account.expected,
        lost=account.lost,
        repeated=account.repeated,
    )


def _fill(rig: Rig, run: Run, gateway: Gateway, deliveries: int) -> float:
    """Have the deliveries planned; give how many a second."""
    planned = PlannedDeliveries(rig.kafka)
    before = planned.count()
    started_s = time.monotonic()
    run.source.publish(deliveries // run.fan_out)
    run.source.flush()
    planned.await_count(before + deliveries, gateway)
    return round(deliveries / (time.monotonic() - started_s), 1)


def _span_of(arrivals: list[Arrivals]) -> tuple[int, int]:
    """Give the times of the first and the last arrival, nanoseconds; both 0 where there is none."""
    some = [endpoint.times_ns for endpoint in arrivals if endpoint.times_ns]
    return min((times_ns[0] for times_ns in some), default=0), max((times_ns[-1] for times_ns in some), default=0)
