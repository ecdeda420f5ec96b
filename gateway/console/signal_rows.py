"""Signals as rows of the index, read back: lists of them, and the last word that they have on each subscription."""

from collections.abc import Collection
from typing import Any

import orjson

from gateway.console.index_store import IndexConnection
from gateway.console.tables import SIGNAL_KINDS
from gateway.console.terms import Terms, among
from gateway.domain.overview import SignalBoard
from gateway.domain.signals import Signal, SignalKind

# What tells whether a circuit is open, and whether a subscription lags.
STANDING_KINDS = frozenset(
    {
        SignalKind.CIRCUIT_OPENED,
        SignalKind.CIRCUIT_CLOSED,
        SignalKind.DISABLED,
        SignalKind.LAGGING,
        SignalKind.CAUGHT_UP,
    }
)
_BOARD_MS = 86_400_000
# Signals of different partitions are read as they come: so far back they are read again.
_OVERLAP_MS = 60_000
_BOARD_RECORDS = 100_000


def find_signals(
    connection: IndexConnection,
    *,
    subscription_id: str | None = None,
    tenant: str | None = None,
    kinds: Collection[SignalKind] | None = None,
    since_ms: int = 0,
    limit: int,
) -> list[Signal]:
    """Give signals, newest first.

    Args:
        connection: of a reader.
        subscription_id: of this subscription; None for any.
        tenant: of this tenant; None for any.
        kinds: of one of these kinds; None for any.
        since_ms: told then or later, milliseconds since the epoch.
        limit: how many at most.
    """
    terms = Terms()
    index = "signals_by_time"
    if subscription_id is not None:
        index = "signals_by_subscription"
        terms.add("subscription = (SELECT id FROM names WHERE name = ?)", subscription_id)
    terms.add("at_ms >= ?", since_ms)
    if kinds is not None:
        terms.add(among("kind", [SIGNAL_KINDS.index(kind) for kind in kinds]))
    if tenant is not None:
        terms.add("tenant = (SELECT id FROM names WHERE name = ?)", tenant)
    rows = connection.execute(
        f"SELECT signal FROM {connection.through('signals', index)} WHERE {terms.where} ORDER BY at_ms DESC LIMIT ?",  # noqa: S608 - texts of this module
        [*terms.values, limit],
    )
    return [_signal(orjson.loads(text)) for (text,) in rows]


def _signal(fields: dict[str, Any]) -> Signal:
    return Signal(**{**fields, "kind": SignalKind(fields["kind"])})


class IndexedBoard:
    """The last word of the signals on each subscription; reads on from where it was. For one thread at a time."""

    def __init__(self) -> None:
        self._generation = ""
        self._board = SignalBoard()
        self._seen_ms = 0

    def refreshed(self, connection: IndexConnection, generation: str, now_ms: int) -> SignalBoard:
        """Take in what came since the last time, and give the board.

        Args:
            connection: of a reader.
            generation: of what it reads; another one begins anew.
            now_ms: the present, milliseconds since the epoch.
        """
        if generation != self._generation:
            self._generation, self._board, self._seen_ms = generation, SignalBoard(), now_ms - _BOARD_MS
        # The last signal on a subscription decides, and it is in the overlap if any newer one is.
        newest = find_signals(
            connection, kinds=STANDING_KINDS, since_ms=self._seen_ms - _OVERLAP_MS, limit=_BOARD_RECORDS
        )
        self._board.take(reversed(newest))
        if newest:
            self._seen_ms = max(self._seen_ms, min(newest[0].at_ms, now_ms))
        return self._board
