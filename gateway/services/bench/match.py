"""`match`: what it costs to find an event's subscriptions among many, and to have all of them in memory.

The subscriptions lie in the real topic and are read from it, by the reader that both stages use. Each tenant has
ten: an event's type, prefixes, everything, and types that do not match.
"""

import secrets
import time
from dataclasses import dataclass
from itertools import islice
from random import Random

from gateway.domain.matching import ALL_TYPES, SubscriptionIndex
from gateway.domain.secret import GENERATED_BYTES, HmacSecret
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.kafka.subscription_table import read_subscriptions
from gateway.services.bench.event_source import EVENT_TYPE
from gateway.services.bench.options import Options
from gateway.services.bench.rig import Rig, Say
from gateway.services.bench.subscribers import Subscriber, Subscribers

_SIZES = (1_000, 10_000, 100_000)
_QUICK_SIZES = (1_000, 10_000)
_PATTERNS = (
    EVENT_TYPE,
    EVENT_TYPE,
    "order.*",
    ALL_TYPES,
    *("order.created", "order.cancelled", "invoice.issued", "invoice.*", "customer.updated", "customer.*"),
)
# Records of one transaction: it has to be over in seconds.
_CHUNK = 20_000
_MATCHES = 50_000
_REST_S = 2.0


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome.

    Attributes:
        match_us: by number of subscriptions, microseconds of CPU to find those of one event.
        matched: how many those are.
        subscriptions: how many lay in the topic for what follows.
        table_load_s: reading all of them from Kafka into an index.
        stream_ready_s: from the stream's start to its ready line, with all of them.
        stream_rss_mb: memory of the stream then, MiB.
        egress_ready_s: the same of egress, which also opens every secret.
        egress_rss_mb: memory of egress then, MiB.
    """

    match_us: dict[str, float]
    matched: float
    subscriptions: int
    table_load_s: float
    stream_ready_s: float
    stream_rss_mb: float
    egress_ready_s: float
    egress_rss_mb: float


def measure_match(rig: Rig, options: Options, tick: Say) -> Match:
    """Write subscriptions, read them, match, and start the gateway with them."""
    sizes = options.choose(_SIZES, _QUICK_SIZES)
    _write(rig, sizes[-1], tick)
    tick("match: reading the table")
    started_s = time.perf_counter()
    index = read_subscriptions(rig.kafka)
    table_load_s = time.perf_counter() - started_s
    costs = {str(size): _cost_of_a_match(index, size) for size in sizes}
    tick("match: starting the gateway")
    with rig.gateway() as gateway:
        time.sleep(_REST_S)
        usage = rig.usage(gateway)
        return Match(
            match_us={size: round(cost_us, 2) for size, (cost_us, _) in costs.items()},
            matched=costs[str(sizes[-1])][1],
            subscriptions=len(index),
            table_load_s=round(table_load_s, 2),
            stream_ready_s=round(gateway.stream.ready_after_s, 2),
            stream_rss_mb=usage["stream"].peak_rss_mb,
            egress_ready_s=round(gateway.egress[0].ready_after_s, 2),
            egress_rss_mb=usage["egress"].peak_rss_mb,
        )


def _write(rig: Rig, count: int, tick: Say) -> None:
    secret = HmacSecret(secrets.token_bytes(GENERATED_BYTES))
    subscribers = Subscribers(SubscriptionStore(rig.kafka), rig.deployment.key_ring(), secret)
    prefix = f"match-{secrets.token_hex(3)}-"
    for first in range(0, count, _CHUNK):
        tick(f"match: {first:,} of {count:,} subscriptions are written")
        subscribers.subscribe(
            [
                Subscriber(f"{prefix}{number}", _tenant(number), rig.endpoints.url(0), (_pattern(number),))
                for number in range(first, min(first + _CHUNK, count))
            ]
        )


def _tenant(number: int) -> str:
    return f"match-{number // len(_PATTERNS)}"


def _pattern(number: int) -> str:
    return _PATTERNS[number % len(_PATTERNS)]


def _cost_of_a_match(everything: SubscriptionIndex, size: int) -> tuple[float, float]:
    """Give the microseconds of a match among `size` subscriptions, and how many it finds."""
    index = SubscriptionIndex()
    for subscription in islice(everything, size):
        index.put(subscription)
    chance = Random(0)  # noqa: S311 - picks tenants
    tenants = [_tenant(chance.randrange(size)) for _ in range(_MATCHES)]
    found = 0
    # CPU time: what else the machine does is not to count here.
    started_s = time.thread_time()
    for tenant in tenants:
        found += len(index.match_event(tenant, EVENT_TYPE))
    return (time.thread_time() - started_s) * 1e6 / _MATCHES, found / _MATCHES
