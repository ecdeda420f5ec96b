"""`isolation`: what nine healthy endpoints notice of a tenth that hangs, refuses, is slow or has a backlog.

Each fault is measured beside a healthy phase just before it, in turn, so that a noisy machine spoils both alike; the
samples of all rounds are put together. The tenth gets a new subscription for each pair of phases, so that nothing
of one fault lasts into the next.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.services.bench.event_source import EVENT_TYPE, EventSource
from gateway.services.bench.measures import account_for, latencies_ns, latency_of, ratio, total_of
from gateway.services.bench.options import Options
from gateway.services.bench.planned import PlannedDeliveries
from gateway.services.bench.rig import Gateway, Rig, Say
from gateway.services.bench.run import Run

HEALTHY = 9
_WHOLE_PHASE_S = 15.0
_QUICK_PHASE_S = 2.0
_ROUNDS = 3
_BACKLOG = 100_000
_BACKLOG_TYPE = "order.cancelled"
_SLOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """The healthy endpoints beside one fault: publish to receive, milliseconds.

    Attributes:
        p99_ratio: p99_ms by healthy_p99_ms.
        healthy_p99_ms: of the phases just before, in which all ten were well.
    """

    p99_ratio: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    samples: int
    healthy_p50_ms: float
    healthy_p99_ms: float


@dataclass(frozen=True, slots=True)
class Isolation:
    """The outcome.

    Attributes:
        p99_ratio: with a hanging endpoint.
        faults: `hanging`, `refusing`, `slow` (one request a second), `waiting` (a backlog behind a pause), `draining`
            (the backlog is delivered meanwhile); only the first two where it is to be quick.
        backlog: how many deliveries that was.
        events_per_s: the rate; each event goes to all ten endpoints.
        expected: deliveries to the healthy endpoints.
    """

    p99_ratio: float
    faults: dict[str, Fault]
    events_per_s: float
    phase_s: float
    rounds: int
    backlog: int
    expected: int
    lost: int
    repeated: int


def measure_isolation(rig: Rig, options: Options, tick: Say) -> Isolation:
    """Measure each fault beside the healthy phase before it, several times over."""
    scene = _Scene(rig, options, tick)
    rounds = options.choose(_ROUNDS, 1)
    healthy: dict[str, list[range]] = {}
    faulty: dict[str, list[range]] = {}
    with rig.gateway() as gateway:
        scene.run.pace(gateway, scene.phase_s, events_per_s=options.events_per_s)
        for _ in range(rounds):
            for name, begin in scene.faults.items():
                scene.renew_tenth()
                scene.run.rest(gateway)
                healthy.setdefault(name, []).append(scene.pace(gateway))
                begin(gateway)
                faulty.setdefault(name, []).append(scene.pace(gateway))
                scene.mend()
        scene.run.rest(gateway)
    scene.run.end()
    return scene.sum_up(healthy, faulty, rounds)


class _Scene:
    """Nine healthy endpoints, the tenth, and what can be done to it."""

    def __init__(self, rig: Rig, options: Options, tick: Say) -> None:
        self._rig = rig
        self._options = options
        self._planned = PlannedDeliveries(rig.kafka)
        self.phase_s = options.window_s(_WHOLE_PHASE_S, _QUICK_PHASE_S)
        self.backlog = options.choose(_BACKLOG, 0)
        self.run = Run(rig, "isolation", subscriptions=HEALTHY + 1, fan_out=HEALTHY + 1, tick=tick, linger_ms=0)
        self.faults: dict[str, Callable[[Gateway], None]] = {
            "hanging": lambda _: rig.endpoints.answer(HEALTHY, delay_s=None),
            "refusing": lambda _: rig.endpoints.refuse(HEALTHY),
        }
        if not options.quick:
            self.faults |= {
                "slow": lambda _: self._slow_down(),
                "waiting": self._fill_backlog,
                "draining": self._let_backlog_go,
            }

    def pace(self, gateway: Gateway) -> range:
        """Publish for one phase; give the numbers of its events."""
        return self.run.pace(gateway, self.phase_s, events_per_s=self._options.events_per_s)

    def renew_tenth(self, *, max_in_flight: int | None = None) -> None:
        """Give the tenth endpoint a new subscription; what waits for the old one is discarded."""
        old = self.run.subscriptions.pop()
        new = replace(
            old,
            subscription_id=f"{self.run.prefix}tenth-{secrets.token_hex(3)}",
            event_types=(EVENT_TYPE, _BACKLOG_TYPE),
            max_in_flight=max_in_flight or self.run.subscriptions[0].max_in_flight,
        )
        self.run.subscriptions.append(new)
        self.run.subscribers.delete([old.subscription_id])
        self.run.subscribers.subscribe([new])

    def mend(self) -> None:
        """Let the tenth endpoint answer again."""
        self._rig.endpoints.answer(HEALTHY)

    def _slow_down(self) -> None:
        self.renew_tenth(max_in_flight=1)
        self._rig.endpoints.answer(HEALTHY, delay_s=_SLOW_S)

    def _fill_backlog(self, gateway: Gateway) -> None:
        """Let deliveries wait for the tenth subscription only."""
        tenth = self.run.subscriptions[-1].subscription_id
        self.run.subscribers.pause([tenth])
        source = EventSource(
            self._rig.kafka,
            self._rig.deployment.catalog(),
            prefix=f"waiting-{secrets.token_hex(3)}-",
            tenants=self.run.tenants,
            linger_ms=5,
            event_type=_BACKLOG_TYPE,
        )
        before = self._planned.count()
        source.publish(self.backlog)
        source.flush()
        self._planned.await_count(before + self.backlog, gateway)
        self.run.rest(gateway)

    def _let_backlog_go(self, gateway: Gateway) -> None:
        """Let deliveries wait, and go: they are delivered while the healthy endpoints are measured."""
        self._fill_backlog(gateway)
        self.run.subscribers.resume([self.run.subscriptions[-1].subscription_id])

    def sum_up(self, healthy: dict[str, list[range]], faulty: dict[str, list[range]], rounds: int) -> Isolation:
        """Compare the phases, over the healthy endpoints only."""
        arrivals = self._rig.endpoints.arrivals()[:HEALTHY]

        def over(phases: list[range]) -> list[int]:
            return [ns for numbers in phases for ns in latencies_ns(arrivals, self.run.source.times_ns, numbers)]

        faults: dict[str, Fault] = {}
        for name in self.faults:
            well, ill = latency_of(over(healthy[name])), latency_of(over(faulty[name]))
            faults[name] = Fault(
                p99_ratio=ratio(ill.p99_ms, well.p99_ms),
                p50_ms=ill.p50_ms,
                p99_ms=ill.p99_ms,
                max_ms=ill.max_ms,
                samples=ill.samples,
                healthy_p50_ms=well.p50_ms,
                healthy_p99_ms=well.p99_ms,
            )
        everything = range(self.run.source.published)
        account = total_of(account_for(everything, endpoint.numbers) for endpoint in arrivals)
        return Isolation(
            faults["hanging"].p99_ratio,
            faults,
            self._options.events_per_s,
            self.phase_s,
            rounds,
            self.backlog,
            account.expected,
            account.lost,
            account.repeated,
        )
