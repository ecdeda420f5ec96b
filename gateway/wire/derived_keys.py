"""Keys for something else than sealing secrets, from the key ring: read anew each minute, as keys get replaced."""

import time
from collections.abc import Callable, Mapping

from gateway.wire.sealing import KeyRing

KEPT_S = 60.0


class DerivedKeys:
    """The keys for one purpose.

    Args:
        key_ring: reads the key ring.
        purpose: what they are for.
        clock: a monotonic clock, seconds.
    """

    def __init__(
        self, key_ring: Callable[[], KeyRing], purpose: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key_ring = key_ring
        self._purpose = purpose
        self._clock = clock
        self._keys: Mapping[str, bytes] = {}
        self._until_s = float("-inf")

    def __call__(self) -> list[bytes]:
        """Give the keys, newest first; the first one signs and seals.

        Raises:
            GatewayError: there is no key ring.
        """
        if self._clock() >= self._until_s:
            self._keys = self._key_ring().derived(self._purpose)
            self._until_s = self._clock() + KEPT_S
        return list(self._keys.values())
