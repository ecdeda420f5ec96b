"""The lanes that there are: none stays for ever, and no sweep takes long."""

import asyncio

from gateway.domain.circuit import DEFAULT_CIRCUIT_POLICY
from gateway.domain.outcome import Answered, classify
from gateway.domain.rate_limit import RateLimit
from gateway.egress.lane import Lane
from gateway.egress.open_lanes import OpenLanes
from gateway.telemetry.clock import monotonic_ms
from tests.virtual_time import in_virtual_time


def attempt(lane: Lane, status: int) -> None:
    """Make an attempt in a lane, and empty it."""
    lane.gate.end(lane.gate.begin(monotonic_ms()), classify(Answered(status)), monotonic_ms())


@in_virtual_time
async def test_a_lane_with_nothing_to_remember_is_dropped_at_once() -> None:
    """One that failed lately stays, until its window is over; then a sweep finds it."""
    lanes = OpenLanes()
    attempt(lanes.of("well"), 200)
    for status in (500, 200):
        attempt(lanes.of("mended"), status)
    for lane in lanes:
        lanes.drop_if_idle(lane)
    lanes.sweep()
    assert [lane.subscription_id for lane in lanes] == ["mended"]
    await asyncio.sleep(DEFAULT_CIRCUIT_POLICY.window_ms / 1000)
    lanes.sweep()
    assert len(lanes) == 0


@in_virtual_time
async def test_a_failure_is_remembered_for_days_and_no_longer() -> None:
    """The next delivery of a broken endpoint finds its lane; one to which nothing is sent any more leaves none."""
    lanes = OpenLanes()
    attempt(lanes.of("broken"), 500)
    await asyncio.sleep(86_400)
    lanes.sweep()
    assert lanes.get("broken") is not None
    await asyncio.sleep(86_400 + DEFAULT_CIRCUIT_POLICY.window_ms / 1000)
    lanes.sweep()
    assert lanes.get("broken") is None


@in_virtual_time
async def test_a_lane_in_which_something_happens_stays() -> None:
    """Whatever its gate says: something is being sent, or its timer is set."""
    lanes = OpenLanes()
    lanes.of("sending").in_flight = 1
    lanes.of("timed").timer = asyncio.get_running_loop().call_later(60, lambda: None)
    lanes.of("empty")
    lanes.sweep()
    assert sorted(lane.subscription_id for lane in lanes) == ["sending", "timed"]


@in_virtual_time
async def test_a_sweep_is_bounded_and_all_have_their_turn() -> None:
    """With ever so many limited lanes that nothing is sent to any more, each sweep looks at a thousand."""
    lanes = OpenLanes()
    for number in range(2_500):
        gate = lanes.of(f"sub_{number}").gate
        gate.set_rate_limit(RateLimit(1.0, 1), monotonic_ms())
        gate.begin(monotonic_ms())
    lanes.sweep()
    assert len(lanes) == 2_500, "their tokens are used up"
    await asyncio.sleep(1)
    left = []
    for _ in range(4):
        lanes.sweep()
        left.append(len(lanes))
    assert left == [1_500, 1_000, 0, 0]
