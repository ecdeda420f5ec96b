"""Writes the benchmark's subscriptions: many in one transaction, as an import would."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.admin.lifecycle import SubscriptionLifecycle
from gateway.domain.changes import Delete, Put
from gateway.domain.retry import STANDARD_POLICY, RetryPolicy
from gateway.domain.secret import SigningSecret
from gateway.domain.subscription import DEFAULT_MAX_IN_FLIGHT, Subscription
from gateway.kafka.partitioning import partition_of
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.telemetry.clock import now_ms
from gateway.wire.sealing import KeyRing

# The readers of the table see a change within milliseconds.
_TABLE_DELAY_S = 0.5


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription to make.

    Attributes:
        subscription_id: its id.
        tenant: whose events it gets.
        url: where to.
        event_types: which.
        max_in_flight: how many requests may be under way.
        retry_policy: what becomes of a failed delivery.
    """

    subscription_id: str
    tenant: str
    url: str
    event_types: tuple[str, ...]
    max_in_flight: int = DEFAULT_MAX_IN_FLIGHT
    retry_policy: RetryPolicy = STANDARD_POLICY


class Subscribers:
    """Makes, pauses, resumes and deletes subscriptions, all with one secret."""

    def __init__(self, store: SubscriptionStore, key_ring: KeyRing, secret: SigningSecret) -> None:
        self._store = store
        self._lifecycle = SubscriptionLifecycle(store, now_ms)
        self._key_ring = key_ring
        self._secret = secret

    def subscribe(self, subscribers: Sequence[Subscriber]) -> None:
        """Write new, active subscriptions; returns when the gateway's processes know them."""
        puts = [Put(self._subscription(subscriber)) for subscriber in subscribers]
        self._store.change(lambda _: puts)
        time.sleep(_TABLE_DELAY_S)

    def pause(self, subscription_ids: Sequence[str]) -> None:
        """Hold the deliveries of subscriptions back; returns when the gateway's processes know."""
        for subscription_id in subscription_ids:
            self._lifecycle.pause(subscription_id)
        time.sleep(_TABLE_DELAY_S)

    def resume(self, subscription_ids: Sequence[str]) -> None:
        """Let the deliveries of paused subscriptions go."""
        for subscription_id in subscription_ids:
            self._lifecycle.resume(subscription_id)

    def delete(self, subscription_ids: Sequence[str]) -> None:
        """Remove subscriptions; what still waits for them is discarded."""
        deletes = [Delete(subscription_id) for subscription_id in subscription_ids]
        self._store.change(lambda _: deletes)

    def _subscription(self, subscriber: Subscriber) -> Subscription:
        created_at_ms = now_ms()
        sealed = self._key_ring.seal(
            self._secret,
            tenant=subscriber.tenant,
            subscription_id=subscriber.subscription_id,
            now_ms=created_at_ms,
        )
        return Subscription(
            subscriber.subscription_id,
            subscriber.tenant,
            url=subscriber.url,
            event_types=subscriber.event_types,
            secrets=(sealed,),
            created_at_ms=created_at_ms,
            updated_at_ms=created_at_ms,
            max_in_flight=subscriber.max_in_flight,
            retry_policy=subscriber.retry_policy,
        )


def spread_ids(prefix: str, count: int, partitions: int) -> list[str]:
    """Make ids that lie on the partitions in turn, so that egress processes get equal shares.

    Args:
        prefix: what they begin with.
        count: how many.
        partitions: of the topic `deliveries`.
    """
    ids: list[str] = []
    number = 0
    while len(ids) < count:
        subscription_id = f"{prefix}{number}"
        number += 1
        if partition_of(subscription_id.encode(), partitions) == len(ids) % partitions:
            ids.append(subscription_id)
    return ids
