"""Searches attempts across deliveries in the index: newest first, a page at a time, as `search` does with deliveries.

Each search reads one index that holds all columns that are compared, in the order of the pages. What lies between those
that fit is passed over for a while, see `passes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from gateway.console.index_store import IndexConnection
from gateway.console.names import codes_of, marks, words_of
from gateway.console.packed_ids import unpack_id
from gateway.console.passes import PACE, Listing, Pace, Way, find_places
from gateway.console.search import MAX_LOOKED_UP
from gateway.console.statistics import DELIVERED
from gateway.console.steps import StepKind, StepTrigger
from gateway.console.tables import DELIVERED as DELIVERED_STATE
from gateway.console.terms import Terms, all_of, among

_ORDER = ("at_ms", "delivery", "number", "trigger")
_ATTEMPTS = Terms(f"kind = {StepKind.ATTEMPT:d}")
# Each with the condition that it is entered with, the one that leaves least to read first.
_INDEXES = (("attempts_failed", "failed"), ("attempts_by_type", "event_type"), ("attempts_by_tenant", "tenant"))


class StatusClass(Enum):
    """How an endpoint answered: by the first digit of the HTTP status, or not at all."""

    INFORMATIONAL = "1xx"
    SUCCESS = "2xx"
    REDIRECT = "3xx"
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"
    NO_ANSWER = "none"


@dataclass(frozen=True, slots=True)
class AttemptSearch:
    """What is looked for; None leaves a property open.

    Attributes:
        subscription_ids: those to any of some subscriptions; none at all where it is empty.
        event_type: those of one event type.
        tenant: a tenant's.
        outcomes: those with one of some outcomes, like `retry_scheduled`.
        status_classes: those that were answered in one of some ways.
        since_ms: begun at this time or later, milliseconds since the epoch.
        before_ms: begun before this time.
    """

    subscription_ids: tuple[str, ...] | None = None
    event_type: str | None = None
    tenant: str | None = None
    outcomes: tuple[str, ...] | None = None
    status_classes: tuple[StatusClass, ...] | None = None
    since_ms: int | None = None
    before_ms: int | None = None


class AttemptPlace(NamedTuple):
    """What puts attempts in order: when it was begun, the row of its delivery, its number, its StepTrigger."""

    at_ms: int
    row: int
    number: int
    trigger: int


@dataclass(frozen=True, slots=True)
class IndexedAttempt:
    """An attempt as the index has it.

    Attributes:
        attempt_number: from 1, anew in a replay.
        trigger: what it was made for.
        started_at_ms: milliseconds since the epoch.
        status: the HTTP status, or None where there was no answer.
        error: why there was none, or None.
        outcome: what it came to; None where Kafka kept only a summary of it.
        reason: why, where it was not delivered.
        due_at_ms: when the next attempt is due, or None.
    """

    delivery_id: str
    event_id: str
    event_type: str
    subscription_id: str
    tenant: str
    attempt_number: int
    trigger: StepTrigger
    started_at_ms: int
    duration_ms: int
    status: int | None
    error: str | None
    outcome: str | None
    reason: str | None
    due_at_ms: int | None


@dataclass(frozen=True, slots=True)
class AttemptPage:
    """Some of the attempts found, newest first, and where the next page begins; None where there is none.

    It may be short, or empty, and not be the last: see `passes`.
    """

    attempts: tuple[IndexedAttempt, ...]
    next: AttemptPlace | None


def search_attempts(
    connection: IndexConnection,
    wanted: AttemptSearch,
    *,
    limit: int,
    start: AttemptPlace | None = None,
    pace: Pace = PACE,
) -> AttemptPage:
    """Give a page of the attempts that are wanted.

    Args:
        connection: of a reader.
        wanted: what they have to be.
        limit: how many at most, up to `search.MAX_PAGE`.
        start: the page begins behind this one; None for the newest.
        pace: when to answer with fewer, though there may be more.

    Raises:
        GatewayError: see `IndexStore.translated_errors`.
    """
    codes = codes_of(connection, _words(wanted))
    if not _may_be_found(wanted, codes):
        return AttemptPage((), None)
    places, following = find_places(connection, _listing(wanted, codes), limit=limit, start=start, pace=pace)
    attempts = _load(connection, [AttemptPlace(*place) for place in places])
    return AttemptPage(attempts, None if following is None else AttemptPlace(*following))


def _words(wanted: AttemptSearch) -> set[str]:
    single = {name for name in (wanted.event_type, wanted.tenant) if name is not None}
    return single | set(wanted.subscription_ids or ()) | set(wanted.outcomes or ())


def _may_be_found(wanted: AttemptSearch, codes: dict[str, int]) -> bool:
    """Whether the index has met the words that are looked for."""
    single = all(name in codes for name in (wanted.event_type, wanted.tenant) if name is not None)
    several = (wanted.subscription_ids, wanted.outcomes)
    return single and all(any(name in codes for name in names) for names in several if names is not None)


def _listing(wanted: AttemptSearch, codes: dict[str, int]) -> Listing:
    terms = _terms(wanted, codes)
    ways = _ways(wanted, codes, terms)
    return Listing("steps", _ORDER, ways, all_of(terms.values()), wanted.since_ms, wanted.before_ms)


def _terms(wanted: AttemptSearch, codes: dict[str, int]) -> dict[str, Terms]:
    """Give what attempts have to be, each condition by a name."""
    terms = {}
    for column, word in (("event_type", wanted.event_type), ("tenant", wanted.tenant)):
        if word is not None:
            terms[column] = Terms(f"{column} = ?", codes[word])
    if wanted.subscription_ids is not None:
        terms["subscription"] = Terms(among("subscription", _known(wanted.subscription_ids, codes)))
    # So that the index of failed ones fits, each condition is one half of the index's own.
    if wanted.outcomes is not None:
        terms["outcome"] = Terms(among("outcome", _known(wanted.outcomes, codes)))
        if DELIVERED not in wanted.outcomes:
            terms["failed"] = Terms(f"stage <> {DELIVERED_STATE}")
    if wanted.status_classes is not None:
        terms["status"] = Terms(f"({' OR '.join(map(_of_class, wanted.status_classes))})")
        if StatusClass.SUCCESS not in wanted.status_classes:
            terms["failed"] = Terms("status NOT BETWEEN 200 AND 299")
    return terms


def _of_class(one: StatusClass) -> str:
    if one is StatusClass.NO_ANSWER:
        return "status < 0"
    hundreds = int(one.value[0])
    return f"status BETWEEN {hundreds}00 AND {hundreds}99"


def _ways(wanted: AttemptSearch, codes: dict[str, int], terms: dict[str, Terms]) -> Sequence[Way]:
    """Choose the indexes that leave least to read, and take from the terms what they are entered with."""
    subscriptions = _known(wanted.subscription_ids or (), codes)
    if 0 < len(subscriptions) <= MAX_LOOKED_UP:
        del terms["subscription"]
        terms.pop("failed", None)  # says nothing more, and of a column that this index has not
        entries = [Terms("subscription = ?", code) for code in subscriptions]
        return [Way("attempts_by_subscription", _ATTEMPTS.also(one)) for one in entries]
    index, name = next((way for way in _INDEXES if way[1] in terms), ("attempts_by_time", ""))
    return [Way(index, _ATTEMPTS.also(terms.pop(name, Terms())))]


def _known(names: Sequence[str], codes: dict[str, int]) -> list[int]:
    return [codes[name] for name in dict.fromkeys(names) if name in codes]


def _load(connection: IndexConnection, places: Sequence[AttemptPlace]) -> tuple[IndexedAttempt, ...]:
    wanted = list({place.row for place in places})
    if not wanted:
        return ()
    found = connection.execute(
        "SELECT steps.at_ms, steps.delivery, steps.number, steps.trigger, "  # noqa: S608 - only marks
        "deliveries.delivery_id, deliveries.event_id, steps.event_type, steps.subscription, steps.tenant, "
        "steps.error, steps.outcome, steps.reason, steps.duration_ms, steps.status, steps.due_ms "
        "FROM steps JOIN deliveries ON deliveries.id = steps.delivery "
        f"WHERE steps.delivery IN ({marks(wanted)}) AND steps.kind = ?",
        [*wanted, int(StepKind.ATTEMPT)],
    )
    # All attempts of these deliveries, some of which are on other pages.
    rows = {AttemptPlace(*row[:4]): row[4:] for row in found}
    shown = [(place, rows[place]) for place in places if place in rows]
    words = words_of(connection, (code for _, row in shown for code in row[2:8]))
    return tuple(_attempt(place, row, words) for place, row in shown)


def _attempt(place: AttemptPlace, row: tuple[Any, ...], words: dict[int, str]) -> IndexedAttempt:
    packed, event_id, event_type, subscription, tenant, error, outcome, reason, duration_ms, status, due_ms = row
    return IndexedAttempt(
        unpack_id(packed),
        event_id,
        words[event_type],
        words[subscription],
        words[tenant],
        place.number,
        StepTrigger(place.trigger),
        place.at_ms,
        duration_ms,
        status=status if status >= 0 else None,
        error=words.get(error),
        outcome=words.get(outcome),
        reason=words.get(reason),
        due_at_ms=due_ms or None,
    )
