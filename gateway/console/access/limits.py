"""How often, and how much at once, somebody may ask.

Bounds that nobody meets who means well, and that keep one from holding up the others.

A failed log-in counts against the address it came from, and only failures are held back: whoever has good credentials
comes in, also from an address from which somebody else tries to guess. What is remembered is bounded.
"""

import ipaddress
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import web

from gateway.console.api.problems import ProblemError
from gateway.domain.rate_limit import RateLimit, TokenBucket

CALLS = RateLimit(50.0, 300)
FAILURES = RateLimit(1 / 6, 10)
# Requests of one caller that are under way: a quarter of the connections that there are.
AT_ONCE = 32
MAX_REMEMBERED = 10_000
_IPV6_NETWORK_BITS = 64


class Turnstile:
    """Counts what somebody does, each by their name.

    Args:
        limit: how often they may.
        code: of the problem that they get beyond it.
        clock: gives the present, milliseconds of any clock that never goes back.
    """

    def __init__(self, limit: RateLimit, code: str, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._code = code
        self._clock = clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def count(self, who: str) -> None:
        """Count one of somebody's.

        Raises:
            ProblemError: it is one too many; it says when to come back.
        """
        now_ms = self._clock()
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = TokenBucket(self._limit, now_ms)
            if len(self._buckets) > MAX_REMEMBERED:
                # Whoever was not here for longest has most likely used nothing up.
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(who)
        wait_ms = bucket.wait_ms(now_ms)
        if wait_ms:
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                self._code,
                "this comes too often; wait a little",
                retry_after_s=math.ceil(wait_ms / 1000),
            )
        bucket.take(now_ms)


class Room:
    """Counts what somebody has under way, each by their name.

    Args:
        most: how much that may be.
        detail: says to people that it is more.
    """

    def __init__(self, most: int, detail: str) -> None:
        self._most = most
        self._detail = detail
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def of(self, who: str) -> Iterator[None]:
        """Count one of somebody's for as long as it lasts.

        Raises:
            ProblemError: it is one too many.
        """
        if self._under_way[who] >= self._most:
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_at_once", self._detail, retry_after_s=1)
        self._under_way[who] += 1
        try:
            yield
        finally:
            self._under_way[who] -= 1
            if not self._under_way[who]:
                del self._under_way[who]


def peer_of(request: web.Request) -> str:
    """Name where a request came from: an address, of IPv6 the network that one customer has."""
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return "unknown"
    if address.version == 4:  # noqa: PLR2004 - of IP
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
