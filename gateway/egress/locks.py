"""Which subscriptions are *locked*: something that their attempts need does not open.

The key is not in the key ring, or the ring has another key of that id, or it was altered; these last two can't be told
apart. Deliveries of a locked subscription are held, as by a pause: they wait in the log, and nothing is given up but
what waits for too long (docs/decisions/0022-a-subscription-whose-secrets-do-not-open-is-held.md).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.errors import UnavailableError
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.egress.opening import open_sealed
from gateway.telemetry.security_log import SecurityEvent, log_security
from gateway.wire.sealing import KeyMissingError, KeyRing, SealBrokenError

_MAX_DESCRIBED = 5


@dataclass(frozen=True, slots=True)
class Lock:
    """Why nothing of a subscription can be sent.

    Attributes:
        key_id: the key that something of it is sealed with.
        missing: there is no such key in the ring; False where there is, and does not open it.
    """

    key_id: str
    missing: bool

    @property
    def reason(self) -> str:
        """The same for people."""
        if self.missing:
            return f"egress has no key '{self.key_id}', which its secrets are sealed with"
        return f"its secrets do not open with the key '{self.key_id}' of egress"


class SubscriptionLocks:
    """Knows which subscriptions are locked.

    Args:
        key_ring: opens.
    """

    def __init__(self, key_ring: KeyRing) -> None:
        self._key_ring = key_ring
        self._locks: dict[str, Lock] = {}
        self._counts: Counter[Lock] = Counter()

    def start(self, subscriptions: Iterable[Subscription]) -> None:
        """Find out which subscriptions are locked, before anything is sent.

        Raises:
            UnavailableError: all of them are: this is not their key ring.
        """
        needed = [each for each in subscriptions if each.state is not SubscriptionState.DISABLED]
        for subscription in needed:
            self._judge(subscription)
        if needed and len(self._locks) == len(needed):
            raise UnavailableError(
                f"the key ring opens the secrets of none of {len(needed):,} subscriptions: {self._describe()}",
                hint="give the keys they were sealed with (GATEWAY_SECRET_KEYS or GATEWAY_SECRET_KEYS_FILE); "
                "see: gateway secrets status",
            )
        for lock in self._counts:
            self._tell(lock)

    def changed(self, subscription_id: str, subscription: Subscription | None) -> None:
        """Judge a subscription that was written anew; None for one that was deleted."""
        before = self._unlock(subscription_id)
        if subscription is not None and subscription.state is not SubscriptionState.DISABLED:
            lock = self._judge(subscription)
            if lock not in {None, before} and self._counts[lock] == 1:
                self._tell(lock)

    def is_locked(self, subscription_id: str) -> bool:
        """Tell whether nothing of a subscription can be sent."""
        return subscription_id in self._locks

    def why_locked(self, subscription_id: str) -> str | None:
        """Say for people why nothing of a subscription can be sent; None where it can."""
        lock = self._locks.get(subscription_id)
        return None if lock is None else lock.reason

    def _judge(self, subscription: Subscription) -> Lock | None:
        try:
            open_sealed(subscription, self._key_ring)
        except (KeyMissingError, SealBrokenError) as error:
            lock = Lock(error.key_id, isinstance(error, KeyMissingError))
            self._locks[subscription.subscription_id] = lock
            self._counts[lock] += 1
            return lock
        return None

    def _unlock(self, subscription_id: str) -> Lock | None:
        lock = self._locks.pop(subscription_id, None)
        if lock is not None:
            self._counts[lock] -= 1
            if not self._counts[lock]:
                del self._counts[lock]
        return lock

    def _tell(self, lock: Lock) -> None:
        log_security(
            SecurityEvent.KEY_MISSING if lock.missing else SecurityEvent.SEAL_BROKEN,
            lock.key_id,
            key_id=lock.key_id,
            subscriptions=self._counts[lock],
            hint="their deliveries are held; see: gateway secrets status",
        )

    def _describe(self) -> str:
        return ", ".join(
            f"key '{lock.key_id}' {'is missing' if lock.missing else 'does not fit'} ({count:,})"
            for lock, count in self._counts.most_common(_MAX_DESCRIBED)
        )
