"""Searches the index: deliveries by what is known of them, newest first, a page at a time.

A page goes on where the one before ended (keyset pagination): however far back, it costs the same. Each search reads
one index that holds all columns that are compared, so a row is looked up only when it is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.index_store import IndexConnection
from gateway.console.names import codes_of, marks, words_of
from gateway.console.packed_ids import pack_id, unpack_id
from gateway.console.steps import Standing
from gateway.console.tables import DELIVERED, STATES
from gateway.console.terms import Terms
from gateway.domain.history import DeliveryState

MAX_PAGE = 200
# More subscriptions than this are not looked up one by one: everything is passed through instead.
MAX_LOOKED_UP = 100


@dataclass(frozen=True, slots=True)
class DeliverySearch:
    """What is looked for; None leaves a property open.

    Attributes:
        delivery_id: one delivery.
        event_id: the deliveries of one event.
        event_type: those of one event type.
        subscription_ids: those to any of some subscriptions; none at all where it is empty.
        tenant: a tenant's.
        states: those in one of some states.
        reason: those that ended, or are retried, for one reason.
        since_ms: planned at this time or later, milliseconds since the epoch.
        before_ms: planned before this time.
    """

    delivery_id: str | None = None
    event_id: str | None = None
    event_type: str | None = None
    subscription_ids: tuple[str, ...] | None = None
    tenant: str | None = None
    states: tuple[DeliveryState, ...] | None = None
    reason: str | None = None
    since_ms: int | None = None
    before_ms: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class PageStart:
    """Where a page begins: behind the delivery with this time and row."""

    at_ms: int
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDelivery(Standing):
    """A delivery as the index has it: how it stands, and what it brings to whom."""

    delivery_id: str
    event_id: str
    event_type: str
    subscription_id: str
    tenant: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Some of the deliveries found, newest first, and where the next page begins; None where there is none."""

    deliveries: tuple[IndexedDelivery, ...]
    next: PageStart | None


def search_deliveries(
    connection: IndexConnection, wanted: DeliverySearch, *, limit: int, start: PageStart | None = None
) -> DeliveryPage:
    """Give a page of the deliveries that are wanted.

    Args:
        connection: of a reader.
        wanted: what they have to be.
        limit: how many at most, up to MAX_PAGE.
        start: where the page begins, or None for the newest.

    Raises:
        GatewayError: see `IndexStore.translated_errors`.
    """
    codes = _codes(connection, wanted)
    if codes is None:
        return DeliveryPage((), None)
    found: list[tuple[int, int]] = []
    for index, extra, values in _ways(wanted, codes):
        terms = _terms(wanted, codes, start)
        if extra:
            terms.add(extra, *values)
        found += connection.execute(
            f"SELECT at_ms, id FROM {connection.through('deliveries', index)} WHERE {terms.where} "  # noqa: S608 - texts of this module
            "ORDER BY at_ms DESC, id DESC LIMIT ?",
            [*terms.values, limit + 1],
        ).fetchall()
    found.sort(reverse=True)
    shown = found[:limit]
    deliveries = _load(connection, [row for _, row in shown])
    return DeliveryPage(deliveries, PageStart(*shown[-1]) if len(found) > limit else None)


def _codes(connection: IndexConnection, wanted: DeliverySearch) -> dict[str, int] | None:
    """Give the numbers of the words that are looked for, or None where one of them is in no delivery."""
    needed = {name for name in (wanted.event_type, wanted.tenant, wanted.reason) if name is not None}
    codes = codes_of(connection, needed | set(wanted.subscription_ids or ()))
    subscriptions_unknown = wanted.subscription_ids is not None and not any(
        name in codes for name in wanted.subscription_ids
    )
    return None if subscriptions_unknown or not needed <= set(codes) else codes


