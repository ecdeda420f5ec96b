"""Moves all that is sealed to the newest key of the ring, so that an older key may go.

It is done in batches, each decided on the table as it is and written exclusively: what another writer changes
meanwhile is neither lost nor overlooked, and whoever breaks off keeps what is done. What does not open stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.admin.key_use import Unopened, needed_parts, unopened_parts
from gateway.admin.lifecycle import Clock
from gateway.domain.changes import ChangeStore, Put, revised
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription
from gateway.wire.sealed_parts import with_each_sealed
from gateway.wire.sealing import AnySealed, KeyMissingError, KeyRing, SealBrokenError

# The table is read for each batch, and other writers wait for one.
_BATCH = 2_000


@dataclass(slots=True)
class Rekeyed:
    """What came of it.

    Attributes:
        subscriptions: how many were moved to the newest key, or would be.
        unopened: what does not open, by tenant and subscription.
    """

    subscriptions: int = 0
    unopened: list[Unopened] = field(default_factory=list)


class Rekeying:
    """Seals anew.

    Args:
        key_ring: opens with any of its keys, and seals with the newest.
        clock: gives the present.
    """

    def __init__(self, key_ring: KeyRing, clock: Clock) -> None:
        self._ring = key_ring
        self._clock = clock

    def look(self, index: SubscriptionIndex) -> Rekeyed:
        """Say what is to be done, and do nothing."""
        return Rekeyed(sum(1 for each in index if self._moved(each) is not each), self._unopened(index))

    def run(self, index: SubscriptionIndex, store: ChangeStore, progress: Callable[[int, int], None]) -> Rekeyed:
        """Move everything.

        Args:
            index: the table; only to see what there is to do. Where that is nothing, nothing is written.
            store: writes.
            progress: called with how many subscriptions are done, and how many there were to do.

        Raises:
            ConflictError: others kept writing; run it again for what is left.
            UnavailableError: Kafka does not answer.
        """
        result = self.look(index)
        total, result.subscriptions = result.subscriptions, 0
        moved = _BATCH if total else 0
        while moved == _BATCH:
            moved = len(store.change(lambda present: self._decide(present, result)))
            result.subscriptions += moved
            if moved:
                progress(result.subscriptions, max(total, result.subscriptions))
        return result

    def _decide(self, index: SubscriptionIndex, result: Rekeyed) -> list[Put]:
        puts: list[Put] = []
        for current in index:
            moved = self._moved(current)
            if moved is not current:
                puts.append(Put(revised(moved, now_ms=self._clock())))
            if len(puts) == _BATCH:
                return puts
        result.unopened = self._unopened(index)
        return puts

    def _moved(self, subscription: Subscription) -> Subscription:
        """Give a subscription with all that opens sealed with the newest key; itself where it is so already."""
        if all(sealed.key_id == self._ring.newest_id for _, sealed in needed_parts(subscription, self._clock())):
            return subscription
        tenant, name = subscription.tenant, subscription.subscription_id

        def move(sealed: AnySealed, part: str) -> AnySealed:
            try:
                return self._ring.resealed(sealed, part, tenant=tenant, subscription_id=name)
            except (KeyMissingError, SealBrokenError):
                return sealed

        moved = with_each_sealed(subscription, move)
        return subscription if moved == subscription else moved

    def _unopened(self, index: SubscriptionIndex) -> list[Unopened]:
        now_ms = self._clock()
        found = [part for each in index for part in unopened_parts(each, self._ring, now_ms)]
        return sorted(found, key=lambda part: (part.tenant, part.subscription_id))
