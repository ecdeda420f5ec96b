"""Notices a Kafka client that has forgotten all of its brokers, and so will never be connected again.

librdkafka (2.10 and later) drops every broker that an answer about the cluster does not name, and begins anew with
`bootstrap.servers` when none is left. By its source, that beginning can be lost: then the client has no broker, looks
for none, and reports nothing. Only a new client helps. What was seen of it: docs/decisions/0047.
"""

from collections.abc import Callable
from typing import Any

# Between two looks, and how many in a row have to find nothing: with none for a moment, it is about to begin anew.
_LOOK_MS = 3_000
_LOOKS = 3
# How librdkafka's statistics name a broker that it was told of by the cluster, or by `bootstrap.servers`.
_KNOWN = ('"source":"learned"', '"source":"configured"')


class BrokersWatch:
    """Looks at the statistics of one client, on the thread that polls it.

    Args:
        on_lost: called, once, when the client knows no broker any more.
    """

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._without = 0

    def look(self, statistics: str) -> None:
        """Take the client's statistics, as JSON (librdkafka's STATISTICS.md)."""
        self._without = 0 if any(known in statistics for known in _KNOWN) else self._without + 1
        if self._without == _LOOKS:
            self._on_lost()

    def properties(self) -> dict[str, Any]:
        """Give the properties with which a client is watched. It has to be polled, or its statistics pile up."""
        return {"statistics.interval.ms": _LOOK_MS, "stats_cb": self.look}