def _terms(wanted: DeliverySearch, codes: dict[str, int], start: PageStart | None) -> Terms:
    terms = Terms()
    if wanted.delivery_id is not None:
        terms.add("delivery_id = ?", pack_id(wanted.delivery_id))
    if wanted.event_id is not None:
        terms.add("event_id = ?", wanted.event_id)
    for column, word in (("event_type", wanted.event_type), ("tenant", wanted.tenant), ("reason", wanted.reason)):
        if word is not None:
            terms.add(f"{column} = ?", codes[word])
    if wanted.states is not None:
        numbers = sorted({STATES.index(state) for state in wanted.states})
        terms.add(f"state IN ({','.join(map(str, numbers))})")
        if DELIVERED not in numbers:
            # So that the index of those that are not delivered fits.
            terms.add(f"state <> {DELIVERED}")
    if wanted.since_ms is not None:
        terms.add("at_ms >= ?", wanted.since_ms)
    if wanted.before_ms is not None:
        terms.add("at_ms < ?", wanted.before_ms)
    if start is not None:
        # The first condition is what an index is entered with.
        terms.add("at_ms <= ? AND (at_ms, id) < (?, ?)", start.at_ms, start.at_ms, start.row)
    return terms


def _ways(wanted: DeliverySearch, codes: dict[str, int]) -> Sequence[tuple[str, str, tuple[int, ...]]]:
    """Give the indexes to read, each with a condition of its own: together they find everything."""
    subscriptions = tuple(codes[name] for name in dict.fromkeys(wanted.subscription_ids or ()) if name in codes)
    among = f"subscription IN ({','.join(map(str, subscriptions))})" if wanted.subscription_ids is not None else ""
    if _are_looked_up(wanted, subscriptions):
        return [("by_subscription", "subscription = ?", (code,)) for code in subscriptions]
    return [(_index_for(wanted), among, ())]


def _are_looked_up(wanted: DeliverySearch, subscriptions: Sequence[int]) -> bool:
    """Whether the subscriptions are looked up one by one: nothing else is looked for that narrows it down more."""
    narrow = wanted.delivery_id is not None or wanted.event_id is not None or _only_undelivered(wanted)
    return not narrow and 0 < len(subscriptions) <= MAX_LOOKED_UP


def _index_for(wanted: DeliverySearch) -> str:
    """Name the index that leaves least to read."""
    choices = {
        "by_delivery": wanted.delivery_id is not None,
        "by_event": wanted.event_id is not None,
        "undelivered": _only_undelivered(wanted),
        "by_type": wanted.event_type is not None,
        "by_tenant": wanted.tenant is not None,
    }
    return next((index for index, fits in choices.items() if fits), "by_time")


def _only_undelivered(wanted: DeliverySearch) -> bool:
    return wanted.states is not None and DeliveryState.DELIVERED not in wanted.states


def _load(connection: IndexConnection, rows: Sequence[int]) -> tuple[IndexedDelivery, ...]:
    if not rows:
        return ()
    found = connection.execute(f"SELECT * FROM deliveries WHERE id IN ({marks(rows)})", rows)  # noqa: S608 - only marks
    by_row = {one[0]: one for one in found}
    present = [by_row[row] for row in rows if row in by_row]
    words = words_of(connection, (code for one in present for code in (*one[3:6], one[8], one[16]) if code is not None))
    return tuple(
        IndexedDelivery(
            delivery_id=unpack_id(one[1]),
            event_id=one[2],
            event_type=words[one[3]],
            subscription_id=words[one[4]],
            tenant=words[one[5]],
            at_ms=one[6],
            state=STATES[one[7]],
            reason=words.get(one[8]),
            due_at_ms=one[9],
            planned_at_ms=one[10],
            replayed_at_ms=one[11],
            dead_lettered_at_ms=one[12],
            changed_at_ms=one[13],
            attempts=one[14],
            last_status=one[15],
            last_error=words.get(one[16]),
        )
        for one in present
    )


def row_of(connection: IndexConnection, delivery_id: str) -> int | None:
    """Give the row of a delivery, or None where the index does not have it."""
    found = connection.execute("SELECT id FROM deliveries WHERE delivery_id = ?", (pack_id(delivery_id),)).fetchone()
    return None if found is None else int(found[0])
