"""Searches the index: deliveries by what is known of them, newest first, a page at a time.

A page goes on where the one before ended (keyset pagination): however far back, it costs the same. Each search reads
one index that holds all columns that are compared, so a row is looked up only when it is shown. What lies between those
that fit is passed over for a while, see `passes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.console.index_store import IndexConnection
from gateway.console.names import codes_of, marks, words_of
from gateway.console.packed_ids import pack_id, unpack_id
from gateway.console.passes import PACE, Listing, Pace, Way, find_places
from gateway.console.steps import Standing
from gateway.console.tables import DELIVERED, STATES
from gateway.console.terms import Terms, all_of, among
from gateway.domain.history import DeliveryState

MAX_PAGE = 200
# More subscriptions than this are not looked up one by one: everything is passed through instead.
MAX_LOOKED_UP = 100
# Each with the condition that it is entered with, the one that leaves least to read first.
_INDEXES = (
    ("by_delivery", "delivery_id"),
    ("by_event", "event_id"),
    ("undelivered", "undelivered"),
    ("by_type", "event_type"),
    ("by_tenant", "tenant"),
)


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


class PageStart(NamedTuple):
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
    """Some of the deliveries found, newest first, and where the next page begins; None where there is none.

    It may be short, or empty, and not be the last: see `passes`.
    """

    deliveries: tuple[IndexedDelivery, ...]
    next: PageStart | None


def search_deliveries(
    connection: IndexConnection,
    wanted: DeliverySearch,
    *,
    limit: int,
    start: PageStart | None = None,
    pace: Pace = PACE,
) -> DeliveryPage:
    """Give a page of the deliveries that are wanted.

    Args:
        connection: of a reader.
        wanted: what they have to be.
        limit: how many at most, up to MAX_PAGE.
        start: where the page begins, or None for the newest.
        pace: when to answer with fewer, though there may be more.

    Raises:
        GatewayError: see `IndexStore.translated_errors`.
    """
    codes = _codes(connection, wanted)
    if codes is None:
        return DeliveryPage((), None)
    places, following = find_places(connection, _listing(wanted, codes), limit=limit, start=start, pace=pace)
    deliveries = _load(connection, [row for _, row in places])
    return DeliveryPage(deliveries, None if following is None else PageStart(*following))


def _codes(connection: IndexConnection, wanted: DeliverySearch) -> dict[str, int] | None:
    """Give the numbers of the words that are looked for, or None where one of them is in no delivery."""
    needed = {name for name in (wanted.event_type, wanted.tenant, wanted.reason) if name is not None}
    codes = codes_of(connection, needed | set(wanted.subscription_ids or ()))
    subscriptions_unknown = wanted.subscription_ids is not None and not any(
        name in codes for name in wanted.subscription_ids
    )
    return None if subscriptions_unknown or not needed <= set(codes) else codes


def _listing(wanted: DeliverySearch, codes: dict[str, int]) -> Listing:
    terms = _terms(wanted, codes)
    ways = _ways(wanted, codes, terms)
    return Listing("deliveries", ("at_ms", "id"), ways, all_of(terms.values()), wanted.since_ms, wanted.before_ms)


def _terms(wanted: DeliverySearch, codes: dict[str, int]) -> dict[str, Terms]:
    """Give what deliveries have to be, each condition by a name."""
    terms = {}
    if wanted.delivery_id is not None:
        terms["delivery_id"] = Terms("delivery_id = ?", pack_id(wanted.delivery_id))
    if wanted.event_id is not None:
        terms["event_id"] = Terms("event_id = ?", wanted.event_id)
    for column, word in (("event_type", wanted.event_type), ("tenant", wanted.tenant), ("reason", wanted.reason)):
        if word is not None:
            terms[column] = Terms(f"{column} = ?", codes[word])
    if wanted.subscription_ids is not None:
        terms["subscription"] = Terms(among("subscription", _subscriptions(wanted, codes)))
    if wanted.states is not None:
        numbers = {STATES.index(state) for state in wanted.states}
        terms["state"] = Terms(among("state", sorted(numbers)))
        if DELIVERED not in numbers:
            # So that the index of those that are not delivered fits.
            terms["undelivered"] = Terms(f"state <> {DELIVERED}")
    return terms


def _ways(wanted: DeliverySearch, codes: dict[str, int], terms: dict[str, Terms]) -> Sequence[Way]:
    """Choose the indexes that leave least to read, and take from the terms what they are entered with."""
    subscriptions = _subscriptions(wanted, codes)
    narrower = terms.keys() & {"delivery_id", "event_id", "undelivered"}
    if not narrower and 0 < len(subscriptions) <= MAX_LOOKED_UP:
        del terms["subscription"]
        return [Way("by_subscription", Terms("subscription = ?", code)) for code in subscriptions]
    index, name = next((way for way in _INDEXES if way[1] in terms), ("by_time", ""))
    return [Way(index, terms.pop(name, Terms()), is_narrow=name in {"delivery_id", "event_id"})]


def _subscriptions(wanted: DeliverySearch, codes: dict[str, int]) -> list[int]:
    return [codes[name] for name in dict.fromkeys(wanted.subscription_ids or ()) if name in codes]


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
