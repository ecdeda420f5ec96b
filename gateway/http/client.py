"""Step ⑤, the sending half: one POST, and what came of it as a value. It never raises for what an endpoint does.

Bounds: the attempt's own time-out over everything, a capped read of the response (the rest is not read and the
connection is closed), no redirects, no cookies, no decompression, no proxy but the one given.
"""

import asyncio
import email.utils
import math
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import cast
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from gateway.domain.addresses import PUBLIC_ONLY, AddressPolicy
from gateway.domain.delivery import MAX_EXCERPT_CHARS
from gateway.domain.egress_proxy import EgressProxy
from gateway.domain.endpoint import check_endpoint_url
from gateway.domain.errors import InvalidInputError
from gateway.domain.foreign_text import kept_headers, plain_text
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.domain.tunnels import Tunnels
from gateway.http.bounded_handler import BoundedHandler
from gateway.http.exchange import Endpoint, Response, endpoint_of, exchange
from gateway.http.failures import failure_of, is_disconnect
from gateway.http.guard import AddressRefusedError, GuardedResolver, guarded_socket_factory
from gateway.http.proxy import TunnelConnector, awaited_of
from gateway.http.resolver import NameResolver
from gateway.http.tls import TlsContexts, TlsTerms, shared_context

CONNECT_TIMEOUT_S = 5.0
_KEEPALIVE_S = 30.0
_MAX_PREPARED = 10_000


class WebhookClient:
    """Sends deliveries over pooled keep-alive connections.

    Args:
        policy: where deliveries may go; holds for the URL and for every address that is connected.
        resolver: finds the addresses of host names.
        connect_timeout_s: how long one address may take to accept, TLS included, seconds; with a proxy each step there.
        proxy: where all connections go through, or None.
    """

    def __init__(
        self,
        policy: AddressPolicy = PUBLIC_ONLY,
        *,
        resolver: AbstractResolver | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        proxy: EgressProxy | None = None,
    ) -> None:
        connector = partial(
            _connecting(policy, resolver or NameResolver(), proxy),
            limit=0,  # each lane bounds its own
            ssl=shared_context(),
            use_dns_cache=False,  # the resolver has one, for both connectors
        )
        self._pool = connector(keepalive_timeout=_KEEPALIVE_S)
        # Where the second try goes: the pool may hold more connections that the endpoint has closed.
        self._fresh = connector(force_close=True)
        handler = cast("partial[ResponseHandler]", partial(BoundedHandler, loop=asyncio.get_running_loop()))
        for connecting in (self._pool, self._fresh):
            connecting._factory = handler  # noqa: SLF001 - there is no public way
        self._connect_timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=connect_timeout_s,
            ceil_threshold=math.inf,  # a time-out longer than this would be rounded up to a whole second
        )
        self._used: WeakSet[ResponseHandler] = WeakSet()
        self._policy = policy
        self._endpoint = lru_cache(_MAX_PREPARED)(self._prepare)
        self._tls_contexts = TlsContexts()

    async def send(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float, tls: TlsTerms | None = None
    ) -> SendResult:
        """POST `body` once (twice where a reused connection turned out to be closed already).

        Args:
            url: the endpoint.
            headers: the complete headers but for Host, Content-Length and User-Agent.
            body: the exact bytes that were signed.
            timeout_s: bound on the whole attempt, seconds.
            tls: the subscription's own terms. No connection is shared between different ones.
        """
        limit = asyncio.timeout(timeout_s)
        try:
            async with limit:
                endpoint = self._endpoint(url) if tls is None else await self._endpoint_with(url, tls)
                response = await self._send(endpoint, headers, body)
        except Exception as error:  # noqa: BLE001 - whatever sending provokes is an outcome, judged in one place
            if not limit.expired():
                return failure_of(error)
            awaited = awaited_of(error)
            if awaited is not None:
                return failure_of(awaited)
            return Failed(ErrorCode.TIMEOUT, f"no complete answer within {timeout_s:g} s")
        return _answered(response)

    def _prepare(self, url: str) -> Endpoint:
        endpoint = endpoint_of(url)
        try:
            # It was accepted when it was written, perhaps by other rules than today's.
            check_endpoint_url(url, self._policy)
        except InvalidInputError:
            raise AddressRefusedError from None
        return endpoint

    async def _endpoint_with(self, url: str, tls: TlsTerms) -> Endpoint:
        self._endpoint(url)  # held to the policy like any other
        # Not kept: it would hold its context beyond the bound of those.
        return endpoint_of(url, await self._tls_contexts.get(tls))

    async def _send(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Response:
        connection = await self._connect(self._pool, endpoint)
        reused = self._was_used(connection)
        try:
            return await exchange(connection, endpoint, headers, body)
        except aiohttp.ClientConnectionError as error:
            if not (reused and is_disconnect(error)):
                raise
        # The endpoint closed an idle connection just as it was reused: nothing was answered, so try once more.
        return await exchange(await self._connect(self._fresh, endpoint), endpoint, headers, body)

    async def _connect(self, connector: aiohttp.TCPConnector, endpoint: Endpoint) -> Connection:
        try:
            return await connector.connect(endpoint.target, [], self._connect_timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(
                f"no connection within {self._connect_timeout.sock_connect:g} s"
            ) from error

    def _was_used(self, connection: Connection) -> bool:
        protocol = connection.protocol
        if protocol is None or protocol in self._used:
            return True
        self._used.add(protocol)
        return False

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
        await self._fresh.close()
        self._tls_contexts.close()


def _connecting(
    policy: AddressPolicy, resolver: AbstractResolver, proxy: EgressProxy | None
) -> Callable[..., aiohttp.TCPConnector]:
    """Give what makes a connector: one that connects to endpoints, or to the proxy; both hold to the address policy."""
    if proxy is None:
        guarded = GuardedResolver(resolver, policy)
        return partial(aiohttp.TCPConnector, socket_factory=guarded_socket_factory(policy), resolver=guarded)
    return partial(TunnelConnector, proxy, Tunnels(), policy.allows, resolver=resolver)


def _answered(response: Response) -> Answered:
    retry_after = response.headers.get("Retry-After")
    return Answered(
        response.status,
        None if retry_after is None else _retry_after_s(retry_after),
        plain_text(response.beginning[:MAX_EXCERPT_CHARS].decode("utf-8", "replace")),
        kept_headers(response.headers.items()),
    )


def _retry_after_s(value: str) -> float | None:
    """Read `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3); anything else counts as absent."""
    if len(value) > 64:  # noqa: PLR2004 - no date or number is longer
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
