"""Connections through the operator's proxy: a tunnel (CONNECT, RFC 9110 section 9.3.6), and in it what would be there.

The proxy is never told a name and never decides where a name leads: the gateway resolves, judges every address by its
policy, and asks for a tunnel to one of them. TLS is between the gateway and the endpoint, verified by the endpoint's
name. The proxy's own address is the operator's affair and not judged.

That there is no tunnel is nobody's word but the proxy's. `ProxyError` says that it may be its own fault,
`NoTunnelError` that it is the endpoint's.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError
from yarl import URL

from gateway.domain.egress_proxy import EgressProxy
from gateway.domain.tunnels import Destination, Tunnels
from gateway.http.exchange import MAX_INFORMATIONAL, USER_AGENT
from gateway.http.guard import AddressRefusedError

_MAX_HEADER_BYTES = 16_384


class NoTunnelError(Exception):
    """The proxy opens no tunnel to this endpoint, and does to others."""


class ProxyError(NoTunnelError):
    """The proxy gives no tunnel, and nothing says that the endpoint has a part in it."""


def awaited_of(error: BaseException) -> NoTunnelError | None:
    """Give what was waited for, where that was the proxy, when a time-out over the whole attempt broke it off."""
    if isinstance(error, NoTunnelError):
        return error
    interrupted = error.__context__
    cause = interrupted.__cause__ if isinstance(interrupted, asyncio.CancelledError) else None
    return cause if isinstance(cause, NoTunnelError) else None


class TunnelConnector(aiohttp.TCPConnector):
    """Makes its connections through a proxy. Pools them as any connector does, by the endpoint's name and port.

    Args:
        proxy: the proxy.
        tunnels: what its tunnels came to; shared by all connectors of one proxy.
        is_allowed: tells whether deliveries may go to an address and a port.
        settings: those of `aiohttp.TCPConnector`; the resolver is asked for the proxy too.
    """

    def __init__(
        self,
        proxy: EgressProxy,
        tunnels: Tunnels,
        is_allowed: Callable[[str, int], bool],
        **settings: Any,  # noqa: ANN401 - the parameters of another class
    ) -> None:
        super().__init__(**settings)
        self._tunnels = tunnels
        self._is_allowed = is_allowed
        self._authorization = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
        self._proxy_request = aiohttp.ClientRequest(
            "GET",
            URL.build(scheme=proxy.scheme, host=proxy.host, port=proxy.port),
            loop=self._loop,
        )

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> ResponseHandler:
        """Connect for a request: what `BaseConnector` asks of a connector.

        Raises:
            ClientConnectorDNSError: the endpoint's name has no address.
            AddressRefusedError: one of its addresses is none that deliveries may go to.
            NoTunnelError, ProxyError: there is no tunnel.
            ClientError, OSError: there is, and TLS in it failed.
        """
        destination = (req.host, req.port or 0)
        addresses = await self._addresses(req, destination, traces)
        began = time.monotonic()
        try:
            transport = await self._open_any(addresses, destination[1], timeout)
        except NoTunnelError as error:
            raise self._blamed(error, destination, began) from error
        except asyncio.CancelledError as interrupted:
            if isinstance(interrupted.__cause__, NoTunnelError):
                raise interrupted from self._blamed(interrupted.__cause__, destination, began)
            raise
        self._tunnels.opened(destination, time.monotonic())
        try:
            return await self._begin(transport, req, timeout)
        except BaseException:
            transport.abort()
            raise

    async def _addresses(self, req: aiohttp.ClientRequest, destination: Destination, traces: list[Any]) -> list[str]:
        try:
            found = await self._resolve_host(*destination, traces)
        except OSError as error:
            raise aiohttp.ClientConnectorDNSError(req.connection_key, error) from error
        addresses = [result["host"] for result in found]
        # One that is refused refuses the name: else it would depend on which of them the proxy reaches.
        if not all(self._is_allowed(address, destination[1]) for address in addresses):
            raise AddressRefusedError
        return addresses

    async def _open_any(self, addresses: list[str], port: int, limits: aiohttp.ClientTimeout) -> asyncio.Transport:
        """Open a tunnel to the first address that the proxy reaches."""
        failure = NoTunnelError("the endpoint's name has no address")
        for address in addresses:
            try:
                return await self._open(f"[{address}]:{port}" if ":" in address else f"{address}:{port}", limits)
            except ProxyError:
                raise
            except NoTunnelError as error:
                failure = error
        raise failure

    async def _open(self, authority: str, limits: aiohttp.ClientTimeout) -> asyncio.Transport:
        limit_s = limits.sock_connect
        try:
            async with _within(limit_s, ProxyError(f"the proxy was not reached within {limit_s:g} s")):
                transport, protocol = await self._create_direct_connection(self._proxy_request, [], limits)
        except (aiohttp.ClientError, OSError) as error:
            raise ProxyError(f"the proxy can't be reached: {error}") from error
        try:
            async with _within(limit_s, NoTunnelError(f"the proxy did not answer within {limit_s:g} s")):
                await self._ask(transport, protocol, authority)
        except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
            transport.abort()
            raise NoTunnelError(f"the proxy gave no usable answer: {error}") from error
        except BaseException:
            transport.abort()
            raise
        return transport

    async def _ask(self, transport: asyncio.Transport, protocol: ResponseHandler, authority: str) -> None:
        protocol.set_response_params(
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        transport.write(
            f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {USER_AGENT}\r\n"
            f"{self._authorization}\r\n".encode()
        )
        for _ in range(MAX_INFORMATIONAL + 1):
            message, payload = await protocol.read()
            if message.code >= 200:  # noqa: PLR2004 - what is below is no final answer
                break
        else:
            raise NoTunnelError("the proxy answered 1xx, and again 1xx")
        if message.code >= 300:  # noqa: PLR2004 - any 2xx opens the tunnel
            refusal = ProxyError if message.code < 500 else NoTunnelError  # noqa: PLR2004 - 4xx: it does not want to
            raise refusal(f"the proxy answered {message.code}")
        if payload.total_bytes or transport.is_closing():
            raise NoTunnelError("the proxy opened a tunnel and spoke in it, or closed it")

    def _blamed(self, error: NoTunnelError, destination: Destination, began: float) -> NoTunnelError:
        if isinstance(error, ProxyError):
            return error
        if self._tunnels.failed(destination, began, time.monotonic()):
            return NoTunnelError(f"no connection through the proxy, which works for others: {error}")
        return ProxyError(str(error))

    async def _begin(
        self, transport: asyncio.Transport, req: aiohttp.ClientRequest, limits: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        """Begin to speak with the endpoint in a tunnel, over TLS where its URL says so."""
        protocol: ResponseHandler = self._factory()
        context = self._get_ssl_context(req)
        spoken: asyncio.Transport | None = transport
        if context is None:
            transport.set_protocol(protocol)
        else:
            name = (req.server_hostname or req.host).rstrip(".")  # as certificates have it
            async with asyncio.timeout(limits.sock_connect):
                spoken = await self._loop.start_tls(transport, protocol, context, server_hostname=name)
        if spoken is None or spoken.is_closing():
            raise aiohttp.ServerDisconnectedError
        protocol.connection_made(spoken)
        return protocol


@asynccontextmanager
async def _within(limit_s: float | None, fault: NoTunnelError) -> AsyncIterator[None]:
    """Bound what is done in here; whoever breaks it off from outside finds the fault as the cause."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError:
        raise fault from None
    except asyncio.CancelledError as interrupted:
        raise interrupted from fault
