"""Searches attempts across deliveries in the index: newest first, a page at a time, as `search` does with deliveries.

Each search reads one index that holds all columns that are compared, in the order of the pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from gateway.console.index_store import IndexConnection
from gateway.console.names import codes_of, marks, words_of
from gateway.console.packed_ids import unpack_id
from gateway.console.search import MAX_LOOKED_UP
from gateway.console.steps import StepKind, StepTrigger
from gateway.console.terms import Terms, among


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
    """Some of the attempts found, newest first, and where the next page begins; None where there is none."""

    attempts: tuple[IndexedAttempt, ...]
    next: AttemptPlace | None


def search_attempts(
    connection: IndexConnection, wanted: AttemptSearch, *, limit: int, start: AttemptPlace | None = None
) -> AttemptPage:
    """Give a page of the attempts that are wanted.

    Args:
        connection: of a reader.
        wanted: what they have to be.
        limit: how many at most, up to `search.MAX_PAGE`.
        start: the page begins behind this one; None for the newest.

    Raises:
        GatewayError: see `IndexStore.translated_errors`.
    """
    codes = codes_of(connection, _words(wanted))
    if not _may_be_found(wanted, codes):
        return AttemptPage((), None)
    found: list[AttemptPlace] = []
    for index, extra, values in _ways(wanted, codes):
        terms = _terms(wanted, codes, start)
        terms.add(extra, *values)
        found += map(
            AttemptPlace._make,
            connection.execute(
                f"SELECT at_ms, delivery, number, trigger FROM {connection.through('steps', index)} "  # noqa: S608 - texts of this module
                f"WHERE {terms.where} "
                "ORDER BY at_ms DESC, delivery DESC, number DESC, trigger DESC LIMIT ?",
                [*terms.values, limit + 1],
            ),
        )
    found.sort(reverse=True)
    shown = found[:limit]
    return AttemptPage(_load(connection, shown), shown[-1] if len(found) > limit else None)


def _words(wanted: AttemptSearch) -> set[str]:
    single = {name for name in (wanted.event_type, wanted.tenant) if name is not None}
    return single | set(wanted.subscription_ids or ()) | set(wanted.outcomes or ())


def _may_be_found(wanted: AttemptSearch, codes: dict[str, int]) -> bool:
    """Whether the index has met the words that are looked for."""
    single = all(name in codes for name in (wanted.event_type, wanted.tenant) if name is not None)
    several = (wanted.subscription_ids, wanted.outcomes)
    return single and all(any(name in codes for name in names) for names in several if names is not None)


def _terms(wanted: AttemptSearch, codes: dict[str, int], start: AttemptPlace | None) -> Terms:
    terms = Terms()
    terms.add(f"kind = {StepKind.ATTEMPT:d}")
    if wanted.event_type is not None:
        terms.add("event_type = ?", codes[wanted.event_type])
    if wanted.tenant is not None:
        terms.add("tenant = ?", codes[wanted.tenant])
    if wanted.outcomes is not None:
        terms.add(among("outcome", [codes[name] for name in wanted.outcomes if name in codes]))
    if wanted.status_classes is not None:
        terms.add(f"({' OR '.join(map(_of_class, wanted.status_classes))})")
    if wanted.since_ms is not None:
        terms.add("at_ms >= ?", wanted.since_ms)
    if wanted.before_ms is not None:
        terms.add("at_ms < ?", wanted.before_ms)
    if start is not None:
        # The first condition is what an index is entered with.
        terms.add("at_ms <= ? AND (at_ms, delivery, number, trigger) < (?, ?, ?, ?)", start.at_ms, *start)
    return terms


def _of_class(one: StatusClass) -> str:
    if one is StatusClass.NO_ANSWER:
        return "status < 0"
    hundreds = int(one.value[0])
    return f"status BETWEEN {hundreds}00 AND {hundreds}99"


def _ways(wanted: AttemptSearch, codes: dict[str, int]) -> Sequence[tuple[str, str, tuple[int, ...]]]:
    """Give the indexes to read, each with a condition of its own: together they find everything."""
    if wanted.subscription_ids is not None:
        subscriptions = [codes[name] for name in dict.fromkeys(wanted.subscription_ids) if name in codes]
        if len(subscriptions) <= MAX_LOOKED_UP:
            return [("attempts_by_subscription", "subscription = ?", (code,)) for code in subscriptions]
        condition = among("subscription", subscriptions)
    else:
        condition = "1 = 1"
    return [("attempts_by_time" if wanted.tenant is None else "attempts_by_tenant", condition, ())]


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
