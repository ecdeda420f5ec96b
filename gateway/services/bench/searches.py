"""What `search` asks the console's index, whose records it makes up."""

from collections.abc import Callable, Iterator
from random import Random

from gateway.console.attempt_search import AttemptSearch, StatusClass, search_attempts
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

Question = Callable[[IndexConnection, Random], Iterator[None]]
"""Asks something by chance, and stops after each answer; the last one has something, or nothing is left to look at."""


def event_id_of(number: int) -> str:
    """Give the id of the n-th event that is made up."""
    return f"evt-{number:016x}-{number * 2_654_435_761 % 2**64:016x}"


_Search = tuple[DeliverySearch, PageStart | None]


def questions(deliveries: int) -> dict[str, Question]:
    """Name each kind of question; some have few hits or none, which takes longest.

    Args:
        deliveries: how many deliveries were made up.
    """
    return {
        **{name: _of_deliveries(make) for name, make in _searches(deliveries).items()},
        **{f"attempts: {name}": _of_attempts(make) for name, make in _attempt_searches().items()},
        "a subscription's week": _fare,
        "the overview of a day": _overview,
    }


def _of_deliveries(make: Callable[[Random], _Search]) -> Question:
    def ask(connection: IndexConnection, chance: Random) -> Iterator[None]:
        wanted, start = make(chance)
        while True:
            page = search_deliveries(connection, wanted, limit=MAX_PAGE, start=start)
            yield
            if page.deliveries or page.next is None:
                return
            start = page.next

    return ask


def _of_attempts(make: Callable[[Random], AttemptSearch]) -> Question:
    def ask(connection: IndexConnection, chance: Random) -> Iterator[None]:
        wanted, start = make(chance), None
        while True:
            page = search_attempts(connection, wanted, limit=MAX_PAGE, start=start)
            yield
            if page.attempts or page.next is None:
                return
            start = page.next

    return ask


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


def _searches(deliveries: int) -> dict[str, Callable[[Random], _Search]]:
    failed = (DeliveryState.DEAD_LETTERED,)

    def event(chance: Random) -> str:
        return event_id_of(chance.randrange(deliveries))

    def some_time(chance: Random) -> int:
        return START_MS + chance.randrange(WEEK_MS)

    return {
        "newest": lambda _: (DeliverySearch(), None),
        "event id": lambda chance: (DeliverySearch(event_id=event(chance)), None),
        "delivery id": lambda chance: (DeliverySearch(delivery_id=delivery_id_of(event(chance), "sub_0001")), None),
        "event type": lambda chance: (DeliverySearch(event_type=chance.choice(TYPES)), None),
        "subscription": lambda chance: (DeliverySearch(subscription_ids=(_some(chance),)), None),
        "tenant": lambda chance: (DeliverySearch(tenant=f"tenant-{chance.randrange(TENANTS)}"), None),
        "status": lambda _: (DeliverySearch(states=failed), None),
        "status that none has": lambda _: (DeliverySearch(states=(DeliveryState.DISCARDED,)), None),
        "subscription and status": lambda chance: (
            DeliverySearch(subscription_ids=(_some(chance),), states=failed),
            None,
        ),
        "type, tenant and status delivered": lambda chance: (
            DeliverySearch(
                event_type=TYPES[0], tenant=f"tenant-{chance.randrange(TENANTS)}", states=(DeliveryState.DELIVERED,)
            ),
            None,
        ),
        "time range": lambda chance: (DeliverySearch(before_ms=some_time(chance)), None),
        "tenant in a time range": lambda chance: (
            DeliverySearch(tenant="tenant-1", since_ms=(at := some_time(chance)), before_ms=at + 3_600_000),
            None,
        ),
        "endpoint host, 20 subscriptions": lambda chance: (
            DeliverySearch(subscription_ids=tuple(_some(chance) for _ in range(20))),
            None,
        ),
        "endpoint host, 200 subscriptions": lambda chance: (
            DeliverySearch(subscription_ids=tuple(_some(chance) for _ in range(200))),
            None,
        ),
        "a page far back": lambda chance: (DeliverySearch(tenant="tenant-1"), PageStart(some_time(chance), 0)),
        "a type of one tenant that is not there": lambda _: (
            DeliverySearch(event_type=TYPES[0], tenant="tenant-1", subscription_ids=("sub_0002",)),
            None,
        ),
        "a pass over all": lambda _: (DeliverySearch(subscription_ids=_FORGOTTEN), None),
    }


def _some(chance: Random) -> str:
    return f"sub_{chance.randrange(SUBSCRIPTIONS):04}"
