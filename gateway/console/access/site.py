"""Where the console is reached: under which names it answers, and whose pages may change something.

A browser sends a request to whatever address a name has, and whatever a page of another site asks it to. So the
console answers to its own names only: those of this machine while no other reaches it, and that of
`GATEWAY_CONSOLE_URL`.
"""

import contextlib
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Site:
    """The console's addresses.

    Attributes:
        is_local: it listens on a loopback address, so that only this machine reaches it.
        origin: as browsers know it from elsewhere, like `https://console.example.com`; None where none is configured.
    """

    is_local: bool
    origin: str | None = None

    def serves(self, host: str) -> bool:
        """Tell whether a `Host` is one of its own."""
        if self.origin is not None and host == urlsplit(self.origin).netloc:
            return True
        return self.is_local and _is_this_machine(host)

    def is_own_origin(self, origin: str, host: str) -> bool:
        """Tell whether an `Origin` is that of the console's own pages, got under a `Host` that it serves."""
        if origin == self.origin:
            return True
        return self.is_local and _is_this_machine(host) and origin in {f"http://{host}", f"https://{host}"}


def site_at(address: str, url: str | None) -> Site:
    """Give the site of a console.

    Args:
        address: where it listens.
        url: `GATEWAY_CONSOLE_URL`.

    Raises:
        InvalidInputError: the URL is none under which browsers keep a log-in safe.
    """
    is_local = ipaddress.ip_address(address).is_loopback
    return Site(is_local, None if url is None else origin_of(url))


def origin_of(url: str, given_as: str = "GATEWAY_CONSOLE_URL") -> str:
    """Give the origin that the console has under a URL, as browsers write it.

    Args:
        url: how browsers reach it.
        given_as: where that was said, for people.

    Raises:
        InvalidInputError: it is none under which browsers keep a log-in safe.
    """
    not_one = InvalidInputError(
        f"{given_as} is not a console's URL: {url[:200]}", hint="write it like https://console.example.com"
    )
    try:
        parts = urlsplit(url)
        netloc, port = parts.netloc.lower(), parts.port
    except ValueError:
        raise not_one from None
    if not netloc or "@" in netloc or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise not_one
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(netloc)):
        raise InvalidInputError(
            f"{given_as} has to begin with https://",
            hint="in the clear, anybody on the way can take a log-in over",
        )
    if port == {"https": 443, "http": 80}[parts.scheme]:
        netloc = netloc.rpartition(":")[0]  # browsers leave it out
    return f"{parts.scheme}://{netloc}"


def _is_this_machine(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False
