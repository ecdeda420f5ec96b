"""`crash`: egress and stream are killed in the middle; how long nothing moves, what is lost, and what comes twice.

The endpoints take their time to answer, so that as many sends as possible are under way at the kill. Whoever was
killed is started again at once, as a supervisor would.
"""

import time
from dataclasses import dataclass

from gateway.services.bench.options import Options
from gateway.services.bench.rig import Gateway, Rig, Say
from gateway.services.bench.run import Run

_SUBSCRIPTIONS = 10
_ANSWER_S = 0.2
_WANTED_IN_FLIGHT = 200
_WAIT_FOR_THEM_S = 20.0
_GLANCE_S = 0.05
_OUTSTANDING = 2_000
_BEFORE_S = 5.0
_QUICK_BEFORE_S = 2.0
_AFTER_S = 2.0
_KILLS = ("egress", "stream", "egress", "both", "egress")
_QUICK_KILLS = ("both",)


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill.

    Attributes:
        killed: `egress`, `stream` or `both`.
        in_flight: requests that the receiver had read and not answered.
        recovery_s: from the kill until an event that was published after it had arrived, seconds.
        repeated: deliveries that came twice because of it.
    """

    killed: str
    in_flight: int
    recovery_s: float
    repeated: int


@dataclass(frozen=True, slots=True)
class Crash:
    """The outcome.

    Attributes:
        lost: deliveries that never arrived, seen by event id at each endpoint.
        repeated: arrivals beyond the first.
        recovery_s: the longest, seconds.
    """

    lost: int
    repeated: int
    recovery_s: float
    kills: list[Kill]
    expected: int


def measure_crash(rig: Rig, options: Options, tick: Say) -> Crash:
    """Kill one process after the other, and account for every delivery after each."""
    run = Run(rig, "crash", subscriptions=_SUBSCRIPTIONS, fan_out=1, tick=tick)
    for endpoint in range(_SUBSCRIPTIONS):
        rig.endpoints.answer(endpoint, delay_s=_ANSWER_S)
    kills: list[Kill] = []
    account = run.account()
    with rig.gateway() as gateway:
        for name in options.choose(_KILLS, _QUICK_KILLS):
            run.flood(gateway, options.choose(_BEFORE_S, _QUICK_BEFORE_S), outstanding=_OUTSTANDING)
            before = account.repeated
            in_flight, killed_ns, first_after = _kill(rig, run, gateway, name)
            run.flood(gateway, _AFTER_S, outstanding=_OUTSTANDING)
            account = run.settle(gateway)
            recovered_ns = _first_arrival_ns(rig, first_after)
            kills.append(Kill(name, in_flight, round((recovered_ns - killed_ns) / 1e9, 2), account.repeated - before))
    for endpoint in range(_SUBSCRIPTIONS):
        rig.endpoints.answer(endpoint)
    run.end()
    return Crash(
        lost=account.lost,
        repeated=account.repeated,
        recovery_s=max(kill.recovery_s for kill in kills),
        kills=kills,
        expected=account.expected,
    )


def _kill(rig: Rig, run: Run, gateway: Gateway, name: str) -> tuple[int, int, int]:
    """Kill and start again; give what was in flight, when it was, and the number of the next event."""
    killed = {"egress": gateway.egress, "stream": [gateway.stream], "both": [gateway.stream, *gateway.egress]}[name]
    give_up_at = time.monotonic() + _WAIT_FOR_THEM_S
    while rig.endpoints.count().unanswered < _WANTED_IN_FLIGHT and time.monotonic() < give_up_at:
        run.flood(gateway, _GLANCE_S, outstanding=_OUTSTANDING)
    # Standing still, it can be counted: nothing is sent between the count and the kill.
    for program in killed:
        program.freeze()
    in_flight = rig.endpoints.count().unanswered
    for program in killed:
        program.kill()
    killed_ns = time.time_ns()
    gateway.restart(killed)
    return in_flight, killed_ns, run.source.published


def _first_arrival_ns(rig: Rig, first_number: int) -> int:
    """Give the earliest arrival of any event from a number on, nanoseconds; 0 where there is none."""
    return min(
        (
            time_ns
            for endpoint in rig.endpoints.arrivals()
            for number, time_ns in zip(endpoint.numbers, endpoint.times_ns, strict=True)
            if number >= first_number
        ),
        default=0,
    )
