"""`filters`: what filters cost for each event, with many subscriptions to one event type and a filter of its own each.

It is the stream's own router that is measured, without Kafka: whom an event is for, and what they get of it.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from random import Random

from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription
from gateway.services.bench.event_source import EVENT_TYPE
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Rig, Say
from gateway.shaping.routing import Router
from gateway.shaping.trial_events import trial_event
from gateway.shaping.views import Views
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import DecodedEvent
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_data

_SIZES = (1_000, 10_000)
_QUICK_SIZES = (100, 1_000)
# Of other event types, beside the last size.
_OTHERS, _QUICK_OTHERS = 90_000, 9_000
_OTHER_TYPE = "order.created"
_TENANT = "filters"
_EVENTS, _QUICK_EVENTS = 100, 30


@dataclass(frozen=True, slots=True)
class FilterCosts:
    """The outcome.

    Attributes:
        subscriptions: how many have a filter of their own on the event's type.
        us_per_subscription: microseconds of CPU for each of them and event, everything else of the event included.
        filter_us: the same by number of subscriptions.
        others: how many subscriptions of another event type were put beside them.
        us_per_subscription_beside_others: microseconds then.
        wanted: how many subscriptions got an event on average.
        compile_us: microseconds to compile a filter; done once, at the first event after it was written.
    """

    subscriptions: int
    us_per_subscription: float
    filter_us: dict[str, float]
    others: int
    us_per_subscription_beside_others: float
    wanted: float
    compile_us: float


def measure_filters(rig: Rig, options: Options, tick: Say) -> FilterCosts:
    """Give events to a router that knows the subscriptions, and take the time."""
    sizes = options.choose(_SIZES, _QUICK_SIZES)
    catalog = rig.deployment.catalog()
    events = list(_events(catalog, options.choose(_EVENTS, _QUICK_EVENTS)))
    costs, wanted, compile_us = {}, 0.0, 0.0
    index = SubscriptionIndex()
    for size in sizes:
        tick(f"filters: {size:,} subscriptions")
        _fill(index, (_filtered(number) for number in range(len(index), size)))
        router = Router(Views(catalog), index)
        began_s = time.thread_time()
        router.shape(events[0])
        compile_us = (time.thread_time() - began_s) * 1e6 / size
        costs[str(size)], wanted = _cost_of(router, events, size)
    others = options.choose(_OTHERS, _QUICK_OTHERS)
    tick(f"filters: {others:,} of another type beside them")
    _fill(index, (_other(number) for number in range(others)))
    beside_us, _ = _cost_of(Router(Views(catalog), index), events, sizes[-1])
    return FilterCosts(
        subscriptions=sizes[-1],
        us_per_subscription=round(costs[str(sizes[-1])], 2),
        filter_us={size: round(cost_us, 2) for size, cost_us in costs.items()},
        others=others,
        us_per_subscription_beside_others=round(beside_us, 2),
        wanted=wanted,
        compile_us=round(compile_us, 1),
    )


def _events(catalog: Catalog, count: int) -> Iterable[DecodedEvent]:
    chance, now = Random(0), datetime.now(UTC)  # noqa: S311 - made-up data
    nodes = catalog.entry(EVENT_TYPE).nodes
    for number in range(count):
        new = NewEvent(EVENT_TYPE, mock_data(nodes, chance), event_id=f"filters-{number}", tenant=_TENANT)
        yield trial_event(catalog, new, now)


def _filtered(number: int) -> Subscription:
    """Give a subscription whose filter is like no other's; an event meets some of them."""
    text = f'data.amount > {number / 10} && data.method != "INVOICE"'
    return _subscription(f"filtered-{number}", EVENT_TYPE, text)


def _other(number: int) -> Subscription:
    return _subscription(f"other-{number}", _OTHER_TYPE, f"data.total > {number}")


def _subscription(name: str, event_type: str, text: str) -> Subscription:
    return Subscription(
        name, _TENANT, "https://filters.example/", (event_type,), (), created_at_ms=0, updated_at_ms=0, filter=text
    )


def _fill(index: SubscriptionIndex, subscriptions: Iterable[Subscription]) -> None:
    for subscription in subscriptions:
        index.put(subscription)


def _cost_of(router: Router, events: list[DecodedEvent], size: int) -> tuple[float, float]:
    """Give the microseconds for each of `size` subscriptions and event, and how many got an event."""
    for event in islice(events, 2):  # compiles what is not compiled yet
        router.shape(event)
    wanted = 0
    # CPU time: what else the machine does is not to count here.
    began_s = time.thread_time()
    for event in events:
        wanted += sum(len(shaped.subscriptions) for shaped in router.shape(event))
    return (time.thread_time() - began_s) * 1e6 / len(events) / size, wanted / len(events)
