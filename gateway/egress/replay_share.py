"""How many replays may be under way, and how fast they may begin: a share of the process and of each lane.

The rest stays free for live deliveries. What these feel of replays is how long the event loop is busy with others when
their turn has come: so replays are few at once, and begin a little apart instead of all together when some were read.

A lane that has to wait for the process's share has its turn when there is room, those that wait longest first.
"""

import asyncio
from collections.abc import Callable

from gateway.domain.rate_limit import RateLimit, TokenBucket
from gateway.egress.lane import Lane
from gateway.telemetry.clock import monotonic_ms

# Of the process.
MAX_REPLAYS_IN_FLIGHT = 32
# A second, of the process; more than one replay writes unless it is asked to.
MAX_REPLAYS_PER_S = 1_000
# As many as there may be in the time that a timer of the loop can tell apart.
_AT_ONCE = 2


class ReplayShare:
    """Counts the replays that are under way.

    Args:
        on_turn: called with a subscription whose lane may begin a replay now.
        limit: how many may be under way, in all lanes.
        per_s: how many may begin in a second.
    """

    def __init__(
        self, on_turn: Callable[[str], None], limit: int = MAX_REPLAYS_IN_FLIGHT, per_s: float = MAX_REPLAYS_PER_S
    ) -> None:
        self._on_turn = on_turn
        self._limit = limit
        self._bucket = TokenBucket(RateLimit(per_s, _AT_ONCE), monotonic_ms())
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: dict[str, None] = {}
        self._in_turn: str | None = None
        self.in_flight = 0

    def may_begin(self, lane: Lane) -> bool:
        """Tell whether a lane may begin a replay now; if it has to wait for others, it has its turn later.

        At most half of what a lane may send at once are replays.
        """
        if lane.replays_in_flight >= max(lane.width // 2, 1):
            return False
        name = lane.subscription_id
        if self._has_room() and (not self._waiting or name == self._in_turn):
            return True
        self._waiting[name] = None
        self._wake_later()
        return False

    def begun(self, lane: Lane) -> None:
        """A replay of a lane is under way."""
        self._bucket.take(monotonic_ms())
        lane.replays_in_flight += 1
        self.in_flight += 1

    def over(self, lane: Lane) -> None:
        """It is over."""
        lane.replays_in_flight -= 1
        self.in_flight -= 1

    def take_turns(self) -> None:
        """Let the lanes that wait begin, one by one, while there is room."""
        while self._waiting and self._has_room():
            self._in_turn = next(iter(self._waiting))
            del self._waiting[self._in_turn]
            self._on_turn(self._in_turn)
        self._in_turn = None
        self._wake_later()

    def _has_room(self) -> bool:
        return self.in_flight < self._limit and self._bucket.wait_ms(monotonic_ms()) <= 0

    def _wake_later(self) -> None:
        """Wake up when the next may begin; where too many are under way, the one that ends does that."""
        if self._timer is None and self._waiting and self.in_flight < self._limit:
            wait_s = self._bucket.wait_ms(monotonic_ms()) / 1000
            self._timer = self._loop.call_later(wait_s, self._woken)

    def _woken(self) -> None:
        self._timer = None
        self.take_turns()
