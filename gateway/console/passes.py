"""Passes through the entries of an index, newest first, for a page of those that fit: none takes long, however few fit.

A search that compares more than what its index is entered with may pass over millions of entries between two that fit.
So it passes over some at a time, and ends after a while with what it has found and the place up to which it has looked:
the page is short, or empty, and the next one goes on there.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.index_store import IndexConnection
from gateway.console.terms import Terms

Place = tuple[int, ...]
"""What puts rows in order: their time, then what tells those of one time apart, from 1 or 0."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a search passes before it answers.

    Attributes:
        first: so many entries at first: where many fit, no more are needed.
        growth: at most so many times more each time.
        look_s: of so many that they take about this long, seconds.
        enough_s: after this long it answers, seconds.
    """

    first: int = 20_000
    growth: float = 5.0
    look_s: float = 0.1
    enough_s: float = 0.4

    def following(self, entries: int, took_s: float) -> int:
        """Give how many entries to pass over next, after so many that took so long."""
        return max(int(entries * min(self.growth, self.look_s / max(took_s, 1e-6))), 1)


PACE = Pace()
# For a question that is answered at once or not at all.
TO_THE_END = Pace(enough_s=math.inf)


@dataclass(frozen=True, slots=True)
class Way:
    """An index to search through.

    Attributes:
        index: its name.
        entered: what it is entered with; its entries that fit are in the order of pages.
        is_narrow: so little fits that it is all looked at, whatever its order.
    """

    index: str
    entered: Terms
    is_narrow: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What a search lists: rows of a table, each found by one of some ways.

    Attributes:
        table: its name.
        order: the columns of a `Place`; the first is `at_ms`.
        ways: none finds what another does.
        rest: what else the rows have to be.
        since_ms: of this time or later, milliseconds since the epoch; None for no bound.
        before_ms: of an earlier time than this.
    """

    table: str
    order: tuple[str, ...]
    ways: Sequence[Way]
    rest: Terms
    since_ms: int | None
    before_ms: int | None

    @property
    def passes_over_others(self) -> bool:
        """Tell whether entries that do not fit may lie between those that do."""
        return not self.rest.are_none and not all(way.is_narrow for way in self.ways)


def find_places(
    connection: IndexConnection, listing: Listing, *, limit: int, start: Place | None, pace: Pace
) -> tuple[list[Place], Place | None]:
    """Give the places of a page's rows, newest first, and the one behind which the next page begins.

    Args:
        connection: of a reader.
        listing: what is looked for.
        limit: how many at most.
        start: the page begins behind it; None for the newest.
        pace: when to answer with fewer.

    Returns:
        the places, fewer than the limit where the pace or the index ends; and None where nothing is left to look at.
    """
    began_s = looked_s = time.monotonic()
    found: list[Place] = []
    entries = pace.first
    while True:
        back_to_ms = _back_to(connection, listing, start, entries) if listing.passes_over_others else None
        found += _fitting(connection, listing, start, back_to_ms, limit + 1 - len(found))
        if len(found) > limit:
            return found[:limit], found[limit - 1]
        if back_to_ms is None:
            return found, None
        start = (back_to_ms, *(0 for _ in listing.order[1:]))
        now_s = time.monotonic()
        if now_s - began_s >= pace.enough_s:
            return found, start
        entries = pace.following(entries, now_s - looked_s)
        looked_s = now_s


def _back_to(connection: IndexConnection, listing: Listing, start: Place | None, entries: int) -> int | None:
    """Give the time back to which so many entries are passed over, and what else is of that time; None for the end."""
    times_ms = []
    for way in listing.ways:
        terms = _entered(listing, way, start)
        last = connection.execute(
            f"SELECT at_ms FROM {connection.through(listing.table, way.index)} WHERE {terms.where} "  # noqa: S608 - texts of the program
            "ORDER BY at_ms DESC LIMIT 1 OFFSET ?",
            [*terms.values, max(entries // len(listing.ways), 1) - 1],
        ).fetchone()
        if last is not None:
            times_ms.append(int(last[0]))
    return max(times_ms, default=None)


def _fitting(
    connection: IndexConnection, listing: Listing, start: Place | None, back_to_ms: int | None, limit: int
) -> list[Place]:
    """Give the newest rows that fit, of this time or later."""
    found: list[Place] = []
    for way in listing.ways:
        terms = _entered(listing, way, start).also(listing.rest)
        if back_to_ms is not None:
            terms.add("at_ms >= ?", back_to_ms)
        found += connection.execute(
            f"SELECT {', '.join(listing.order)} FROM {connection.through(listing.table, way.index)} "  # noqa: S608 - texts of the program
            f"WHERE {terms.where} ORDER BY {_newest_first(listing)} LIMIT ?",
            [*terms.values, limit],
        )
    found.sort(reverse=True)
    return found[:limit]


def _entered(listing: Listing, way: Way, start: Place | None) -> Terms:
    terms = way.entered.also()
    if listing.since_ms is not None:
        terms.add("at_ms >= ?", listing.since_ms)
    if listing.before_ms is not None:
        terms.add("at_ms < ?", listing.before_ms)
    if start is not None:
        # The first condition is what an index is entered with.
        marks = ", ".join("?" for _ in listing.order)
        terms.add(f"at_ms <= ? AND ({', '.join(listing.order)}) < ({marks})", start[0], *start)
    return terms


def _newest_first(listing: Listing) -> str:
    return ", ".join(f"{column} DESC" for column in listing.order)
