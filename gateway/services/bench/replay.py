"""`replay`: what live deliveries notice of a replay of many past events.

The events are published while nobody wants them. Then a new subscription gets them by `gateway replay`, in a process of
its own as an operator runs it, while others get live events at a steady rate. What these take is compared with phases
before and after, in which nothing is replayed.
"""

import time
from dataclasses import dataclass, replace

from gateway.domain.errors import GatewayError
from gateway.domain.replay import DEFAULT_RATE_PER_S
from gateway.services.bench.event_source import EVENT_TYPE, EventSource
from gateway.services.bench.measures import account_for, latencies_ns, latency_of, ratio, total_of
from gateway.services.bench.options import Options
from gateway.services.bench.program import Program
from gateway.services.bench.rig import Gateway, Rig, Say
from gateway.services.bench.run import Run

LIVE = 10
_WHOLE = 100_000
_QUICK = 2_000
_WARM_UP_S = 3.0
# Of the phase with the replay, each of those before and after it.
_SHARE_ALONE = 0.5
_BULK_LINGER_MS = 5
_LOOK_S = 0.2
# What comes to starting the replay's process, and to what is delivered last.
_MARGIN_S = 120.0


@dataclass(frozen=True, slots=True)
class BesideReplay:
    """The outcome; times from publish to receive, milliseconds.

    Attributes:
        p99_ratio: p99_ms by p99_alone_ms.
        p99_ms: of live deliveries while the replay ran.
        p99_alone_ms: of those before and after it.
        replayed: how many events.
        rate_per_s: how many of them a second at most.
        events_per_s: the rate of live events, each for one of ten subscriptions.
        expected: deliveries, live and replayed.
    """

    p99_ratio: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    samples: int
    p50_alone_ms: float
    p99_alone_ms: float
    max_alone_ms: float
    samples_alone: int
    replayed: int
    rate_per_s: float
    events_per_s: float
    expected: int
    lost: int
    repeated: int


def measure_replay(rig: Rig, options: Options, tick: Say) -> BesideReplay:
    """Measure live deliveries before, during and after a replay."""
    count = options.choose(_WHOLE, _QUICK)
    during_s = count / DEFAULT_RATE_PER_S
    run = Run(rig, "replay", subscriptions=LIVE, fan_out=1, tick=tick, linger_ms=0)
    with rig.gateway() as gateway:
        _publish_past(run, rig, count)
        # What lies behind the past events in every partition: when it has arrived, they are read.
        run.pace(gateway, _WARM_UP_S, events_per_s=options.events_per_s)
        run.source.flush()
        _await_arrived(rig, gateway, slice(LIVE), run.source.published)
        late = _subscribe_late(run, rig)
        run.rest(gateway)
        alone = [run.pace(gateway, during_s * _SHARE_ALONE, events_per_s=options.events_per_s)]
        replaying = Program("replay", rig.settings, rig.settings.home / "replay.log", _arguments(late))
        try:
            # What comes before, starting a process, is not the replay.
            _await_arrived(rig, gateway, slice(LIVE, None), 1)
            beside = run.pace(gateway, during_s, events_per_s=options.events_per_s)
            replaying.await_end(_MARGIN_S)
        finally:
            replaying.stop()
        _await_arrived(rig, gateway, slice(LIVE, None), count)
        run.rest(gateway)
        alone.append(run.pace(gateway, during_s * _SHARE_ALONE, events_per_s=options.events_per_s))
        run.rest(gateway)
    run.end()
    return _sum_up(run, rig, options.events_per_s, alone=alone, beside=beside, count=count)


def _publish_past(run: Run, rig: Rig, count: int) -> None:
    source = EventSource(
        rig.kafka,
        rig.deployment.catalog(),
        prefix=run.prefix,
        tenants=[_past_tenant(run)],
        linger_ms=_BULK_LINGER_MS,
    )
    source.publish(count)
    source.flush()


def _past_tenant(run: Run) -> str:
    return f"{run.prefix}past"


def _subscribe_late(run: Run, rig: Rig) -> str:
    """Give the past events a subscription, at an endpoint of its own."""
    name = f"{run.prefix}late"
    late = replace(run.subscriptions[0], subscription_id=name, tenant=_past_tenant(run), url=rig.endpoints.url(LIVE))
    run.subscribers.subscribe([late])
    return name


def _arguments(subscription_id: str) -> tuple[str, ...]:
    return ("start", "--subscription", subscription_id, "--since", "1h", "--type", EVENT_TYPE, "--yes")


def _await_arrived(rig: Rig, gateway: Gateway, endpoints: slice, wanted: int) -> None:
    """Wait until so many requests have arrived at some endpoints.

    Raises:
        GatewayError: a process ended, or nothing arrives any more.
    """
    last, since_s = -1, time.monotonic()
    while (arrived := sum(rig.endpoints.count().arrived[endpoints])) < wanted:
        gateway.check()
        if arrived != last:
            last, since_s = arrived, time.monotonic()
        elif time.monotonic() - since_s > _MARGIN_S:
            raise GatewayError(f"{wanted - arrived:,} deliveries did not arrive")
        time.sleep(_LOOK_S)


def _sum_up(run: Run, rig: Rig, events_per_s: float, *, alone: list[range], beside: range, count: int) -> BesideReplay:
    arrivals = rig.endpoints.arrivals()

    def over(*phases: range) -> list[int]:
        return [ns for numbers in phases for ns in latencies_ns(arrivals[:LIVE], run.source.times_ns, numbers)]

    found, reference = latency_of(over(beside)), latency_of(over(*alone))
    live, replayed = run.account(), account_for(range(count), arrivals[LIVE].numbers)
    account = total_of((live, replayed))
    return BesideReplay(
        p99_ratio=ratio(found.p99_ms, reference.p99_ms),
        p50_ms=found.p50_ms,
        p99_ms=found.p99_ms,
        max_ms=found.max_ms,
        samples=found.samples,
        p50_alone_ms=reference.p50_ms,
        p99_alone_ms=reference.p99_ms,
        max_alone_ms=reference.max_ms,
        samples_alone=reference.samples,
        replayed=count,
        rate_per_s=DEFAULT_RATE_PER_S,
        events_per_s=events_per_s,
        expected=account.expected,
        lost=account.lost,
        repeated=account.repeated,
    )
