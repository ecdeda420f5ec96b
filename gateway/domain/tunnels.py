"""Whose fault it is that a proxy opens no tunnel to a destination: the proxy's, until others get theirs meanwhile.

A proxy says with the same words (502, 503, 504, or nothing at all) that an endpoint is dead and that its own way out
is. What tells them apart is how the others fare: a destination that is refused although the proxy has opened a tunnel
to another one since it was refused last, or since this was begun, is alone in that. What was seen before says nothing:
the proxy may have broken since. Pure: time is an argument, seconds of a clock that never goes back.
"""

from collections import OrderedDict

MAX_DESTINATIONS = 10_000

# A host, as the URL names it, and a port.
Destination = tuple[str, int]


class Tunnels:
    """What the tunnels through one proxy have come to.

    Args:
        max_destinations: so many that fail are remembered; beyond these, the one that failed longest ago is forgotten.
    """

    def __init__(self, max_destinations: int = MAX_DESTINATIONS) -> None:
        self._max_destinations = max_destinations
        self._failed_at: OrderedDict[Destination, float] = OrderedDict()
        # The destination of the newest tunnel, and when the newest to any other was opened.
        self._newest: tuple[Destination | None, float] = (None, float("-inf"))
        self._newest_other_at = float("-inf")

    def opened(self, destination: Destination, now: float) -> None:
        """Note that a tunnel was opened."""
        self._failed_at.pop(destination, None)
        if self._newest[0] != destination:
            self._newest_other_at = self._newest[1]
        self._newest = (destination, now)

    def failed(self, destination: Destination, began: float, now: float) -> bool:
        """Note that a tunnel was not opened; True where the destination is alone in that.

        Args:
            destination: to where.
            began: when it was asked for.
            now: the present.
        """
        since = self._failed_at.pop(destination, began)
        self._failed_at[destination] = now
        if len(self._failed_at) > self._max_destinations:
            self._failed_at.popitem(last=False)
        newest, newest_at = self._newest
        return since < (self._newest_other_at if newest == destination else newest_at)
