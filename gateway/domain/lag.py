"""When a lag is worth a signal: not when a lane is full for a moment, but when that lasts.

A subscription is told to be lagging once it has lagged for a minute without a break, again every hour while it
does, and told to have caught up only if it was told to be lagging.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.signals import SignalKind

TELL_AFTER_MS = 60_000
TELL_EVERY_MS = 3_600_000


@dataclass(slots=True)
class _Lag:
    """One subscription's lag: since when, and when it is told next."""

    since_ms: int
    next_ms: int
    told: bool = False


@dataclass(frozen=True, slots=True)
class LagNews:
    """What is to be told.

    Attributes:
        subscription_id: of whom.
        kind: `lagging` or `caught_up`.
        since_ms: since when it lags or lagged, milliseconds since the epoch.
        waiting: how many deliveries are known to wait.
    """

    subscription_id: str
    kind: SignalKind
    since_ms: int
    waiting: int = 0


class LagBook:
    """Remembers who lags; memory grows with these subscriptions."""

    def __init__(self) -> None:
        self._lags: dict[str, _Lag] = {}

    def observe(self, waiting: Mapping[str, int], now_ms: int) -> list[LagNews]:
        """Take note of who lags now; give what is to be told.

        Args:
            waiting: for each lagging subscription how many of its deliveries are known to wait.
            now_ms: the present, milliseconds since the epoch.
        """
        news = [
            LagNews(name, SignalKind.CAUGHT_UP, lag.since_ms)
            for name, lag in self._lags.items()
            if lag.told and name not in waiting
        ]
        self._lags = {
            name: self._lags.get(name) or _Lag(since_ms=now_ms, next_ms=now_ms + TELL_AFTER_MS) for name in waiting
        }
        for name, lag in self._lags.items():
            if now_ms >= lag.next_ms:
                lag.told, lag.next_ms = True, now_ms + TELL_EVERY_MS
                news.append(LagNews(name, SignalKind.LAGGING, lag.since_ms, waiting[name]))
        return news
