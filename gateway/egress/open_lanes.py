"""The lanes that there are: made at their first delivery, dropped once nothing has to be remembered of them.

A lane that runs empty while its gate still counts something (a failure, a hold, tokens that were used up) stays.
`sweep` asks such lanes again, a bounded number at a time.
"""

from collections import Counter
from collections.abc import Iterator

from gateway.egress.lane import Lane, LaneState
from gateway.telemetry.clock import monotonic_ms

_SWEPT_AT_ONCE = 1_000


class OpenLanes:
    """The lanes, by subscription."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._to_sweep: list[str] = []

    def __len__(self) -> int:
        return len(self._lanes)

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._lanes.values()))

    def get(self, subscription_id: str) -> Lane | None:
        """Give a subscription's lane, if there is one."""
        return self._lanes.get(subscription_id)

    def why_barred(self, subscription_id: str) -> str | None:
        """Say for people why nothing of a subscription is sent, where that is not its endpoint's doing; else None."""
        lane = self._lanes.get(subscription_id)
        return "the egress proxy gives no tunnel" if lane is not None and lane.gate.lacks_proxy else None

    def states(self) -> Counter[LaneState]:
        """Count the lanes by what they do."""
        present_ms = monotonic_ms()
        states = Counter(dict.fromkeys(LaneState, 0))
        states.update(lane.state(present_ms) for lane in self)
        return states

    def in_flight(self) -> int:
        """Count the attempts that are under way."""
        return sum(lane.in_flight for lane in self)

    def waiting(self) -> int:
        """Count the deliveries that wait in lanes."""
        return sum(lane.held for lane in self)

    def of(self, subscription_id: str) -> Lane:
        """Give a subscription's lane."""
        lane = self._lanes.get(subscription_id)
        if lane is None:
            lane = self._lanes[subscription_id] = Lane(subscription_id)
        return lane

    def drop_if_idle(self, lane: Lane) -> None:
        """Drop a lane in which nothing happens and that a new one could take the place of."""
        if lane.idle and not lane.keys and lane.timer is None and lane.gate.may_be_forgotten(monotonic_ms()):
            self._lanes.pop(lane.subscription_id, None)

    def sweep(self) -> None:
        """Drop what can be dropped among the next lanes; all have their turn before one has a second."""
        if not self._to_sweep:
            self._to_sweep = list(self._lanes)
        for _ in range(min(_SWEPT_AT_ONCE, len(self._to_sweep))):
            lane = self._lanes.get(self._to_sweep.pop())
            if lane is not None:
                self.drop_if_idle(lane)
