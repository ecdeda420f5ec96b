"""Which TCP ports of the loopback address the local broker listens on."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes the ports of outgoing connections: a client that keeps trying while the
# broker is away could be given the broker's port, and the broker could not come back on it.
_CANDIDATES = range(20_000, 30_000)


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As Java does: connections that linger from a former listener do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


def choose_port(*preferred: int, avoid: int | None = None) -> int:
    """Give the first of `preferred` that is free, else a free one picked at random.

    Args:
        preferred: ports to try first.
        avoid: a port that is spoken for although nobody listens on it yet.
    """
    at_random = random.sample(_CANDIDATES, len(_CANDIDATES))
    return next(port for port in (*preferred, *at_random) if port != avoid and is_free(port))
