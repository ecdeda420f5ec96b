"""The one choke point for outbound addresses: every TCP connection of the gateway's client is made through here.

A check of the URL or in a resolver is not enough: a literal address never reaches the resolver, and a name may
resolve to something else a moment later. The socket factory sees the concrete address that is about to be connected.
"""

import socket
from collections.abc import Callable

from gateway.domain.endpoint import is_public_address

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


def guarded_socket_factory(*, allow_insecure: bool) -> Callable[[AddrInfo], socket.socket]:
    """Give a socket factory for `aiohttp.TCPConnector` that refuses addresses which are not public.

    Args:
        allow_insecure: development only: accept every address.
    """

    def create(address: AddrInfo) -> socket.socket:
        family, kind, protocol, _, target = address
        if not allow_insecure and not is_public_address(str(target[0])):
            raise AddressRefusedError
        created = socket.socket(family, kind, protocol)
        created.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        created.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return created

    return create
