"""What `search` asks the console's index, whose records it makes up."""

from collections.abc import Callable, Iterator
from random import Random
from typing import TypeVar

from gateway.console.attempt_search import AttemptPlace, AttemptSearch, StatusClass, search_attempts
from gateway.console.health import MAX_HOURS, fare_of
from gateway.console.index_store import IndexConnection
from gateway.console.overview import overview
from gateway.console.search import MAX_PAGE, DeliverySearch, PageStart, search_deliveries
from gateway.domain.delivery import delivery_id_of
from gateway.domain.history import DeliveryState
from gateway.domain.subscription import Subscription

SUBSCRIPTIONS = 500
# Had one delivery each, the oldest ones: to find them, everything has to be passed over.
FORGOTTEN = 200
TENANTS = 50
TYPES = tuple(f"order.kind_{number}" for number in range(20))
WEEK_MS = 7 * 86_400_000
START_MS = 1_790_000_000_000
END_MS = START_MS + WEEK_MS

_FORGOTTEN = tuple(f"sub_{SUBSCRIPTIONS + number:04}" for number in range(FORGOTTEN))

W = TypeVar("W")
P = TypeVar("P")
Question = Callable[[IndexConnection, Random], Iterator[None]]
"""Asks something by chance, and stops after each answer; the last one has something, or nothing is left to look at."""


def event_id_of(number: int) -> str:
    """Give the id of the n-th event that is made up."""
    return f"evt-{number:016x}-{number * 2_654_435_761 % 2**64:016x}"


def questions(deliveries: int) -> dict[str, Question]:
    """Name each kind of question; some have few hits or none, which takes longest.

    Args:
        deliveries: how many deliveries were made up.
    """
    return {
        **{name: _until_found(make, _deliveries) for name, make in _searches(deliveries).items()},
        "a page far back": _until_found(
            lambda _: DeliverySearch(tenant="tenant-1"), _deliveries, lambda chance: PageStart(_some_time(chance), 0)
        ),
        **{f"attempts: {name}": _until_found(make, _attempts) for name, make in _attempt_searches().items()},
        "a subscription's week": _fare,
        "the overview of a day": _overview,
    }


def _until_found(
    make: Callable[[Random], W],
    look: Callable[[IndexConnection, W, P | None], tuple[bool, P | None]],
    begin: Callable[[Random], P | None] = lambda _: None,
) -> Question:
    """Give a question that goes on from page to page.

    Args:
        make: says what is wanted.
        look: tells whether a page has something of it, and where the next one begins.
        begin: says where the first page begins.
    """

    def ask(connection: IndexConnection, chance: Random) -> Iterator[None]:
        wanted, start = make(chance), begin(chance)
        while True:
            is_found, start = look(connection, wanted, start)
            yield
            if is_found or start is None:
                return

    return ask


def _deliveries(
    connection: IndexConnection, wanted: DeliverySearch, start: PageStart | None
) -> tuple[bool, PageStart | None]:
    page = search_deliveries(connection, wanted, limit=MAX_PAGE, start=start)
    return bool(page.deliveries), page.next


def _attempts(
    connection: IndexConnection, wanted: AttemptSearch, start: AttemptPlace | None
) -> tuple[bool, AttemptPlace | None]:
    page = search_attempts(connection, wanted, limit=MAX_PAGE, start=start)
    return bool(page.attempts), page.next


def _fare(connection: IndexConnection, chance: Random) -> Iterator[None]:
    subscription = Subscription(_some(chance), "", url="", event_types=(), secrets=(), created_at_ms=0, updated_at_ms=0)
    fare_of(connection, subscription, hours=MAX_HOURS, now_ms=END_MS)
    yield


def _overview(connection: IndexConnection, _: Random) -> Iterator[None]:
    overview(connection, minutes=1440, now_ms=END_MS)
    yield


def _attempt_searches() -> dict[str, Callable[[Random], AttemptSearch]]:
    """Name each kind of search for attempts."""
    return {
        "newest": lambda _: AttemptSearch(),
        "subscription": lambda chance: AttemptSearch(subscription_ids=(_some(chance),)),
        "subscription and outcome": lambda chance: AttemptSearch(
            subscription_ids=(_some(chance),), outcomes=("dead_lettered",)
        ),
        "tenant and type": lambda chance: AttemptSearch(
            tenant=f"tenant-{chance.randrange(TENANTS)}", event_type=chance.choice(TYPES)
        ),
        "type": lambda chance: AttemptSearch(event_type=chance.choice(TYPES)),
        "status": lambda _: AttemptSearch(status_classes=(StatusClass.SERVER_ERROR,)),
        "status that none has": lambda _: AttemptSearch(status_classes=(StatusClass.REDIRECT,)),
        "200 subscriptions": lambda chance: AttemptSearch(subscription_ids=tuple(_some(chance) for _ in range(200))),
        "a pass over all": lambda _: AttemptSearch(subscription_ids=_FORGOTTEN),
    }


def _searches(deliveries: int) -> dict[str, Callable[[Random], DeliverySearch]]:
    failed = (DeliveryState.DEAD_LETTERED,)

    def event(chance: Random) -> str:
        return event_id_of(chance.randrange(deliveries))

    return {
        "newest": lambda _: DeliverySearch(),
        "event id": lambda chance: DeliverySearch(event_id=event(chance)),
        "delivery id": lambda chance: DeliverySearch(delivery_id=delivery_id_of(event(chance), "sub_0001")),
        "event type": lambda chance: DeliverySearch(event_type=chance.choice(TYPES)),
        "subscription": lambda chance: DeliverySearch(subscription_ids=(_some(chance),)),
        "tenant": lambda chance: DeliverySearch(tenant=f"tenant-{chance.randrange(TENANTS)}"),
        "status": lambda _: DeliverySearch(states=failed),
        "status that none has": lambda _: DeliverySearch(states=(DeliveryState.DISCARDED,)),
        "subscription and status": lambda chance: DeliverySearch(subscription_ids=(_some(chance),), states=failed),
        "type, tenant and status delivered": lambda chance: DeliverySearch(
            event_type=TYPES[0], tenant=f"tenant-{chance.randrange(TENANTS)}", states=(DeliveryState.DELIVERED,)
        ),
        "time range": lambda chance: DeliverySearch(before_ms=_some_time(chance)),
        "tenant in a time range": lambda chance: DeliverySearch(
            tenant="tenant-1", since_ms=(at := _some_time(chance)), before_ms=at + 3_600_000
        ),
        "endpoint host, 20 subscriptions": lambda chance: DeliverySearch(
            subscription_ids=tuple(_some(chance) for _ in range(20))
        ),
        "endpoint host, 200 subscriptions": lambda chance: DeliverySearch(
            subscription_ids=tuple(_some(chance) for _ in range(200))
        ),
        "a type of one tenant that is not there": lambda _: DeliverySearch(
            event_type=TYPES[0], tenant="tenant-1", subscription_ids=("sub_0002",)
        ),
        "a pass over all": lambda _: DeliverySearch(subscription_ids=_FORGOTTEN),
    }


def _some(chance: Random) -> str:
    return f"sub_{chance.randrange(SUBSCRIPTIONS):04}"


def _some_time(chance: Random) -> int:
    return START_MS + chance.randrange(WEEK_MS)
