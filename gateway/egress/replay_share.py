"""How many replays may be under way: a share of the process and of each lane.

The rest stays free for live deliveries.
A lane that has to wait for the process's share has its turn when a replay ends, those that wait longest first.
"""

from collections.abc import Iterator

from gateway.egress.lane import Lane

# Of the process. What a replay gains by more is felt by everything else that the event loop has to do.
MAX_REPLAYS_IN_FLIGHT = 32


class ReplayShare:
    """Counts the replays that are under way.

    Args:
        limit: how many may be, in all lanes.
    """

    def __init__(self, limit: int = MAX_REPLAYS_IN_FLIGHT) -> None:
        self._limit = limit
        self._waiting: dict[str, None] = {}
        self._in_turn: str | None = None
        self.in_flight = 0

    def may_begin(self, lane: Lane) -> bool:
        """Tell whether a lane may begin a replay now: at most half of what it may send at once are replays."""
        if lane.replays_in_flight >= max(lane.width // 2, 1):
            return False
        name = lane.subscription_id
        if self.in_flight < self._limit and (not self._waiting or name == self._in_turn):
            return True
        self._waiting[name] = None
        return False

    def begun(self, lane: Lane) -> None:
        """A replay of a lane is under way."""
        lane.replays_in_flight += 1
        self.in_flight += 1

    def over(self, lane: Lane) -> None:
        """It is over."""
        lane.replays_in_flight -= 1
        self.in_flight -= 1

    def turns(self) -> Iterator[str]:
        """Give the subscriptions whose lanes have to be asked again, one by one, while there is room."""
        while self._waiting and self.in_flight < self._limit:
            self._in_turn = next(iter(self._waiting))
            del self._waiting[self._in_turn]
            yield self._in_turn
        self._in_turn = None
