"""The choke point for outbound addresses: every TCP connection of the gateway's client is made through here.

A check of the URL or in a resolver is not enough: a literal address never reaches the resolver, and a name may
resolve to something else a moment later. The socket factory sees the concrete address that is about to be connected.
What is refused looks the same whatever is there: nothing is connected, and the error says nothing of the address.
"""

import socket
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.domain.addresses import AddressPolicy

AddrInfo = tuple[
    int | socket.AddressFamily,
    int | socket.SocketKind,
    int,
    str,
    tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
]


class AddressRefusedError(Exception):
    """The address is not one that deliveries may go to.

    Deliberately no OSError: aiohttp would take that for a failed connection and try the next address.
    """

    def __str__(self) -> str:
        return "the address is not one that deliveries may go to"


def guarded_socket_factory(policy: AddressPolicy) -> Callable[[AddrInfo], socket.socket]:
    """Give a socket factory for `aiohttp.TCPConnector` that refuses what the policy does not allow."""

    def create(address: AddrInfo) -> socket.socket:
        family, kind, protocol, _, target = address
        if not policy.allows(str(target[0]), int(target[1])):
            raise AddressRefusedError
        created = socket.socket(family, kind, protocol)
        created.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        created.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return created

    return create


class GuardedResolver(AbstractResolver):
    """Refuses a name as a whole if one of its addresses is refused.

    Else it would depend on which address answers first whether its deliveries arrive.

    Args:
        resolver: finds the addresses.
        policy: judges them.
    """

    def __init__(self, resolver: AbstractResolver, policy: AddressPolicy) -> None:
        self._resolver = resolver
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the addresses of a name, as `aiohttp.abc.AbstractResolver` has it.

        Raises:
            OSError: there are none, or not in time.
            AddressRefusedError: one of them is refused.
        """
        found = await self._resolver.resolve(host, port, family)
        if not all(self._policy.allows(result["host"], port) for result in found):
            raise AddressRefusedError
        return found

    async def close(self) -> None:
        """Close the resolver behind it."""
        await self._resolver.close()
