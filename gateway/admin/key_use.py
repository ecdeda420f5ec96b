"""Which keys are in use by how many subscriptions, what does not open with them, and which may go. Reads only.

A signing secret whose time is over does not count: nothing will open it any more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.domain.subscription import Sealed, SealedSecret, Subscription
from gateway.wire.sealed_parts import sealed_parts
from gateway.wire.sealing import KeyMissingError, KeyRing, SealBrokenError


@dataclass(frozen=True, slots=True)
class Unopened:
    """A sealed part of a subscription that the key ring does not open.

    Attributes:
        subscription_id: whose.
        tenant: whose subscription that is.
        part: which part.
        key_id: the key that it was sealed with.
        missing: there is no such key in the ring; False where there is, and does not open it.
    """

    subscription_id: str
    tenant: str
    part: str
    key_id: str
    missing: bool


@dataclass(slots=True)
class KeyUse:
    """What is sealed with one key.

    Attributes:
        key_id: its id.
        in_ring: it is in the key ring.
        newest: it is the one that seals.
        subscriptions: how many have something that is sealed with it.
        unopened: how many of these have something that does not open.
    """

    key_id: str
    in_ring: bool
    newest: bool
    subscriptions: int = 0
    unopened: int = 0

    @property
    def may_go(self) -> bool:
        """Nothing is sealed with it, and nothing will be."""
        return self.in_ring and not self.newest and not self.subscriptions


def key_uses(subscriptions: Iterable[Subscription], ring: KeyRing, now_ms: int) -> list[KeyUse]:
    """Count what each key is used for: those of the ring, newest first, then those that are missing.

    Args:
        subscriptions: all there are.
        ring: the keys.
        now_ms: the present, milliseconds since the epoch.
    """
    uses = {key_id: KeyUse(key_id, in_ring=True, newest=key_id == ring.newest_id) for key_id in ring.key_ids}
    for subscription in subscriptions:
        for key_id in {sealed.key_id for _, sealed in needed_parts(subscription, now_ms)}:
            uses.setdefault(key_id, KeyUse(key_id, in_ring=False, newest=False)).subscriptions += 1
        for key_id in {part.key_id for part in unopened_parts(subscription, ring, now_ms)}:
            uses[key_id].unopened += 1
    return list(uses.values())


def unopened_parts(subscription: Subscription, ring: KeyRing, now_ms: int) -> Iterator[Unopened]:
    """Give what of a subscription does not open; arguments as for `key_uses`."""
    tenant, name = subscription.tenant, subscription.subscription_id
    for part, sealed in needed_parts(subscription, now_ms):
        try:
            ring.open_part(sealed, part, tenant=tenant, subscription_id=name)
        except (KeyMissingError, SealBrokenError) as error:
            yield Unopened(name, tenant, part, sealed.key_id, isinstance(error, KeyMissingError))


def needed_parts(subscription: Subscription, now_ms: int) -> Iterator[tuple[str, SealedSecret | Sealed]]:
    """Give the sealed parts of a subscription that will be opened; see `sealed_parts`."""
    for part, sealed in sealed_parts(subscription):
        end_ms = sealed.expires_at_ms if isinstance(sealed, SealedSecret) else None
        if end_ms is None or end_ms > now_ms:
            yield part, sealed
